"""The requirement table for people and programs: what `selfship requirements` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from selfship import requirements as table
from selfship.errors import UsageError
from selfship.nearest import hint
from selfship.referee.rules import JUDGED_BY
from selfship.results import Results

COLUMNS = ("id", "level", "side", "statement", "source", "tests")
JUDGES = "selfship/referee/rules"
EXERCISED = ("verdict", "checks", "orders", "requests")
"""What a run adds to a row: how its checks ended, how many there were, and what they cost."""


def check(group: str | None) -> None:
    """UsageError where there is no such group of requirements."""
    groups = table.groups()
    if group is not None and group.upper() not in groups:
        raise UsageError(f"There is no group {group!r} ({', '.join(groups)}){hint(group, groups)}")


def rows(tests: Mapping[str, Sequence[str]], group: str | None = None) -> list[dict[str, Any]]:
    """One row per requirement (of `group`, where given), in the table's order; `tests` are those of each.

    A client rule has no test of the suites: the referee judges it, by the function that is named instead.
    """
    return [
        {
            "id": each.id,
            "level": each.level,
            "side": each.side,
            "statement": each.statement,
            "source": each.source,
            "tests": [f"{JUDGES}/{JUDGED_BY[each.id]}"] if each.side == "client" else list(tests.get(each.id, ())),
        }
        for each in table.load().values()
        if group is None or each.group == group.upper()
    ]


def covered(found: Sequence[dict[str, Any]], run: Results) -> list[dict[str, Any]]:
    """The rows with what `run` exercised of each; None in all fields for a rule that it does not know."""
    known = {row.id: row for row in run.requirements}
    return [{**row, **{name: getattr(known.get(row["id"]), name, None) for name in EXERCISED}} for row in found]


def show(found: Sequence[dict[str, Any]]) -> None:
    """Prints `found` as a table; the tests by number, `--json` names them."""
    columns = COLUMNS if not found or EXERCISED[0] not in found[0] else (*COLUMNS, *EXERCISED)
    console = Console(highlight=False)
    width = None if console.is_terminal else 160
    grid = Table(box=box.SIMPLE, pad_edge=False, width=width)
    for column in columns:
        grid.add_column(column, ratio={"statement": 3, "source": 2}.get(column))
    for row in found:
        shown = {**row, "tests": len(row["tests"]) or None}
        grid.add_row(*("–" if shown[column] is None else str(shown[column]) for column in columns))
    console.width = width or console.width
    console.print(grid)
