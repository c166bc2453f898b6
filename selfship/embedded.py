"""The embedded mock, as a process of its own: started on a free port, stopped by its own id.

It is reached like any other host, by its address and its credentials alone. It ends with us: its standard input is a
pipe that closes even where we are killed.
"""

from __future__ import annotations

import os
import queue
import re
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from selfship import paths
from selfship.credentials import Credentials, Secrets, stripped
from selfship.errors import BrokenKitError, UsageError
from selfship.profile import Profile, load, resolve

START_S = 15.0
STOP_S = 5.0
_URL = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class EmbeddedHost:
    """A running mock: where it is, who may use it, and the profile it follows (its `url` filled in)."""

    url: str
    credentials: Credentials
    profile: Profile


@contextmanager
def embedded_host(
    profile_name: str | Path = "mock",
    *,
    faults: Sequence[str] = (),
    variant: str | None = None,
    null: str | None = None,
    population: str | None = None,
    latency_ms: float = 0,
    state: Path | None = None,
    operator_secret: str | None = None,
) -> Iterator[EmbeddedHost]:
    """A mock that serves until the block ends. BrokenKitError where it does not come up within START_S.

    UsageError where a name does not exist. With an `operator_secret` it takes the operator's orders.
    """
    profile = load(profile_name)
    options = [f"--fault={name}" for name in faults]
    options += [f"--profile={profile_name}"]
    for name, value in (("variant", variant), ("null", null), ("population", population), ("state", state)):
        options += [f"--{name}={value}"] if value is not None else []
    options += [f"--latency={latency_ms:g}"] if latency_ms else []
    credentials = _made_up()
    with tempfile.TemporaryFile() as stderr:
        process = _start(options, credentials, stderr, operator_secret)
        try:
            url = _announced(process, stderr)
            yield EmbeddedHost(url, credentials, resolve(replace(profile, url=url), {}, {}))
        finally:
            _stop(process)


def _made_up() -> Credentials:
    """Credentials that nobody has used before; the mock takes them from its environment."""
    return Credentials(
        username=f"selfship-{secrets.token_hex(4)}",
        password=secrets.token_urlsafe(24),
        other_username=f"selfship-other-{secrets.token_hex(4)}",
        other_password=secrets.token_urlsafe(24),
        names=Secrets(),
    )


def _start(
    options: Sequence[str], credentials: Credentials, stderr: IO[bytes], operator_secret: str | None = None
) -> subprocess.Popen[bytes]:
    environ = {**stripped(credentials.names), **credentials.secrets()}
    if operator_secret:
        environ["SELFSHIP_OPERATOR_SECRET"] = operator_secret
    if paths.ROOT != paths.PACKAGE:
        # From a checkout that is not installed, the process finds the kit no other way.
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(paths.ROOT), environ.get("PYTHONPATH"))))
    # -P: the working directory may be the kit's own folder, whose `profile.py` must not hide Python's.
    command = [sys.executable, "-P", "-m", "selfship", "mock", "--port=0", "--until-stdin-closes", *options]
    return subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environ,
        # Ctrl-C is for us: we then stop the mock in good order.
        start_new_session=True,
    )


def _announced(process: subprocess.Popen[bytes], stderr: IO[bytes]) -> str:
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        # Reads on after the first line, so that the mock never waits for a full pipe.
        assert process.stdout is not None
        with process.stdout as stdout:
            for line in stdout:
                lines.put(line)
        lines.put(b"")

    threading.Thread(target=read, name="embedded-mock-output", daemon=True).start()
    try:
        line = lines.get(timeout=START_S)
    except queue.Empty:
        raise _failed(f"did not come up within {START_S:g} s", stderr) from None
    found = _URL.search(line.decode("utf-8", "replace"))
    if found is None and not line and process.wait(STOP_S) == UsageError.exit_status:
        raise UsageError(_last_line(stderr).removeprefix("selfship: "))
    if found is None:
        raise _failed("ended before it served" if not line else "did not say its address", stderr)
    return found[0]


def _failed(how: str, stderr: IO[bytes]) -> BrokenKitError:
    last = _last_line(stderr)
    return BrokenKitError(f"The embedded mock {how}{f' ({last})' if last else ''}: run `selfship mock` to see why.")


def _last_line(stderr: IO[bytes]) -> str:
    stderr.seek(0)
    said = stderr.read().decode("utf-8", "replace").strip().splitlines()
    return said[-1].strip()[:300] if said else ""


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
