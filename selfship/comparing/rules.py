"""What became of each rule between two runs.

Decides by single checks, not by verdicts alone: a rule that failed in one place and now fails in two is a regression,
and what is blocked by a regression is none of its own. Nothing is called a regression that the old run had not shown
to hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from selfship.results import Finding, RequirementResult, Results
from selfship.verdict import Level, Verdict, worst

BROKEN = (Verdict.FAIL, Verdict.WARN)
KNOWN_BROKEN = (*BROKEN, Verdict.WAIVED)
UNJUDGED = (Verdict.BLOCKED, Verdict.NOT_TESTABLE, Verdict.NOT_APPLICABLE)
PASSING_UNSEEN = ("scenario ", "pre-flight")
"""Findings that appear only where something broke: their absence is their passing."""


class Kind(StrEnum):
    """What became of a rule, the most urgent first."""

    REGRESSION = "regression"
    STILL_FAILING = "still_failing"
    NEWLY_WAIVED = "newly_waived"
    FIXED = "fixed"
    NO_LONGER_TESTED = "no_longer_tested"
    NEWLY_TESTED = "newly_tested"
    INCONCLUSIVE = "inconclusive"


TITLES: Mapping[Kind, tuple[str, str]] = {
    Kind.REGRESSION: ("Regressions", "shown to hold in the old run, broken in the new one"),
    Kind.STILL_FAILING: ("Still failing", "broken in both runs"),
    Kind.NEWLY_WAIVED: ("Newly broken, and waived", "held before; somebody answers for it now"),
    Kind.FIXED: ("Fixed", "broken in the old run, shown to hold in the new one"),
    Kind.NO_LONGER_TESTED: ("No longer tested", "judged in the old run, not in the new one: not shown to hold"),
    Kind.NEWLY_TESTED: ("Newly tested", "not judged in the old run, so neither better nor worse"),
    Kind.INCONCLUSIVE: ("Inconclusive", "the two runs cannot be held against each other here"),
}


@dataclass(frozen=True)
class Change:
    """What became of one rule. `words`: a sentence. `checks`: those that tell, `exchanges`: of the new run's HAR."""

    id: str
    level: Level
    statement: str
    kind: Kind
    old: Verdict | None
    new: Verdict | None
    words: str
    checks: tuple[str, ...] = ()
    exchanges: tuple[int, ...] = ()
    curl: str | None = None


def changes(old: Results, new: Results) -> list[Change]:
    """Of every rule of either run that is not as it was, the most urgent kinds first."""
    before, after = ({row.id: row for row in one.requirements} for one in (old, new))
    same_suites = old.kit.get("suites_digest") == new.kit.get("suites_digest")
    found = [
        change
        for name in dict.fromkeys([*after, *before])
        if (change := _change(before.get(name), after.get(name), same_suites=same_suites))
    ]
    order = list(Kind)
    return sorted(found, key=lambda one: (order.index(one.kind), one.level != "MUST"))


def _change(old: RequirementResult | None, new: RequirementResult | None, *, same_suites: bool) -> Change | None:
    if old is None or new is None:
        return _one_sided(old, new)
    was, now = _by_check(old), _by_check(new)
    failing = {check: verdict for check, verdict in now.items() if verdict in BROKEN}
    if failing:
        return _failing(old, new, was, list(failing), same_suites=same_suites)
    if Verdict.ERROR in (old.verdict, new.verdict):
        if old.verdict is new.verdict:
            return None
        which = "new" if new.verdict is Verdict.ERROR else "old"
        return _as(Kind.INCONCLUSIVE, old, new, f"The kit itself broke here in the {which} run.", ())
    broke = [check for check, verdict in was.items() if verdict in KNOWN_BROKEN]
    waived = [check for check, verdict in now.items() if verdict is Verdict.WAIVED]
    if waived:
        kind = Kind.STILL_FAILING if broke else Kind.NEWLY_WAIVED
        return _as(kind, old, new, _said(new, waived), waived)
    if broke:
        # With the same suites, what is no longer spoken of was laid at the rule by another check's failure.
        gone = [] if same_suites else [one for one in broke if one not in now and not one.startswith(PASSING_UNSEEN)]
        return _mended(old, new, broke, gone)
    return _judged_or_not(old, new)


