"""Finds the runs below a folder: an archive of the kit's own, or artefacts of CI in folders of whatever depth.

What is no run, or is broken, is left out with a sentence; it never costs the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from selfship import archive
from selfship.archive import RESULTS, Archived
from selfship.errors import UsageError
from selfship.run import JOURNAL


@dataclass(frozen=True)
class Found:
    """The runs, the oldest first, and a sentence for each folder that was left out."""

    runs: list[Archived]
    skipped: list[str]


def read(folder: Path) -> Found:
    """All runs below `folder`. UsageError where it is no folder."""
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}: give one in which runs have left theirs.")
    folder = folder.absolute()
    runs: dict[tuple[str, ...], Archived] = {}
    skipped = list(_unfinished(folder))
    for path in sorted(folder.rglob(RESULTS)):
        try:
            run = archive.open_run(path)
            known = runs.setdefault(_identity(run), run)
            if known is not run:
                skipped.append(f"{_below(run.folder, folder)} is the run in {_below(known.folder, folder)} once more.")
        except UsageError as problem:
            skipped.append(str(problem).split(": give ")[0] + ".")
    return Found(sorted(runs.values(), key=lambda one: str(one.results.run.get("started", ""))), skipped)


def _identity(run: Archived) -> tuple[str, ...]:
    results = run.results
    return tuple(str(one) for one in (results.run.get("id"), results.run.get("started"), results.target.get("url")))


def _unfinished(folder: Path) -> Iterator[str]:
    for journal in sorted(folder.rglob(JOURNAL)):
        if not (journal.parent / RESULTS).exists():
            yield f"{_below(journal.parent, folder)} holds a run that did not end."


def _below(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path != folder else str(folder)
