"""The outcomes, in order of weight, and how they combine. Closed sets: nothing else is ever a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

Level = Literal["MUST", "SHOULD", "OBSERVE"]


class Verdict(StrEnum):
    """Of a check or a requirement, the heaviest first."""

    ERROR = "error"
    FAIL = "fail"
    WARN = "warn"
    BLOCKED = "blocked"
    NOT_TESTABLE = "not_testable"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"
    OBSERVED = "observed"
    PASS = "pass"


WEIGHT = {verdict: place for place, verdict in enumerate(Verdict)}


class RunVerdict(StrEnum):
    NONCONFORMING = "nonconforming"
    ERROR = "error"
    INCOMPLETE = "incomplete"
    CONFORMING_WITH_WAIVERS = "conforming_with_waivers"
    CONFORMING = "conforming"


EXIT_STATUS = {
    RunVerdict.CONFORMING: 0,
    RunVerdict.CONFORMING_WITH_WAIVERS: 0,
    RunVerdict.NONCONFORMING: 1,
    RunVerdict.ERROR: 3,
    RunVerdict.INCOMPLETE: 4,
}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a requirement whose checks ended so; NOT_TESTABLE where no check ran.

    A check that does not apply is not counted beside checks that do.
    """
    found = set(verdicts)
    if len(found) > 1:
        found.discard(Verdict.NOT_APPLICABLE)
    return min(found, key=WEIGHT.__getitem__, default=Verdict.NOT_TESTABLE)


def of_run(requirements: Iterable[tuple[Level, Verdict]], *, narrowed: bool) -> RunVerdict:
    """The verdict of a run, from level and verdict of each requirement on the judged side."""
    rows = list(requirements)
    verdicts = {verdict for _, verdict in rows}
    if Verdict.FAIL in verdicts:
        return RunVerdict.NONCONFORMING
    if Verdict.ERROR in verdicts:
        return RunVerdict.ERROR
    unjudged = {Verdict.BLOCKED, Verdict.NOT_TESTABLE}
    if narrowed or any(level == "MUST" and verdict in unjudged for level, verdict in rows):
        return RunVerdict.INCOMPLETE
    return RunVerdict.CONFORMING_WITH_WAIVERS if Verdict.WAIVED in verdicts else RunVerdict.CONFORMING