def _failing(
    old: RequirementResult, new: RequirementResult, was: Mapping[str, Verdict], failing: list[str], *, same_suites: bool
) -> Change:
    held: list[str] = []
    known: list[str] = []
    unknown: list[str] = []
    for check in failing:
        before = was.get(check)
        if before is None and (same_suites or check.startswith(PASSING_UNSEEN)) and old.verdict is Verdict.PASS:
            before = Verdict.PASS
        where = held if before is Verdict.PASS else known if before in KNOWN_BROKEN else unknown
        where.append(check)
    flaky = {one.check for one in new.findings if (one.stability or "").startswith("flaky")}
    if held and flaky.issuperset(held):
        words = (
            f"It held in the old run and fails now and then in the new one, as it may have before: {_said(new, held)}"
        )
        return _as(Kind.INCONCLUSIVE, old, new, words, held)
    if held:
        more = f" It was broken before, in {_count(known, 'other check')}." if known else ""
        return _as(Kind.REGRESSION, old, new, _said(new, held) + more, held)
    if known:
        lapsed = " A waiver excused it before." if old.verdict is Verdict.WAIVED else ""
        return _as(Kind.STILL_FAILING, old, new, _said(new, known) + lapsed, known)
    if broke := [check for check, verdict in was.items() if verdict in KNOWN_BROKEN]:
        words = f"It was broken in {_count(broke, 'check')} and is now in {_count(unknown, 'other')}: "
        return _as(Kind.STILL_FAILING, old, new, words + _said(new, unknown), unknown)
    why = "was not judged in the old run" if old.verdict in UNJUDGED else "is judged by checks that the old run had not"
    return _as(Kind.NEWLY_TESTED, old, new, f"It {why}, and is broken: {_said(new, unknown)}", unknown)


def _mended(old: RequirementResult, new: RequirementResult, broke: list[str], gone: list[str]) -> Change:
    if new.verdict in UNJUDGED:
        return _as(Kind.NO_LONGER_TESTED, old, new, f"It was broken, and is not shown to be mended: {_why(new)}", broke)
    if gone:
        words = f"What is judged now holds, but {_count(gone, 'check')} that failed {_is(gone)} no longer in the kit."
        return _as(Kind.INCONCLUSIVE, old, new, words, gone)
    return _as(Kind.FIXED, old, new, f"{_count(broke, 'check')} that failed {_is(broke)} passing now.", broke)


def _judged_or_not(old: RequirementResult, new: RequirementResult) -> Change | None:
    if old.verdict is Verdict.PASS and new.verdict in UNJUDGED:
        return _as(Kind.NO_LONGER_TESTED, old, new, _why(new), [])
    if old.verdict in UNJUDGED and new.verdict is Verdict.PASS:
        return _as(Kind.NEWLY_TESTED, old, new, f"It holds. In the old run: {_why(old)}", [])
    return None


def _one_sided(old: RequirementResult | None, new: RequirementResult | None) -> Change:
    if new is not None:
        return _as(Kind.NEWLY_TESTED, None, new, "The rule is not in the old run's table.", [])
    assert old is not None
    return _as(Kind.NO_LONGER_TESTED, old, None, "The rule is not in the new run's table.", [])


def _as(
    kind: Kind, old: RequirementResult | None, new: RequirementResult | None, words: str, checks: Iterable[str]
) -> Change:
    row = new or old
    assert row is not None
    told = tuple(checks)
    finding = _finding(new, told) if new else None
    return Change(
        row.id,
        row.level,
        row.statement,
        kind,
        old.verdict if old else None,
        new.verdict if new else None,
        words,
        told,
        finding.exchanges if finding else (),
        finding.curl if finding else None,
    )


def _by_check(row: RequirementResult) -> dict[str, Verdict]:
    """The verdict of every check of a row that the run had; the heavier where it speaks of a check twice."""
    found = {one.check: Verdict.PASS for one in row.evidence}
    for finding in row.findings:
        found[finding.check] = worst(v for v in (found.get(finding.check), finding.verdict) if v is not None)
    return found


def _finding(row: RequirementResult, checks: Iterable[str]) -> Finding | None:
    wanted = set(checks)
    return next((one for one in row.findings if one.check in wanted and one.verdict in KNOWN_BROKEN), None)


def _said(row: RequirementResult, checks: list[str]) -> str:
    finding = _finding(row, checks)
    more = f" ({_count(checks, 'check')})" if len(checks) > 1 else ""
    return f"{finding.message if finding else row.statement}{more}"


def _why(row: RequirementResult) -> str:
    """Why a row was not judged."""
    finding = next((one for one in row.findings if one.verdict is row.verdict), None)
    if finding is None:
        return "No check of it ran."
    if finding.blocked_by:
        return f"It is blocked by {finding.blocked_by}: {finding.message}"
    return finding.advice or finding.message


def _count(many: list[str], noun: str) -> str:
    return f"{len(many)} {noun}{'' if len(many) == 1 else 's'}"


def _is(many: list[str]) -> str:
    return "is" if len(many) == 1 else "are"
