"""The 20-item limit of each bulk operation."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from selfship import expect, pdf
from selfship.answers import Kind
from selfship.host import Host
from selfship.lifecycle import Event
from selfship.operations import BULK, MAX_ITEMS, OPERATIONS
from selfship.orders import objects
from selfship.scenario import Recording, Step
from selfship.scenarios.limits import Bulk

WHERE = {
    "confirm": "limit_intake",
    "invoiceUpdate": "limit_intake",
    "awb": "limit_forward",
    "courierDetails": "limit_forward",
    "pack": "limit_forward",
    "labels": "limit_forward",
    "invoice": "limit_forward",
    "dispatch": "limit_forward",
    "status": "limit_forward",
    "return": "limit_returns",
    "cancel": "limit_cancel",
}
"""The scenario that tries each operation's limit."""
EVENT = {
    "confirm": Event.CONFIRM,
    "invoiceUpdate": Event.INVOICE,
    "awb": Event.AWB,
    "pack": Event.PACK,
    "dispatch": Event.DISPATCH,
    "status": Event.BAG_PICKED,
    "return": Event.ACCEPT_RETURN,
    "cancel": Event.CANCEL,
}
"""The event that tries it; the others only read."""
ALL = [
    pytest.param(
        name,
        WHERE[name],
        marks=[pytest.mark.control(EVENT[name])] if name in EVENT else [],
        id=name,
    )
    for name in BULK
]


@dataclass(frozen=True)
class Tried:
    """What the scenarios of the limit left, and what the rest of the run says of the same events."""

    recordings: dict[str, Recording]
    control: Callable[[Event], Step | None]
    host: Host

    def __getitem__(self, where: str) -> Recording:
        return self.recordings[where]


@pytest.fixture
def limits(
    limit_intake: Recording,
    limit_forward: Recording,
    limit_returns: Recording,
    limit_cancel: Recording,
    control: Callable[[Event], Step | None],
    host: Host,
) -> Tried:
    played = (limit_intake, limit_forward, limit_returns, limit_cancel)
    return Tried({one.scenario: one for one in played}, control, host)


def bulk(limits: Tried, where: str, name: str) -> Bulk:
    """A bulk request that was sent; what kept it from being sent, or from being judged, is raised."""
    event = EVENT.get(name.split()[0])
    if event is not None and not (event is Event.INVOICE and limits.host.switch("invoicing") == "auto"):
        expect.works_alone(event, limits.control(event))
    recording = limits[where]
    if name not in recording.kept:
        expect.whole(recording)
        operation = name.split()[0]
        if operation == "invoiceUpdate":
            raise expect.NotApplicableError("the host invoices by itself")
        raise expect.BlockedError("LIM-2", f"{name} items were never sent: the orders were used up by 21", [])
    found: Bulk = recording.kept[name]
    if found.answer.kind in (Kind.NO_ANSWER, Kind.PUT_OFF):
        raise expect.BlockedError(expect.NO_ANSWER, f"{name} items were not answered", found.evidence)
    if found.answer.kind is Kind.SERVER_ERROR:
        raise expect.BlockedError("CON-8", f"{name} items: HTTP {found.exchange.status}", found.evidence)
    if event is Event.AWB and not limits.host.awb_shown:
        raise expect.BlockedError("FET-12", "no order ever showed an AWB that was sent", found.evidence)
    return found


@pytest.mark.requirement("LIM-1")
@pytest.mark.parametrize(("operation", "where"), ALL)
def test_twenty_items_take_effect(limits: Tried, operation: str, where: str) -> None:
    """20 items are accepted in one request, and all 20 take effect, the last as the first."""
    twenty = bulk(limits, where, f"{operation} {MAX_ITEMS}")
    exchange = twenty.exchange
    if not OPERATIONS[operation].writes:
        expect.that(exchange.ok, f"{operation} of 20 orders was answered HTTP {exchange.status}", twenty.evidence)
        if OPERATIONS[operation].answers == "pdf":
            problem = pdf.problem(exchange.response_body)
            expect.that(problem is None, f"{operation} of 20 orders is no readable PDF: {problem}", twenty.evidence)
        else:
            shown = {str(entry.get("orderId")) for entry in entries(twenty)}
            lacking = [one for one in twenty.sent if one not in shown]
            expect.that(not lacking, f"{operation} of 20 orders lacks {len(lacking)} of them", twenty.evidence)
        return
    if twenty.answer.kind is Kind.UNREADABLE and twenty.taken is None:
        raise expect.BlockedError(twenty.answer.broken or "CON-2", "the answer cannot be read", twenty.evidence)
    not_invoiced_meanwhile(limits, twenty)
    counted = twenty.answer.accepted or twenty.answer.kind is Kind.UNREADABLE
    said = f"{twenty.answer.success} accepted, {twenty.answer.failed} failed"
    expect.that(counted, f"{operation} with 20 items was answered HTTP {exchange.status}, {said}", twenty.evidence)
    if twenty.taken is not None:
        lost = [place + 1 for place, one in enumerate(twenty.sent) if one not in twenty.taken]
        expect.that(not lost, f"{operation} with 20 items: items {lost[:5]} of 20 did not take effect", twenty.evidence)


def not_invoiced_meanwhile(limits: Tried, found: Bulk) -> None:
    """More orders are invoiced than the answer counts: a host that invoices by itself may have come first."""
    answer = found.answer
    owned_up = answer.refused or (len(found.sent) <= MAX_ITEMS and answer.kind is not Kind.UNREADABLE)
    unasked = owned_up and len(found.taken or []) > answer.success
    if found.event is Event.INVOICE and limits.host.switch("invoicing") == "auto" and unasked:
        raise expect.NotApplicableError("the host may have invoiced by itself meanwhile")


