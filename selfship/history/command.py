"""`selfship history` from its options to its exit status."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfship.certificate.words import listed, moment, visible
from selfship.errors import UsageError
from selfship.history import chronicle, page, reading
from selfship.history.chronicle import BROKEN, Entry, Host
from selfship.terminal import STYLES

SCHEMA = "selfship-history/1"
NEWEST = 20
"""So many runs of a host are listed on a terminal."""
WIDTH = 140


def run(options: Mapping[str, Any]) -> int:
    """Lists the runs below a folder, as asked. UsageError where there is none."""
    folder: Path = options["folder"]
    found = reading.read(folder)
    for sentence in found.skipped:
        click.echo(f"Left out: {_safe(sentence)}", err=True)
    if not found.runs:
        raise UsageError(f"{folder} holds no run: give a folder in which runs have left theirs.")
    hosts = chronicle.hosts(found.runs)
    if options["html"]:
        _write_page(hosts, found.skipped, options["html"])
    if options["as_json"]:
        said = {"schema": SCHEMA, "hosts": [host.to_json() for host in hosts], "skipped": found.skipped}
        click.echo(json.dumps(said, indent=1, ensure_ascii=False))
    else:
        _show(hosts, folder.absolute())
    return 0


def _write_page(hosts: Sequence[Host], skipped: Sequence[str], path: Path) -> None:
    try:
        page.write(hosts, skipped, path)
    except OSError as problem:
        raise UsageError(f"{path} cannot be written ({problem.strerror}): give another file.") from None


def _show(hosts: Sequence[Host], root: Path) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    for host in hosts:
        console.print(Text(f"\n{_safe(host.name)}{' (client)' if host.role == 'client' else ''}", style="bold"))
        console.print(Text(f"  {_safe(host.trend)}"), soft_wrap=True)
        console.print(_table(host, root))


def _table(host: Host, root: Path) -> Table:
    shown = Table(box=box.SIMPLE, pad_edge=False)
    for title in ("Started", "Verdict", "MUST held", "Broken", "Since the run before", "Requests", "Kit", "Folder"):
        shown.add_column(title)
    for entry in list(reversed(host.entries))[:NEWEST]:
        shown.add_row(*_cells(entry), Text(_safe(str(entry.folder.relative_to(root)))))
    if len(host.entries) > NEWEST:
        shown.caption = f"and {len(host.entries) - NEWEST} older runs, see --json or --html"
    return shown


def _cells(entry: Entry) -> list[Text]:
    results = entry.results
    verdict = Text(entry.verdict.replace("_", " "), style=STYLES[entry.verdict])
    if entry.narrowed:
        verdict.append(", narrowed", style="not bold dim")
    moved = [Text(f"broke {listed(entry.regressions, 4)}", style="red")] if entry.regressions else []
    moved += [Text(f"fixed {listed(entry.fixed, 4)}", style="green")] if entry.fixed else []
    return [
        Text(moment(entry.started)),
        verdict,
        Text(f"{entry.held} of {entry.must}"),
        Text(listed(entry.having(*BROKEN), 4) or "–"),
        Text(", ").join(moved) if moved else Text("as before" if entry.before else "–"),
        Text(str(results.run.get("requests", ""))),
        Text(_safe(str(results.kit.get("version", "")))),
    ]


def _safe(text: str) -> str:
    """Without characters that write over a screen."""
    return "".join(c if c.isprintable() else " " for c in str(visible(text)))
