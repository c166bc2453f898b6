"""Findings arranged for the page: folded, numbered, with as much evidence as the page can hold.

Every rule shows its first finding before any rule shows its second, so that no rule is starved by a noisy one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from selfship.certificate.exhibits import Allowance, Exhibit, exhibit
from selfship.certificate.words import VERDICTS, Word, cut
from selfship.exchanges import Exchange
from selfship.results import Finding, Reference, RequirementResult
from selfship.verdict import Verdict

WORDS = 400_000
"""Characters of HTML that the words of all findings may take together."""
EVIDENCE = 800_000
"""The same for their exchanges."""
EXHIBITS = 4
MESSAGE = 600
_CHECKS = 6
_OPEN = 5
_FRAME = 700
"""Characters of markup around one finding, and around one exhibit; measured, rounded up."""
_LONG_NUMBER = re.compile(r"\d{6,}")


@dataclass
class Shown:
    """A finding on the page. `also`: the other checks that ended the same. `unshown`: evidence left to the HAR."""

    anchor: str
    word: Word
    check: str
    message: str
    blocked_by: str | None
    also: list[str]
    also_more: int
    exchanges: tuple[int, ...]
    curl: str | None
    stability: str | None = None
    exhibits: list[Exhibit] = field(default_factory=list)
    unshown: list[int] = field(default_factory=list)
    open: bool = False


@dataclass
class Case:
    """A rule with what was found against it. `left_out` counts findings that the page had no room for."""

    row: RequirementResult
    word: Word
    anchor: str
    shown: list[Shown]
    left_out: int = 0


def fold(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings that say the same of different orders, together; in order of their first appearance."""
    folded: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        same = (finding.verdict, _LONG_NUMBER.sub("#", finding.message), finding.blocked_by, finding.advice)
        folded.setdefault(same, []).append(finding)
    return list(folded.values())


def cases(rows: Sequence[RequirementResult], verdict: Verdict, room: Allowance) -> list[Case]:
    """The rules that have findings of `verdict`, with their findings while there is `room` for the words."""
    folded = {row.id: fold(one for one in row.findings if one.verdict is verdict) for row in rows}
    found = {row.id: Case(row, VERDICTS[verdict], anchor(verdict, row.id), []) for row in rows if folded[row.id]}
    deepest = max((len(groups) for groups in folded.values()), default=0)
    for depth in range(deepest):
        for name, case in found.items():
            if depth < len(folded[name]):
                _add(case, folded[name][depth], room)
    for case in list(found.values())[:_OPEN]:
        for shown in case.shown[:1]:
            shown.open = True
    return list(found.values())


def illustrate(
    found: Sequence[Case], exchanges: Mapping[int, Exchange], told: Mapping[int, Reference], room: Allowance
) -> None:
    """Gives the findings their evidence while there is `room`: the most telling exchange of each before any second.

    `told`: what the mock answers to some of the requests, by number of exchange.
    """
    for depth in range(max((len(case.shown) for case in found), default=0)):
        for place in range(EXHIBITS):
            for case in found:
                if depth < len(case.shown):
                    _illustrate(case.shown[depth], place, exchanges, told, room)


def of_rule(rule: str, found: Iterable[Case]) -> str | None:
    """Where the findings of a rule are shown first."""
    return next((case.anchor for case in found if case.row.id == rule), None)


def anchor(*names: str) -> str:
    """An id that is safe in an attribute and in a link."""
    return "-".join(re.sub(r"[^A-Za-z0-9_-]+", "-", name) for name in names)


def _add(case: Case, same: list[Finding], room: Allowance) -> None:
    first = same[0]
    also = [cut(one.check, 160) for one in same[1 : 1 + _CHECKS]]
    shown = Shown(
        anchor=anchor(case.anchor, str(len(case.shown) + 1)),
        word=VERDICTS[first.verdict],
        check=cut(first.check, 200),
        message=cut(first.message, MESSAGE),
        blocked_by=first.blocked_by,
        also=also,
        also_more=len(same) - 1 - len(also),
        exchanges=first.exchanges,
        curl=first.curl,
        stability=next((one.stability for one in same if one.stability), None),
        unshown=list(first.exchanges),
    )
    if room.take(shown.message, shown.check, *also, overhead=_FRAME):
        case.shown.append(shown)
    else:
        case.left_out += len(same)


def _illustrate(
    shown: Shown, place: int, exchanges: Mapping[int, Exchange], told: Mapping[int, Reference], room: Allowance
) -> None:
    if place >= len(shown.exchanges) or room.spent:
        return
    known = exchanges.get(shown.exchanges[place])
    if known is None:
        return
    one = exhibit(known, curl_line=shown.curl if place == 0 else None, reference=told.get(known.seq))
    if room.take(*one.texts, overhead=_FRAME):
        shown.exhibits.append(one)
        shown.unshown.remove(one.seq)


@dataclass(frozen=True)
class Unjudged:
    """Checks that could not be judged for one and the same reason, and the rules that they belong to."""

    reason: str
    rules: tuple[str, ...]
    checks: int
    messages: tuple[str, ...] = ()


def unjudged(rows: Iterable[RequirementResult], verdict: Verdict) -> list[Unjudged]:
    """Blocked checks by what blocks them, untestable ones by what would make them testable; the commonest first."""
    rules: dict[str, dict[str, int]] = {}
    messages: dict[str, dict[str, None]] = {}
    for row in rows:
        # A rule without any check is untestable and has no finding to say so.
        findings = row.findings if row.findings or row.verdict is not verdict else [_NO_CHECK]
        for finding in findings:
            if finding.verdict is not verdict:
                continue
            reason = (finding.blocked_by if verdict is Verdict.BLOCKED else finding.advice) or finding.message
            count = rules.setdefault(cut(reason, 400), {})
            count[row.id] = count.get(row.id, 0) + 1
            messages.setdefault(cut(reason, 400), {}).setdefault(cut(finding.message, 300))
    groups = [
        Unjudged(reason, tuple(count), sum(count.values()), tuple(messages[reason])[:3])
        for reason, count in rules.items()
    ]
    return sorted(groups, key=lambda group: -group.checks)


_NO_CHECK = Finding(
    "",
    Verdict.NOT_TESTABLE,
    "No check of this rule ran.",
    advice="Run the kit without narrowing it: no check of these rules was part of this run.",
)
