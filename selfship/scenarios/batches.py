"""Batches in which some items are good and some are not."""

from collections.abc import Callable, Sequence
from typing import Any

from selfship import bodies, lifecycle, orders, unasked
from selfship.answers import Kind
from selfship.flow import Flow
from selfship.lifecycle import EVENTS, Event, State
from selfship.orders import View
from selfship.pace import pauses
from selfship.probing import settled, unknown_id
from selfship.scenario import scenario
from selfship.scenarios.limits import Bulk, on_their_way, rest, send_bulk, unrest
from selfship.supply import Need, Order


def mixed(flow: Flow, event: Event, many: list[Order]) -> Bulk:
    """One request: the first orders good, an unknown order before the last. Whatever failed is then sent again."""
    operation = EVENTS[event].operation
    state = many[0].state
    bulk = _with_a_stranger(flow, event, many)
    left, taken = on_their_way(flow, bulk, many), set(bulk.taken or [])
    for pause in pauses(max((unrest(flow, one) for one in left), default=0.0)):
        # What was refused may not have been there yet: that says nothing of what an unknown order does to the others.
        flow.host.wire.pace.pause(pause)
        bulk = _with_a_stranger(flow, event, left)
        left, taken = on_their_way(flow, bulk, left), taken.union(bulk.taken or [])
        if not left:
            break
    again = [one for one in many if bulk.taken is not None and one.id not in taken]
    if again:
        resent = send_bulk(flow, event, again, name=f"{operation}: the failed items again")
        flow.recording.kept[f"{event.value} resent"] = resent
    elif bulk.taken is None:
        _unseen(flow, event, many, bulk)
    target = lifecycle.cell(state, event).to or state
    if any(one.state not in orders.reachable(target) for one in many):
        flow.recording.kept["stopped"] = event
    return bulk


def _with_a_stranger(flow: Flow, event: Event, many: list[Order]) -> Bulk:
    operation, stranger = EVENTS[event].operation, unknown_id()
    items: list[dict[str, Any]] = [flow.item(event, order) for order in many]
    lines = many[0].view.lines if many[0].view else ()
    items.insert(len(items) - 1, bodies.item(event, stranger, lines=lines))
    state = many[0].state
    bulk = send_bulk(flow, event, many, name=f"{operation}: good, unknown, good", items=items)
    if bulk.answer.success != len(many):
        # Counted in the answer or not: the host may have come first.
        unasked.leaves(flow, state)
    flow.recording.kept[f"{event.value} mixed"] = bulk
    flow.recording.kept[f"{event.value} stranger"] = stranger
    return bulk


def _unseen(flow: Flow, event: Event, many: list[Order], bulk: Bulk) -> None:
    """Each order alone, after an event whose effect cannot be seen. What Dispatch takes now it had not taken then."""
    flow.host.wire.pace.pause(flow.host.needed_settle * 1.5)
    taken = bulk.answer.success > 0
    if event is Event.DISPATCH or bulk.answer.success < len(many):
        for order in many:
            _, answer = flow.write(bulk.operation, [flow.item(event, order)], step=f"{bulk.operation}: again, alone")
            taken |= answer.accepted
            if event is Event.DISPATCH:
                flow.recording.kept.setdefault(f"{event.value} again", []).append((order.id, answer))
    for order in many if taken else ():
        order.state = lifecycle.cell(order.state, event).to or order.state
        order.touched(seen=False)


def _invoiced(flow: Flow, order: Order) -> tuple[str | None, View | None]:
    """The invoice number that was last sent for the order in a batch, and the order once it shows that."""
    bulks = [flow.recording.kept.get(f"{Event.INVOICE.value} {name}") for name in ("mixed", "resent")]
    taken = [one for one in bulks if one is not None and one.answer.success and order.id in (one.taken or ())]
    numbers = {item["orderId"]: item.get("invoiceNumber") for one in taken for item in one.exchange.sent}
    number = numbers.get(order.id)
    if number is None or (order.view and order.view.invoice_number == number):
        return number, order.view
    return number, flow.wait(order, lambda view: view.invoice_number == number)


def _chain(flow: Flow, events: Sequence[Event], many: list[Order]) -> None:
    """One event after the other, until one has not taken all the orders along."""
    for event in events:
        if "stopped" in flow.recording.kept:
            return
        mixed(flow, event, many)


