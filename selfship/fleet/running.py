"""The runs, side by side: each the command itself in a process of its own, started together and waited for."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from selfship import paths
from selfship.fleet.targets import Target

INTERRUPTED = 130


@dataclass(frozen=True)
class Ended:
    """A run that has ended. `said`: its last words, where it left no results."""

    target: Target
    folder: Path
    exit_status: int
    said: str


class Fleet:
    """Starts the runs and waits for them. Ctrl-C is passed on: each run then writes what it has."""

    def __init__(self, targets: Sequence[Target], out: Path, base: Path) -> None:
        self.interrupted = False
        self._targets, self._out, self._base = targets, out, base
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()

    def run(self, environ: Mapping[str, str], tell: Callable[[Ended], None]) -> list[Ended]:
        """How each ended, in the order of the targets; `tell` hears of each as it ends."""
        ended: dict[str, Ended] = {}
        with ThreadPoolExecutor(len(self._targets), thread_name_prefix="host") as pool:
            waiting = [pool.submit(self._certify, one, environ) for one in self._targets]
            while len(ended) < len(waiting):
                try:
                    for future in as_completed(waiting):
                        one = future.result()
                        if one.target.name not in ended:
                            ended[one.target.name] = one
                            tell(one)
                except KeyboardInterrupt:
                    self._interrupt()
        return [ended[one.name] for one in self._targets]

    def _certify(self, target: Target, environ: Mapping[str, str]) -> Ended:
        folder = self._out / target.name
        command = [sys.executable, "-P", "-m", "selfship", "certify", *target.arguments, "--quiet", f"--out={folder}"]
        own = target.environ(self._targets, environ)
        if paths.ROOT != paths.PACKAGE:
            # From a checkout that is not installed, the process finds the kit no other way.
            own["PYTHONPATH"] = os.pathsep.join(filter(None, (str(paths.ROOT), own.get("PYTHONPATH"))))
        with self._lock:
            if self.interrupted:
                return Ended(target, folder, INTERRUPTED, "Stopped before it began.")
            process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                command,
                cwd=self._base,
                env=own,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                # Ctrl-C reaches them through us, once each.
                start_new_session=True,
            )
            self._running.add(process)
        _, stderr = process.communicate()
        with self._lock:
            self._running.discard(process)
        lines = [line.strip() for line in stderr.splitlines() if line.strip()]
        # A killed process has a negative status: nobody judged anything.
        status = process.returncode if process.returncode >= 0 else 3
        return Ended(target, folder, status, re.sub("^(selfship|ERROR): ", "", lines[-1]) if lines else "")

    def _interrupt(self) -> None:
        with self._lock:
            again, self.interrupted = self.interrupted, True
            for process in self._running:
                process.send_signal(signal.SIGKILL if again else signal.SIGINT)
