"""Rules that are tried on many operations or batches alike: for each rule, how every one of them did.

Reads the checks' own ids: what stands in their brackets is the case, the rest is the rule's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selfship.certificate.findings import Case, anchor, of_rule
from selfship.certificate.words import VERDICTS, Word, cut
from selfship.results import RequirementResult
from selfship.verdict import WEIGHT, Verdict

GROUPS = ("LIM", "BAT")
_CASE = re.compile(r"\[(.+)\]$", re.DOTALL)
_MOST = 60


@dataclass(frozen=True)
class Trial:
    """One operation or batch under one rule. `href` leads to the evidence, or to the rule."""

    name: str
    word: Word
    href: str


@dataclass(frozen=True)
class Sweep:
    """A rule with all that it was tried on."""

    row: RequirementResult
    word: Word
    trials: tuple[Trial, ...]
    more: int


def sweeps(group: str, rows: Sequence[RequirementResult], cases: Sequence[Case]) -> list[Sweep]:
    """The rules of `group` that were tried on anything, in the order of the results."""
    found = []
    for row in rows:
        tried = _tried(row) if row.group == group else {}
        if tried:
            shown = tuple(_trial(row, name, verdict, cases) for name, verdict in list(tried.items())[:_MOST])
            found.append(Sweep(row, VERDICTS[row.verdict], shown, len(tried) - len(shown)))
    return found


def words(found: Sequence[Sweep]) -> list[Word]:
    """The verdicts in use, in order of weight, for the legend."""
    used = {trial.word for sweep in found for trial in sweep.trials}
    return [word for word in VERDICTS.values() if word in used]


def _tried(row: RequirementResult) -> Mapping[str, Verdict]:
    """Each case with the worst that a check said of it; what failed first."""
    said = [(one.check, one.verdict) for one in row.findings] + [(one.check, Verdict.PASS) for one in row.evidence]
    found: dict[str, Verdict] = {}
    for check, verdict in said:
        name = _name(check)
        if name not in found or WEIGHT[verdict] < WEIGHT[found[name]]:
            found[name] = verdict
    return dict(sorted(found.items(), key=lambda item: WEIGHT[item[1]]))


def _name(check: str) -> str:
    """The case of a check: what stands in its brackets, or what the check is called."""
    found = _CASE.search(check)
    if found:
        return cut(found[1].replace("-", ", ", 1), 60)
    return cut(check.rpartition("::")[2].removeprefix("test_").replace("_", " "), 80)


def _trial(row: RequirementResult, name: str, verdict: Verdict, cases: Sequence[Case]) -> Trial:
    at = of_rule(row.id, cases) if verdict in (Verdict.FAIL, Verdict.WARN, Verdict.ERROR, Verdict.WAIVED) else None
    return Trial(name, VERDICTS[verdict], at or anchor("req", row.id))
