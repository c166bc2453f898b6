"""The state × event matrix as a picture: one square for each cell of the lifecycle table.

Squares say three things: what the rules expect there (by their fill), how the host did (by symbol and colour), and
where the evidence stands (by their link). Cells that no rule speaks of are left blank.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from selfship import lifecycle
from selfship.certificate.findings import Case, anchor
from selfship.certificate.words import VERDICTS, Word, cut
from selfship.lifecycle import Event, State
from selfship.results import MatrixCell
from selfship.verdict import WEIGHT

_EXPECTED = {
    "accept": "must be accepted",
    "refuse": "must be refused",
    "unchanged": "must change nothing",
    "observe": "left open by the documents",
}


@dataclass(frozen=True)
class Square:
    """One cell of the picture. `href` leads to its evidence, None where there is none."""

    state: str
    event: str
    expected: str
    rule: str | None
    word: Word
    observed: str
    exchanges: tuple[int, ...]
    anchor: str
    href: str | None

    @property
    def means(self) -> str:
        """The square in words, for those who do not see it."""
        rule = f", {self.rule}" if self.rule else ""
        seen = f": {self.observed}" if self.observed else ""
        return f"{self.event} in {self.state}: {_EXPECTED[self.expected]}{rule}; {self.word.label}{seen}"


@dataclass(frozen=True)
class Grid:
    """`rows`: a state with a square, or None, for each of `events`."""

    events: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Square | None, ...]], ...]

    @property
    def squares(self) -> list[Square]:
        return [square for _, squares in self.rows for square in squares if square]

    @property
    def tried(self) -> int:
        return sum(square.word is not VERDICTS[None] for square in self.squares)

    @property
    def words(self) -> list[Word]:
        """The verdicts that the picture uses, in order of weight, for its legend."""
        used = {square.word for square in self.squares}
        return [word for word in VERDICTS.values() if word in used]


def grid(cells: Iterable[MatrixCell], cases: Iterable[Case], rules: Iterable[str]) -> Grid:
    """Every cell of the lifecycle table with what the run found there; `rules` are those that have a row to link to."""
    found = merged(cells)
    evidence = _evidence(cases)
    known = frozenset(rules)
    rows = []
    for state in State:
        squares = tuple(_square(state, event, found.get((state, event)), evidence, known) for event in Event)
        rows.append((state.value, squares))
    return Grid(tuple(event.value for event in Event), tuple(rows))


def merged(cells: Iterable[MatrixCell]) -> dict[tuple[str, str], MatrixCell]:
    """One cell for each state and event: the worst of those that were really probed."""
    found: dict[tuple[str, str], MatrixCell] = {}
    for cell in cells:
        before = found.get((cell.state, cell.event))
        if before is None or _weight(cell) < _weight(before):
            found[cell.state, cell.event] = cell
    return found


def _weight(cell: MatrixCell) -> int:
    return len(WEIGHT) if cell.verdict is None else WEIGHT[cell.verdict]


def _evidence(cases: Iterable[Case]) -> dict[tuple[str, int], str]:
    """Where each exchange of each rule's findings is shown; also under no rule, for cells judged by another one."""
    found: dict[tuple[str, int], str] = {}
    for case in cases:
        for shown in case.shown:
            for seq in shown.exchanges:
                found.setdefault((case.row.id, seq), shown.anchor)
                found.setdefault(("", seq), shown.anchor)
    return found


def _square(
    state: State,
    event: Event,
    cell: MatrixCell | None,
    evidence: Mapping[tuple[str, int], str],
    known: frozenset[str],
) -> Square | None:
    entry = lifecycle.TABLE[state].get(event)
    if entry is None and cell is None:
        return None
    rule = cell.rule if cell and cell.rule else entry.rule if entry else None
    verdict = cell.verdict if cell else None
    name = anchor("cell", state.value, event.value)
    href = None
    if cell and verdict is not None:
        places = (evidence.get((rule or "", seq)) or evidence.get(("", seq)) for seq in cell.exchanges)
        # A cell that passed has its evidence in the row of its rule.
        href = next((place for place in places if place and verdict.value != "pass"), None)
        if href is None and rule in known:
            href = name
    return Square(
        state=state.value,
        event=event.value,
        expected=entry.outcome if entry else "observe",
        rule=rule,
        word=VERDICTS[verdict],
        observed=cut(cell.observed, 160) if cell else "",
        exchanges=cell.exchanges if cell else (),
        anchor=name,
        href=href,
    )
