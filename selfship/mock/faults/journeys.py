"""FWD, AUT, NDR, RTO, RET: a step of a journey that should work does not, or does something else."""

from __future__ import annotations

from selfship.lifecycle import Event, State
from selfship.mock.conduct import take
from selfship.mock.faults.fault import Fault, after, both, counts_only, event, refuses, state, when
from selfship.mock.points import Point

S, E = State, Event


FAULTS = (
    Fault(
        "dispatch_refused",
        "FWD-5",
        "refuses Dispatch on a packed order",
        Point.RULING,
        refuses(event(E.DISPATCH)),
    ),
    Fault(
        "auto_dispatch_does_not_move",
        "AUT-1",
        "records AWB and courier but leaves an auto-dispatched order in dp_assigned",
        Point.RULING,
        when(both(event(E.AUTO_DISPATCH), state(S.DP_ASSIGNED)), lambda _, __: take(S.DP_ASSIGNED)),
    ),
    Fault(
        "auto_dispatch_moves_return",
        "AUT-3",
        "moves a return on when autoDispatch is true",
        Point.RULING,
        when(
            both(event(E.AUTO_DISPATCH), state(S.RETURN_DP_ASSIGNED)),
            lambda _, __: take(S.RETURN_BAG_IN_TRANSIT),
        ),
    ),
    Fault(
        "no_delivery_after_reattempt",
        "NDR-3",
        "refuses delivery_done once a reattempt was requested",
        Point.RULING,
        refuses(both(event(E.DELIVERY_DONE), after(E.DELIVERY_REATTEMPT_REQUESTED))),
    ),
    Fault(
        "no_rto_after_auto_dispatch",
        "RTO-1",
        "refuses rto_bag_delivered on an order that was auto-dispatched",
        Point.RULING,
        refuses(both(event(E.RTO_BAG_DELIVERED), after(E.AUTO_DISPATCH))),
    ),
    Fault(
        "return_delivery_counted_only",
        "RET-3",
        "counts return_bag_delivered as successful and leaves the return in transit",
        Point.RULING,
        counts_only(event(E.RETURN_BAG_DELIVERED)),
    ),
)
