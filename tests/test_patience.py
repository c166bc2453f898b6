"""Hosts that lose answers, hold back, slow down or go away: nobody is accused for it, and nothing is sent blindly."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from selfship import pace as pacing
from selfship.exchanges import Exchange
from selfship.lifecycle import State
from selfship.mock import manners
from selfship.mock.settings import MockSettings
from selfship.operations import OPERATIONS
from selfship.pace import Interrupted, Pace
from selfship.presence import FEWEST, Presence
from selfship.resuming.earlier import load
from tests.played import run_on
from tests.stopped import ENOUGH_S, await_requests, certifying, mock_process, results_of
from tests.test_pace import Clock, clock, paced

__all__ = ["clock"]

S = State
NAMES = "intake stepwise delivered ndr rto return_journey cancelled_whole auto batch_forward limit_cancel"
JOURNEYS = [(name, None) for name in NAMES.split()]
ROWS = [("matrix", state) for state in (S.PLACED, S.DP_ASSIGNED, S.BAG_PACKED, S.BAG_PICKED, S.RETURN_DP_ASSIGNED)]


def ids_of(exchange: Exchange) -> set[str]:
    sent = exchange.sent if isinstance(exchange.sent, list) else []
    return {item["orderId"] for item in sent if isinstance(item, dict) and "orderId" in item}


def blind(exchanges: list[Exchange]) -> list[tuple[str, ...]]:
    """Writes that follow a lost one on the same order before anybody has read that order."""
    found: list[tuple[str, ...]] = []
    for place, lost in enumerate(exchanges):
        if lost.status is not None or not OPERATIONS[lost.operation].writes:
            continue
        unread = ids_of(lost)
        for later in exchanges[place + 1 :]:
            if later.operation == "shipment":
                unread -= {order for order in unread if order in later.url}
            elif OPERATIONS[later.operation].writes and unread & ids_of(later):
                found.append((lost.scenario, lost.step, later.scenario, later.step))
                break
    return found


@pytest.mark.parametrize("variant", ["drops_before_writing", "drops_after_writing"])
def test_a_lost_answer_is_resolved_by_reading_the_order(
    variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manners, "EVERY_WRITE", 11)
    with run_on(tmp_path, [*JOURNEYS, *ROWS], MockSettings(variants=(variant,)), settle=0.3) as (run, recordings):
        lost = [one for one in run.exchanges() if one.status is None]
        assert len(lost) > 5
        assert {one.error for one in lost} == {"dropped"}
        for recording in recordings:
            outcomes = {step.outcome for step in recording.steps.values()}
            assert not recording.crashed
            assert recording.broken is None or recording.lost, recording.scenario
            assert outcomes <= {"accepted", "refused", "no_answer"}, recording.scenario
        whole = [one for one in recordings if not one.lost]
        assert len(whole) >= len(recordings) - 2
        assert not any(step.outcome == "no_answer" for one in whole for step in one.steps.values())
        assert blind(run.exchanges()) == []


def test_a_host_of_twenty_requests_a_second_says_429_to_nobody_twice(tmp_path: Path) -> None:
    keys = [("stepwise", None), ("race_to_the_end", None), ("listings", None), ("matrix", S.BAG_PACKED)]
    with run_on(tmp_path, keys, MockSettings(rate=20)) as (run, recordings):
        held = [one for one in run.exchanges() if one.status == 429]
        assert held
        assert not any(one.attempt > 1 for one in held)
        assert all(one.broken is None and one.crashed is None for one in recordings)
        assert run.host.wire.pace.rate < 30
        rounds = recordings[1].kept["rounds"]
        apart = [abs(_started(first[0]) - _started(second[0])) for _, first, second, _ in rounds]
        # Requests that are to overlap start together, however slow the pace.
        assert min(apart) < 0.04


def _started(exchange: Exchange) -> float:
    from datetime import datetime

    return datetime.fromisoformat(exchange.started).timestamp()


def test_answers_that_come_late_under_load_let_fewer_requests_in_flight(clock: Clock) -> None:
    found = paced(clock, 32)
    for _ in range(10):
        found.answered("status", 0.1)
    assert found.fewest == 32
    for _ in range(40):
        with found.slot():
            clock.now += 1.0
            found.answered("status", 1.0)
    assert found.fewest == pacing.FEWEST
    for _ in range(400):
        found.answered("status", 0.1)
    assert int(found._limit) > 20


def test_a_slow_host_is_not_taken_for_an_overloaded_one(clock: Clock) -> None:
    found = paced(clock, 16)
    for _ in range(50):
        found.answered("status", 3.0)
    assert found.fewest == 16


def test_a_quick_host_may_be_ten_times_as_slow_for_a_moment(clock: Clock) -> None:
    found = paced(clock, 16)
    for seconds in (0.002, 0.02, 0.05, 0.2):
        found.answered("status", seconds)
    assert found.fewest == 16


def test_a_few_late_answers_among_many_are_no_load(clock: Clock) -> None:
    found = paced(clock, 16)
    for place in range(60):
        with found.slot():
            clock.now += 0.1
            found.answered("status", 2.0 if place % 3 == 0 else 0.1)
    assert found.fewest == 16


def test_503_lets_fewer_requests_in_flight(clock: Clock) -> None:
    found = paced(clock, 16)
    with found.slot():
        found.answered("status", 0.01, overloaded=True)
    assert found.fewest < 16


def test_a_pace_that_was_too_fast_is_not_tried_again_at_once(clock: Clock) -> None:
    found = paced(clock, 16)
    for _ in range(20):
        found.answered("status", 0.01)
    found.held_back(1.0)
    assert found.rate == pytest.approx(16.0)
    for _ in range(15 * 17):
        with found.slot():
            pass
    assert found.rate < 20
    clock.now += pacing.WARY_S
    for _ in range(200):
        with found.slot():
            pass
    assert found.rate > 20


def test_a_host_that_has_never_answered_is_not_waited_for() -> None:
    found = Presence(Pace(4), patience_s=0.0)
    for _ in range(FEWEST + 1):
        found.heard("refused")
    assert not found.silent
    assert not found.gone


def test_a_host_that_went_away_stops_the_run_with_one_sentence() -> None:
    found = Presence(Pace(4), patience_s=0.0)
    found.heard(None)
    for _ in range(FEWEST - 1):
        found.heard("refused")
    assert not found.gone
    found.heard("refused")
    assert found.gone.startswith("The host went away: ")
    with pytest.raises(Interrupted):
        found.pause()


def test_a_host_that_comes_back_is_none_that_went_away() -> None:
    found = Presence(Pace(4), patience_s=60.0)
    found.heard(None)
    for _ in range(3 * FEWEST):
        found.heard("dropped")
    assert found.silent
    found.heard(None)
    assert not found.silent
    assert not found.gone


def test_a_host_that_dies_leaves_an_incomplete_run_and_all_its_reports(tmp_path: Path) -> None:
    with mock_process() as (host, url, environ):
        run = certifying(url, tmp_path, environ)
        await_requests(tmp_path / "exchanges.jsonl", 300, run)
        host.kill()
        said, _ = run.communicate(timeout=ENOUGH_S)
    assert run.returncode == 4, said
    assert "The host went away" in said
    assert "Traceback" not in said
    found = results_of(tmp_path)
    assert found["verdict"] == "incomplete"
    assert found["summary"].startswith("The host went away")
    assert not {"error", "fail"} & {row["verdict"] for row in found["requirements"]}
    assert {"certificate.html", "exchanges.har", "junit.xml", "report.html"} <= {one.name for one in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("number", "population"), [(signal.SIGINT, "full"), (signal.SIGTERM, "few"), (signal.SIGHUP, "few")]
)
def test_an_interrupted_run_writes_all_its_reports(number: signal.Signals, population: str, tmp_path: Path) -> None:
    with mock_process("--latency=30", f"--population={population}") as (_, url, environ):
        run = certifying(url, tmp_path, environ)
        await_requests(tmp_path / "exchanges.jsonl", 200, run)
        run.send_signal(number)
        said, _ = run.communicate(timeout=ENOUGH_S)
    assert run.returncode == 130, said
    assert "Traceback" not in said
    assert results_of(tmp_path)["verdict"] == "incomplete"
    assert f"selfship certify --resume {tmp_path}" in results_of(tmp_path)["summary"]
    assert load(tmp_path).recordings
    assert {"certificate.html", "exchanges.har", "junit.xml", "report.html"} <= {one.name for one in tmp_path.iterdir()}
