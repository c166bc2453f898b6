"""The journeys as diagrams: which edges the lifecycle table has, and how the host did on each.

Decides where each state stands (`PLACES`) and how an edge is named and judged; `drawing` turns edges into lines.
Edges come from the table alone: a row added there is drawn here, or a test fails because its state has no place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from selfship.certificate.drawing import Node, Path, place, route
from selfship.certificate.findings import anchor
from selfship.certificate.words import VERDICTS, Word
from selfship.lifecycle import AUTOMATIC, ENDINGS, SWITCHED, TABLE, Event, State
from selfship.results import MatrixCell, RequirementResult
from selfship.verdict import Verdict

S = State

PLACES: Mapping[str, Mapping[State, tuple[float, float]]] = {
    "Forward, with failed attempts": {
        S.PLACED: (0, 0),
        S.CANCELLED: (1, 0.5),
        S.BAG_CONFIRMED: (0, 1),
        S.BAG_INVOICED: (0, 2),
        S.DP_ASSIGNED: (0, 3),
        S.BAG_PACKED: (0, 4),
        S.HANDED_OVER_TO_DG: (0, 5),
        S.BAG_PICKED: (0, 6),
        S.OUT_FOR_DELIVERY: (1, 7),
        S.DELIVERY_ATTEMPT_FAILED: (1, 8),
        S.DELIVERY_REATTEMPT_REQUESTED: (1, 9),
        S.DELIVERY_DONE: (0, 10),
    },
    "Return to origin (RTO)": {
        S.BAG_PICKED: (0, 0),
        S.RTO_BAG_DELIVERED: (0, 1),
        S.RTO_BAG_ACCEPTED: (0, 2),
        S.CREDIT_NOTE_GENERATED: (0, 3),
    },
    "Customer return": {
        S.RETURN_INITIATED: (0, 0),
        S.RETURN_DP_ASSIGNED: (0, 1),
        S.RETURN_BAG_IN_TRANSIT: (0, 2),
        S.RETURN_BAG_DELIVERED: (0, 3),
        S.RETURN_ACCEPTED: (0, 4),
        S.CREDIT_NOTE_GENERATED: (0, 5),
    },
}
"""Column and row of each state in its diagram. Columns and rows need not be whole."""

_MARGIN = 42
"""Right of the last column: room for a line that goes back up there, and for its name."""
AUTOMATIC_WORD = Word("automatic", "by itself", "", "the host moves on by itself")


@dataclass(frozen=True)
class Edge:
    """One accepted event, drawn. `event` is empty where the host moves by itself."""

    source: State
    to: State
    event: str
    rule: str | None
    word: Word
    path: Path
    href: str | None

    @property
    def label(self) -> str:
        """The event, unless it only repeats the name of the state that it leads to."""
        return "" if self.event == self.to.value else self.event

    @property
    def means(self) -> str:
        rule = f" ({self.rule})" if self.rule else ""
        return f"{self.event or 'by itself'}{rule}: {self.source.value} to {self.to.value}, {self.word.label}"


@dataclass(frozen=True)
class Diagram:
    title: str
    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: int
    height: int


def diagrams(
    cells: Mapping[tuple[str, str], MatrixCell], rows: Sequence[RequirementResult], profile: Mapping[str, object]
) -> list[Diagram]:
    """The three journeys, each edge with the verdict of its cell, or of its rule where that speaks of it alone."""
    known = {row.id: row for row in rows}
    drawn = [_diagram(title, places, cells, known, profile) for title, places in PLACES.items()]
    # One width for all, so that a page that is too narrow shrinks them alike.
    widest = max(diagram.width for diagram in drawn)
    return [replace(diagram, width=widest) for diagram in drawn]


def words(drawn: Sequence[Diagram]) -> list[Word]:
    """The verdicts that the diagrams use, in order of weight, for their legend."""
    used = {edge.word for diagram in drawn for edge in diagram.edges}
    return [word for word in (*VERDICTS.values(), AUTOMATIC_WORD) if word in used]


def _diagram(
    title: str,
    places: Mapping[State, tuple[float, float]],
    cells: Mapping[tuple[str, str], MatrixCell],
    rows: Mapping[str, RequirementResult],
    profile: Mapping[str, object],
) -> Diagram:
    nodes = {state: place(state.value, at, ends=state in ENDINGS) for state, at in places.items()}
    edges = []
    for state in places:
        for event, entry in TABLE[state].items():
            if entry.outcome == "accept" and entry.to in nodes:
                word = VERDICTS[_verdict(state, event, cells, rows)]
                path = route(nodes[state], nodes[entry.to], tuple(nodes.values()))
                href = anchor("req", entry.rule) if entry.rule and entry.rule in rows else None
                edges.append(Edge(state, entry.to, event.value, entry.rule, word, path, href))
    for source, to in _by_itself(profile).items():
        if source in nodes and to in nodes and not any((edge.source, edge.to) == (source, to) for edge in edges):
            path = route(nodes[source], nodes[to], tuple(nodes.values()))
            edges.append(Edge(source, to, "", None, AUTOMATIC_WORD, path, None))
    width = max(node.right for node in nodes.values()) + _MARGIN
    height = max(node.bottom for node in nodes.values()) + 6
    return Diagram(title, anchor("journey", title), tuple(nodes.values()), tuple(edges), round(width), round(height))


def _by_itself(profile: Mapping[str, object]) -> dict[State, State]:
    switched = {state: to for state, (switch, to) in SWITCHED.items() if profile.get(switch) == "auto"}
    return {**AUTOMATIC, **switched}


def _verdict(
    state: State,
    event: Event,
    cells: Mapping[tuple[str, str], MatrixCell],
    rows: Mapping[str, RequirementResult],
) -> Verdict | None:
    cell = cells.get((state.value, event.value))
    if cell is not None and cell.verdict is not None:
        return cell.verdict
    rule = TABLE[state][event].rule
    row = rows.get(rule or "")
    if row is None:
        return None
    # A rule over several edges that did not simply hold does not say which edge it was.
    if row.verdict is Verdict.PASS or row.verdict is Verdict.NOT_APPLICABLE or _edges_of(rule) == 1:
        return None if row.verdict is Verdict.NOT_TESTABLE else row.verdict
    return None


def _edges_of(rule: str | None) -> int:
    return sum(entry.outcome == "accept" and entry.rule == rule for row in TABLE.values() for entry in row.values())
