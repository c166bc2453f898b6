"""Orders of another location, orders that are not self-ship, orders that do not exist."""

from collections.abc import Callable

import pytest

from selfship import expect
from selfship.answers import Kind
from selfship.exchanges import Exchange
from selfship.host import Host
from selfship.lifecycle import EVENTS, Event, State
from selfship.orders import views
from selfship.run import Run
from selfship.scenario import Recording, Step
from selfship.scenarios.access import FOREIGN, READ_TOO, SHOULD

Control = Callable[[Event], Step | None]

CASES = [
    pytest.param(
        state,
        event,
        marks=pytest.mark.requirement("AUTH-7" if event in SHOULD else "AUTH-6"),
        id=EVENTS[event].operation,
    )
    for state, events in FOREIGN.items()
    for event in events
]


def has_other(host: Host, recording: Recording) -> None:
    if host.other_tokens is None:
        names = host.profile.secrets
        raise expect.NotTestableError(
            f"Give a second location: --other-location, with {names.other_username} and {names.other_password}."
        )
    # What the credentials cover says more than what else kept the scenario from its end.
    not_covered(host, recording)
    expect.ready(recording)
    if "covers" not in recording.kept and recording.broken is None and recording.missing is None:
        raise expect.BlockedError("AUTH-1", "The second location's credentials got no token.")


def not_covered(host: Host, recording: Recording) -> None:
    """A host whose credentials reach every location may take the order: that is recorded, not judged."""
    if "lists" in recording.kept:
        read, listed = recording.kept["covers"], recording.kept["lists"]
        if any(view.id in recording.orders for view in views(read)) and views(listed):
            host.observe("AUTH-6", "Do the second credentials cover the first location?", "Yes", read.seq, listed.seq)
            raise expect.NotApplicableError("the second credentials cover the first location as well")


@pytest.mark.parametrize(("foreign", "event"), CASES, indirect=["foreign"])
def test_write_on_another_locations_order_is_refused(
    foreign: Recording, event: Event, control: Control, host: Host
) -> None:
    """An order that the credentials do not cover is refused, and nothing changes."""
    seen = control(event)
    has_other(host, foreign)
    step = expect.step(foreign, f"{EVENTS[event].operation} by another location")
    expect.refused(step, seen)


@pytest.mark.requirement("AUTH-6")
@pytest.mark.control(Event.CONFIRM)
def test_foreign_order_in_a_batch_is_refused(foreign_in_a_batch: Recording, control: Control, host: Host) -> None:
    """An order that the credentials do not cover is refused behind one that they do cover, too."""
    if host.other_tokens is None or foreign_in_a_batch.missing:
        raise expect.NotApplicableError("no order of the second location is at hand; alone it is judged all the same")
    expect.works_alone(Event.CONFIRM, control(Event.CONFIRM))
    expect.whole(foreign_in_a_batch)
    if "batch" not in foreign_in_a_batch.kept:
        raise expect.BlockedError("AUTH-1", "The second location's credentials got no token.")
    not_covered(host, foreign_in_a_batch)
    exchange, answer, before, after = foreign_in_a_batch.kept["batch"]
    same = before is None or after is None or before.same_as(after)
    change = before.difference(after) if before and after else ""
    expect.that(
        answer.success <= 1 and same,
        f"confirm of an own order and of another location's: {answer.success} of 2 were taken; {change}",
        [exchange.seq],
    )


@pytest.mark.requirement("AUTH-6")
@pytest.mark.parametrize("foreign", [State.BAG_PACKED], indirect=True)
@pytest.mark.parametrize("operation", READ_TOO)
def test_documents_of_another_locations_order_are_refused(foreign: Recording, operation: str, host: Host) -> None:
    """Labels, invoice and courier details of an order that the credentials do not cover are refused."""
    has_other(host, foreign)
    expect.whole(foreign)
    strange, own, order_id, awb = foreign.kept[operation]
    refused_read(strange, operation, "another location's order", order_id, awb)
    if not own.ok:
        raise expect.BlockedError("CON-1", f"{operation} was refused for its own location as well", [own.seq])


def refused_read(exchange: Exchange, operation: str, whose: str, order_id: str, awb: str | None = None) -> None:
    """4xx, or (courierDetails) no entry for that order."""
    if exchange.status is None:
        raise expect.BlockedError(expect.NO_ANSWER, f"{operation} of {whose} was not answered", [exchange.seq])
    if exchange.status >= 500:
        raise expect.BlockedError("CON-8", f"{operation} of {whose}: HTTP {exchange.status}", [exchange.seq])
    good = 400 <= exchange.status < 500
    if operation == "courierDetails" and exchange.ok:
        entries = exchange.json if isinstance(exchange.json, list) else [exchange.json]
        good = not any(_about(entry, order_id, awb) for entry in entries)
    expect.that(good, f"{operation} of {whose} was answered HTTP {exchange.status}: not refused", [exchange.seq])


