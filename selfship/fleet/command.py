"""`selfship certify` with several hosts: starts their runs, writes the summary beside their folders, says what came."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfship import outcome
from selfship.errors import UsageError
from selfship.fleet import page
from selfship.fleet.running import INTERRUPTED, Ended, Fleet
from selfship.fleet.summary import Host, Summary, summed
from selfship.fleet.targets import named
from selfship.run import write_json
from selfship.terminal import STYLES


def run(options: Mapping[str, Any], environ: Mapping[str, str], base: Path) -> int:
    """The joint exit status, the worst of the runs'. UsageError before anything starts, or where `--out` cannot be."""
    targets = named(options, environ, base)
    out = _folder(options.get("out"), len(targets), base)
    for target in targets:
        outcome.refuse_taken(out / target.name)
    console = Console(file=sys.stdout, highlight=False)
    began, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="milliseconds")
    fleet = Fleet(targets, out, base)
    if not options["quiet"]:
        console.print(f"{len(targets)} hosts side by side: {', '.join(one.name for one in targets)}", soft_wrap=True)

    def tell(one: Ended) -> None:
        if not options["quiet"]:
            console.print(f" {one.target.name} ended after {time.monotonic() - began:.1f} s", soft_wrap=True)

    ended = fleet.run(environ, tell)
    summary = summed(ended, started=started, wall_s=round(time.monotonic() - began, 3))
    try:
        write_json(out / "summary.json", summary.to_json())
        page.write(summary, out / "summary.html")
    except OSError as problem:
        raise UsageError(f"The summary cannot be written to {out} ({problem.strerror}): make room there.") from None
    _show(summary, console)
    console.print(Text(f"Summary: {out / 'summary.html'}"), soft_wrap=True)
    return INTERRUPTED if fleet.interrupted else summary.exit_status


def _folder(given: Path | None, count: int, base: Path) -> Path:
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{count}-hosts"  # noqa: DTZ005 - the user's clock names it
    out = base / given.expanduser() if given else base / "reports" / name
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"--out {out} cannot be made ({problem.strerror}): name another folder.") from None
    return out


def _show(summary: Summary, console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("host", "verdict", "broken", "requests", "seconds"):
        table.add_column(name, justify="right" if name in ("requests", "seconds") else "left", overflow="fold")
    for one in summary.hosts:
        table.add_row(one.name, _verdict(one), _broken(one), str(one.requests or ""), f"{one.wall_s:.1f}")
    console.print(table)
    differing = sum(row.parts for row in summary.dialect)
    console.print(f"{differing} of {len(summary.dialect)} open questions are answered differently.", soft_wrap=True)


def _verdict(one: Host) -> Text:
    if one.verdict is None:
        return Text("NOT JUDGED", style="bold magenta")
    return Text(one.verdict.value.replace("_", " ").upper(), style=STYLES[one.verdict])


def _broken(one: Host) -> Text:
    words = one.said if one.verdict is None else ", ".join(one.broken[:8]) + (" …" if len(one.broken) > 8 else "")
    return Text("".join(char if char.isprintable() else " " for char in words))
