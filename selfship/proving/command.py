"""`selfship prove` from its options to its exit status."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from selfship.errors import UsageError
from selfship.proving import cases, digests, kills, outcome
from selfship.proving.cases import Case, Wanted
from selfship.proving.outcome import Outcome
from selfship.proving.running import Nursery
from selfship.proving.show import Progress, show

PROVEN, FAILED, SUBSET, INTERRUPTED = 0, 1, 4, 130


def run(options: Mapping[str, Any]) -> int:
    """Runs what was asked for, prints and writes the kill table. UsageError for what cannot work."""
    wanted = Wanted(options["fault"], options["rule"], options["variant"], options["null"], options["kind"])
    selected = cases.select(wanted)
    out = _folder(options["out"])
    console = Console(highlight=False)
    found = {} if options["fresh"] else _kept(selected, out)
    ended = _run_all([case for case in selected if case not in found], found, out, options["jobs"], console)
    table = kills.table({case: found[case] for case in selected if case in found})
    goals = kills.targets(table)
    show(console, table, goals)
    if not ended:
        console.print(f"Interrupted: {len(found)} of {len(selected)} cases are kept in {out}; run it again to go on.")
        return INTERRUPTED
    if not wanted.whole:
        return SUBSET
    return PROVEN if all(one.holds for one in goals) else FAILED


def _folder(given: Path) -> Path:
    out = given.expanduser().absolute()
    try:
        (out / "cases").mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"--out {given} cannot be written ({problem.strerror}): give a folder that is yours.") from None
    return out


def _kept(selected: Sequence[Case], out: Path) -> dict[Case, Outcome]:
    found = {}
    for case in selected:
        stands = outcome.kept(case, digests.of_case(case.source, repr(case)), out)
        if stands is not None:
            found[case] = stands
    return found


def _run_all(todo: Sequence[Case], found: dict[Case, Outcome], out: Path, jobs: int | None, console: Console) -> bool:
    """Runs the cases, each outcome saved as it comes; False where Ctrl-C ended it. Fills `found`."""
    nursery = Nursery()
    progress = Progress(console, len(found) + len(todo))
    progress.stood(len(found))
    waiting: queue.SimpleQueue[Case] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Case, Outcome | None]] = queue.SimpleQueue()
    for case in todo:
        waiting.put(case)

    def work() -> None:
        while True:
            try:
                case = waiting.get_nowait()
            except queue.Empty:
                return
            done.put((case, nursery.run(case)))

    workers = [threading.Thread(target=work, name=f"prove-{n}") for n in range(min(jobs or os.cpu_count() or 1, len(todo)))]
    for worker in workers:
        worker.start()
    try:
        for _ in todo:
            case, result = done.get()
            if result is not None:
                outcome.save(result, case, out)
                found[case] = result
                progress.ended(case, result)
        return True
    except KeyboardInterrupt:
        return False
    finally:
        progress.close()
        nursery.stop()
        for worker in workers:
            worker.join()
