"""The embedded mock as a process: it comes up, is reached by its own credentials alone, and never outlives us."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from selfship import embedded, paths
from selfship.embedded import EmbeddedHost, embedded_host
from selfship.errors import BrokenKitError, UsageError

PATIENCE_S = 10.0


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def listens(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError as answered:
        answered.close()
    except OSError:
        return False
    return True


def token_of(host: EmbeddedHost, username: str | None, password: str | None) -> str:
    query = urlencode({"username": username, "password": password})
    with urllib.request.urlopen(f"{host.url}/aggregator/v1/token?{query}", timeout=5) as answer:
        return str(json.load(answer)["access_token"])


def test_it_serves_with_fresh_credentials_and_stops_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFSHIP_USERNAME", "somebody")
    monkeypatch.setenv("SELFSHIP_PASSWORD", "elsewhere")

    with embedded_host() as host:
        mine = host.credentials
        assert token_of(host, mine.username, mine.password)
        assert token_of(host, mine.other_username, mine.other_password)
        assert mine.username != "somebody"
        assert host.profile.url == host.url
        assert host.profile.limits.concurrency == 32
        assert str(mine.password) not in repr(host)

    assert not listens(host.url)


def test_what_the_mock_refuses_is_the_users_sentence() -> None:
    with pytest.raises(UsageError, match="no_such_fault"), embedded_host(faults=["no_such_fault"]):
        pass


def test_a_mock_that_does_not_come_up_is_the_kits_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(BrokenKitError, match="The embedded mock ended before it served"), embedded_host():
        pass


def test_a_mock_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "START_S", 0.05)

    with pytest.raises(BrokenKitError, match=r"did not come up within 0\.05 s"), embedded_host():
        pass


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_it_ends_with_the_process_that_started_it(how: signal.Signals) -> None:
    source = (
        "import sys, time\n"
        "from selfship.embedded import embedded_host\n"
        "with embedded_host() as host:\n"
        "    print(host.url, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(paths.PACKAGE.parent)}
    parent = subprocess.Popen(
        [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=environ,
    )  # fmt: skip
    with parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().decode().strip()
        assert listens(url)

        parent.send_signal(how)
        parent.wait(PATIENCE_S)

    assert eventually(lambda: not listens(url))
