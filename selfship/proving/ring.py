"""What is the same of every case, whoever is judged: a folder of its own, a time limit, and what its results say."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from selfship.errors import KitError, UsageError
from selfship.proving.cases import Case
from selfship.proving.outcome import NOT_RUN, Outcome, of_results


class Mortal(Protocol):
    def kill(self) -> None: ...


P = TypeVar("P", bound=Mortal)


class Ring(ABC, Generic[P]):
    """Runs cases, each in processes of its own, which are in `running`. Safe to use from several threads."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self.running: set[P] = set()
        self.lock = threading.Lock()
        self.stopped = False

    @abstractmethod
    def digests(self, case: Case) -> dict[str, str]:
        """What the case's outcome depends on."""

    @abstractmethod
    def judged(self, case: Case, folder: Path) -> int | None:
        """Judges the case, its files in `folder/run`; the exit status, None where the time was up."""

    def run(self, case: Case) -> Outcome | None:
        """What judging the case finds; None where the ring was stopped meanwhile."""
        began = time.monotonic()
        known = self.digests(case)
        folder = Path(tempfile.mkdtemp(prefix="selfship-prove-"))
        try:
            status = self.judged(case, folder)
            if self.stopped:
                return None
            return _read(case, known, folder, status, time.monotonic() - began, self.timeout_s)
        except KitError as problem:
            return None if self.stopped else Outcome(case.id, known, error=str(problem))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def stop(self) -> None:
        """Ends what is under way; `run` then returns None."""
        with self.lock:
            self.stopped = True
            for process in self.running:
                process.kill()


def _read(
    case: Case, known: Mapping[str, str], folder: Path, status: int | None, wall_s: float, timeout_s: float
) -> Outcome:
    try:
        results = json.loads((folder / "run" / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        if case.kind == "null" and status == UsageError.exit_status:
            # The kit may well decline to judge such a host: then it has praised nothing.
            return Outcome(case.id, known, NOT_RUN, wall_s=round(wall_s, 2), note=_last_words(folder))
        how = f"had not ended after {timeout_s:g} s" if status is None else f"ended with exit status {status}"
        return Outcome(case.id, known, error=f"The certification {how}: {_last_words(folder)}")
    if results["run"]["narrowed"] or not results["requirements"]:
        # Nothing was deselected here: the suites could not be loaded, or something stopped them.
        return Outcome(case.id, known, error=f"The certification judged only a part: {_last_words(folder)}")
    return of_results(case, known, results, wall_s)


def _last_words(folder: Path) -> str:
    try:
        said = (folder / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        said = []
    return said[-1][:300] if said else "it said nothing."
