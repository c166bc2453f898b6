"""The kit finds nothing against a conforming host that was written from the documents alone (`foreign_host.py`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.foreign_run import certified

MIXES = {
    "plain": ("access", "journeys", "batches"),
    "eager": ("journeys", "races"),
    "picky": ("journeys",),
    "strange_wire": ("access",),
}
"""Habits, and the suites that are run against them here: the whole of each is a matter of minutes."""


@pytest.mark.parametrize("habits", MIXES)
def test_a_conforming_host_that_nobody_here_knew_is_accused_of_nothing(tmp_path: Path, habits: str) -> None:
    rows = certified(tmp_path, habits, *(f"--suite={suite}" for suite in MIXES[habits]))

    musts = [row for row in rows if row["level"] == "MUST"]
    assert {row["id"]: row["findings"] for row in musts if row["verdict"] == "fail"} == {}
    assert [row["id"] for row in rows if row["verdict"] == "error"] == []
    assert sum(row["verdict"] == "pass" for row in musts) > 5 * len(MIXES[habits])
