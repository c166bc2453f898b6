"""Certifies the second host (`foreign_host.py`) in a process of its own, as a stranger would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from selfship import paths
from selfship.credentials import Secrets, stripped
from tests.foreign_defects import Defect
from tests.foreign_habits import HABITS
from tests.foreign_host import LOCATIONS
from tests.foreign_server import USERS, foreign_host

PATIENCE_S = 300


def certified(folder: Path, habits: str, *arguments: str, defects: Iterable[Defect] = ()) -> list[dict[str, Any]]:
    """The requirements of the run's results, each with its verdict."""
    (user, password), (other, other_password) = USERS.items()
    environ = {
        **stripped(Secrets()),
        "SELFSHIP_USERNAME": user,
        "SELFSHIP_PASSWORD": password,
        "SELFSHIP_OTHER_USERNAME": other,
        "SELFSHIP_OTHER_PASSWORD": other_password,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(paths.ROOT), os.environ.get("PYTHONPATH")))),
    }
    with foreign_host(HABITS[habits], defects=defects) as url:
        command = [sys.executable, "-P", "-m", "selfship", "certify", "--quiet", f"--host={url}", f"--out={folder}/run"]
        command += [f"--location={LOCATIONS[0]}", f"--other-location={LOCATIONS[1]}", *arguments]
        subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False, timeout=PATIENCE_S)
    rows: list[dict[str, Any]] = json.loads((folder / "run" / "results.json").read_text())["requirements"]
    return rows
