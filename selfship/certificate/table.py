"""The table of every rule: a row with its figures, and what the row opens to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from selfship import requirements
from selfship.certificate import findings, matrix
from selfship.certificate.exhibits import one_line
from selfship.certificate.words import VERDICTS, Word, cut
from selfship.exchanges import Exchange
from selfship.results import Evidence, RequirementResult

_FINDINGS = 8
_PROOFS = 60
"""Checks named as proof in one row."""


@dataclass(frozen=True)
class Proof:
    """A claim that was shown to hold, with the cases (a test's parameters, or none) and exchanges that show it."""

    title: str
    cases: list[tuple[str, tuple[int, ...]]]


@dataclass(frozen=True)
class Row:
    """A requirement in the table. `at` leads to its findings where they are shown; `lines` words its exchanges."""

    row: RequirementResult
    word: Word
    anchor: str
    at: str | None
    findings: list[tuple[Word, str, str | None]]
    findings_more: int
    proofs: list[Proof]
    proofs_more: int
    cells: list[matrix.Square]
    lines: Mapping[int, str]


@dataclass(frozen=True)
class Group:
    name: str
    title: str
    rows: list[Row]


def groups(
    rows: Sequence[RequirementResult],
    cases: Sequence[findings.Case],
    grid: matrix.Grid,
    known: Mapping[int, Exchange],
) -> list[Group]:
    """The rows by group, in the order of the results."""
    titles = requirements.groups()
    found: dict[str, Group] = {}
    for row in rows:
        group = found.setdefault(row.group, Group(row.group, titles.get(row.group, ""), []))
        group.rows.append(_row(row, cases, grid, known))
    return list(found.values())


def proofs(evidence: Iterable[Evidence]) -> list[Proof]:
    """Evidence folded by its claim: the cases of one test stand side by side under what they show together."""
    found: dict[str, Proof] = {}
    for one in evidence:
        title, bracket, case = one.title.partition(" [")
        if not (bracket and case.endswith("]")):
            title, case = one.title, "]"
        found.setdefault(title, Proof(cut(title, 300), [])).cases.append((cut(case[:-1], 120), one.exchanges))
    return list(found.values())


def _row(
    row: RequirementResult, cases: Sequence[findings.Case], grid: matrix.Grid, known: Mapping[int, Exchange]
) -> Row:
    folded = findings.fold(row.findings)
    where = {shown.message: shown.anchor for case in cases if case.row.id == row.id for shown in case.shown}
    cells = [square for square in grid.squares if square.rule == row.id and square.word is not VERDICTS[None]]
    return Row(
        row=row,
        word=VERDICTS[row.verdict],
        anchor=findings.anchor("req", row.id),
        at=findings.of_rule(row.id, cases),
        findings=[
            (VERDICTS[same[0].verdict], cut(same[0].message, 240), where.get(cut(same[0].message, findings.MESSAGE)))
            for same in folded[:_FINDINGS]
        ],
        findings_more=max(0, len(folded) - _FINDINGS),
        proofs=proofs(row.evidence[:_PROOFS]),
        proofs_more=max(0, len(row.evidence) - _PROOFS),
        cells=cells,
        lines={seq: one_line(known[seq]) for square in cells for seq in square.exchanges[:2] if seq in known},
    )
