"""A host that truly is on another machine: the kit runs in a network namespace of its own, the host outside of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from selfship.mock.serve import Server, address, build, listen
from selfship.operations import OPERATIONS
from tests.test_cli import environment, sentence
from tests.test_plan import KNOWN, SECRETS

READS = {(one.method, one.path) for one in OPERATIONS.values() if not one.writes}
HERE, THERE = "10.213.7.1", "10.213.7.2"
"""The two ends of a cable that exists for this test alone: the host's, and the kit's."""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


@pytest.fixture
def namespace() -> Iterator[str]:
    """The name of a network namespace with a cable to this one; skips where none can be made."""
    if not shutil.which("ip") or os.geteuid() != 0:
        pytest.skip("a network namespace needs root and the command `ip`")
    name, cable = f"selfship-{os.getpid()}", f"ss{os.getpid()}"
    try:
        ip("netns", "add", name)
    except subprocess.CalledProcessError as problem:
        pytest.skip(f"no network namespace can be made here: {problem.stderr.decode().strip()}")
    try:
        ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("addr", "add", f"{HERE}/30", "dev", cable)
        ip("link", "set", cable, "up")
        ip("-n", name, "addr", "add", f"{THERE}/30", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")
        # A loopback of its own, for the twin that a plan plays on: it leads nowhere else.
        ip("-n", name, "link", "set", "lo", "up")
        yield name
    except subprocess.CalledProcessError as problem:
        pytest.skip(f"no cable between network namespaces here: {problem.stderr.decode().strip()}")
    finally:
        ip("netns", "del", name)


@contextmanager
def logged() -> Iterator[tuple[str, list[tuple[str, str]], set[str]]]:
    """A mock on this end of the cable: its address, its log of methods and paths, and who called."""
    host = build(KNOWN, population="scarce")
    log: list[tuple[str, str]] = []
    callers: set[str] = set()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        log.append((scope["method"], scope["path"]))
        callers.add(scope["client"][0])
        await host(scope, receive, send)

    listening, started = listen(HERE, 0), threading.Event()
    server = Server(app, started.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    assert started.wait(30)
    try:
        yield address(listening), log, callers
    finally:
        server.should_exit = True
        thread.join(30)
        host.store.close()


def test_without_permission_a_host_elsewhere_is_sent_nothing_but_reads(namespace: str, tmp_path: Path) -> None:
    def selfship(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["ip", "netns", "exec", namespace, sys.executable, "-P", "-m", "selfship", *arguments],
            cwd=tmp_path,
            env=environment(**SECRETS),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    with logged() as (url, log, callers):
        refused = selfship("certify", "--host", url, "--location", "BLR-01")
        assert refused.returncode == 2
        assert "nothing says what a run may write to there" in sentence(refused)
        assert set(log) <= READS

        planned = selfship("plan", "--host", url, "--location", "BLR-01")
        assert planned.returncode == 0, planned.stderr
        assert ("GET", "/oms/v3/shipment") in log
        assert set(log) <= READS
        assert callers == {THERE}
