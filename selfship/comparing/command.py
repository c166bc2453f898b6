"""`selfship compare` from its options to its exit status, and `--baseline` at the end of a certification."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from selfship import archive
from selfship.archive import Archived
from selfship.comparing import comparison, page, telling
from selfship.comparing.comparison import Comparison
from selfship.errors import UsageError
from selfship.run import write_json
from selfship.verdict import EXIT_STATUS, RunVerdict

SAME, WORSE = 0, EXIT_STATUS[RunVerdict.NONCONFORMING]
HTML, JSON = "comparison.html", "comparison.json"


def run(options: Mapping[str, Any]) -> int:
    """Compares the two runs and shows it as asked. UsageError where that cannot be."""
    old, new = archive.open_run(options["old"]), archive.open_run(options["new"])
    found = comparison.compare(old, new, anyway=options["anyway"])
    if options["html"]:
        _write_page(found, options["html"])
    if options["as_json"]:
        click.echo(json.dumps(found.to_json(), indent=1, ensure_ascii=False))
    elif options["markdown"]:
        click.echo(telling.markdown(found), nl=False)
    else:
        telling.show(found, Console(highlight=False))
    return WORSE if found.regressions else SAME


def _write_page(found: Comparison, path: Path) -> None:
    try:
        page.write(found, path)
    except OSError as problem:
        raise UsageError(f"{path} cannot be written ({problem.strerror}): give another file.") from None


class Baseline:
    """An earlier run that a certification is held against once it has ended."""

    def __init__(self, named: Path, base: Path) -> None:
        """UsageError where `named` (relative to `base`) is no run."""
        self._old: Archived = archive.open_run(named, base)
        # Now: the new run may be written over the old one.
        self._exchanges = comparison.exchanges(self._old)

    def compare(self, out: Path) -> Comparison:
        """Compares the run in `out` with it, and leaves the comparison there. UsageError where they are unlike."""
        new = archive.open_run(out)
        comparison.refuse_unlike(self._old.results, new.results)
        found = comparison.of(self._old.results, new.results, self._exchanges, comparison.exchanges(new))
        write_json(out / JSON, found.to_json())
        page.write(found, out / HTML)
        return found

    def conclude(self, out: Path, status: int) -> tuple[int, list[Text]]:
        """The exit status of the run in `out` that would end with `status`, and what to tell of the comparison.

        A regression fails the gate of a run that else would pass it, and so does a comparison that cannot be.
        """
        try:
            found = self.compare(out)
        except UsageError as problem:
            return status or problem.exit_status, [Text(f"Not compared with the baseline. {problem}", style="yellow")]
        pages = Text(f"Comparison: {out / HTML}")
        harmless = (EXIT_STATUS[RunVerdict.CONFORMING], EXIT_STATUS[RunVerdict.INCOMPLETE])
        worse = found.regressions and status in harmless
        return WORSE if worse else status, [*telling.lines(found), pages]
