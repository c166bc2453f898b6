"""Faults that do not show every time, or that only come too late."""

from __future__ import annotations

from selfship.lifecycle import Event
from selfship.mock.answers import Answer, error
from selfship.mock.faults.fault import Fault, When, counts_only, event, on, when
from selfship.mock.points import Ask, Point

IN_VAIN = 12
"""Reads of a packed order: more than a run makes within the settle time of the mock's profile, fewer than in two."""


def every(nth: int, name: str, test: When) -> When:
    """True every `nth` time that `test` holds, the `nth` time first."""

    def counted(ask: Ask) -> bool:
        if not test(ask):
            return False
        ask.memory[name] = ask.memory.get(name, 0) + 1
        return int(ask.memory[name]) % nth == 0

    return counted


def _breaks(_: Answer, __: Ask) -> Answer:
    return error(500, "ERROR", "internal error")


def _pack_shows_late(status: str, ask: Ask) -> str:
    """An order that was packed looks as before for a while, by the reads of it, and then shows it."""
    order = ask.order
    if order is None or order.history[-1:] == [] or order.history[-1][1] != Event.PACK:
        return status
    name = f"packed {order.id}"
    if "orderId" in ask.query:
        ask.memory[name] = ask.memory.get(name, 0) + 1
    return "PROCESSING" if ask.memory.get(name, 0) <= IN_VAIN else status


FAULTS = (
    Fault(
        "some_info_is_500",
        "CON-8",
        "answers every fifth read of /info with 500",
        Point.ANSWER,
        when(every(5, "info", on("info")), _breaks),
    ),
    Fault(
        "every_second_pack_counted_only",
        "FWD-4",
        "counts every second Pack of a single order as successful and does not pack it",
        Point.RULING,
        counts_only(every(2, "packs", lambda ask: ask.items == 1 and event(Event.PACK)(ask))),
    ),
    Fault(
        "pack_shows_late",
        "FWD-4",
        "shows a packed order as PROCESSING to the first twelve that read it by its id",
        Point.STATUS,
        _pack_shows_late,
    ),
)
