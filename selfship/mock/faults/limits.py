"""LIM: faults of the 20-item limit."""

from __future__ import annotations

from selfship.mock.conduct import Ruling
from selfship.mock.faults.fault import Fault, always, on, when
from selfship.mock.points import Ask, Point
from selfship.operations import MAX_ITEMS


def _drops_the_last_of_20(ruling: Ruling, ask: Ask) -> Ruling:
    if ruling.counted and ask.items == MAX_ITEMS and ask.index == MAX_ITEMS - 1:
        return Ruling(counted=True, applies=False)
    return ruling


FAULTS = (
    Fault(
        "status_drops_the_twentieth",
        "LIM-1",
        "counts the last of 20 statuses as successful without applying it",
        Point.RULING,
        when(on("status"), _drops_the_last_of_20),
    ),
    Fault(
        "awb_takes_21",
        "LIM-2",
        "takes 21 items in Update AWB",
        Point.LIMIT,
        when(on("awb"), always(MAX_ITEMS + 1)),
    ),
)
