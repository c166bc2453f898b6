"""RAC: faults that show only where requests overlap."""

from __future__ import annotations

from selfship.lifecycle import Event
from selfship.mock.faults.fault import Fault, always, event, when
from selfship.mock.points import Point

FAULTS = (
    Fault(
        "endings_race",
        "RAC-1",
        "decides on delivery_done and rto_bag_delivered before another's effect is seen",
        Point.GAP,
        when(event(Event.DELIVERY_DONE, Event.RTO_BAG_DELIVERED), always(0.05)),
    ),
)
