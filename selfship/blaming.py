"""Where a documented step is refused: whether that step broke, or one before it that could not be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selfship import lifecycle
from selfship.lifecycle import EVENTS, Event, State
from selfship.scenario import BrokenError, Step
from selfship.supply import Order
from selfship.ways import AWB_EVENTS

if TYPE_CHECKING:
    from selfship.flow import Flow


def try_with_meta(flow: Flow, step: Step, item: dict[str, Any]) -> None:
    """A status that is taken only with `meta`, or only without it, breaks that rule and not its own."""
    if step.event not in lifecycle.STATUSES:
        return
    if "meta" in item:
        other = {name: value for name, value in item.items() if name != "meta"}
        how, was = "without meta", "was refused with documented fields of meta, and taken without them"
    else:
        other = {**item, "meta": {"remark": "selfship", "reasonCode": 101, "dpLocation": "Bengaluru"}}
        how, was = "with meta", "was refused without meta, which is optional, and taken with it"
    _, answer = flow.write("status", [other], step=f"{step.name} {how}")
    if answer.accepted:
        step.rule, step.outcome, step.message = "VAL-5", "refused", f"{step.name} {was}"
        flow.keep(step)
        raise BrokenError(step)


def rule_by_path(event: Event, order: Order) -> str | None:
    """The rule of a step that depends on how the order came here, not just on where it is."""
    if event is Event.DELIVERY_DONE and order.state is State.BAG_PICKED and Event.AUTO_DISPATCH in order.history:
        return "AUT-2"
    if event in AWB_EVENTS and order.history and order.history[-1] is Event.INVOICE:
        # That it is refused means that the order never came to dp_assigned.
        return "FWD-2"
    return None


def blame_the_unseen(flow: Flow, order: Order, last: Step | None) -> None:
    """Where the step before could not be seen: taken once more, it was never applied, and that is what broke."""
    if order.seen or last is None or last.event is None or last.outcome != "accepted":
        return
    if last.event in AWB_EVENTS:
        _blame_the_awb(flow, order, last)
        return
    _, answer = flow.write(
        EVENTS[last.event].operation, [flow.item(last.event, order)], step=f"{last.event.value} once more"
    )
    if answer.accepted:
        last.outcome = "not_applied"
        last.message = (
            f"{last.event.value} on an order in {last.state.value if last.state else '?'} was counted as successful"
            " but not applied: the next documented step was refused, and the same event was taken again"
        )
        raise BrokenError(last)


def _blame_the_awb(flow: Flow, order: Order, last: Step) -> None:
    """A return that can be delivered straight after its AWB was moved by it."""
    if order.state is not State.RETURN_DP_ASSIGNED:
        return
    item = flow.item(Event.RETURN_BAG_DELIVERED, order)
    _, answer = flow.write("status", [item], step="return_bag_delivered straight after the AWB")
    if answer.accepted:
        last.outcome = "not_applied"
        last.message = "awb on a return in return_dp_assigned moved it on: return_bag_delivered is taken straight after"
        raise BrokenError(last)
