"""What a person sees of a proof: a line while it runs, and the kill table at its end."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from selfship.proving.cases import Case
from selfship.proving.kills import FaultRow, KillTable, Target, table
from selfship.proving.outcome import Outcome
from selfship.proving.report import Proof

PLAIN_EVERY_S = 10.0
WIDTH = 160
SHOWN = 220
MARKS = {"killed": ("✓", "green"), "survived": ("✗", "bold red"), "error": ("!", "bold magenta")}


class Progress:
    """How far the proof is: a live line on a terminal, now and then a plain one elsewhere. One thread at a time."""

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total, self._done, self._cached = console, total, 0, 0
        self._bad: list[str] = []
        self._began = self._last = time.monotonic()
        self._status: Status | None = None
        if console.is_terminal and not console.is_dumb_terminal:
            self._status = console.status("")
            self._status.start()

    def stood(self, count: int) -> None:
        """So many cases need not run again."""
        self._done += count
        self._cached = count
        self._tell()

    def ended(self, case: Case, trouble: str) -> None:
        """One more; `trouble` is what is wrong with it, "" for nothing."""
        self._done += 1
        if trouble:
            self._console.print(Text(f"{case.kind} {case.name}{f' ({case.rule})' if case.rule else ''}: {trouble}"))
        self._tell()

    def close(self) -> None:
        if self._status:
            self._status.stop()
            self._status = None

    def _tell(self) -> None:
        now = time.monotonic()
        fresh, left = self._done - self._cached, self._total - self._done
        rest = f", about {(now - self._began) / fresh * left:.0f} s left" if fresh and left else ""
        kept = f" ({self._cached} stand from before)" if self._cached else ""
        line = f"{self._done} of {self._total} cases{kept}{rest}"
        if self._status:
            self._status.update(line)
        elif now - self._last >= PLAIN_EVERY_S or not left:
            self._last = now
            self._console.print(line)


def trouble(case: Case, outcome: Outcome) -> str:
    """What is wrong with the outcome, in a few words; empty where it is as it should be."""
    if outcome.verdict is None:
        return f"error: {outcome.error}"
    found = table({case: outcome})
    if case.kind == "plain":
        return (
            "" if outcome.verdict == "conforming" else f"{outcome.verdict}: {', '.join(outcome.with_verdict('fail'))}"
        )
    if case.kind == "fault":
        row = found.faults[0]
        return "" if row.fate == "killed" and row.laid_right and len(row.strays) < 2 else _fault_words(row)
    if case.kind == "variant":
        variant = found.variants[0]
        if variant.accused:
            return f"accused of {', '.join(variant.accused)}"
        return "" if variant.as_expected else f"ended {outcome.verdict}"
    praised = found.nulls[0].praised
    return f"praised for {', '.join(praised)}" if praised else ""


def _fault_words(row: FaultRow) -> str:
    strays = f"; strays {', '.join(row.strays)}" if row.strays else ""
    return f"{row.fate}, own rule {row.own or 'not judged'}{strays}"


def shown(outcome: Outcome, rule: str) -> str:
    """What was said of a rule, short enough for a table."""
    said = outcome.said.get(rule, ())
    by = f" (rests on {said[0].blocked_by})" if said and said[0].blocked_by else ""
    return f"{rule}: {said[0].message[:SHOWN]}{by}" if said else ""


def show(console: Console, proof: Proof) -> None:
    """Prints the kill table and the goals."""
    found = proof.table
    if not console.is_terminal:
        console.width = WIDTH
    if found.faults:
        console.print(_faults(found))
    if found.variants:
        console.print(_variants(found))
    if found.nulls:
        console.print(_nulls(found))
    console.print(_goals(proof.goals))
    if proof.rival is not None:
        asked = [one for one in proof.rival.values() if not one.error]
        console.print(f"schemathesis alone catches {sum(bool(one.new) for one in asked)} of {len(asked)} faults.")


def _grid(title: str, *columns: str) -> Table:
    grid = Table(*columns, title=title, title_justify="left", title_style="bold", box=box.SIMPLE, pad_edge=False)
    grid.columns[-1].overflow = "fold"
    return grid


def _faults(found: KillTable) -> Table:
    grid = _grid(
        f"{found.words.bad.capitalize()}s",
        "",
        "fault" if found.side == "host" else "client",
        "rule",
        "level",
        "own rule",
        "other rules",
        "what was said",
    )
    for row in found.faults:
        mark, style = MARKS[row.fate]
        right = row.own if row.laid_right else Text(row.own or "–", "yellow")
        said = row.outcome.error or (_said(row) if not row.laid_right or row.strays else "")
        grid.add_row(
            Text(mark, style), row.case.name, row.case.rule, row.level, right, Text(", ".join(row.strays)), Text(said)
        )
    return grid


def _said(row: FaultRow) -> str:
    """Of the own rule, where it was not loud; else of the first stray."""
    rule = row.case.rule or ""
    if row.laid_right and row.strays:
        rule = row.strays[0]
    return shown(row.outcome, rule)


def _variants(found: KillTable) -> Table:
    grid = _grid(found.words.odd, "", "variant", "verdict", "accused of", "warnings", "unjudged", "what was said")
    for row in found.variants:
        mark, style = MARKS["survived" if row.accused or not row.as_expected else "killed"]
        unjudged = () if row.as_expected else row.unjudged
        rule = next(iter((*row.accused, *unjudged, *row.warned)), "")
        said = row.outcome.error or shown(row.outcome, rule)
        cells = (Text(", ".join(row.accused)), Text(", ".join(row.warned)), Text(", ".join(unjudged)), Text(said))
        grid.add_row(Text(mark, style), row.case.name, row.outcome.verdict or "error", *cells)
    return grid


def _nulls(found: KillTable) -> Table:
    side = found.side
    grid = _grid(f"Null {side}s", "", side, "verdict", "passed undeservedly", "passed in truth", "note")
    for row in found.nulls:
        mark, style = MARKS["survived" if row.praised else "killed"]
        cells = (Text(", ".join(row.praised)), Text(", ".join(row.earned)), Text(row.outcome.error or row.outcome.note))
        grid.add_row(Text(mark, style), row.case.name, row.outcome.verdict or "error", *cells)
    return grid


def _goals(goals: Sequence[Target]) -> Table:
    grid = _grid("Goals", "", "goal", "reached")
    for one in goals:
        mark = Text("–", "dim") if one.holds is None else Text("✓", "green") if one.holds else Text("✗", "bold red")
        grid.add_row(mark, one.goal, one.figure)
    return grid
