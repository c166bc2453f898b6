"""Many cases, several at a time: what stands from before is not run again, and what has ended is never lost."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from rich.console import Console

from selfship.proving import outcome, rival
from selfship.proving.cases import Case
from selfship.proving.outcome import Outcome
from selfship.proving.ring import Ring
from selfship.proving.rival import Caught, Rival, Word
from selfship.proving.running import Nursery
from selfship.proving.show import Progress, trouble

T = TypeVar("T")


class Bench:
    """Runs cases on `jobs` threads and keeps what comes of them in `out`. `interrupted`: Ctrl-C ended it."""

    def __init__(self, out: Path, jobs: int, console: Console) -> None:
        self.interrupted = False
        self._out, self._jobs, self._console = out, jobs, console

    def prove(self, selected: Sequence[Case], *, fresh: bool, ring: Ring[Any] | None = None) -> dict[Case, Outcome]:
        """What certifying each case's host found, as far as it came; or of clients, with an arena as their `ring`."""
        nursery = ring or Nursery()

        def stands(case: Case) -> Outcome | None:
            return outcome.kept(case, nursery.digests(case), self._out)

        def save(case: Case, ended: Outcome) -> str:
            outcome.save(ended, case, self._out)
            return trouble(case, ended)

        return self._each(selected, None if fresh else stands, nursery.run, save, nursery.stop)

    def rival(self, selected: Sequence[Case], *, fresh: bool) -> list[Caught]:
        """What schemathesis alone makes of the plain host and of each fault."""
        controls, faults = _asked(selected)

        def stands(case: Case) -> Word | None:
            return rival.kept(case, self._out)

        def save(_: Case, word: Word) -> str:
            rival.save(word, self._out)
            return word.error

        self._console.print(f"schemathesis alone, on {len(faults)} faults")
        tool = Rival()
        words = self._each([*controls, *faults], None if fresh else stands, tool.judge, save, tool.stop)
        return rival.caught({case.id: word for case, word in words.items()}, controls)

    def rival_so_far(self, selected: Sequence[Case]) -> list[Caught] | None:
        """What it has said of them in this folder, and no more; None where it was not asked of a conforming host."""
        controls, faults = _asked(selected)
        words = {case.id: word for case in (*controls, *faults) if (word := rival.kept(case, self._out))}
        if not controls or any(case.id not in words for case in controls):
            return None
        return rival.caught(words, controls) or None

    def _each(
        self,
        selected: Sequence[Case],
        stands: Callable[[Case], T | None] | None,
        run: Callable[[Case], T | None],
        save: Callable[[Case, T], str],
        stop: Callable[[], None],
    ) -> dict[Case, T]:
        known = {case: stands(case) if stands else None for case in selected}
        found = {case: one for case, one in known.items() if one is not None}
        todo = [case for case in selected if case not in found]
        progress = Progress(self._console, len(selected))
        progress.stood(len(found))
        workers = _Workers(todo, run, min(self._jobs, len(todo)))
        try:
            for _ in todo:
                case, ended = workers.done.get()
                if isinstance(ended, _Broke):
                    raise ended.problem
                if ended is not None:
                    found[case] = ended
                    progress.ended(case, save(case, ended))
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            progress.close()
            workers.empty()
            stop()
            workers.join()
        return found


def _asked(selected: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """The conforming hosts and the faults among these cases that schemathesis is asked about."""
    controls = [one for case in selected if case.kind == "plain" for one in rival.controls(case)]
    return controls, [case for case in selected if case.kind == "fault"]


@dataclass(frozen=True)
class _Broke:
    """A case that could not even fail in good order."""

    problem: BaseException


class _Workers(Generic[T]):
    """Threads that take cases until there are none; `done` gets each with what came of it."""

    def __init__(self, todo: Sequence[Case], run: Callable[[Case], T | None], count: int) -> None:
        self.done: queue.SimpleQueue[tuple[Case, T | _Broke | None]] = queue.SimpleQueue()
        self._waiting: queue.SimpleQueue[Case] = queue.SimpleQueue()
        self._run = run
        for case in todo:
            self._waiting.put(case)
        self._threads = [threading.Thread(target=self._work, name=f"prove-{number}") for number in range(count)]
        for thread in self._threads:
            thread.start()

    def empty(self) -> None:
        """Nothing more is begun."""
        while self._next() is not None:
            pass

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _next(self) -> Case | None:
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            return None

    def _work(self) -> None:
        while (case := self._next()) is not None:
            try:
                self.done.put((case, self._run(case)))
            except BaseException as problem:  # noqa: BLE001 - raised where it can be told
                self.done.put((case, _Broke(problem)))
