"""What the documents leave open: tried, recorded in the dialect, never judged, STA-13's own promises aside."""

from typing import Any

from selfship.answers import Answer, says
from selfship.exchanges import Exchange
from selfship.flow import Flow
from selfship.lifecycle import Event, State, cell
from selfship.orders import View
from selfship.scenario import Step, scenario
from selfship.supply import Need, Order


def attempt(
    flow: Flow, event: Event, order: Order, question: str, *, rule: str | None = None, **more: Any
) -> tuple[Exchange, Answer, View | None, View | None]:
    """Sends an event whose outcome is open; the dialect gets the answer to `question`."""
    name = rule or cell(order.state, event).rule or ""
    before = flow.read(order)
    exchange, answer = flow.send(event, order, flow.item(event, order, **more), question)
    if answer.accepted and flow.host.needed_settle:
        flow.host.wire.pace.pause(flow.host.needed_settle * 1.5)
    after = flow.read(order)
    shown = f", orderStatus {after.status}" if after else ""
    word = "taken" if answer.accepted else "refused" if answer.refused else "answered"
    flow.host.observe(name, question, f"{word}{shown}: {says(exchange)}", exchange.seq)
    flow.recording.kept[question] = (exchange, answer, before, after)
    outcome = "accepted" if answer.accepted else "observed"
    step = Step(question, name, order.id, order.state, event, outcome, f"{word}{shown}", [exchange.seq], answer)
    flow.keep(step)
    if answer.accepted:
        flow.host.took(event, step)
    return exchange, answer, before, after


@scenario(Need(State.DP_ASSIGNED), weight=20, bare=True)
def picked_early(flow: Flow, order: Order) -> None:
    """bag_picked is pushed straight from dp_assigned."""
    flow.fire(Event.AWB, order)
    attempt(flow, Event.BAG_PICKED, order, "Is bag_picked taken straight from dp_assigned, without pack and dispatch?")


@scenario(Need(State.DP_ASSIGNED), weight=6, bare=True)
def packed_without_awb(flow: Flow, order: Order) -> None:
    """An order is packed before it has any AWB."""
    attempt(flow, Event.PACK, order, "Is an order packed before it has any AWB?", rule="FWD-9")


@scenario(Need(State.DP_ASSIGNED, 2), weight=20, bare=True)
def auto_dispatch_spelt(flow: Flow, many: list[Order]) -> None:
    """Update AWB without autoDispatch, and with the string "true"."""
    attempt(flow, Event.AWB, many[0], "What is Update AWB without autoDispatch?", rule="AUT-4", autoDispatch=None)
    attempt(flow, Event.AWB, many[1], 'What is autoDispatch "true", a string?', rule="AUT-4", autoDispatch="true")


OUT_OF_ORDER = (
    (State.BAG_PICKED, Event.DELIVERY_ATTEMPT_FAILED, "Is delivery_attempt_failed taken before out_for_delivery?"),
    (
        State.DELIVERY_ATTEMPT_FAILED,
        Event.DELIVERY_DONE,
        "Is delivery_done taken straight from delivery_attempt_failed?",
    ),
    (State.OUT_FOR_DELIVERY, Event.RTO_BAG_DELIVERED, "Is rto_bag_delivered taken from out_for_delivery?"),
)


@scenario(params=(0, 1, 2), per_param=lambda place: (Need(OUT_OF_ORDER[place][0]),), weight=10)
def ndr_out_of_order(flow: Flow, place: int, order: Order) -> None:
    """Optional delivery steps out of their order."""
    _, event, question = OUT_OF_ORDER[place]
    attempt(flow, event, order, question)


@scenario(Need(State.RTO_BAG_DELIVERED), weight=8)
def early_credit_note(flow: Flow, order: Order) -> None:
    """The credit note of a return to origin is asked for before it is accepted."""
    attempt(flow, Event.CREDIT_NOTE, order, "Is the credit note of a delivered RTO taken without acceptance?")


AGAIN = (State.BAG_PICKED, State.DELIVERY_DONE, State.RTO_BAG_DELIVERED, State.RETURN_BAG_DELIVERED)
SAME = {
    State.BAG_PICKED: Event.BAG_PICKED,
    State.DELIVERY_DONE: Event.DELIVERY_DONE,
    State.RTO_BAG_DELIVERED: Event.RTO_BAG_DELIVERED,
    State.RETURN_BAG_DELIVERED: Event.RETURN_BAG_DELIVERED,
}


@scenario(params=AGAIN, per_param=lambda state: (Need(state),), weight=24)
def pushed_again(flow: Flow, state: State, order: Order) -> None:
    """The current status is pushed once more."""
    attempt(flow, SAME[state], order, f"Is {state.value} taken again in {state.value}?", rule="STA-13")


@scenario(Need(State.DP_ASSIGNED), weight=11, bare=True)
def awb_again(flow: Flow, order: Order) -> None:
    """The same AWB is pushed twice, then a second one, then one with autoDispatch."""
    step = flow.fire(Event.AWB, order)
    first = order.awb
    attempt(flow, Event.AWB, order, "Is the same AWB taken twice?", rule="STA-13", awbNumber=first)
    attempt(flow, Event.AWB, order, "Is a second AWB taken in dp_assigned?", rule="STA-13")
    attempt(flow, Event.AUTO_DISPATCH, order, "Is autoDispatch taken after an earlier AWB?", rule="STA-13")
    flow.recording.kept["first"] = (step, first)


@scenario(Need(State.DP_ASSIGNED), weight=4)
def cancelled_in_between(flow: Flow, order: Order) -> None:
    """A whole order is cancelled after invoicing and before packing."""
    attempt(flow, Event.CANCEL, order, "Is a whole order cancelled between invoicing and packing?")
