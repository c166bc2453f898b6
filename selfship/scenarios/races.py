"""Requests that truly overlap."""

from collections.abc import Callable

from selfship import answers
from selfship.answers import Answer
from selfship.exchanges import Exchange
from selfship.flow import Flow
from selfship.lifecycle import Event, State
from selfship.orders import View
from selfship.scenario import scenario
from selfship.scenarios.limits import rest, unrest
from selfship.supply import Need, Order

ROUNDS = 4
ABREAST = 8


def _items(flow: Flow, event: Event, *many: Order) -> tuple[str, dict[str, object]]:
    return "status", {"body": [flow.item(event, one) for one in many], "step": f"{event.value} at once"}


@scenario(Need(State.BAG_PICKED, ROUNDS), weight=20)
def race_to_the_end(flow: Flow, many: list[Order]) -> None:
    """delivery_done and rto_bag_delivered of one order at the same moment, in several rounds."""
    rounds = []
    for order in many:
        first, second = flow.together(
            [_items(flow, Event.DELIVERY_DONE, order), _items(flow, Event.RTO_BAG_DELIVERED, order)],
            at_once=True,
        )
        view = flow.wait(order, lambda seen: seen.status in ("DELIVERED", "RETURN_DELIVERED"))
        flow.host.wire.pace.pause(flow.host.needed_settle)
        rounds.append(
            (order.id, (first, answers.read(first, 1)), (second, answers.read(second, 1)), flow.read(order) or view)
        )
    flow.recording.kept["rounds"] = rounds


@scenario(Need(State.BAG_PICKED, 3 * ROUNDS), weight=36)
def race_of_batches(flow: Flow, many: list[Order]) -> None:
    """Two batches that overlap in one order, sent at the same moment, in several rounds."""
    rounds = []
    for start in range(0, len(many), 3):
        left, shared, right = many[start : start + 3]
        first, second = flow.together(
            [_items(flow, Event.DELIVERY_DONE, left, shared), _items(flow, Event.RTO_BAG_DELIVERED, shared, right)],
            at_once=True,
        )
        flow.wait(shared, lambda seen: seen.status in ("DELIVERED", "RETURN_DELIVERED"))
        flow.host.wire.pace.pause(flow.host.needed_settle)
        shown = flow.read_all([left, shared, right])
        rounds.append(
            (
                (left.id, shared.id, right.id),
                (first, answers.read(first, 2)),
                (second, answers.read(second, 2)),
                [shown[one.id] for one in (left, shared, right)],
            )
        )
    flow.recording.kept["rounds"] = rounds


@scenario(Need(State.DP_ASSIGNED, ABREAST), weight=8, bare=True)
def side_by_side(flow: Flow, many: list[Order]) -> None:
    """Update AWB with autoDispatch for several orders, each in a request of its own, all at the same moment.

    Where one was refused that may still have been on its way to dp_assigned, others are sent that have had their time.
    """
    young = any(unrest(flow, one) > 0 for one in many)
    sent = _all_at_once(flow, many)
    if young and any(answer.refused for _, _, _, answer, _ in sent):
        many = flow.lease(Need(State.DP_ASSIGNED, ABREAST))
        rest(flow, many)
        sent = _all_at_once(flow, many)
    flow.recording.kept["all"] = sent


def _all_at_once(flow: Flow, many: list[Order]) -> list[tuple[str, str, Exchange, Answer, View | None]]:
    items = [flow.item(Event.AUTO_DISPATCH, one) for one in many]
    answered = flow.together([("awb", {"body": [item], "step": "awb at once"}) for item in items], at_once=True)
    said = [answers.read(exchange, 1) for exchange in answered]
    shown = [
        flow.read(one) if answer.refused else flow.wait(one, _picked_with(str(item["awbNumber"])))
        for one, item, answer in zip(many, items, said, strict=True)
    ]
    return [
        (one.id, str(item["awbNumber"]), exchange, answer, view)
        for one, item, exchange, answer, view in zip(many, items, answered, said, shown, strict=True)
    ]


def _picked_with(awb: str) -> Callable[[View], bool]:
    return lambda view: view.status == "TRANSIT" and awb in view.awbs
