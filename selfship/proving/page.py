"""`kill-table.html`: the kill table as a picture, and behind each mark what was said.

One file, no script, no network. Decides what is shown and in which words; the template decides only where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfship import requirements
from selfship.certificate import rendering, words
from selfship.certificate.words import Word
from selfship.proving.kills import LOUD, FaultRow
from selfship.proving.outcome import Outcome, Said
from selfship.proving.report import Proof
from selfship.proving.sides import Words

_HERE = Path(__file__).resolve().parent
LAID = Word("laid", "caught at its rule", "✓", "the rule that the fault breaks is the one that fails or warns")
ELSEWHERE = Word("stray", "another rule accused", "×", "a rule that fails or warns beside the fault's own")
MISSED = Word("missed", "not caught at its rule", "○", "the fault's own rule does not fail")
ALSO = Word("also", "broken as well", "+", "the fault truly breaks this rule too, and the check says so")
BLOCKED = Word("blocked", "blocked", "·", "not judged, because something that it rests on failed")
LEGEND = (LAID, MISSED, ELSEWHERE, ALSO, BLOCKED)
FATES = {
    "killed": Word("laid", "killed", "✓", ""),
    "survived": Word("missed", "survived", "✗", ""),
    "error": Word("error", "not judged", "!", ""),
}


@dataclass(frozen=True)
class Square:
    """A fault × rule of the picture; `means` says it in words."""

    word: Word
    means: str


@dataclass(frozen=True)
class Line:
    """One fault: its row of the picture, and its entry in the list below."""

    row: FaultRow
    anchor: str
    fate: Word
    squares: list[Square | None]
    said: list[tuple[str, str, Said]]
    rival: str


@dataclass(frozen=True)
class Other:
    """A variant or a null host."""

    name: str
    how: str
    good: bool
    verdict: str
    rules: list[tuple[str, tuple[str, ...]]]
    said: list[tuple[str, str, Said]]
    note: str


@dataclass(frozen=True)
class Page:
    proof: Proof
    verdict: Word
    lede: str
    facts: list[tuple[str, str]]
    cards: list[tuple[str, str, str]]
    columns: list[tuple[str, str, list[str]]]
    lines: list[Line]
    variants: list[Other]
    nulls: list[Other]
    unbroken: list[str]
    legend: Sequence[Word] = LEGEND


def write(proof: Proof, kill_table: Mapping[str, Any], path: Path) -> None:
    """Writes the page of a proof. OSError where it cannot be written."""
    path.write_text(render(proof, kill_table), encoding="utf-8")


def render(proof: Proof, kill_table: Mapping[str, Any]) -> str:
    """The page of a proof as HTML; `kill_table` is what its JSON holds."""
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    return rendering.render(_HERE / "page.html.j2", style=style, page=build(proof, kill_table))


def build(proof: Proof, kill_table: Mapping[str, Any]) -> Page:
    """What the page shows."""
    table = proof.table
    order = {rule: place for place, rule in enumerate(table.rules)}
    faults = sorted(table.faults, key=lambda row: order.get(row.case.rule or "", 0))
    shown = _shown(faults, table.rules)
    judged = [rule for rule in table.rules if requirements.load()[rule].level != "OBSERVE"]
    broken = {row.case.rule for row in faults}
    return Page(
        proof,
        _verdict(proof),
        _lede(kill_table["figures"], table.words),
        _facts(proof, kill_table),
        _cards(kill_table["figures"], table.words),
        _columns(shown),
        [_line(row, shown, proof) for row in faults],
        [_other(row.case.name, row.case.how, not row.accused and row.as_expected, row.outcome,
                [("accused of", row.accused), ("warned of", row.warned),
                 ("not judged", () if row.as_expected else row.unjudged)]) for row in table.variants],
        [_other(row.case.name, row.case.how, not row.praised, row.outcome,
                [("passed undeservedly", row.praised), ("passed in truth", row.reasons)]) for row in table.nulls],
        [rule for rule in judged if rule not in broken] if proof.whole else [],
    )  # fmt: skip


def _verdict(proof: Proof) -> Word:
    if not proof.whole:
        return Word("subset", "A part", "–", "")
    return Word("laid", "Proven", "✓", "") if proof.holds else Word("missed", "Not proven", "✗", "")


def _lede(figures: Mapping[str, Any], said: Words) -> str:
    killed, faults = (
        figures["must_killed"] + figures["should_killed"],
        figures["must_faults"] + figures["should_faults"],
    )
    several = said.judge.endswith("s")
    catch, accuse, give = ("catch", "accuse", "give") if several else ("catches", "accuses", "gives")
    parts = [f"{said.judge} {catch} {killed} of {words.count(faults, said.bad)}"] if faults else []
    if figures["variants"]:
        parts.append(f"{accuse} {figures['accused_variants']} of {figures['variants']} conforming {said.side}s")
    if figures[said.nulls]:
        undeserved = words.count(figures["undeserved_passes"], "undeserved pass", "undeserved passes")
        null = "know nothing" if said.side == "host" else "do next to nothing"
        parts.append(f"{give} {undeserved} to {words.count(figures[said.nulls], said.side)} that {null}")
    sentence = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else "Nothing was run"
    return f"{sentence[0].upper()}{sentence[1:]}."


def _beside(figures: Mapping[str, Any], share: Callable[[int, int], str]) -> str:
    """What schemathesis alone catches of the same faults; nothing where it was not asked."""
    caught, asked, earlier = (figures[f"schemathesis_{name}"] for name in ("caught", "asked", "earlier"))
    if caught is None:
        return ""
    faults = figures["must_faults"] + figures["should_faults"]
    whole = f"all {asked}" if asked == faults else f"the {asked} that it ended with"
    before = f"; {earlier} asked before the mock last changed" if earlier else ""
    return f"schemathesis alone: {caught} of {whole} ({share(caught, asked)}){before}"


def _cards(figures: Mapping[str, Any], said: Words) -> list[tuple[str, str, str]]:
    """Figure, what it counts, and the rival's beside it."""

    def share(part: int, whole: int) -> str:
        return f"{100 * part / whole:.1f} %" if whole else "–"

    beside = _beside(figures, share)
    return [
        (share(figures["must_killed"], figures["must_faults"]),
         f"of the MUST faults killed: {figures['must_killed']} of {figures['must_faults']}", beside),
        (share(figures["should_killed"], figures["should_faults"]),
         f"of the SHOULD faults killed: {figures['should_killed']} of {figures['should_faults']}", ""),
        (share(figures["laid_right"], figures["kills"]),
         f"of the kills laid at the broken rule: {figures['laid_right']} of {figures['kills']}", ""),
        (str(figures["accused_variants"]), f"of {figures['variants']} {said.odd.lower()} accused", ""),
        (str(figures["undeserved_passes"]), f"undeserved passes of {figures[said.nulls]} null {said.side}s", ""),
    ]  # fmt: skip


