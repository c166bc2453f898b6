"""One client: a referee of its own, the client against it, and what the referee found. Two processes, and no import."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from selfship import paths
from selfship.errors import BrokenKitError
from selfship.proving import contestants, digests
from selfship.proving.cases import Case
from selfship.proving.ring import Ring

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


class Arena(Ring[Process]):
    """Referees cases: a referee and a client for each."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        super().__init__(timeout_s)

    def digests(self, case: Case) -> dict[str, str]:
        return digests.of_client(case.source, repr(case))

    def judged(self, case: Case, folder: Path) -> int | None:
        until = time.monotonic() + self.timeout_s
        environ = _environ()
        referee = self._start(_referee(case, folder), environ, folder / "log", out=subprocess.PIPE)
        client = None
        try:
            url = _announced(referee)
            if url is not None:
                client = self._start(_client(case, url), environ, folder / "client.log")
                self._meet(client, referee, until)
                _unbroken(folder / "client.log")
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
        with log.open("wb") as told, self.lock:
            process = subprocess.Popen(  # noqa: S603 - our own programs, and no shell
                command,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=told if out is None else out,
                stderr=told,
                # Ctrl-C is for us, who then end them.
                start_new_session=True,
            )
            self.running.add(process)
            if self.stopped:
                process.kill()
        return process

    def _end(self, *processes: Process) -> None:
        for process in processes:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
            with self.lock:
                self.running.discard(process)


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


def _unbroken(log: Path) -> None:
    """BrokenKitError where the client crashed: then what it did not do says nothing."""
    said = log.read_text(encoding="utf-8", errors="replace")
    if "Traceback (most recent call last)" in said:
        raise BrokenKitError(f"The client itself broke: {said.strip().splitlines()[-1]}")


def _announced(referee: Process) -> str | None:
    """The address that the referee prints once it serves; None where it ended instead."""
    assert referee.stdout is not None
    for line in referee.stdout:
        if found := _URL.search(line.decode("utf-8", "replace")):
            # Nobody reads on: a line is all that it prints before its end.
            return found[0]
    return None
