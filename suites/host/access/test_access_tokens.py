"""Tokens and credentials."""

import pytest

from selfship import expect
from selfship.answers import Kind, read
from selfship.exchanges import Exchange
from selfship.host import Host
from selfship.operations import OPERATIONS
from selfship.orders import objects
from selfship.run import Run
from selfship.scenario import Recording
from selfship.scenarios.access import PROTECTED


def with_credentials(recording: Recording) -> Recording:
    expect.whole(recording)
    if "right" not in recording.kept:
        raise expect.NotTestableError(
            "Give a user name and a password instead of a token, so that the token endpoint can be called."
        )
    return recording


@pytest.mark.requirement("AUTH-1")
def test_right_credentials_get_a_token_that_works(tokens: Recording) -> None:
    """The right user name and password get a token, and a read with it is answered."""
    kept = with_credentials(tokens).kept
    expect.that(kept["issued"], f"the token endpoint gave no token: {kept['right'].text[:80]}", [kept["right"].seq])
    use: Exchange = kept["use"]
    if use.status is None:
        raise expect.BlockedError(expect.NO_ANSWER, "the read with the new token was not answered", [use.seq])
    works = use.status not in (401, 403)
    expect.that(works, f"a read with the new token was answered HTTP {use.status}", [use.seq, kept["right"].seq])


@pytest.mark.requirement("AUTH-2")
@pytest.mark.parametrize("name", ["wrong password", "wrong username", "no password"], ids=lambda n: n.replace(" ", "-"))
def test_wrong_credentials_get_no_token(tokens: Recording, name: str) -> None:
    """Wrong credentials get no token."""
    exchange, issued = with_credentials(tokens).kept[name]
    if exchange.status is None:
        raise expect.BlockedError(expect.NO_ANSWER, f"the token call with {name} was not answered", [exchange.seq])
    expect.that(not issued, f"the token endpoint gave a token for credentials with {name}", [exchange.seq])


def shut_out(recording: Recording, kind: str, operation: str, run: Run) -> None:
    """The call was refused: no data in its answer, no change on the order."""
    expect.whole(recording)
    exchange: Exchange = recording.kept[f"{operation} {kind}"][0]
    if exchange.status is None:
        raise expect.BlockedError(expect.NO_ANSWER, f"{operation} with no valid token was not answered", [exchange.seq])
    if exchange.status >= 500:
        raise expect.BlockedError("CON-8", f"{operation} with no valid token: HTTP {exchange.status}", [exchange.seq])
    if 400 <= exchange.status < 500:
        leaked = objects_in_error(exchange)
        expect.that(not leaked, f"{operation}, token {kind}, was refused but shows orders", [exchange.seq])
    else:
        answer = read(exchange, 1) if operation in OPERATIONS and OPERATIONS[operation].writes else None
        refused = answer is not None and answer.kind is Kind.REFUSED
        expect.that(refused, f"{operation}, token {kind}, was answered HTTP {exchange.status}", [exchange.seq])
    before, last = recording.kept[f"views {kind}"]
    if before is not None and last is not None and not before.same_as(last):
        raise expect.CheckFailedError(
            f"calls with a token {kind} changed the order: {before.difference(last)}", [exchange.seq, last.seq]
        )
    name = "shipment" if operation == "listing" else operation
    served = [one for one in run.exchanges() if one.operation == name and one.ok]
    if not served:
        raise expect.BlockedError(
            "CON-1", f"{name} was never answered 2xx, so its refusal proves nothing", [exchange.seq]
        )


def objects_in_error(exchange: Exchange) -> bool:
    body = exchange.json
    return isinstance(body, list) and any(isinstance(one, dict) and "orderStatus" in one for one in body)


@pytest.mark.requirement("AUTH-3")
@pytest.mark.parametrize("operation", [*PROTECTED, "listing"])
def test_call_without_a_token_is_refused(strangers: Recording, operation: str, run: Run) -> None:
    """Without x-access-token the operation is refused: no data, no change."""
    shut_out(strangers, "without", operation, run)


@pytest.mark.requirement("AUTH-4")
@pytest.mark.parametrize("operation", [*PROTECTED, "listing"])
def test_call_with_a_token_never_issued_is_refused(strangers: Recording, operation: str, run: Run) -> None:
    """With a token that was never issued the operation is refused: no data, no change."""
    shut_out(strangers, "never issued", operation, run)


@pytest.mark.requirement("AUTH-8")
@pytest.mark.parametrize("kind", ["without", "never issued"], ids=("without-a-token", "never-issued"))
def test_auth_refusal_is_401_or_403(strangers: Recording, kind: str) -> None:
    """A call that lacks a valid token is answered 401 or 403."""
    expect.whole(strangers)
    refusals = [strangers.kept[f"{operation} {kind}"][0] for operation in PROTECTED]
    judged = [one for one in refusals if one.status is not None and 400 <= one.status < 500]
    if not judged:
        raise expect.BlockedError("AUTH-3", "no such call was refused")
    bad = [one for one in judged if one.status not in (401, 403)]
    expect.that(
        not bad,
        f"{len(bad)} of {len(judged)} refusals are not 401 or 403, first {bad[0].operation}: HTTP {bad[0].status}"
        if bad
        else "",
        [one.seq for one in (bad or judged)[:4]],
    )


@pytest.mark.requirement("AUTH-5")
def test_company_listing_needs_a_location(without_location: Recording, host: Host) -> None:
    """With company-level credentials a listing without locationCode is refused."""
    if host.switch("auth") == "location":
        raise expect.NotApplicableError("the credentials are location-level")
    if not host.profile.location:
        raise expect.NotTestableError("Name the certified location with --location CODE.")
    expect.whole(without_location)
    good, bare = without_location.kept["with"], without_location.kept["without"]
    expect.that(
        bare.status is None or not bare.ok,
        f"a listing without locationCode was answered HTTP {bare.status} with {len(objects(bare))} orders",
        [bare.seq, good.seq],
    )
    if bare.status is None or bare.status >= 500:
        raise expect.BlockedError("CON-8", f"a listing without locationCode: HTTP {bare.status}", [bare.seq])
    if not good.ok:
        raise expect.BlockedError("FET-2", "the listing with locationCode was refused as well", [good.seq])
