"""Cancellation: the whole order and parts of it, where it must work and where it must not."""

from selfship.bodies import CANCEL_REASON
from selfship.flow import Flow
from selfship.lifecycle import Event, State
from selfship.probing import Probe, probe_all
from selfship.scenario import scenario
from selfship.scenarios.observing import attempt
from selfship.supply import Need, Order

PARTS = Need(State.PLACED, divisible=True)
PARTS_INVOICED = Need(State.DP_ASSIGNED, divisible=True)
PIECE = "cancel of one piece of a line"


@scenario(Need(State.PLACED, rather_divisible=True), weight=6, walks=(Event.CANCEL,))
def cancelled_whole(flow: Flow, order: Order) -> None:
    """A new order is cancelled whole, one of several lines if there is one."""
    flow.fire(Event.CANCEL, order)


@scenario(Need(State.BAG_CONFIRMED), weight=6, walks=(Event.CANCEL,))
def cancelled_confirmed(flow: Flow, order: Order) -> None:
    """A confirmed order is cancelled whole before it is invoiced."""
    flow.fire(Event.CANCEL, order)


@scenario(PARTS, weight=6)
def cancelled_in_part(flow: Flow, order: Order) -> None:
    """A part of a new order is cancelled; what is left can be confirmed."""
    exchange, answer, _, _ = attempt(
        flow, Event.CANCEL_SOME, order, "Is the cancellation of a part of a new order taken?", rule="STA-11"
    )
    flow.recording.kept["part"] = (exchange, answer)
    items = _one_piece(order)
    if items:
        question = "Is the cancellation of one piece of a line of a new order taken?"
        exchange, answer, _, _ = attempt(flow, Event.CANCEL_SOME, order, question, rule="STA-11", orderItems=items)
        flow.recording.kept["piece"] = (exchange, answer)


def _one_piece(order: Order) -> list[dict[str, object]]:
    """One piece of a line that holds several, and that is not the one whose cancellation is tried whole."""
    lines = order.view.lines if order.view else ()
    several = [line for line in lines[:-1] if line.quantity > 1]
    return [{"orderItemId": line.item_id, "quantity": 1, "reasonCode": CANCEL_REASON} for line in several[:1]]


def _without_one_piece(order: Order) -> list[dict[str, object]]:
    return [{"orderId": order.id, "orderItems": _one_piece(order)}]


@scenario(PARTS_INVOICED, weight=8, walks=())
def cancelled_in_part_late(flow: Flow, order: Order) -> None:
    """A part of an invoiced order is cancelled."""
    probes = [Probe("cancel of a part", "STA-11", Event.CANCEL_SOME)]
    if _one_piece(order):
        probes.append(Probe(PIECE, "STA-11", Event.CANCEL_SOME, body=_without_one_piece))
    probe_all(flow, order, probes, lambda: flow.another(PARTS_INVOICED))