_DIGESTS = {
    "requirements_digest": "Requirements",
    "suites_digest": "Suites",
    "judge_digest": "Judge",
    "mock_digest": "Mock",
    "referee_digest": "Referee",
    "clients_digest": "Clients",
}


def _facts(proof: Proof, kill_table: Mapping[str, Any]) -> list[tuple[str, str]]:
    kit = kill_table["kit"]
    return [
        ("Kit", f"selfship {kit['version']}"),
        ("Started", words.moment(proof.started)),
        ("Took", words.seconds(proof.wall_s)),
        *((name, kit[key]) for key, name in _DIGESTS.items() if key in kit),
        ("This table", kill_table["digest"]),
    ]


def _shown(faults: Sequence[FaultRow], rules: Sequence[str]) -> list[str]:
    """The rules that some fault breaks, or that some fault made fail."""
    wanted = {row.case.rule for row in faults} | {rule for row in faults for rule in row.outcome.with_verdict(*LOUD)}
    return [rule for rule in rules if rule in wanted]


def _columns(shown: Sequence[str]) -> list[tuple[str, str, list[str]]]:
    titles = requirements.groups()
    found: dict[str, list[str]] = {}
    for rule in shown:
        found.setdefault(requirements.load()[rule].group, []).append(rule)
    return [(group, titles[group], rules) for group, rules in found.items()]


def _line(row: FaultRow, shown: Sequence[str], proof: Proof) -> Line:
    loud = [rule for rule in (row.case.rule or "", *row.strays, *row.case.also) if rule in row.outcome.said]
    other = proof.rival.get(row.case.id) if proof.rival else None
    rival = "" if other is None else "not judged" if other.error else "caught" if other.new else "missed"
    return Line(
        row,
        f"fault-{row.case.name}",
        FATES[row.fate],
        [_square(row, rule) for rule in shown],
        _said(row.outcome, dict.fromkeys(loud)),
        rival,
    )


def _square(row: FaultRow, rule: str) -> Square | None:
    verdict = row.outcome.rules.get(rule, "")
    loud = verdict in LOUD
    if rule == row.case.rule:
        word = LAID if row.laid_right else MISSED
    elif loud:
        word = ALSO if rule in row.case.also else ELSEWHERE if rule in row.strays else BLOCKED
    elif verdict == "blocked":
        word = BLOCKED
    else:
        return None
    return Square(word, f"{row.case.name}, {rule}: {verdict or 'not judged'} ({word.label})")


def _said(outcome: Outcome, rules: Mapping[str, None]) -> list[tuple[str, str, Said]]:
    return [(rule, outcome.rules.get(rule, ""), one) for rule in rules for one in outcome.said.get(rule, ())[:2]]


def _other(name: str, how: str, good: bool, outcome: Outcome, rules: list[tuple[str, tuple[str, ...]]]) -> Other:
    named = dict.fromkeys(rule for _, some in rules for rule in some)
    return Other(
        name,
        how,
        good,
        outcome.verdict or "error",
        [(title, some) for title, some in rules if some],
        _said(outcome, named)[:6],
        outcome.error or outcome.note,
    )
