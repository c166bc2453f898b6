"""How fast a run calls: a bound on what is in flight, a distance between starts, pauses for all, an end for all."""

from __future__ import annotations

import threading

import pytest

from selfship import pace
from selfship.pace import FAR, WARY_S, Interrupted, Pace, pauses

PATIENCE_S = 10.0


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(pace, "time", found)
    return found


def paced(clock: Clock, concurrency: int = 4, rate: float = 0.0) -> Pace:
    """A pace whose pauses move the clock."""
    made = Pace(concurrency, rate)
    made._stop.wait = lambda timeout=None: clock.wait(timeout or 0.0)  # type: ignore[method-assign]
    return made


def starts(found: Pace, clock: Clock, count: int) -> list[float]:
    times = []
    for _ in range(count):
        with found.slot():
            times.append(clock.now - 100.0)
    return times


def test_no_more_are_in_flight_than_the_bound() -> None:
    found = Pace(3)
    most, entered, release = [0], threading.Semaphore(0), threading.Event()
    lock = threading.Lock()

    def call() -> None:
        with found.slot():
            with lock:
                most[0] = max(most[0], found.in_flight)
            entered.release()
            assert release.wait(PATIENCE_S)

    threads = [threading.Thread(target=call, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        assert entered.acquire(timeout=PATIENCE_S)
    assert not entered.acquire(timeout=0.05)
    release.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in threads)
    assert most == [3]
    assert found.in_flight == 0


def test_a_place_is_free_again_after_a_caller_that_failed() -> None:
    found = Pace(1)
    with pytest.raises(ZeroDivisionError), found.slot():
        raise ZeroDivisionError
    with found.slot():
        assert found.in_flight == 1


def test_starts_keep_the_rate(clock: Clock) -> None:
    assert starts(paced(clock, rate=4.0), clock, 4) == pytest.approx([0.0, 0.25, 0.5, 0.75])


def test_without_a_rate_nobody_waits(clock: Clock) -> None:
    assert starts(paced(clock), clock, 5) == [0.0] * 5
    assert clock.waits == []


def test_a_429_holds_back_every_caller_and_slows_the_run(clock: Clock) -> None:
    found = paced(clock)
    starts(found, clock, 10)

    found.held_back(2.0)

    assert found.throttled == 1
    assert found.rate == pytest.approx(8.0)  # four fifths of the ten a second that were too many
    assert starts(found, clock, 2) == pytest.approx([2.0, 2.125])


def test_a_shorter_pause_never_brings_the_opening_forward(clock: Clock) -> None:
    found = paced(clock)
    found.held_back(3.0)
    found.held_back(0.5)
    assert starts(found, clock, 1) == pytest.approx([3.0])
    assert found.rate >= 1.0


def test_a_429_while_a_caller_waits_makes_it_wait_on(clock: Clock) -> None:
    found = paced(clock, rate=1.0)
    starts(found, clock, 1)

    def wait(timeout: float | None = None) -> bool:
        if found.throttled == 0:
            found.held_back(5.0)
        return clock.wait(timeout or 0.0)

    found._stop.wait = wait  # type: ignore[method-assign]
    assert starts(found, clock, 1) == pytest.approx([5.0])


def test_a_stopped_run_gives_nobody_a_place() -> None:
    found = Pace(2)
    found.stop()
    assert found.stopped
    with pytest.raises(Interrupted), found.slot():
        pytest.fail("the run was stopped")
    with pytest.raises(Interrupted):
        found.pause(60)


def test_stopping_ends_the_pauses_under_way_and_frees_the_place() -> None:
    found = Pace(1)
    found.held_back(60)
    ended: list[str] = []

    def call() -> None:
        try:
            with found.slot():
                ended.append("called")
        except Interrupted:
            ended.append("interrupted")

    threads = [threading.Thread(target=call, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    found.stop()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert ended == ["interrupted", "interrupted"]
    assert found.in_flight == 0


def test_an_interruption_is_no_ordinary_exception() -> None:
    assert not issubclass(Interrupted, Exception)


@pytest.mark.parametrize("total", [0.0, 0.01, 1.0, 30.0])
def test_pauses_grow_and_add_up(total: float) -> None:
    found = list(pauses(total))
    assert sum(found) == pytest.approx(total)
    assert found[:-1] == sorted(found[:-1])
    assert max(found, default=0.0) <= pace.LONGEST_PAUSE_S


def widened(widest: int, *seconds: float, rate: float = 0.0) -> Pace:
    found = Pace(32, rate)
    for took in seconds:
        found.answered("shipment", took)
    found.widen(widest, 1200)
    return found


def test_a_host_that_takes_its_time_is_asked_more_at_once() -> None:
    assert widened(128, 0.08, 0.05).concurrency == 60
    assert widened(128, 0.3).concurrency == 128


def test_what_waits_in_line_widens_nothing() -> None:
    assert widened(128, 0.4, 0.002, 0.3).concurrency == 32


def test_a_bound_that_was_given_and_a_rate_are_kept() -> None:
    assert widened(0, 0.3).concurrency == 32
    assert widened(128, 0.3, rate=20.0).concurrency == 32
    assert Pace(32).concurrency == 32


def held_every(found: Pace, clock: Clock, count: int, times: int) -> list[float]:
    """The rate after each of so many 429s, one for each `count` requests."""
    rates = []
    for _ in range(times):
        for _ in range(count):
            with found.slot():
                clock.now += 0.01
            found.answered("shipment", 0.01)
        found.held_back(1.0)
        rates.append(found.rate)
    return rates


def test_a_429_now_and_then_that_no_slowing_down_keeps_away_does_not_hold_the_run_back(clock: Clock) -> None:
    rates = held_every(paced(clock), clock, 150, 20)
    assert min(rates) == rates[0]
    assert rates[-1] > rates[0]


def test_a_429_that_comes_again_soon_slows_the_run_further(clock: Clock) -> None:
    rates = held_every(paced(clock), clock, 20, 4)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < rates[0]


def test_several_429s_at_once_slow_the_run_however_long_there_was_none(clock: Clock) -> None:
    found = paced(clock)
    first, later = held_every(found, clock, 150, 2)
    assert later > first
    found.held_back(1.0)
    assert found.rate < later


def test_a_429_at_a_pace_that_has_risen_since_slows_the_run_however_long_there_was_none(clock: Clock) -> None:
    found = paced(clock)
    (first,) = held_every(found, clock, 150, 1)
    clock.now += WARY_S + 1
    starts(found, clock, FAR + 50)
    risen = found.rate
    assert risen > first
    found.held_back(1.0)
    assert found.rate < risen
