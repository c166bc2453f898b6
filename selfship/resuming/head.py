"""The first line of a run's recordings: which host, kit and profile it was of. Light: read before anything starts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfship.errors import UsageError

FILE = "recordings.jsonl"


def headed(folder: Path) -> Mapping[str, Any]:
    """The header of the run in `folder`, read before anything else of it. UsageError where there is none."""
    try:
        with (folder / FILE).open(encoding="utf-8") as file:
            found = line_of(file.readline())
    except (OSError, UnicodeDecodeError):
        found = None
    if found is None or not isinstance(found.get("run"), dict):
        raise UsageError(f"{folder} holds no run to go on with: give the folder of a run that was stopped.")
    head: Mapping[str, Any] = found["run"]
    if head.get("embedded"):
        raise UsageError(f"{folder}: its host was the embedded mock, which ended with it; certify again.")
    return head


def line_of(text: str) -> dict[str, Any] | None:
    """A line of the file; None for the last one of a run that was killed while it wrote it."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None
