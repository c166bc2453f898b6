"""A host that counts as another machine's, seen from its side: what it is sent, and what a killed run leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selfship import ledger
from selfship.guard import named
from selfship.mock.serve import build, running_app
from selfship.operations import OPERATIONS
from tests.test_cli import environment, selfship, sentence
from tests.test_plan import KNOWN, SECRETS

WRITES = {(one.method, one.path) for one in OPERATIONS.values() if one.writes}
CHANNEL = "FYND"


@contextmanager
def elsewhere() -> Iterator[tuple[str, Any, list[bytes]]]:
    """A mock under a name that is no loopback name, though it leads there; the mock, and the bodies of its writes."""
    host = build(KNOWN, population="few")
    written: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = b""

        async def noted() -> Any:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body") and (scope["method"], scope["path"]) in WRITES:
                written.append(body)
            return message

        await host(scope, noted, send)

    try:
        with running_app(app) as url:
            yield url.replace("127.0.0.1", "0"), host, written
    finally:
        host.store.close()


def test_a_host_elsewhere_gets_no_write_about_an_order_that_nobody_named(tmp_path: Path) -> None:
    with elsewhere() as (url, host, written):
        where = ("--host", url, "--location", "BLR-01", "--suite", "journeys", "--suite", "wire", "--out", "run")
        refused = selfship("certify", *where, cwd=tmp_path, **SECRETS)
        assert "nothing says what a run may write to there" in sentence(refused)
        assert written == []

        ended = selfship("certify", *where, "--touch", f"channel:{CHANNEL}", cwd=tmp_path, **SECRETS)
        assert ended.returncode == 4, ended.stdout + ended.stderr

        orders = {order.id: order for order in host.store.oldest_first()}
        touched = {name for body in written for name in named(body)} & set(orders)
        assert touched
        assert {orders[name].channel for name in touched} == {CHANNEL}
        assert len({order.channel for order in orders.values()}) > 1
    found = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    assert {row["order"] for row in found["residue"]} == touched
    assert found["target"]["profile"]["may_touch"] == f"channel {CHANNEL}"


def test_a_run_that_is_killed_leaves_its_ledger(tmp_path: Path) -> None:
    with elsewhere() as (url, _, _):
        arguments = [
            "--host",
            url,
            "--location",
            "BLR-01",
            "--touch",
            "location:BLR-01",
            "--out",
            "run",
            "--rate",
            "40",
        ]
        file = tmp_path / "run" / ledger.FILE
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "selfship", "certify", *arguments, "--out=run", "--rate=40"],
            cwd=tmp_path,
            env=environment(**SECRETS),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as run:
            until = time.monotonic() + 90
            while not (file.is_file() and len(ledger.lines(file)) > 3) and run.poll() is None:
                assert time.monotonic() < until
                time.sleep(0.05)
            run.send_signal(signal.SIGKILL)
            run.communicate(timeout=20)

    kept = ledger.lines(file)
    assert not (tmp_path / "run" / "results.json").exists()
    assert all(line["order"] for line in kept)
    assert [line["scenario"] for line in kept if "write" in line]