@scenario(Need(State.PLACED, 3), weight=22)
def batch_forward(flow: Flow, many: list[Order]) -> None:
    """Three new orders travel in batches, each time with an unknown order among them."""
    _chain(flow, (Event.CONFIRM,), many)
    if all(one.state is State.BAG_CONFIRMED for one in many):
        if flow.host.switch("invoicing") == "auto":
            for order in many:
                flow.fire(Event.INVOICE, order)
        else:
            _chain(flow, (Event.INVOICE,), many)
            flow.recording.kept["invoiced"] = [_invoiced(flow, order) for order in many]
    _chain(flow, (Event.AWB, Event.PACK, Event.DISPATCH, Event.BAG_PICKED, Event.DELIVERY_DONE), many)


@scenario(Need(State.RETURN_DP_ASSIGNED, 3), weight=15, bare=True)
def batch_returns(flow: Flow, many: list[Order]) -> None:
    """Three returns travel in batches, each time with an unknown return among them."""
    _chain(flow, (Event.AWB, Event.RETURN_BAG_IN_TRANSIT, Event.RETURN_BAG_DELIVERED, Event.ACCEPT_RETURN), many)


@scenario(Need(State.PLACED, 3), weight=8)
def batch_cancel(flow: Flow, many: list[Order]) -> None:
    """Three new orders are cancelled with an unknown order among them."""
    mixed(flow, Event.CANCEL, many)


@scenario(Need(State.DP_ASSIGNED, 3), weight=10, bare=True)
def batch_mended(flow: Flow, many: list[Order]) -> None:
    """Of three items one lacks its AWB number, one its courier; the failed items are sent again, mended."""
    items = [flow.item(Event.AWB, order) for order in many]
    whole = dict(items[2])
    del items[1]["awbNumber"], items[2]["courierName"]
    bulk = send_bulk(flow, Event.AWB, many, name="awb: one item lacks awbNumber, one courierName", items=items)
    flow.recording.kept["first"] = bulk
    shown = flow.read(many[2])
    # Without its courier the item must fail whole, even behind others that name theirs.
    flow.recording.kept["inherited"] = shown is not None and whole["awbNumber"] in shown.awbs
    failed = [one for one in many if one.id not in (bulk.taken or [])]
    flow.recording.kept["resent"] = send_bulk(flow, Event.AWB, failed, name="awb: the failed items, mended")


@scenario(Need(State.DP_ASSIGNED), Need(State.RETURN_DP_ASSIGNED), weight=6, bare=True)
def batch_both_ways(flow: Flow, order: Order, back: Order) -> None:
    """A forward order and a return share one Update AWB request."""
    pair, name = [order, back], "awb: an order and a return"
    bulk = send_bulk(flow, Event.AWB, pair, name=name)
    if on_their_way(flow, bulk, pair):
        pair = [flow.another(Need(State.DP_ASSIGNED)), flow.another(Need(State.RETURN_DP_ASSIGNED))]
        rest(flow, pair)
        bulk = send_bulk(flow, Event.AWB, pair, name=name)
    flow.recording.kept["shared"] = bulk


@scenario(Need(State.BAG_PICKED), weight=8)
def batch_twice_the_same(flow: Flow, order: Order) -> None:
    """One order stands twice in a request: delivered, and returned to origin."""
    items = [flow.item(Event.DELIVERY_DONE, order), flow.item(Event.RTO_BAG_DELIVERED, order)]
    before = flow.read(order)
    exchange, answer = flow.write("status", items, step="delivery_done and rto_bag_delivered of one order")
    view = flow.wait(order, lambda seen: before is None or seen.status != before.status) if answer.success else None
    flow.recording.kept["twice"] = (exchange, answer, before, view or flow.read(order))


@scenario(Need(State.BAG_PACKED), weight=8)
def batch_twice_in_order(flow: Flow, order: Order) -> None:
    """One order stands twice in a request: picked, and delivered."""
    flow.fire(Event.DISPATCH, order)
    items = [flow.item(Event.BAG_PICKED, order), flow.item(Event.DELIVERY_DONE, order)]
    before = flow.read(order)
    exchange, answer = flow.write("status", items, step="bag_picked and delivery_done of one order")
    wanted = {0: None, 1: "TRANSIT", 2: "DELIVERED"}.get(answer.success)
    view = flow.wait(order, lambda seen: seen.status == wanted) if wanted else flow.read(order)
    flow.recording.kept["twice"] = (exchange, answer, before, view)


