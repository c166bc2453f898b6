"""The kit finds nothing against a conforming host that was written from the documents alone (`foreign_host.py`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.foreign_run import certified

SUITES = ("access", "journeys", "batches")


@pytest.mark.parametrize("habits", ["plain"])
def test_a_conforming_host_that_nobody_here_knew_is_accused_of_nothing(tmp_path: Path, habits: str) -> None:
    rows = certified(tmp_path, habits, *(f"--suite={suite}" for suite in SUITES))

    musts = [row for row in rows if row["level"] == "MUST"]
    assert {row["id"]: row["findings"] for row in musts if row["verdict"] == "fail"} == {}
    assert sum(row["verdict"] == "pass" for row in musts) > 30
