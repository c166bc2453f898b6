"""The one sentence under the verdict: why this run ended as it did, made from the results and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from selfship.certificate.words import count, listed, number
from selfship.results import RequirementResult, Results
from selfship.verdict import Level, RunVerdict, Verdict

LAPSED = ("expired", "stale")
"""What became of a waiver that fails the gate."""
_UNJUDGED = (Verdict.BLOCKED, Verdict.NOT_TESTABLE)


def sentence(results: Results) -> str:
    """Why the verdict is what it is, for a person who reads nothing else."""
    return _SENTENCES[results.verdict](results)


def footnotes(results: Results) -> list[str]:
    """What a reader of the verdict must know besides: broken advice, and rules that nobody could try."""
    notes = [results.summary] if results.summary else []
    if results.target.get("embedded"):
        notes.append("This is the kit's own mock, started for this run: it says nothing of any other host.")
    advice = _having(results, "SHOULD", Verdict.WARN)
    if advice:
        notes.append(f"{_rules(len(advice), 'SHOULD')} {_is_are(advice)} not followed: {_ids(advice)}.")
    unjudged = [row for row in _level(results, "MUST") if row.verdict in _UNJUDGED]
    if unjudged and results.verdict is not RunVerdict.INCOMPLETE:
        notes.append(f"{_rules(len(unjudged), 'MUST')} could not be judged in this run: {_ids(unjudged)}.")
    broken = _having(results, None, Verdict.ERROR)
    if broken and results.verdict is not RunVerdict.ERROR:
        notes.append(f"The kit itself broke in {count(len(broken), 'rule')}: {_ids(broken)}.")
    notes += [f"{one.words} Until then the gate fails." for one in results.waivers if one.status in LAPSED]
    if results.run.get("narrowed") and results.verdict is not RunVerdict.INCOMPLETE:
        notes.append("The run was narrowed to some of its checks.")
    return notes


def _nonconforming(results: Results) -> str:
    broken = _having(results, None, Verdict.FAIL)
    applying = _applying(results)
    return f"{number(len(broken))} of {_rules(len(applying), 'MUST')} {_is_are(broken)} broken: {_ids(broken)}."


def _error(results: Results) -> str:
    broken = _having(results, None, Verdict.ERROR)
    return (
        f"The kit itself broke while it judged {_ids(broken) or 'this host'}: "
        "until it is mended, this run says neither yes nor no."
    )


def _incomplete(results: Results) -> str:
    if shard := results.run.get("shard"):
        return f"This is shard {shard['number']} of {shard['of']}: what it judged holds, the rest is for the others."
    if missing := (results.run.get("shards") or {}).get("missing"):
        what = "a shard is missing" if len(missing) == 1 else f"{number(len(missing))} shards are missing"
        return f"Merged, but {what} ({listed([str(one) for one in missing])} of {results.run['shards']['of']})."
    if results.run.get("narrowed"):
        return "The run was narrowed to some of its checks: nothing was seen to be broken, but that certifies nothing."
    applying = _applying(results)
    unjudged = [row for row in applying if row.verdict in _UNJUDGED]
    kinds = Counter(row.verdict for row in unjudged)
    if not unjudged:
        return "Nothing was seen to be broken, but the run ended before it had judged every rule."
    parts = []
    if kinds[Verdict.NOT_TESTABLE]:
        parts.append(
            f"{_all(kinds[Verdict.NOT_TESTABLE], unjudged)} for lack of orders or of something else to prepare"
        )
    if kinds[Verdict.BLOCKED]:
        parts.append(f"{_all(kinds[Verdict.BLOCKED], unjudged)} because another check failed")
    return (
        f"No MUST rule was seen to be broken, but {number(len(unjudged))} of {number(len(applying))} "
        f"could not be judged: {listed(parts)}."
    )


def _conforming(results: Results) -> str:
    held = [row for row in _applying(results) if row.verdict is Verdict.PASS]
    checks = sum(row.checks for row in held)
    return (
        f"All {_rules(len(held), 'MUST')} that apply were shown to hold, "
        f"by {count(checks, 'check')} over {count(int(results.run.get('requests', 0)), 'request')}."
    )


def _with_waivers(results: Results) -> str:
    waived = _having(results, None, Verdict.WAIVED)
    rest = [row for row in _applying(results) if row.verdict is Verdict.PASS]
    return (
        f"{_rules(len(rest), 'MUST')} that apply were shown to hold; "
        f"{count(len(waived), 'rule')} {_is_are(waived)} broken and waived: {_ids(waived)}."
    )


_SENTENCES = {
    RunVerdict.NONCONFORMING: _nonconforming,
    RunVerdict.ERROR: _error,
    RunVerdict.INCOMPLETE: _incomplete,
    RunVerdict.CONFORMING: _conforming,
    RunVerdict.CONFORMING_WITH_WAIVERS: _with_waivers,
}


def _level(results: Results, level: Level) -> list[RequirementResult]:
    return [row for row in results.requirements if row.level == level]


def _applying(results: Results) -> list[RequirementResult]:
    return [row for row in _level(results, "MUST") if row.verdict is not Verdict.NOT_APPLICABLE]


def _having(results: Results, level: Level | None, verdict: Verdict) -> list[RequirementResult]:
    return [row for row in results.requirements if row.verdict is verdict and level in (None, row.level)]


def _rules(how_many: int, level: str) -> str:
    return count(how_many, f"{level} rule")


def _all(how_many: int, rows: Sequence[RequirementResult]) -> str:
    return "all" if how_many == len(rows) > 1 else number(how_many)


def _ids(rows: Sequence[RequirementResult]) -> str:
    return listed([row.id for row in rows])


def _is_are(rows: Sequence[RequirementResult]) -> str:
    return "is" if len(rows) == 1 else "are"
