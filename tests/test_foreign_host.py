"""The kit finds nothing against a conforming host that was written from the documents alone (`foreign_host.py`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from selfship import paths
from selfship.credentials import Secrets, stripped
from tests.foreign_habits import HABITS
from tests.foreign_host import LOCATIONS
from tests.foreign_server import USERS, foreign_host

SUITES = ("access", "journeys", "batches")
PATIENCE_S = 300


@pytest.mark.parametrize("habits", ["plain"])
def test_a_conforming_host_that_nobody_here_knew_is_accused_of_nothing(tmp_path: Path, habits: str) -> None:
    (user, password), (other, other_password) = USERS.items()
    environ = {
        **stripped(Secrets()),
        "SELFSHIP_USERNAME": user,
        "SELFSHIP_PASSWORD": password,
        "SELFSHIP_OTHER_USERNAME": other,
        "SELFSHIP_OTHER_PASSWORD": other_password,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(paths.ROOT), os.environ.get("PYTHONPATH")))),
    }
    with foreign_host(HABITS[habits]) as url:
        command = [
            sys.executable,
            "-P",
            "-m",
            "selfship",
            "certify",
            "--quiet",
            f"--host={url}",
            f"--out={tmp_path}/run",
        ]
        command += [f"--location={LOCATIONS[0]}", f"--other-location={LOCATIONS[1]}"]
        command += [f"--suite={suite}" for suite in SUITES]
        ended = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=PATIENCE_S)

    rows = json.loads((tmp_path / "run" / "results.json").read_text())["requirements"]
    musts = [row for row in rows if row["level"] == "MUST"]
    accused = {row["id"]: row["findings"] for row in musts if row["verdict"] == "fail"}
    assert accused == {}, ended.stdout
    assert sum(row["verdict"] == "pass" for row in musts) > 30
