"""The 20-item limit: 21 items first, then 20 of the same orders, so that one set of orders serves both."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from selfship import answers, lifecycle, lost, orders, overdue, unasked
from selfship.answers import Answer
from selfship.exchanges import Exchange
from selfship.flow import Flow
from selfship.lifecycle import EVENTS, Event, State
from selfship.operations import BULK, MAX_ITEMS
from selfship.orders import View
from selfship.pace import pauses
from selfship.probing import settled
from selfship.scenario import scenario
from selfship.supply import Need, NoSupplyError, Order

OVER = MAX_ITEMS + 1


@dataclass
class Bulk:
    """One bulk request: what was sent, what was answered, and which orders it then took effect on.

    `taken` None: the effect cannot be seen on the order, only by what is accepted next.
    """

    event: Event | None
    operation: str
    sent: list[str]
    exchange: Exchange
    answer: Answer
    taken: list[str] | None = None
    proof: list[int] = field(default_factory=list)

    @property
    def evidence(self) -> list[int]:
        return [self.exchange.seq, *self.proof[:3]]


def send_bulk(flow: Flow, event: Event, many: list[Order], *, name: str, items: list[Any] | None = None) -> Bulk:
    """Sends one event for many orders in one request and finds out on which it took effect."""
    body = items or [flow.item(event, order) for order in many]
    target = _target(event, many)
    for order in many:
        settled(flow, order)
    not_shown_before = False
    if event is not Event.AWB and not orders.tells_apart(many[0].state, target):
        # Some hosts show both states alike: only what is read now tells whether the move can be seen here.
        now = flow.read_all(many)
        not_shown_before = all(view and not orders.shows(view.status, target) for view in now.values())
    first = flow.write(EVENTS[event].operation, body, step=name)
    return _effect(flow, event, many, body, first, name, not_shown_before=not_shown_before)


def _target(event: Event, many: list[Order]) -> State:
    return lifecycle.cell(many[0].state, event).to or many[0].state


def _effect(
    flow: Flow,
    event: Event,
    many: list[Order],
    body: list[Any],
    first: tuple[Exchange, Answer],
    name: str,
    *,
    not_shown_before: bool = False,
) -> Bulk:
    """On which orders a request that was sent took effect; it is sent again while an earlier move may be under way."""
    operation, target = EVENTS[event].operation, _target(event, many)
    awbs = {item["orderId"]: item.get("awbNumber") for item in body if "orderId" in item}
    exchange, answer = first
    for _ in range(40):
        # An earlier move that could not be seen may still be under way.
        if not answer.refused or len(many) > MAX_ITEMS or _settled(flow, many):
            break
        flow.host.wire.pace.pause(flow.host.settle / 20)
        exchange, answer = flow.write(operation, body, step=name)
    bulk = Bulk(event, operation, [one.id for one in many], exchange, answer)
    moves = orders.tells_apart(many[0].state, target) or not_shown_before
    if not moves and answer.kind is answers.Kind.NO_ANSWER:
        # They cannot tell, but nothing is sent to an order again before it was read.
        flow.read_all(many)
    if not moves and event is not Event.AWB:
        _move(many, event, target, answer, seen=False)
        return bulk

    def took(order: Order, view: View | None) -> bool:
        if view is None:
            return False
        return awbs[order.id] in view.awbs if event is Event.AWB else orders.shows(view.status, target)

    counted = answer.success if answer.kind is not answers.Kind.REFUSED else 0
    shown = _wait_for(flow, many, took, counted)
    bulk.taken = [one.id for one in many if took(one, shown.get(one.id))]
    bulk.proof = [view.seq for view in shown.values() if view]
    if len(bulk.taken) < counted:
        left = [one for one in many if one.id not in bulk.taken]
        gone = len(bulk.taken)
        overdue.look(flow, f"{operation} of many", exchange.seq, lambda: gone + _number(took, left, flow) >= counted)
    for one in many:
        if one.id in bulk.taken:
            _advance(one, event, target, shown.get(one.id), awbs)
    return bulk


def _number(took: Callable[[Order, View | None], bool], many: list[Order], flow: Flow) -> int:
    shown = flow.read_all(many)
    return sum(took(one, shown.get(one.id)) for one in many)


def _settled(flow: Flow, many: list[Order]) -> bool:
    return all(unrest(flow, one) <= 0 for one in many)


def unrest(flow: Flow, order: Order) -> float:
    """Seconds for which an earlier move of the order, where none was seen to end, may still be under way."""
    return 0.0 if order.seen else order.written_at + flow.host.settle - time.monotonic()


def _move(many: list[Order], event: Event, target: State, answer: Answer, *, seen: bool) -> None:
    if answer.accepted:
        for one in many:
            one.state = lifecycle.AUTOMATIC.get(target, target)
            one.touched(seen=seen)
            one.history.append(event)


def _advance(order: Order, event: Event, target: State, view: View | None, awbs: dict[str, Any]) -> None:
    order.state = lifecycle.AUTOMATIC.get(target, target)
    order.view = view or order.view
    order.awb = awbs.get(order.id) or order.awb
    order.touched(seen=target not in lifecycle.AUTOMATIC)
    order.history.append(event)


def _wait_for(
    flow: Flow, many: list[Order], took: Callable[[Order, View | None], bool], wanted: int
) -> dict[str, View | None]:
    """The orders once `wanted` of them show the effect, or after settle."""
    shown = flow.read_all(many)
    for pause in pauses(flow.host.settle if wanted else flow.host.needed_settle * 1.5):
        if wanted and sum(took(one, shown.get(one.id)) for one in many) >= wanted:
            break
        flow.host.wire.pace.pause(pause)
        shown = flow.read_all(many)
    return shown


def over_and_full(flow: Flow, event: Event, many: list[Order]) -> bool:
    """21 items in one request; then 20 that are still to be done; then what is left. Whether all have come along."""
    operation = EVENTS[event].operation
    kept = flow.recording.kept
    state = many[0].state
    over = kept[f"{operation} 21"] = send_bulk(flow, event, many, name=f"{operation} with 21 items")
    _find_unseen(flow, event, over, many, state)
    if over.taken:
        # Not by this request, perhaps: by the host itself.
        unasked.leaves(flow, state)
    undone = [one for one in many if one.id not in (over.taken or [])]
    fresh = undone[:MAX_ITEMS] if len(undone) >= MAX_ITEMS else _twenty_more(flow, state)
    if fresh:
        full = kept[f"{operation} 20"] = send_bulk(flow, event, fresh, name=f"{operation} with 20 items")
        if on_their_way(flow, full, fresh) and (fresh := _twenty_more(flow, state)):
            rest(flow, fresh)
            full = kept[f"{operation} 20"] = send_bulk(flow, event, fresh, name=f"{operation} with 20 others")
        _find_unseen(flow, event, full, fresh, state)
        if not full.answer.accepted:
            unasked.leaves(flow, state)
        undone = [one for one in undone if one.id not in (full.taken or [])]
    for order in [one for one in undone if one.state is state][:3]:
        flow.fire(event, order, name=f"{operation} of the rest")
    target = lifecycle.cell(state, event).to or state
    return all(one.state in orders.reachable(target) for one in many)


def _find_unseen(flow: Flow, event: Event, bulk: Bulk, many: list[Order], state: State) -> None:
    """On which orders a request took effect that they do not show: Dispatch refuses those a second time."""
    if bulk.taken is not None:
        return
    bulk.taken = []
    if bulk.answer.refused:
        return
    if event is Event.DISPATCH:
        flow.host.wire.pace.pause(flow.host.needed_settle * 1.5)
        again = [(bulk.operation, {"body": [flow.item(event, one)], "step": "dispatch again"}) for one in many]
        together = zip(again, flow.together(again), strict=True)
        answered = [lost.once_more(flow, operation, options, one) for (operation, options), one in together]
        bulk.proof = [exchange.seq for exchange in answered[-3:]]
        refused = [answers.read(exchange, 1).refused for exchange in answered]
        bulk.taken = [one.id for one, gone in zip(many, refused, strict=True) if gone]
        for one in many:
            one.state = lifecycle.cell(state, event).to or state
            one.touched(seen=False)
    else:
        bulk.taken = bulk.sent if bulk.answer.accepted else []


def on_their_way(flow: Flow, bulk: Bulk, many: list[Order]) -> list[Order]:
    """Of a request that was taken in part: the orders that it was not taken of, if any may still be on its way.

    What such a request was answered says nothing of the others: it is to be tried again.
    """
    left = [one for one in many if one.id not in (bulk.taken or [])]
    in_part = bulk.answer.kind is answers.Kind.PARTIAL and bulk.taken is not None
    return left if in_part and any(unrest(flow, one) > 0 for one in left) else []


def rest(flow: Flow, many: list[Order]) -> None:
    """Waits until no earlier move of any of them, where none was seen to end, may still be under way."""
    flow.host.wire.pace.pause(max(0.0, *(unrest(flow, one) for one in many)))


def _twenty_more(flow: Flow, state: State) -> list[Order]:
    """Other orders for the request of 20, where the host has taken some of the 21."""
    try:
        return flow.lease(Need(state, MAX_ITEMS))
    except NoSupplyError:
        return []


def _asks(flow: Flow, operation: str, many: list[Order]) -> None:
    """The limit of a bulk read: 21 and 20 orders."""
    for count in (OVER, MAX_ITEMS):
        body = [{"orderId": one.id} for one in many[:count]]
        name = f"{operation} with {count} items"
        if count == MAX_ITEMS:
            exchange = flow.ask(operation, body, until=lambda answer: answer.ok, step=name)
        else:
            exchange = flow.call(operation, body=body, step=name)
        flow.recording.kept[f"{operation} {count}"] = Bulk(
            None, operation, [one.id for one in many[:count]], exchange, answers.read(exchange, count)
        )


@scenario(Need(State.PLACED, OVER), weight=26)
def limit_intake(flow: Flow, many: list[Order]) -> None:
    """21 new orders are confirmed and invoiced, in requests of 21 and 20."""
    over_and_full(flow, Event.CONFIRM, many)
    if flow.host.switch("invoicing") != "auto" and all(one.state is State.BAG_CONFIRMED for one in many):
        over_and_full(flow, Event.INVOICE, many)


@scenario(Need(State.DP_ASSIGNED, OVER), weight=44, bare=True)
def limit_forward(flow: Flow, many: list[Order]) -> None:
    """21 orders get AWBs, are packed, printed, dispatched and picked, in requests of 21 and 20."""
    over_and_full(flow, Event.AWB, many)
    _asks(flow, "courierDetails", many)
    if over_and_full(flow, Event.PACK, many):
        _asks(flow, "labels", many)
        _asks(flow, "invoice", many)
        if over_and_full(flow, Event.DISPATCH, many):
            over_and_full(flow, Event.BAG_PICKED, many)


@scenario(Need(State.RETURN_DP_ASSIGNED, OVER), weight=33, bare=True)
def limit_returns(flow: Flow, many: list[Order]) -> None:
    """21 returns are brought home in requests of 20 and less, and accepted in requests of 21 and 20."""
    for event in (Event.AWB, Event.RETURN_BAG_IN_TRANSIT, Event.RETURN_BAG_DELIVERED):
        bulk = send_bulk(flow, event, many[:MAX_ITEMS], name=f"{event.value} of 20")
        if bulk.taken is None:
            # It cannot be seen of which orders it was taken: the next step will tell.
            for one in many[:MAX_ITEMS]:
                one.state = lifecycle.cell(one.state, event).to or one.state
                one.touched(seen=False)
        for one in many:
            if one.id not in (bulk.sent if bulk.taken is None else bulk.taken):
                flow.fire(event, one, name=f"{event.value} of the rest")
    over_and_full(flow, Event.ACCEPT_RETURN, many)


@scenario(Need(State.PLACED, OVER), weight=19)
def limit_cancel(flow: Flow, many: list[Order]) -> None:
    """21 new orders are cancelled, in requests of 21 and 20."""
    over_and_full(flow, Event.CANCEL, many)


@scenario(Need(State.DP_ASSIGNED, 2 * MAX_ITEMS), weight=16, bare=True)
def limit_twice(flow: Flow, many: list[Order]) -> None:
    """Two requests of 20 items each, the second as soon as the first is answered."""
    parts = [many[:MAX_ITEMS], many[MAX_ITEMS:]]
    bodies = [[flow.item(Event.AWB, order) for order in part] for part in parts]
    names = [f"awb, request {number} of 20" for number in (1, 2)]
    # Once they are surely in dp_assigned a refusal has one reason left, and is not asked for again.
    rest(flow, many)
    answered = [flow.write("awb", body, step=name) for body, name in zip(bodies, names, strict=True)]
    for number, (part, body, first, name) in enumerate(zip(parts, bodies, answered, names, strict=True), 1):
        flow.recording.kept[f"awb 20 #{number}"] = _effect(flow, Event.AWB, part, body, first, name)


@scenario(Need(State.DP_ASSIGNED), weight=11, walks=())
def limit_empty(flow: Flow, order: Order) -> None:  # noqa: ARG001 - the order only shows that the run may write
    """Every bulk operation is sent an empty array."""
    for operation in BULK:
        exchange, answer = flow.write(operation, [], step=f"{operation} with no items")
        flow.recording.kept[operation] = (exchange, answer)
