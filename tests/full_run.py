"""Real runs against a mock of their own, by the command, in a process of its own; each is made once for all tests."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from selfship import paths
from selfship.credentials import Secrets, stripped
from selfship.embedded import embedded_host

PATIENCE_S = 300
TODAY = datetime.now(UTC).date()
WAIVERS = f"""
[[waiver]]
requirement = "LIM-2"
owner = "A. Rao"
reason = "The host takes 21 items until 4.2."
expires = {TODAY + timedelta(days=30)}
ticket = "OPS-12"
[[waiver]]
requirement = "FET-1"
owner = "B. Iyer"
reason = "Reads by id were broken in 4.0."
expires = {TODAY + timedelta(days=30)}
ticket = "OPS-7"
"""


@dataclass(frozen=True)
class Ended:
    """A command that has ended, and the folder of its run."""

    status: int
    out: Path
    stdout: str
    stderr: str

    @property
    def results(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / "results.json").read_text("utf-8"))
        return found

    @property
    def verdicts(self) -> dict[str, str]:
        """Of each requirement, by its id."""
        return {row["id"]: row["verdict"] for row in self.results["requirements"]}


def selfship(*arguments: object, cwd: Path, **environ: str) -> Ended:
    """The command, away from the settings of whoever runs the tests."""
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "selfship", *map(str, arguments)],
        cwd=cwd, env={**stripped(Secrets()), "PYTHONPATH": str(paths.PACKAGE.parent), **environ},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    return Ended(ended.returncode, cwd / "run", ended.stdout, ended.stderr)


def certified(cwd: Path, *arguments: object, faults: Sequence[str] = (), population: str | None = None) -> Ended:
    """A run in `cwd`/run against a mock with these faults, and with so many orders."""
    with embedded_host(faults=faults, population=population) as host:
        secrets = host.credentials.secrets()
        command = ("certify", "--host", host.url, "--location", "BLR-01", "--other-location", "DEL-02")
        return selfship(*command, "--settle", "1", "--out", "run", *arguments, cwd=cwd, **secrets)


@cache
def waived() -> Ended:
    """The whole kit against a host that takes 21 AWBs, which is waived; and a waiver that nothing needs."""
    folder = Path(tempfile.mkdtemp(prefix="selfship-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "waivers.toml").write_text(WAIVERS, encoding="utf-8")
    return certified(folder, "--waivers", "waivers.toml", faults=["awb_takes_21"])


@cache
def signed() -> Ended:
    """The whole kit against a host of few orders, signed with the key `partner.key` beside the run's folder."""
    folder = Path(tempfile.mkdtemp(prefix="selfship-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    selfship("keygen", "partner.key", cwd=folder)
    return certified(folder, "--sign", "partner.key", population="scarce")


def copied(run: Path, to: Path) -> Path:
    """A run's folder, for a test that changes it."""
    shutil.copytree(run, to, copy_function=os.link)
    return to
