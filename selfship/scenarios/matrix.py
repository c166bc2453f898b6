"""The state × event matrix: in each state, every event that must be refused or must change nothing."""

from collections.abc import Callable
from typing import Any

from selfship import ways
from selfship.flow import Flow
from selfship.lifecycle import NDR_EVENTS, Event, State, cell
from selfship.probing import Probe, probe_all, probes_of
from selfship.scenario import PassedByError, scenario
from selfship.supply import Need, Order

LEFT_BY_THE_HOST = (State.BAG_INVOICED, State.RETURN_INITIATED)
"""States that a host leaves by itself: what arrives in them cannot be told from what arrives in the next."""
ROWS = tuple(state for state in State if state not in LEFT_BY_THE_HOST)
NOT_IN_ENUM = ("shipped", "DELIVERY_DONE")
"""Beside these the next value itself is tried in capitals and with a space behind it."""


CURRENT_BY_ITSELF = {
    (State.RTO_BAG_ACCEPTED, Event.RTO_BAG_DELIVERED),
    (State.CREDIT_NOTE_GENERATED, Event.RETURN_BAG_DELIVERED),
}


def _need(state: State) -> tuple[Need, ...]:
    """An order in the state, one whose parts can be cancelled where that is refused and there is one."""
    return (Need(state, rather_divisible=cell(state, Event.CANCEL_SOME).outcome == "refuse"),)


def carrying(state: State) -> tuple[Event, ...]:
    """What an order takes before it is probed: where it can have one, it carries an AWB."""
    return (Event.AWB,) if state in (State.DP_ASSIGNED, State.RETURN_DP_ASSIGNED) else ()


@scenario(params=ROWS, per_param=_need, weight=24, walks=carrying, joins=1)
def matrix(flow: Flow, state: State, order: Order) -> None:
    """Every event that the lifecycle table refuses in a state is sent to an order there."""
    probes = probes_of(state)
    if not order.divisible:
        probes = [probe for probe in probes if probe.event is not Event.CANCEL_SOME]
    if flow.host.switch("edition") == "strict":
        probes = [probe for probe in probes if probe.event not in NDR_EVENTS]
    if flow.host.switch("credit_note") == "auto" or flow.host.switch("rto_acceptance") == "auto":
        # What the host did by itself leaves the last pushed status the current one, and of that STA-13 speaks.
        probes = [probe for probe in probes if (state, probe.event) not in CURRENT_BY_ITSELF]
    # The order carries an AWB, so that only the event itself can be what is refused.
    for event in ways.left(order.history, carrying(state)):
        flow.fire(event, order)
    parts = any(probe.event is Event.CANCEL_SOME for probe in probes)
    probe_all(flow, order, probes, lambda: _again(flow, state, divisible=parts))


def _again(flow: Flow, state: State, *, divisible: bool = False) -> Order:
    order = flow.another(Need(state, divisible=True) if divisible else _need(state)[0])
    for event in carrying(state):
        flow.fire(event, order)
    return order


IN_ENUM_STATES = (State.HANDED_OVER_TO_DG, State.RETURN_DP_ASSIGNED)


@scenario(params=IN_ENUM_STATES, per_param=_need, weight=14, walks=carrying, joins=1)
def outside_the_enum(flow: Flow, state: State, order: Order) -> None:
    """Values that no document lists are pushed where a documented value is taken."""
    for event in ways.left(order.history, carrying(state)):
        flow.fire(event, order)
    next_event = Event.BAG_PICKED if state is State.HANDED_OVER_TO_DG else Event.RETURN_BAG_IN_TRANSIT
    values = (*NOT_IN_ENUM, next_event.value.upper(), f"{next_event.value} ", state.value, "CONFIRMED")
    probes = [Probe(f"orderStatus {value!r}", "STA-5", next_event, body=_pushing(value)) for value in values]
    probe_all(flow, order, probes, lambda: _again(flow, state))


def _pushing(value: str) -> Callable[[Order], list[Any]]:
    return lambda order: [{"orderId": order.id, "orderStatus": value}]


WAYS: dict[str, tuple[State, tuple[Event, ...]]] = {
    "picked by status": (State.BAG_PICKED, (Event.AWB, Event.PACK, Event.DISPATCH, Event.BAG_PICKED)),
    "out for delivery again": (
        State.OUT_FOR_DELIVERY,
        (
            Event.AUTO_DISPATCH,
            Event.OUT_FOR_DELIVERY,
            Event.DELIVERY_ATTEMPT_FAILED,
            Event.DELIVERY_REATTEMPT_REQUESTED,
            Event.OUT_FOR_DELIVERY,
        ),
    ),
    "delivered after autoDispatch": (State.DELIVERY_DONE, (Event.AUTO_DISPATCH, Event.DELIVERY_DONE)),
    "returned by status": (
        State.RTO_BAG_DELIVERED,
        (Event.AWB, Event.PACK, Event.DISPATCH, Event.BAG_PICKED, Event.RTO_BAG_DELIVERED),
    ),
}
"""States that orders also come to by another way than the shortest: what is refused must not depend on the way."""


@scenario(
    params=tuple(WAYS),
    per_param=lambda _: (Need(State.DP_ASSIGNED),),
    weight=26,
    walks=lambda way: WAYS[way][1],
    joins=max(len(events) for _, events in WAYS.values()),
)
def by_another_way(flow: Flow, way: str, first: Order) -> None:
    """What must be refused in a state is tried on an order that came there by another way."""
    state, events = WAYS[way]

    def walked(order: Order) -> Order:
        for event in ways.left(order.history, events):
            flow.fire(event, order, name=f"{way}: {event.value}")
        if order.state is not state:
            raise PassedByError(state)
        return order

    probes = [probe for probe in probes_of(state) if probe.event is not Event.CANCEL_SOME]
    if flow.host.switch("edition") == "strict":
        probes = [probe for probe in probes if probe.event not in NDR_EVENTS]
    probe_all(flow, walked(first), probes, lambda: walked(flow.another(Need(State.DP_ASSIGNED))))
