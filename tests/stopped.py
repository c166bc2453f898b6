"""Mock hosts and runs in processes of their own, for tests that stop one or the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from selfship.pace import Pace

ENOUGH_S = 60.0


@contextmanager
def mock_process(*options: str) -> Iterator[tuple[subprocess.Popen[str], str, dict[str, str]]]:
    """A mock in a process of its own: the process, its address, and the environment for whoever certifies it."""
    environ = {**os.environ, "SELFSHIP_USERNAME": "someone", "SELFSHIP_PASSWORD": "a-password-of-no-use"}
    command = [sys.executable, "-m", "selfship", "mock", "--port=0", *options]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "http://" in line)
        yield process, next(word for word in line.split() if word.startswith("http://")).rstrip(".,:"), environ
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def certifying(url: str, out: Path, environ: dict[str, str], *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "selfship", "certify", "--host", url, "--location", "BLR-01", "--out", str(out)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen([*command, *options], env={**environ, "CI": "1"}, **pipes)


def await_requests(journal: Path, count: int, run: subprocess.Popen[str]) -> None:
    """Waits until the journal holds so many exchanges."""
    pause = Pace(1)
    for _ in range(int(ENOUGH_S / 0.05)):
        if journal.is_file() and journal.read_bytes().count(b"\n") >= count:
            return
        assert run.poll() is None, run.communicate()[0]
        pause.pause(0.05)
    pytest.fail(f"{count} requests were not made in {ENOUGH_S:g} s")


def results_of(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "results.json").read_text())
    return found