def _about(entry: object, order_id: str, awb: str | None) -> bool:
    """Whether an entry of courierDetails gives something away about the order."""
    if not isinstance(entry, dict) or not entry:
        return False
    if entry.get("orderId") not in (None, order_id):
        return False
    return bool(entry.get("awbNumber") or entry.get("courierName")) or (awb is not None and awb in str(entry))


@pytest.mark.requirement("ELI-1")
@pytest.mark.control(Event.AWB)
def test_awb_of_an_order_not_self_ship_is_refused(not_self_ship_awb: Recording, control: Control) -> None:
    """Update AWB on an order that is not self-ship is refused."""
    expect.refused(expect.step(not_self_ship_awb, "awb"), control(Event.AWB))


@pytest.mark.requirement("ELI-1")
@pytest.mark.control(Event.AUTO_DISPATCH)
def test_auto_dispatch_of_an_order_not_self_ship_is_refused(not_self_ship_awb: Recording, control: Control) -> None:
    """autoDispatch on an order that is not self-ship is refused."""
    expect.refused(expect.step(not_self_ship_awb, "awb with autoDispatch"), control(Event.AUTO_DISPATCH))


@pytest.mark.requirement("ELI-1")
@pytest.mark.control(Event.AWB)
def test_awb_of_a_return_not_self_ship_is_refused(not_self_ship_return_awb: Recording, control: Control) -> None:
    """Update AWB on a return that is not self-ship is refused."""
    expect.refused(expect.step(not_self_ship_return_awb, "awb on a return"), control(Event.AWB))


@pytest.mark.requirement("ELI-2")
@pytest.mark.control(Event.PACK, Event.DISPATCH, Event.BAG_PICKED)
def test_status_of_an_order_not_self_ship_is_refused(not_self_ship_status: Recording, control: Control) -> None:
    """bag_picked on a dispatched order that is not self-ship is refused."""
    expect.works_alone(Event.PACK, control(Event.PACK))
    expect.works_alone(Event.DISPATCH, control(Event.DISPATCH))
    expect.refused(expect.step(not_self_ship_status, "bag_picked"), control(Event.BAG_PICKED))


@pytest.mark.requirement("ELI-2")
@pytest.mark.control(Event.RETURN_BAG_IN_TRANSIT)
def test_status_of_a_return_not_self_ship_is_refused(not_self_ship_return_status: Recording, control: Control) -> None:
    """return_bag_in_transit on a return that is not self-ship is refused."""
    step = expect.step(not_self_ship_return_status, "return_bag_in_transit")
    expect.refused(step, control(Event.RETURN_BAG_IN_TRANSIT))


@pytest.mark.requirement("ELI-3")
@pytest.mark.parametrize("event", [event for event in Event if event is not Event.CANCEL_SOME], ids=lambda e: e.value)
def test_write_on_an_unknown_order_is_refused(
    unknown_orders: Recording, event: Event, control: Control, host: Host
) -> None:
    """An order id that does not exist is refused by every write."""
    seen = control(event)
    exchange, answer = expect.whole(unknown_orders).kept[event.value]
    if answer.kind is Kind.SERVER_ERROR:
        raise expect.BlockedError("CON-8", f"{event} of an unknown order: HTTP {exchange.status}", [exchange.seq])
    if answer.kind in (Kind.NO_ANSWER, Kind.PUT_OFF):
        raise expect.BlockedError(expect.NO_ANSWER, f"{event} of an unknown order was not answered", [exchange.seq])
    if answer.kind is Kind.UNREADABLE:
        raise expect.BlockedError(answer.broken or "CON-2", "the answer cannot be read", [exchange.seq])
    expect.that(
        answer.refused,
        f"{event.value} of an order that does not exist was accepted: HTTP {exchange.status}",
        [exchange.seq],
    )
    by_itself = {Event.INVOICE: "invoicing", Event.ACCEPT_RETURN: "", Event.CREDIT_NOTE: "credit_note"}
    if seen is None and host.switch(by_itself.get(event, "") or "edition") not in ("auto", "strict"):
        expect.works_alone(event, seen)


@pytest.mark.requirement("ELI-3")
@pytest.mark.parametrize("operation", READ_TOO)
def test_read_of_an_unknown_order_is_refused(unknown_orders: Recording, operation: str, run: Run) -> None:
    """Labels, invoice and courier details of an order id that does not exist are refused."""
    exchange: Exchange = expect.whole(unknown_orders).kept[f"read {operation}"]
    order_id = exchange.sent[0]["orderId"]
    refused_read(exchange, operation, "an order that does not exist", order_id)
