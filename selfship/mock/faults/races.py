"""RAC: faults that show only where requests overlap."""

from __future__ import annotations

from dataclasses import replace

from selfship.lifecycle import Event
from selfship.mock.conduct import Ruling
from selfship.mock.faults.fault import Fault, always, both, event, several, when
from selfship.mock.points import Ask, Hook, Point
from selfship.operations import OPERATIONS

GAP_S = 0.04
"""Between decision and effect, in seconds: longer than requests sent at once are apart."""
LOOK_S = 0.005
FRESH = 40
"""AWBs that a crowded host takes before it fails at all: else it would fail the journeys that a run begins with."""
CROWD = 8
"""Requests under way at once from which on a crowded host fails: more than journeys bring side by side by chance."""

_ENDS = event(Event.DELIVERY_DONE, Event.RTO_BAG_DELIVERED)


def _single(ask: Ask) -> bool:
    return ask.items == 1


def _comes_in(_: float, ask: Ask) -> float:
    ask.memory["awbs"] = ask.memory.get("awbs", 0) + 1
    return LOOK_S


def _crowded(ask: Ask) -> bool:
    if ask.memory["awbs"] <= FRESH:
        return False
    under_way: int = ask.host.under_way[OPERATIONS["awb"].path]
    return under_way >= CROWD


def _is_lost(ruling: Ruling, ask: Ask) -> Ruling:
    return replace(ruling, applies=False) if _crowded(ask) else ruling


def _is_turned_away(ruling: Ruling, ask: Ask) -> Ruling:
    if _crowded(ask) and ruling.counted:
        return Ruling(counted=False, applies=False, code="BUSY", message="too much is going on")
    return ruling


def _crowd_of_awbs(name: str, how: str, hook: Hook) -> Fault:
    test = both(event(Event.AUTO_DISPATCH), _single)
    return Fault(name, "RAC-2", how, Point.GAP, when(test, _comes_in), ((Point.LATE, when(test, hook)),))


FAULTS = (
    Fault(
        "endings_race",
        "RAC-1",
        "decides on delivery_done and rto_bag_delivered before the effect of another request is seen",
        Point.GAP,
        when(both(_ENDS, _single), always(GAP_S)),
    ),
    Fault(
        "batches_race",
        "RAC-1",
        "decides on the endings of a batch before the effect of another batch is seen",
        Point.GAP,
        when(both(several("status"), _ENDS), always(GAP_S)),
    ),
    _crowd_of_awbs(
        "crowded_awbs_are_lost",
        "counts an AWB with autoDispatch that comes with many others at once, and loses it, after a while",
        _is_lost,
    ),
    _crowd_of_awbs(
        "crowded_awbs_are_refused",
        "refuses an AWB with autoDispatch that comes with many others at once, after a while",
        _is_turned_away,
    ),
)