def entries(of: Bulk) -> list[dict[str, object]]:
    body = of.exchange.json
    if isinstance(body, list):
        return [one for one in body if isinstance(one, dict)]
    return objects(of.exchange)


@pytest.mark.requirement("LIM-2")
@pytest.mark.parametrize(("operation", "where"), ALL)
def test_of_21_items_never_more_than_20_take_effect(limits: Tried, operation: str, where: str) -> None:
    """Of 21 items never more than 20 take effect, and never silently."""
    over = bulk(limits, where, f"{operation} 21")
    exchange, answer = over.exchange, over.answer
    not_invoiced_meanwhile(limits, over)
    if OPERATIONS[operation].answers == "pdf":
        expect.that(not exchange.ok, f"{operation} of 21 orders was answered HTTP {exchange.status}", over.evidence)
    elif operation == "courierDetails":
        told = {str(entry.get("orderId")) for entry in entries(over)} if exchange.ok else set()
        expect.that(len(told) <= MAX_ITEMS, f"{operation} of 21 orders shows all {len(told)}", over.evidence)
    else:
        if answer.kind is Kind.UNREADABLE:
            counted, failed = 0, 0
        else:
            counted, failed = answer.success, answer.failed
        taken = len(over.taken) if over.taken is not None else counted
        expect.that(
            taken <= MAX_ITEMS and counted <= MAX_ITEMS,
            f"{operation} with 21 items: {max(taken, counted)} took effect, 20 is the limit",
            over.evidence,
        )
        cut = answer.envelope is not None and answer.envelope.adds_up and answer.envelope.payload == MAX_ITEMS
        expect.that(
            not cut,
            f"{operation} with 21 items was cut to 20: {MAX_ITEMS} are counted, one is not heard of",
            over.evidence,
        )
        if answer.kind is Kind.UNREADABLE:
            raise expect.BlockedError(answer.broken or "CON-2", "the answer cannot be read", over.evidence)
        silent = len(over.sent) - taken - failed
        expect.that(
            silent <= 0,
            f"{operation} with 21 items: {silent} did not take effect and are not counted as failed",
            over.evidence,
        )
    positive(limits, where, operation)


def positive(limits: Tried, where: str, operation: str) -> None:
    """The control: the same request with 20 items is accepted."""
    twenty = limits[where].kept.get(f"{operation} {MAX_ITEMS}")
    if twenty is None or not (twenty.exchange.ok and not twenty.answer.refused):
        over = limits[where].kept[f"{operation} 21"]
        if over.answer.success == MAX_ITEMS:
            return
        raise expect.BlockedError("LIM-1", f"{operation} with 20 items was not accepted either", over.evidence)


@pytest.mark.requirement("LIM-3")
@pytest.mark.parametrize(("operation", "where"), ALL)
def test_21_items_are_refused_whole(limits: Tried, operation: str, where: str) -> None:
    """21 items are refused whole: nothing changes."""
    over = bulk(limits, where, f"{operation} 21")
    not_invoiced_meanwhile(limits, over)
    if OPERATIONS[operation].writes:
        changed = len(over.taken or [])
        whole = over.answer.refused and not changed
        expect.that(
            whole,
            f"{operation} with 21 items was answered HTTP {over.exchange.status}, {over.answer.success} accepted, "
            f"{changed} orders changed",
            over.evidence,
        )
    else:
        refused = 400 <= (over.exchange.status or 0) < 500
        expect.that(refused, f"{operation} with 21 items was answered HTTP {over.exchange.status}", over.evidence)


@pytest.mark.requirement("LIM-4")
@pytest.mark.parametrize("operation", BULK)
def test_empty_array_is_refused_or_counted_nothing(limit_empty: Recording, operation: str) -> None:
    """An empty array is refused, or counted 0."""
    exchange, answer = expect.whole(limit_empty).kept[operation]
    if exchange.status is None:
        raise expect.BlockedError(expect.NO_ANSWER, f"{operation} with no items was not answered", [exchange.seq])
    if exchange.status >= 500:
        raise expect.BlockedError("CON-8", f"{operation} with no items: HTTP {exchange.status}", [exchange.seq])
    counted = answer.envelope
    nothing = counted is not None and not counted.payload and not counted.success
    empty = operation == "courierDetails" and exchange.json == []
    good = 400 <= exchange.status < 500 or nothing or empty
    expect.that(good, f"{operation} with no items was answered HTTP {exchange.status}", [exchange.seq])


@pytest.mark.requirement("LIM-5")
@pytest.mark.control(Event.AWB)
def test_limit_is_per_request(limit_twice: Recording, limits: Tried) -> None:
    """Two requests of 20 items, one after the other, are both accepted."""
    expect.works_alone(Event.AWB, limits.control(Event.AWB))
    expect.whole(limit_twice)
    if not limits.host.awb_shown:
        raise expect.BlockedError("FET-12", "no order ever showed an AWB that was sent")
    pair: list[Bulk] = [limit_twice.kept[f"awb 20 #{number}"] for number in (1, 2)]
    others = [limits["limit_forward"].kept.get("awb 20"), *pair]
    possible = any(one and len(one.taken or []) == MAX_ITEMS for one in others)
    for number, part in enumerate(pair, 1):
        if part.answer.kind in (Kind.NO_ANSWER, Kind.SERVER_ERROR):
            raise expect.BlockedError(expect.NO_ANSWER, f"request {number} of 20 was not answered", part.evidence)
        took = len(part.taken or [])
        if took < MAX_ITEMS and not possible:
            raise expect.BlockedError("LIM-1", f"of the {MAX_ITEMS} items {took} took effect", part.evidence)
        expect.that(took == MAX_ITEMS, f"request {number} of 20 items: {took} took effect", part.evidence)
