"""One client: a referee of its own, the client against it, and what the referee found. Two processes, and no import."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from selfship import paths
from selfship.proving import contestants, digests
from selfship.proving.cases import Case
from selfship.proving.outcome import Outcome
from selfship.proving.running import read_run

TIMEOUT_S = 90.0
GONE_S = 3.0
"""A client that has not called for so long has gone home."""
QUIET_S = 8.0
"""And so much longer a referee may take to end and to write its files."""
POLL_S = 0.25
"""The interval that the drills tell their clients."""
SLOW_S = 1.0
CLIENT_TIMEOUT_S = 5.0
IDLE = 3
"""Sweeps without a step after which a client goes home."""
_URL = re.compile(r"http://127\.0\.0\.1:\d+")
Process = subprocess.Popen[bytes]


class Arena:
    """Referees cases, each in processes of its own. Safe to use from several threads."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._running: set[Process] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def digests(self, case: Case) -> dict[str, str]:
        return digests.of_client(case.source, repr(case))

    def run(self, case: Case) -> Outcome | None:
        """What the referee finds of the case's client; None where the arena was stopped meanwhile."""
        began = time.monotonic()
        known = self.digests(case)
        folder = Path(tempfile.mkdtemp(prefix="selfship-prove-"))
        try:
            status = self._refereed(case, folder)
            if self._stopped:
                return None
            return read_run(case, known, folder, status, time.monotonic() - began, self._timeout_s)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def stop(self) -> None:
        """Ends what is under way; `run` then returns None."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()

    def _refereed(self, case: Case, folder: Path) -> int | None:
        """The referee's exit status; None where the time was up."""
        until = time.monotonic() + self._timeout_s
        environ = _environ()
        referee = self._start(_referee(case, folder), environ, folder / "log", out=subprocess.PIPE)
        client = None
        try:
            url = _announced(referee)
            if url is not None:
                client = self._start(_client(case, url), environ, folder / "client.log")
                self._meet(client, referee, until)
            return referee.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return None
        finally:
            self._end(*(one for one in (client, referee) if one))

    def _meet(self, client: Process, referee: Process, until: float) -> None:
        """Lets them, until one of them has had enough; the other is then told."""

        def shown_out() -> None:
            referee.wait()
            client.terminate()

        watcher = threading.Thread(target=shown_out)
        watcher.start()
        try:
            client.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            client.kill()
        try:
            # It ends by itself once the client has been gone for a while: only then is an open order a forgotten one.
            referee.wait(GONE_S + QUIET_S)
        except subprocess.TimeoutExpired:
            # A client that never called is waited for without end.
            referee.send_signal(signal.SIGINT)
        watcher.join(max(0.1, until - time.monotonic()))
        referee.kill()
        watcher.join()

    def _start(self, command: Sequence[str], environ: Mapping[str, str], log: Path, out: int | None = None) -> Process:
        with log.open("wb") as told, self._lock:
            process = subprocess.Popen(  # noqa: S603 - our own programs, and no shell
                command,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=told if out is None else out,
                stderr=told,
                # Ctrl-C is for us, who then end them.
                start_new_session=True,
            )
            self._running.add(process)
            if self._stopped:
                process.kill()
        return process

    def _end(self, *processes: Process) -> None:
        for process in processes:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
            with self._lock:
                self._running.discard(process)


def _environ() -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SELFSHIP_")}
    return {**plain, "SELFSHIP_USERNAME": "client", "SELFSHIP_PASSWORD": secrets.token_urlsafe(16)}


def _referee(case: Case, folder: Path) -> list[str]:
    scenario, out = f"--scenario={contestants.drill(case)}", f"--out={folder / 'run'}"
    return [sys.executable, "-m", "selfship", "referee", scenario, out, "--port=0", f"--idle={GONE_S}", "--quiet"]


def _client(case: Case, url: str) -> list[str]:
    # The plain one is the program itself, as a partner runs it.
    own = [str(paths.CLIENTS / "aggregator.py")] if case.kind == "plain" else ["-m", "selfship.clients", case.name]
    usual = [f"--host={url}", "--location=BLR-01", "--location=DEL-02", f"--idle={IDLE}"]
    pace = [f"--poll={POLL_S}", f"--timeout={CLIENT_TIMEOUT_S}"]
    return [sys.executable, *own, *usual, *pace, *(str(value).format(slow=SLOW_S) for _, value in case.switches)]


def _announced(referee: Process) -> str | None:
    """The address that the referee prints once it serves; None where it ended instead."""
    assert referee.stdout is not None
    for line in referee.stdout:
        if found := _URL.search(line.decode("utf-8", "replace")):
            # Nobody reads on: a line is all that it prints before its end.
            return found[0]
    return None
