"""`selfship prove` from its options to its exit status."""

from __future__ import annotations

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
from selfship.proving import cases, digests, kills, page, record, report
from selfship.proving.bench import Bench
from selfship.proving.cases import Case, Wanted
from selfship.proving.report import Proof
from selfship.proving.show import show
from selfship.run import write_json

PROVEN, FAILED, SUBSET, INTERRUPTED = 0, 1, 4, 130


def run(options: Mapping[str, Any]) -> int:
    """Runs what was asked for, prints and writes the kill table. UsageError for what cannot work."""
    wanted = Wanted(options["fault"], options["rule"], options["variant"], options["null"], options["kind"])
    if options["record"]:
        _recordable(wanted)
    selected = cases.select(wanted)
    out = _folder(options["out"])
    console = Console(highlight=False)
    # One more than cores: some cases mostly wait.
    bench = Bench(out, options["jobs"] or (os.cpu_count() or 1) + 1, console)
    digests.changed()
    with _ended_in_good_order():
        proven = _proof(bench, selected, options, whole=wanted.whole)
    show(console, proven)
    if bench.interrupted:
        console.print(f"Interrupted: the cases that had ended are kept in {out}; run it again to go on.")
        return INTERRUPTED
    mixed = digests.changed()
    _write(proven, out, on_record=options["record"] and not mixed)
    console.print(f"Kill table: {out / 'kill-table.html'}", soft_wrap=True)
    if mixed:
        console.print("Kit, suites or mock were changed meanwhile, so this proves nothing: run it again.")
        return FAILED
    return SUBSET if not wanted.whole else PROVEN if proven.holds else FAILED


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
    found = bench.prove(selected, fresh=options["fresh"])
    compare = options["schemathesis"] and not bench.interrupted
    rival = bench.rival(selected, fresh=options["fresh"]) if compare else None
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
