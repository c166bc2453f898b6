"""What the benchmarks count is counted right; how long anything takes is asserted nowhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from selfship.exchanges import Exchange
from tests.benchmarks.speed import Measured, longest_chain, table
from tests.sample_run import Wire


def sent(*spans: tuple[str, float, float]) -> list[Exchange]:
    """Exchanges of scenarios, each with its start and its end in seconds."""
    start = datetime(2026, 1, 31, tzinfo=UTC)
    wire = Wire()
    for scenario, began, ended in spans:
        exchange = wire.send("pack", [], 200, {}, elapsed_ms=1000 * (ended - began))
        at = (start + timedelta(seconds=began)).isoformat(timespec="milliseconds")
        wire.exchanges[-1] = Exchange(**{**vars(exchange), "scenario": scenario, "started": at})
    return wire.exchanges


def test_a_chain_is_of_requests_that_waited_for_each_other() -> None:
    side_by_side = [("a", 0.0, 1.0), ("a", 0.0, 1.1), ("a", 0.5, 1.2)]
    assert longest_chain(sent(*side_by_side)) == 1
    assert longest_chain(sent(*side_by_side, ("a", 1.2, 2.0), ("a", 2.0, 2.5))) == 3
    assert longest_chain(sent(("a", 0.0, 1.0), ("b", 1.0, 2.0), ("b", 2.0, 3.0))) == 2
    assert longest_chain([]) == 0


def test_the_table_compares_on_the_same_host_only() -> None:
    found = [
        Measured("whole", 0.0, 10.0, 1000, 1.0, 1.0, 100.0, 8.0, 40, 32),
        Measured("newman", 0.0, 2.0, 20, 1.0, 1.0, 100.0),
        Measured("newman", 100.0, 4.0, 20, 1.0, 1.0, 100.0),
    ]
    head, whole, newman, late = table(found).splitlines()
    place = head.index("× whole")
    assert [row[place : place + 7].strip() for row in (whole, newman, late)] == ["1.0", "10.0", ""]
    assert whole.rstrip().endswith("0.0 (40)")
