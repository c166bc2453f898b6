"""Cancellation: the whole order and parts of it, where it must work and where it must not."""

from selfship.flow import Flow
from selfship.lifecycle import Event, State
from selfship.probing import Probe, probe_all
from selfship.scenario import scenario
from selfship.scenarios.observing import attempt
from selfship.supply import Need, Order

PARTS = Need(State.PLACED, divisible=True)
PARTS_INVOICED = Need(State.DP_ASSIGNED, divisible=True)


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


@scenario(PARTS_INVOICED, weight=8, walks=())
def cancelled_in_part_late(flow: Flow, order: Order) -> None:
    """A part of an invoiced order is cancelled."""
    probes = [Probe("cancel of a part", "STA-11", Event.CANCEL_SOME)]
    probe_all(flow, order, probes, lambda: flow.another(PARTS_INVOICED))
