"""The order in which a run plays its scenarios."""

from __future__ import annotations

from pathlib import Path

from selfship.operations import OPERATIONS
from selfship.scenario import SCENARIOS
from selfship.scenarios.reading import PAGED
from tests.played import run_on

MOVING = [("intake", None), ("stepwise", None), ("rto", None), ("limit_cancel", None)]
READING = [("filters", None), ("listings", None), *(("paging", status) for status in PAGED)]


def test_what_reads_listings_has_read_them_before_anybody_writes(tmp_path: Path) -> None:
    with run_on(tmp_path, [*MOVING, *READING]) as (run, _):
        exchanges = run.exchanges()
    names = {SCENARIOS[name].key(param) for name, param in READING}
    read = [one.seq for one in exchanges if one.scenario in names]
    wrote = [one.seq for one in exchanges if OPERATIONS[one.operation].writes]

    assert read
    assert wrote
    assert max(read) < min(wrote)
