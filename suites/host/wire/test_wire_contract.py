"""The wire contract, judged on everything that the run sent and was answered."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest

from selfship import answers, contract, expect
from selfship.exchanges import Exchange
from selfship.operations import OPERATIONS, WRITES
from selfship.orders import objects
from selfship.profile import Switches
from selfship.scenario import Recording
from selfship.scenarios.reading import NEAR

ENOUGH = 6
EXACT_DIGITS = 15
"""Of a whole number in floating point."""
RFC_3339 = jsonschema_rs.Draft202012Validator({"type": "string", "format": "date-time"}, validate_formats=True)


def of(traffic: Sequence[Exchange], operation: str) -> list[Exchange]:
    found = [one for one in traffic if one.operation == operation and one.status is not None]
    if not found:
        raise expect.NotTestableError(f"Nothing called {operation} in this run: run the whole kit.")
    return found


def judge(bad: Sequence[tuple[Exchange, str]], judged: Sequence[Exchange], what: str) -> None:
    """Fails with the first of `bad` and how many there are; else `judged` is the evidence."""
    if bad:
        problem = bad[0][1]
        more = f" ({len(bad)} of {len(judged)} answers)" if len(bad) > 1 else ""
        raise expect.CheckFailedError(f"{what}: {problem}{more}", [one.seq for one, _ in bad[:ENOUGH]])
    expect.that(judged, f"{what}: nothing was judged", [one.seq for one in judged[:ENOUGH]])


@pytest.mark.requirement("CON-1")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_operation_answers_at_its_route(traffic: list[Exchange], operation: str) -> None:
    """The operation answers at its documented method and path."""
    found = of(traffic, operation)
    known = [one for one in found if one.status not in (404, 405, 501)]
    expect.that(
        known,
        f"{OPERATIONS[operation].label} was never answered other than HTTP {found[0].status}",
        [one.seq for one in (known or found)[:ENOUGH]],
    )


def successes(traffic: Sequence[Exchange], operation: str, switches: Switches) -> list[Exchange]:
    found = [one for one in of(traffic, operation) if one.ok]
    if not found and operation == "invoiceUpdate" and switches.invoices_alone:
        raise expect.NotApplicableError("the host makes its invoices and credit notes by itself")
    if not found:
        raise expect.BlockedError(
            "CON-1", f"{operation} was never answered 2xx in this run", [one.seq for one in of(traffic, operation)[:1]]
        )
    return found


@pytest.mark.requirement("CON-2")
@pytest.mark.parametrize("operation", WRITES)
def test_write_answers_its_envelope(traffic: list[Exchange], operation: str, switches: Switches) -> None:
    """A successful write answers the envelope of its kind: integer counts, and errors as an array."""
    found = successes(traffic, operation, switches)
    name = "FlatEnvelope" if OPERATIONS[operation].envelope == "flat" else "DataEnvelope"
    bad = [(one, words[0]) for one in found if (words := contract.complaints(name, one.json))]
    judge(bad, found, f"the envelope of {operation}")


@pytest.mark.requirement("CON-3")
@pytest.mark.parametrize("operation", WRITES)
def test_counts_add_up_to_the_items_sent(traffic: list[Exchange], operation: str, switches: Switches) -> None:
    """In every envelope success and failed add up to the payload count, and that to the items sent."""
    bad, judged = [], []
    for one in successes(traffic, operation, switches):
        envelope = answers.envelope(one)
        if envelope is None or None in (envelope.payload, envelope.success, envelope.failed):
            continue
        judged.append(one)
        sent = len(one.sent) if isinstance(one.sent, list) else None
        if answers.counted_elsewhere(one.sent):
            continue
        counts = f"{envelope.success} + {envelope.failed} of {envelope.payload}"
        if not envelope.adds_up:
            bad.append((one, f"the counts {counts} do not add up"))
        elif sent is not None and envelope.payload != sent:
            bad.append((one, f"the counts {counts} do not match the {sent} items sent"))
    if not judged:
        raise expect.BlockedError("CON-2", f"no envelope of {operation} could be read")
    judge(bad, judged, operation)


@pytest.mark.requirement("CON-4")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_answer_declares_its_media_type(traffic: list[Exchange], operation: str, switches: Switches) -> None:
    """JSON is declared application/json, documents application/pdf."""
    wanted = "application/pdf" if OPERATIONS[operation].answers == "pdf" else "application/json"
    judged = [one for one in successes(traffic, operation, switches) if one.response_body]
    if operation == "token":
        # A token of plain text is not JSON; how the token is answered is not documented.
        judged = [one for one in judged if one.json is not None and not isinstance(one.json, str)]
    # A document's operation may answer JSON too (an empty request counted 0): then that is what it declares.
    other = [one for one in judged if wanted == "application/pdf" and isinstance(one.json, dict | list)]
    judged = [one for one in judged if one not in other]
    bad = [(one, f"declared {one.media_type or 'nothing'}") for one in judged if one.media_type != wanted]
    # A refusal need not be JSON; where it is, it says so.
    told = [one for one in of(traffic, operation) if not one.ok and isinstance(one.json, dict | list)] + other
    bad += [(one, f"declared {one.media_type or 'nothing'} for JSON") for one in told if not _is_json(one.media_type)]
    if not judged and not told:
        raise expect.NotApplicableError("the answer is not JSON")
    judge(bad, [*judged, *told], f"the media type of {operation}")


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


@pytest.mark.requirement("CON-5")
def test_orders_carry_the_documented_fields(traffic: list[Exchange]) -> None:
    """Every order carries the documented fields with their documented types."""
    judged = [one for one in traffic if one.operation == "shipment" and one.ok and objects(one)]
    if not judged:
        raise expect.NotTestableError("No order was read: prepare at least one order that a listing shows.")
    bad = [
        (one, words)
        for one in judged
        if (words := next((found[0] for order in objects(one) if (found := contract.order_complaints(order))), None))
    ]
    judge(bad, judged, "an order")


@pytest.mark.requirement("CON-6")
def test_trace_ids_differ_and_times_are_rfc_3339(traffic: list[Exchange]) -> None:
    """meta.trace_id differs in every answer, and meta.time is an RFC 3339 time."""
    judged = [one for one in traffic if one.ok and OPERATIONS[one.operation].envelope == "data"]
    metas = [(one, one.json.get("meta")) for one in judged if isinstance(one.json, dict)]
    known = [(one, meta) for one, meta in metas if isinstance(meta, dict)]
    if not known:
        raise expect.BlockedError("CON-2", "no answer had a meta object")
    seen: dict[object, Exchange] = {}
    bad: list[tuple[Exchange, str]] = []
    for one, meta in known:
        trace = meta.get("trace_id")
        if not isinstance(trace, str) or not trace:
            bad.append((one, "meta.trace_id is no string"))
        elif trace in seen:
            bad.append((one, f"meta.trace_id {trace} came twice"))
        else:
            seen[trace] = one
        if not RFC_3339.is_valid(meta.get("time")):
            bad.append((one, f"meta.time {meta.get('time')!r} is not RFC 3339"))
    judge(bad, [one for one, _ in known], "meta")


@pytest.mark.requirement("CON-7")
def test_order_ids_are_strings(traffic: list[Exchange]) -> None:
    """Order ids are strings in every answer."""
    judged = [one for one in traffic if one.operation in ("shipment", "info") and one.ok and objects(one)]
    if not judged:
        raise expect.NotTestableError("No order was read: prepare at least one order that a listing shows.")
    bad = [
        (one, f"the id {order.get('id')!r} is a {type(order.get('id')).__name__}")
        for one in judged
        for order in objects(one)
        if "id" in order and not isinstance(order["id"], str)
    ]
    judge(bad, judged, "an order's id")


@pytest.mark.requirement("CON-7")
def test_order_ids_survive_exactly(by_id: Recording) -> None:
    """An order read by its id shows that id to the last digit."""
    expect.whole(by_id)
    for name in ("order", "return"):
        exchange: Exchange = by_id.kept[name]
        shown = [order.get("id") for order in objects(exchange)]
        if not shown:
            raise expect.BlockedError("FET-1", f"the {name} could not be read by its id", [exchange.seq])
        near = [one for one in shown if str(one)[:12] == by_id.kept[f"{name} id"][:12]]
        exact = by_id.kept[f"{name} id"] in [str(one) for one in shown]
        expect.that(exact or not near, f"id {by_id.kept[f'{name} id']} came back as {near[:1]}", [exchange.seq])


@pytest.mark.requirement("CON-7")
@pytest.mark.parametrize("operation", ["shipment", "info", "courierDetails"])
def test_no_answer_bends_the_id_it_was_asked_for(traffic: list[Exchange], operation: str, switches: Switches) -> None:
    """An order that is asked for by id is answered under exactly that id."""
    judged, bad = [], []
    for one in successes(traffic, operation, switches):
        items = one.sent if isinstance(one.sent, list) else []
        asked = one.query.get("orderId", []) + [str(item.get("orderId")) for item in items if isinstance(item, dict)]
        shown = [str(order.get("id", order.get("orderId"))) for order in _entries(one)]
        # What an unknown id reads is FET-8's business, however near it is to a known one.
        if not asked or not shown or one.step == NEAR:
            continue
        judged.append(one)
        bent = [name for name in shown if name not in asked and any(name[:12] == other[:12] for other in asked)]
        if bent:
            bad.append((one, f"answers about {bent[0]}, asked was {asked[0]}"))
    if not judged:
        raise expect.NotTestableError(f"No order was asked for by {operation}: prepare one.")
    judge(bad, judged, operation)


@pytest.mark.requirement("CON-7")
def test_no_listing_rounds_an_id(traffic: list[Exchange], listings: Recording) -> None:
    """No answer shows the id of a known order as a number of floating point has it."""
    reads = [one for one in traffic if one.operation in ("shipment", "info", "courierDetails") and one.ok]
    shown = [(one, {str(order.get("id", order.get("orderId"))) for order in _entries(one)}) for one in reads]
    known = {name for one, names in shown if one.operation == "shipment" for name in names}
    rounded: dict[str, str] = {}
    for name in known:
        if len(name) > EXACT_DIGITS and name.isascii() and name.isdigit():
            # To the bit, and to the shortest digits that mean the same, as JavaScript writes it.
            rounded |= dict.fromkeys({str(int(float(name))), str(int(Decimal(repr(float(name)))))}, name)
    bad = [
        (one, f"{one.operation} shows {name}, the order is {rounded[name]}")
        for one, names in shown
        for name in names
        if name not in known and name in rounded
    ]
    if not known:
        raise expect.NotTestableError("No order was read: prepare at least one order that a listing shows.")
    judge(bad, reads, "an order's id")


def _entries(exchange: Exchange) -> list[dict[str, Any]]:
    body = exchange.json
    return [one for one in body if isinstance(one, dict)] if isinstance(body, list) else objects(exchange)


@pytest.mark.requirement("CON-8")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_request_is_answered_with_a_server_error(traffic: list[Exchange], operation: str) -> None:
    """No request, valid or not, is answered 5xx; 503 with Retry-After may be, if it is over by then."""
    found = of(traffic, operation)
    bad = []
    for place, one in enumerate(found):
        if one.status is None or one.status < 500:
            continue
        again = next((two for two in found[place + 1 :] if _repeats(two, one)), None)
        # One that asked for more patience than a run has was not repeated: nothing says that it would have come again.
        excused = one.status == 503 and one.header("retry-after") and (again is None or again.status != 503)
        if not excused:
            bad.append((one, f"answered HTTP {one.status} in {one.step or one.scenario}"))
    judge(bad, found, OPERATIONS[operation].label)


def _repeats(later: Exchange, earlier: Exchange) -> bool:
    same = (later.scenario, later.step, later.url, later.request_body)
    return later.attempt > earlier.attempt and same == (
        earlier.scenario, earlier.step, earlier.url, earlier.request_body
    )  # fmt: skip


CONTAINERS = {"shipment": list, "courierDetails": list, "info": dict}


@pytest.mark.requirement("CON-9")
@pytest.mark.parametrize("operation", CONTAINERS)
def test_read_answers_its_container(traffic: list[Exchange], operation: str, switches: Switches) -> None:
    """GET /shipment answers a bare array, /shipment/info an object with orders, /courierDetails an array."""
    judged = successes(traffic, operation, switches)
    bad = []
    for one in judged:
        right = isinstance(one.json, CONTAINERS[operation])
        if right and operation == "info":
            right = isinstance(one.json.get("orders"), list)
        if not right:
            bad.append((one, f"answered {type(one.json).__name__}: {one.text[:60]}"))
    judge(bad, judged, f"the container of {operation}")
