"""Where a run was started, where it leaves its files, and what came of the last one in this process.

pytest's exit status cannot tell an incomplete certification from a misspelt flag (both are 4). So the plugin leaves
the run's own status here, and the command reads it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from selfship.errors import UsageError


@dataclass(frozen=True)
class Outcome:
    """How a run ended. The paths are None where the run stopped before it could write them.

    `closing`: what is left to say once everything else was said.
    """

    exit_status: int
    results_path: Path | None = None
    certificate: Path | None = None
    closing: str = ""


last: Outcome | None = None
"""Of the last run in this process; None until the plugin has judged one."""

started_in: Path | None = None
"""The user's folder, once the command has left it for the kit's own; None where nobody has."""


OF_A_RUN = ("results.json", "exchanges.jsonl", "exchanges.har", "residue.jsonl")
"""What no run takes the place of: its verdict, its evidence, and what it left behind at the host."""


def refuse_taken(out: Path) -> None:
    """UsageError where `out`, a folder that was named for a run's files, holds those of another."""
    if any((out / name).exists() for name in OF_A_RUN):
        raise UsageError(f"--out {out} holds a run already, and none is overwritten: give another one, or remove it.")


def lean() -> bool:
    """Whether only the results are wanted and no report: `selfship prove` asks so, for its many runs."""
    return os.environ.get("SELFSHIP_LEAN") == "1"


def folder(base: Path, url: str | None, now: datetime) -> Path:
    """`base/reports/<time>-<host>`, the default of `--out`; `url` None is the embedded mock. Nothing is created."""
    host = "mock" if url is None else re.sub(r"[^A-Za-z0-9.-]+", "-", urlsplit(url).netloc) or "host"
    return base / "reports" / f"{now:%Y%m%d-%H%M%S}-{host}"
