"""BAT: faults that show only where a request holds several items."""

from __future__ import annotations

from selfship.mock.answers import Tally
from selfship.mock.faults.fault import Fault, on, when
from selfship.mock.points import Ask, Point


def _no_errors(tally: Tally, _: Ask) -> Tally:
    tally.errors = []
    return tally


def _all_successful(tally: Tally, ask: Ask) -> Tally:
    if ask.items > 1 and tally.failed:
        tally.success, tally.failed, tally.errors = ask.items, 0, []
    return tally


FAULTS = (
    Fault("errors_left_out", "BAT-2", "leaves errors empty whatever failed", Point.ENVELOPE, _no_errors),
    Fault(
        "mixed_batch_counts_all",
        "BAT-1",
        "counts every item of a mixed batch of statuses as successful",
        Point.ENVELOPE,
        when(on("status"), _all_successful),
    ),
)
