"""Tokens and credentials."""

from collections.abc import Callable

import pytest

from selfship import expect
from selfship.exchanges import Exchange
from selfship.host import Host
from selfship.lifecycle import EVENTS, Event
from selfship.orders import objects
from selfship.scenario import Recording, Step
from selfship.scenarios.access import BARE, FOREIGN, READS, STRANGE

Control = Callable[[Event], Step | None]
WRONG = [
    "wrong password",
    "wrong username",
    "password in another case",
    "password with another end",
    "password with more behind",
    "no password",
]


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
@pytest.mark.parametrize("name", WRONG, ids=lambda name: name.replace(" ", "-"))
def test_wrong_credentials_get_no_token(tokens: Recording, name: str) -> None:
    """Wrong credentials get no token."""
    exchange, issued = with_credentials(tokens).kept[name]
    if exchange.status in (None, 429):
        raise expect.BlockedError(expect.NO_ANSWER, f"the token call with {name} was not answered", [exchange.seq])
    if exchange.status >= 500:
        raise expect.BlockedError("CON-8", f"the token call with {name}: HTTP {exchange.status}", [exchange.seq])
    expect.that(not issued, f"the token endpoint gave a token for credentials with {name}", [exchange.seq])


WRITES = [
    pytest.param(
        state,
        event,
        kind,
        marks=pytest.mark.requirement(rule),
        id=f"{EVENTS[event].operation}-{kind.replace(' ', '-')}",
    )
    for kind, rule in STRANGE.items()
    for state, events in FOREIGN.items()
    for event in events
]
READING = [
    pytest.param(operation, kind, marks=pytest.mark.requirement(rule), id=f"{operation}-{kind.replace(' ', '-')}")
    for kind, rule in STRANGE.items()
    for operation in (*READS, "listing")
]


@pytest.mark.parametrize(("strangers", "event", "kind"), WRITES, indirect=["strangers"])
def test_write_without_a_valid_token_is_refused(
    strangers: Recording, event: Event, kind: str, control: Control
) -> None:
    """Without x-access-token, or with a token that was never issued, a write is refused and changes nothing."""
    seen = control(event)
    expect.refused(expect.step(strangers, f"{EVENTS[event].operation} {kind}"), seen)


@pytest.mark.parametrize(("operation", "kind"), READING)
def test_read_without_a_valid_token_is_refused(strange_readers: Recording, operation: str, kind: str) -> None:
    """Without x-access-token, or with a token that was never issued, a read is refused and shows no data."""
    exchange: Exchange = expect.whole(strange_readers).kept[f"{operation} {kind}"]
    if exchange.status is None:
        raise expect.BlockedError(expect.NO_ANSWER, f"{exchange.step} was not answered", [exchange.seq])
    if exchange.status >= 500:
        raise expect.BlockedError("CON-8", f"{exchange.step}: HTTP {exchange.status}", [exchange.seq])
    refused = 400 <= exchange.status < 500
    expect.that(refused, f"{exchange.step} was answered HTTP {exchange.status}", [exchange.seq])
    body = exchange.json
    leaked = isinstance(body, list) and any(isinstance(one, dict) and "orderStatus" in one for one in body)
    expect.that(not leaked, f"{exchange.step} was refused but shows orders", [exchange.seq])
    own: Exchange = strange_readers.kept["own"]["shipment" if operation == "listing" else operation]
    if not own.ok:
        raise expect.BlockedError("CON-1", f"{operation} was refused with the right token as well", [own.seq])


@pytest.mark.requirement("AUTH-8")
@pytest.mark.parametrize("kind", list(STRANGE), ids=lambda kind: kind.replace(" ", "-"))
def test_auth_refusal_is_401_or_403(strange_readers: Recording, traffic: list[Exchange], kind: str) -> None:
    """A call that lacks a valid token is answered 401 or 403."""
    expect.whole(strange_readers)
    # A call that is refused with the right token as well is refused for another reason.
    own: dict[str, Exchange] = strange_readers.kept["own"]
    routed = {one.operation for one in traffic if one.ok and (one.operation not in own or own[one.operation].ok)}
    # Where such a caller was let in, what was refused was refused for what it asked.
    let_in = {one.operation for one in traffic if one.ok and one.step.endswith(kind)}
    judged = [
        one
        for one in traffic
        if one.step.endswith(kind)
        and one.operation in routed - let_in
        and one.status
        and 400 <= one.status < 500
        and one.status != 429
    ]
    if not judged:
        raise expect.BlockedError(STRANGE[kind], "no such call was refused")
    bad = [one for one in judged if one.status not in (401, 403)]
    first = f", first {bad[0].operation}: HTTP {bad[0].status}" if bad else ""
    words = f"{len(bad)} of {len(judged)} refusals are not 401 or 403{first}"
    expect.that(not bad, words, [one.seq for one in (bad or judged)[:4]])


@pytest.mark.requirement("AUTH-5")
@pytest.mark.parametrize("which", list(BARE), ids=[f"{status}-page-{page}" for status, page in BARE])
def test_company_listing_needs_a_location(without_location: Recording, which: tuple[str, int], host: Host) -> None:
    """With company-level credentials a listing without locationCode is refused."""
    if host.switch("auth") == "location":
        raise expect.NotApplicableError("the credentials are location-level")
    if not host.profile.location:
        raise expect.NotTestableError("Name the certified location with --location CODE.")
    bare, good = expect.whole(without_location).kept[which]
    expect.that(
        bare.status is None or not bare.ok or (which[1] > 1 and not objects(bare) and not objects(good)),
        f"{bare.step} was answered HTTP {bare.status} with {len(objects(bare))} orders",
        [bare.seq, good.seq],
    )
    if bare.status is None or bare.status >= 500:
        raise expect.BlockedError("CON-8", f"a listing without locationCode: HTTP {bare.status}", [bare.seq])
    if not good.ok and good.status != 404:
        raise expect.BlockedError("FET-2", "the listing with locationCode was refused as well", [good.seq])
