"""Orders that go from scenario to scenario: a spoiled one goes to nobody, and no verdict depends on the sharing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from selfship.allotment import Ask
from selfship.embedded import embedded_host
from selfship.itinerary import Key
from selfship.lifecycle import Event, State
from selfship.mock.settings import MockSettings
from selfship.run import Run
from selfship.scenario import Recording
from selfship.telling import check_of
from selfship.verdict import Verdict
from tests.played import run_on, suite

S, E = State, Event
STEPWISE, NDR, DELIVERED = ("stepwise", None), ("ndr", None), ("delivered", None)


@contextmanager
def shared(
    folder: Path, *keys: Key, faults: tuple[str, ...] = (), population: str = "one_order_one_return", **switches: Any
) -> Iterator[tuple[Run, dict[Key, Recording]]]:
    """These scenarios, played on a mock that holds one order and one return."""
    asks = [Ask(f"R-{number}", "MUST", frozenset({key})) for number, key in enumerate(keys)]
    settings = MockSettings(variants=(population,), faults=faults, **switches.pop("mock", {}))
    with run_on(folder, keys, settings, asks=asks, **switches) as (run, recordings):
        yield run, dict(zip(keys, recordings, strict=True))


def test_one_order_serves_everybody_on_its_way(tmp_path: Path) -> None:
    rows = [("matrix", state) for state in (S.DP_ASSIGNED, S.BAG_PACKED, S.BAG_PICKED, S.OUT_FOR_DELIVERY)]
    with shared(tmp_path, STEPWISE, NDR, *rows, ("matrix", S.DELIVERY_DONE)) as (run, found):
        assert len(run.host.supply.leased) == 1
        for key, recording in found.items():
            assert (recording.broken, recording.missing, recording.crashed) == (None, None, None), key
        for row in rows:
            assert found[row].steps
            assert all(step.outcome == "refused" for step in found[row].steps.values())
            assert {step.state for step in found[row].steps.values()} == {row[1]}
        assert [step.event for step in found[STEPWISE].steps.values()] == [E.AWB, E.PACK, E.DISPATCH, E.BAG_PICKED]
        # It goes on where the first has left off.
        assert next(iter(found[NDR].steps.values())).event is E.OUT_FOR_DELIVERY


def test_what_a_scenario_declares_to_walk_is_what_it_walks(tmp_path: Path) -> None:
    from selfship.scenario import SCENARIOS

    journeys = "stepwise delivered auto ndr ndr_reattempted ndr_first_attempt rto rto_after_auto return_journey"
    names = f"{journeys} return_with_reason tracked_return intake cancelled_whole delivered_listing".split()
    keys = [(name, None) for name in names]
    with run_on(tmp_path, keys) as (_, recordings):
        for name, recording in zip(names, recordings, strict=True):
            # What is refused on the way, or at its end, leads nowhere.
            led = [step for step in recording.steps.values() if step.outcome != "refused"]
            walked = tuple(step.event for step in led if "reach" not in step.name)
            assert walked == SCENARIOS[name].walks(None), name


def test_an_order_that_a_probe_has_moved_goes_to_nobody(tmp_path: Path) -> None:
    row = ("matrix", S.BAG_PACKED)
    with shared(tmp_path, STEPWISE, DELIVERED, row, faults=("delivered_when_packed",)) as (_, found):
        spoiler = found[row].steps["delivery_done"]
        assert (spoiler.outcome, spoiler.rule) == ("accepted", "STA-1")
        assert found[STEPWISE].broken is spoiler
        assert "dispatch" not in found[STEPWISE].steps
        assert found[DELIVERED].broken is spoiler


def test_a_carrier_that_breaks_leaves_its_reason_to_those_who_waited(tmp_path: Path) -> None:
    row = ("matrix", S.HANDED_OVER_TO_DG)
    with shared(tmp_path, STEPWISE, row, faults=("pack_counted_only",)) as (_, found):
        broken = found[STEPWISE].broken
        assert broken is not None
        assert broken.rule == "FWD-4"
        assert found[row].broken is broken


def test_what_a_spoiled_order_kept_from_happening_is_blocked_by_the_probe(tmp_path: Path) -> None:
    row = ("matrix", S.DP_ASSIGNED)
    with shared(tmp_path, STEPWISE, row, faults=("dispatch_unpacked",)) as (_, found):
        test = suite("reading/test_reading_orders.py").test_order_shows_its_awb_and_courier
        recordings = {"stepwise": found[STEPWISE], "return_journey": Recording("return_journey")}
        with pytest.raises(KeyError) as lack:
            test(**recordings, way="forward")
        item = SimpleNamespace(nodeid="x::y", name="y", obj=test, funcargs=recordings)
        check = check_of(item, "FET-12", lack.value)
        assert (check.verdict, check.blocked_by) == (Verdict.BLOCKED, "STA-8")


def test_a_strict_host_costs_the_order_nothing(tmp_path: Path) -> None:
    end = ("matrix", S.DELIVERY_DONE)
    keys = (
        STEPWISE,
        NDR,
        ("matrix", S.OUT_FOR_DELIVERY),
        ("matrix", S.BAG_PICKED),
        end,
        ("pushed_again", S.DELIVERY_DONE),
    )
    with shared(tmp_path, *keys, mock={"edition": "strict"}, edition=None) as (run, found):
        assert run.host.switch("edition") == "strict"
        assert found[NDR].broken is not None
        assert found["matrix", S.BAG_PICKED].broken is None
        # The order stayed where it was, and is walked on from there.
        assert found[end].broken is None
        assert found["pushed_again", S.DELIVERY_DONE].broken is None


def test_states_that_the_host_leaves_by_itself_are_passed_by(tmp_path: Path) -> None:
    keys = (("rto", None), ("matrix", S.RTO_BAG_DELIVERED), ("matrix", S.CREDIT_NOTE_GENERATED))
    automatic = {"rto_acceptance": "auto", "credit_note": "auto"}
    with shared(tmp_path, *keys, mock=automatic, rto_acceptance=None, credit_note=None) as (_, found):
        assert found["matrix", S.RTO_BAG_DELIVERED].passed_by is not None
        assert found["rto", None].broken is None


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of a whole run on a mock with one order and one return."""
    out = tmp_path_factory.mktemp("tiny")
    with embedded_host(population="tiny") as host:
        command = [sys.executable, "-m", "selfship", "certify", "--host", host.url, "--location", "BLR-01", "--quiet"]
        environ = {**os.environ, **host.credentials.secrets(), "SELFSHIP_LEAN": "1"}
        done = subprocess.run([*command, "--out", str(out)], env=environ, check=False, capture_output=True, text=True)
    assert done.returncode == 4, done.stderr
    found: dict[str, Any] = json.loads((out / "results.json").read_text())
    return found


def test_one_order_and_one_return_judge_what_they_allow(certified: dict[str, Any]) -> None:
    verdicts = {row["id"]: row["verdict"] for row in certified["requirements"]}
    assert not {"fail", "error", "warn", "blocked"} & set(verdicts.values())
    journeys = "FWD-3 FWD-4 FWD-6 NDR-2 RET-1 RET-2 RET-3 RET-8 STA-5 DOC-1 DOC-2 DOC-3"
    for rule in f"{journeys} FET-1 FET-8 INF-1 INF-3 CON-7 BAT-2".split():
        assert verdicts[rule] == "pass", rule
    for rule in ("FWD-1", "RTO-1", "LIM-1", "RAC-1", "VAL-3"):
        assert verdicts[rule] == "not_testable", rule


def test_the_run_says_what_it_made_of_its_orders(certified: dict[str, Any]) -> None:
    frugality = certified["run"]["frugality"]
    assert frugality["shared"]
    assert frugality["orders"] == 2
    assert frugality["musts"] >= 30
    assert frugality["musts"] + frugality["musts_in_part"] >= 55
    assert frugality["musts_per_order"] == frugality["musts"] / 2
    assert frugality["naive_musts_per_order"] < 1