@scenario(Need(State.DP_ASSIGNED, 2), weight=12)
def batch_dispatched_early(flow: Flow, many: list[Order]) -> None:
    """Of two orders one is not packed yet when both are dispatched; once it is, what failed is dispatched again."""
    packed, late = many
    for order in many:
        if not order.awb:
            flow.fire(Event.AWB, order)
    flow.fire(Event.PACK, packed)
    kept = flow.recording.kept
    kept["first"] = flow.write(
        "dispatch", [flow.item(Event.DISPATCH, order) for order in many], step="dispatch: one packed, one not"
    )
    if kept["first"][1].success == len(many):
        return
    flow.host.wire.pace.pause(flow.host.needed_settle * 1.5)
    flow.fire(Event.PACK, late)
    left = [late] if kept["first"][1].success else many
    items = [flow.item(Event.DISPATCH, order) for order in left]
    kept["resent"] = flow.write("dispatch", items, step="dispatch: what failed, once it is packed")
    for pause in pauses(flow.host.settle):
        if not kept["resent"][1].refused:
            break
        flow.host.wire.pace.pause(pause)
        kept["resent"] = flow.write("dispatch", items, step="dispatch: what failed, once it is packed")


@scenario(weight=4)
def batch_of_strangers(flow: Flow) -> None:
    """Every write operation is sent two items that both must fail."""
    events = {EVENTS[event].operation: event for event in reversed(Event)}
    for operation, event in sorted(events.items()):
        items = [bodies.item(event, unknown_id()) for _ in range(2)]
        flow.recording.kept[operation] = flow.write(operation, items, step=f"{operation}: two unknown orders")


@scenario(Need(State.DP_ASSIGNED), weight=6, bare=True)
def batch_two_awbs(flow: Flow, order: Order) -> None:
    """One order stands twice in Update AWB, with two AWBs."""
    items = [flow.item(Event.AWB, order), flow.item(Event.AWB, order)]
    exchange, answer = flow.write("awb", items, step="two AWBs of one order")
    wanted = items[-1:] if answer.success == len(items) else items
    sent = {item["awbNumber"] for item in wanted}
    view = flow.wait(order, lambda seen: bool(sent & set(seen.awbs))) if answer.success else flow.read(order)
    flow.host.wire.pace.pause(flow.host.needed_settle * 1.5)
    flow.recording.kept["twice"] = (exchange, answer, items, flow.read(order) or view)


@scenario(Need(State.BAG_PICKED), weight=6)
def batch_second_illegal(flow: Flow, order: Order) -> None:
    """One order stands twice in a request: delivered, and then with a status that no forward order takes."""
    items = [flow.item(Event.DELIVERY_DONE, order), flow.item(Event.RETURN_BAG_DELIVERED, order)]
    before = flow.read(order)
    exchange, answer = flow.write("status", items, step="delivery_done and return_bag_delivered of one order")
    view = flow.wait(order, lambda seen: seen.status == "DELIVERED") if answer.success else flow.read(order)
    flow.recording.kept["twice"] = (exchange, answer, before, view)


def _sent_by(awb: str, courier: str) -> Callable[[View], bool]:
    return lambda view: awb in view.awbs and view.courier == courier


COURIERS = ("Echo Courier", "Foxtrot Courier", "Golf Courier")


@scenario(Need(State.DP_ASSIGNED, len(COURIERS)), weight=8, bare=True)
def batch_of_couriers(flow: Flow, many: list[Order], *, again: bool = False) -> None:
    """Three orders in one Update AWB, each with its own courier, the first alone with autoDispatch.

    Where some were still on their way to dp_assigned, three others are sent again.
    """
    for order in many:
        settled(flow, order)
    events = (Event.AUTO_DISPATCH, Event.AWB, Event.AWB)
    items = [
        flow.item(event, order, courierName=courier)
        for event, order, courier in zip(events, many, COURIERS, strict=True)
    ]
    exchange, answer = flow.write("awb", items, step="three couriers in one Update AWB")
    if answer.kind is Kind.PARTIAL and any(unrest(flow, order) > 0 for order in many) and not again:
        many = flow.lease(Need(State.DP_ASSIGNED, len(COURIERS)))
        rest(flow, many)
        batch_of_couriers(flow, many, again=True)
        return
    for order, item in zip(many, items, strict=True):
        flow.wait(order, _sent_by(item["awbNumber"], item["courierName"]))
    flow.wait(many[0], lambda view: view.status == "TRANSIT")
    flow.host.wire.pace.pause(flow.host.needed_settle * 1.5)
    shown = flow.read_all(many)
    flow.recording.kept["sent"] = (exchange, answer, items, [shown[one.id] for one in many])
