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

COLUMNS = ("id", "level", "side", "statement", "source", "tests")


def check(group: str | None) -> None:
    """UsageError where there is no such group of requirements."""
    groups = table.groups()
    if group is not None and group.upper() not in groups:
        raise UsageError(f"There is no group {group!r} ({', '.join(groups)}){hint(group, groups)}")


def rows(tests: Mapping[str, Sequence[str]], group: str | None = None) -> list[dict[str, Any]]:
    """One row per requirement (of `group`, where given), in the table's order; `tests` are those of each."""
    return [
        {
            "id": each.id,
            "level": each.level,
            "side": each.side,
            "statement": each.statement,
            "source": each.source,
            "tests": list(tests.get(each.id, ())),
        }
        for each in table.load().values()
        if group is None or each.group == group.upper()
    ]


def show(found: Sequence[dict[str, Any]]) -> None:
    """Prints `found` as a table; the tests by number, `--json` names them."""
    console = Console(highlight=False)
    width = None if console.is_terminal else 160
    grid = Table(box=box.SIMPLE, pad_edge=False, width=width)
    for column in COLUMNS:
        grid.add_column(column, ratio={"statement": 3, "source": 2}.get(column))
    for row in found:
        grid.add_row(*(str(row[column]) for column in COLUMNS[:-1]), str(len(row["tests"]) or "–"))
    console.width = width or console.width
    console.print(grid)
