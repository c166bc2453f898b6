"""STA: events that are taken where they must not be, each alone."""

from __future__ import annotations

from selfship.lifecycle import Event, State
from selfship.mock.faults.fault import Fault, applies_though_refused, both, event, state, takes
from selfship.mock.points import Point

S, E = State, Event

FAULTS = (
    Fault(
        "delivered_before_picked",
        "STA-1",
        "takes delivery_done on a packed order",
        Point.RULING,
        takes(both(event(E.DELIVERY_DONE), state(S.BAG_PACKED)), S.DELIVERY_DONE),
    ),
    Fault(
        "rto_after_delivery",
        "STA-3",
        "takes rto_bag_delivered on a delivered order",
        Point.RULING,
        takes(both(event(E.RTO_BAG_DELIVERED), state(S.DELIVERY_DONE)), S.RTO_BAG_DELIVERED),
    ),
    Fault(
        "refused_delivery_applies",
        "STA-1",
        "refuses delivery_done before dispatch and delivers all the same",
        Point.RULING,
        applies_though_refused(both(event(E.DELIVERY_DONE), state(S.DP_ASSIGNED)), S.DELIVERY_DONE),
    ),
    Fault(
        "awb_after_packing",
        "STA-7",
        "takes a new AWB on a packed order",
        Point.RULING,
        takes(both(event(E.AWB), state(S.BAG_PACKED))),
    ),
)
