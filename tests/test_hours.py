"""The hours in which a host may be called: read, held against the clock, and kept by a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from selfship import permission, profile
from selfship.errors import UsageError
from selfship.hours import Hours, is_span, zone
from selfship.profile import Limits, Profile
from tests.played import run_on


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-10T{clock}:00+00:00")


@pytest.mark.parametrize(
    ("span", "clock", "is_open"),
    [
        ("09:00-17:00", "09:00", True),
        ("09:00-17:00", "16:59", True),
        ("09:00-17:00", "17:00", False),
        ("21:00-06:00", "23:30", True),
        ("21:00-06:00", "05:59", True),
        ("21:00-06:00", "06:00", False),
        ("21:00-06:00", "12:00", False),
    ],
)
def test_a_span_of_the_day_may_go_through_midnight(span: str, clock: str, is_open: bool) -> None:
    assert Hours.read(span, "UTC").open_at(at(clock)) is is_open


def test_the_clock_is_that_of_the_named_zone() -> None:
    # 15:30 in UTC is 21:00 in India.
    for name in ("Asia/Kolkata", "+05:30"):
        hours = Hours.read("21:00-06:00", name)
        assert hours.open_at(at("15:30"))
        assert not hours.open_at(at("15:29"))
        assert hours.opens_after(at("12:30")) == at("15:30")


@pytest.mark.parametrize("wrong", ["9:00-17:00", "24:00-06:00", "09:00-09:00", "09:00", "", None, 9])
def test_what_is_no_span_is_none(wrong: object) -> None:
    assert not is_span(wrong)


def test_a_folder_of_zones_is_no_zone() -> None:
    assert zone("Asia") is None
    assert zone("../etc/passwd") is None


def test_outside_its_hours_a_host_is_not_called_and_the_sentence_says_when() -> None:
    asleep = Profile(url="https://konnect.example.com", limits=Limits(4, hours="21:00-06:00", time_zone="Asia/Kolkata"))

    with pytest.raises(UsageError, match=r"konnect\.example\.com .* 21:00-06:00 \(Asia/Kolkata\) .* in 3 h 0 min,"):
        permission.check_hours(asleep, at("12:30"))
    permission.check_hours(asleep, at("16:00"))


@pytest.mark.parametrize("looks", [20, 60], ids=["while stock is taken", "on the way"])
def test_a_run_that_outlasts_its_hours_ends_there_with_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    calls = iter(range(10**6))
    # After so many looks at the clock the hours are over.
    monkeypatch.setattr(Hours, "open_at", lambda *_: next(calls) < looks)
    mock = profile.load("mock")
    monkeypatch.setattr("tests.played.load", lambda _: replace(mock, limits=Limits(4, 15.0, "09:00-17:00", "UTC")))

    with run_on(tmp_path, [("stepwise", None), ("ndr", None), ("rto", None)]) as (run, played):
        assert 5 < run.requests <= looks
        assert any(type(one.crashed).__name__ == "Interrupted" for one in played)
        # Orders that nobody looked for are not lacking.
        assert not any(one.missing and one.crashed is None for one in played)
        assert any("ended before the run did" in note for note in run.host.wire.instability)
