"""`selfship prove` from its options to its exit status."""

from __future__ import annotations

import importlib.util
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from selfship import paths
from selfship.errors import UsageError
from selfship.proving import cases, contestants, digests, kills, page, record, report
from selfship.proving.arena import Arena
from selfship.proving.bench import Bench
from selfship.proving.cases import Case, Wanted
from selfship.proving.report import Proof
from selfship.proving.show import show
from selfship.proving.sides import Side
from selfship.run import write_json

PROVEN, FAILED, SUBSET, INTERRUPTED = 0, 1, 4, 130


def run(options: Mapping[str, Any]) -> int:
    """Runs what was asked for, prints and writes the kill table. UsageError for what cannot work."""
    wanted = Wanted(options["fault"], options["rule"], options["variant"], options["null"], options["kind"])
    side: Side = "client" if options["clients"] else "host"
    if options["record"]:
        _recordable(wanted)
    selected = _selected(wanted, side, options)
    out = _folder(options["out"] or Path("reports", "proof" if side == "host" else "proof-clients"))
    console = Console(highlight=False)
    bench = Bench(out, options["jobs"] or _jobs(side), console)
    digests.changed(side)
    with _ended_in_good_order():
        proven = _proof(bench, selected, options, whole=wanted.whole)
    show(console, proven)
    if bench.interrupted:
        console.print(f"Interrupted: the cases that had ended are kept in {out}; run it again to go on.")
        return INTERRUPTED
    mixed = digests.changed(side)
    _write(proven, out, on_record=options["record"] and not mixed)
    console.print(f"Kill table: {out / 'kill-table.html'}", soft_wrap=True)
    if mixed:
        judges = "Kit, suites or mock" if side == "host" else "Referee, mock or clients"
        console.print(f"{judges} were changed meanwhile, so this proves nothing: run it again.")
        return FAILED
    return SUBSET if not wanted.whole else PROVEN if proven.holds else FAILED


def _jobs(side: Side) -> int:
    """One more than cores, for some hosts mostly wait; of clients, who all do, twice as many."""
    return ((os.cpu_count() or 1) + 1) * (1 if side == "host" else 2)


def _selected(wanted: Wanted, side: Side, options: Mapping[str, Any]) -> list[Case]:
    if side == "host":
        return cases.select(wanted)
    if options["schemathesis"]:
        raise UsageError("--schemathesis compares what is found of hosts: leave out --clients, or that.")
    if importlib.util.find_spec("tenacity") is None:
        raise UsageError("The clients are made of the example client, which needs tenacity: pip install tenacity.")
    return cases.select(wanted, contestants.cases(), " of the clients")


def _recordable(wanted: Wanted) -> None:
    if not wanted.whole:
        raise UsageError("--record is for a whole proof: leave out what narrows it.")
    if paths.ROOT == paths.PACKAGE:
        raise UsageError("--record writes into the kit itself, and an installed one stays as it is: use a checkout.")


@contextmanager
def _ended_in_good_order() -> Iterator[None]:
    """SIGTERM does what Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _proof(bench: Bench, selected: Sequence[Case], options: Mapping[str, Any], *, whole: bool) -> Proof:
    began, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    ring = Arena() if options["clients"] else None
    found = bench.prove(selected, fresh=options["fresh"], ring=ring)
    ask = options["schemathesis"] and not bench.interrupted
    so_far = None if options["clients"] else bench.rival_so_far(selected)
    rival = bench.rival(selected, fresh=options["fresh"]) if ask else so_far
    return report.proof(
        kills.table({case: found[case] for case in selected if case in found}),
        started=started,
        wall_s=time.monotonic() - began,
        whole=whole and not bench.interrupted,
        rival=rival,
    )


def _write(proven: Proof, out: Path, *, on_record: bool) -> None:
    kill_table = report.to_json(proven)
    try:
        write_json(out / "kill-table.json", kill_table)
        page.write(proven, kill_table, out / "kill-table.html")
        if on_record:
            record.record(proven, kill_table)
    except OSError as problem:
        raise UsageError(
            f"{problem.filename} cannot be written ({problem.strerror}): make room there and run it again; "
            "the cases are kept."
        ) from None


def _folder(given: Path) -> Path:
    out = given.expanduser().absolute()
    try:
        (out / "cases").mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(
            f"--out {given} cannot be written ({problem.strerror}): give a folder that is yours."
        ) from None
    return out
