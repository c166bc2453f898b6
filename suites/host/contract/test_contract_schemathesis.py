"""The contract, driven by schemathesis: whatever it makes of the schemas, no answer may break the rules of the wire.

Whether a request should have been taken is not asked here: the rules leave more open than a schema can say.
"""

import pytest

from selfship import answers, contract, expect
from selfship.exchanges import Exchange
from selfship.generated import Case
from selfship.host import Host
from selfship.operations import OPERATIONS
from selfship.orders import objects
from selfship.scenario import Recording
from selfship.scenarios.generated import NAMES

ENOUGH = 6
FITS = {
    **{name: "CON-2" if operation.writes else "CON-4" for name, operation in OPERATIONS.items()},
    **dict.fromkeys(("shipment", "info", "courierDetails"), "CON-9"),
}
"""The requirement that most of an operation's answers are judged by."""


def judged(generated: Recording, host: Host, operation: str) -> list[tuple[Case, Exchange]]:
    """The cases that were answered; BlockedError where the operation was never reached."""
    sent: list[tuple[Case, Exchange]] = expect.whole(generated).kept["sent"]
    answered = [(case, one) for case, one in sent if one.status is not None and one.status != 429]
    if not answered:
        raise expect.BlockedError(expect.NO_ANSWER, f"{operation} was never answered", [one.seq for _, one in sent[:1]])
    seqs = [one.seq for _, one in answered]
    status = {one.status for _, one in answered}
    if status <= {404, 405, 501} and not host.routed(operation):
        raise expect.BlockedError("CON-1", f"{operation} was never reached", seqs[:1])
    if status <= {401, 403} and operation != "token":
        raise expect.BlockedError("AUTH-1", f"{operation} was refused with the token of the run", seqs[:1])
    return answered


def told(case: Case, exchange: Exchange) -> str:
    good = "data that fit the contract" if case.good else "data that do not fit the contract"
    return f"{OPERATIONS[case.operation].label}, sent {good} ({case.about}), was answered {answers.says(exchange)}"


@pytest.mark.requirement("CON-8")
@pytest.mark.parametrize("generated", NAMES, indirect=True)
def test_generated_data_are_never_a_server_error(
    generated: Recording, host: Host, request: pytest.FixtureRequest
) -> None:
    """No data, good or bad, that can be made of the contract is answered 5xx."""
    found = judged(generated, host, request.node.callspec.params["generated"])
    # 503 with Retry-After has been repeated already: what is left of it is no answer to the data.
    bad = [(case, one) for case, one in found if (one.status or 0) >= 500 and not one.header("retry-after")]
    evidence = [one.seq for _, one in bad or found][:ENOUGH]
    more = f" ({len(bad)} of {len(found)} requests)" if len(bad) > 1 else ""
    expect.that(not bad, f"{told(*bad[0])}{more}" if bad else "", evidence)


@pytest.mark.parametrize(
    "generated", [pytest.param(name, marks=pytest.mark.requirement(FITS[name])) for name in NAMES], indirect=True
)
def test_answers_to_generated_data_fit_the_contract(
    generated: Recording, host: Host, request: pytest.FixtureRequest
) -> None:
    """Whatever is answered 2xx has the declared type, the shape of its kind, and counts that add up."""
    operation = request.node.callspec.params["generated"]
    found = [(case, one) for case, one in judged(generated, host, operation) if one.ok]
    if not found:
        raise expect.NotApplicableError(f"none of the requests made for {operation} was answered 2xx")
    for case, one in found:
        for rule, words in complaints(operation, one):
            raise expect.CheckFailedError(f"{told(case, one)}: {words}", [one.seq], rule=rule)
    expect.that(found, "nothing was judged", [one.seq for _, one in found][:ENOUGH])


def complaints(operation: str, exchange: Exchange) -> list[tuple[str, str]]:
    """What is wrong with an answer, each with the rule that says so."""
    target = OPERATIONS[operation]
    wanted = "application/pdf" if target.answers == "pdf" else "application/json"
    found = []
    # How the token is answered is not documented: plain text is no JSON.
    free = operation == "token" and not isinstance(exchange.json, dict | list)
    if exchange.response_body and exchange.media_type != wanted and not free:
        found.append(("CON-4", f"declared {exchange.media_type or 'nothing'}, expected {wanted}"))
    if target.answers == "pdf" or operation == "token":
        return found
    words = contract.complaints(f"{operation}.answer", exchange.json)
    if operation == "shipment" and isinstance(exchange.json, list):
        found += [
            ("CON-5", f"an order: {one}") for order in objects(exchange) for one in contract.order_complaints(order)
        ]
    elif operation == "courierDetails":
        found += [] if isinstance(exchange.json, list) else [("CON-9", "an array was expected")]
    elif words and operation != "track":
        found.append(("CON-2" if target.writes else "CON-9", words[0]))
    envelope = answers.envelope(exchange) if target.writes else None
    if envelope is not None and envelope.whole and not answers.counted_elsewhere(exchange.sent):
        sent = len(exchange.sent) if isinstance(exchange.sent, list) else envelope.payload
        if not envelope.adds_up or envelope.payload != sent:
            counts = f"{envelope.success} + {envelope.failed} of {envelope.payload}"
            found.append(("CON-3", f"the counts {counts} do not add up to the {sent} items sent"))
    return found
