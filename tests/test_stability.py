"""Failing checks are tried again: the finding says whether always, sometimes or only late, and the verdict stays."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from selfship import expect, judging, requirements, session
from selfship.itinerary import Key
from selfship.judging import Bench, Check
from selfship.mock.serve import build, running_app
from selfship.mock.settings import MockSettings
from selfship.overdue import Overdue
from selfship.run import Run
from selfship.stability import FEW, Stability, Trial
from selfship.verdict import Verdict
from tests.played import run_on
from tests.test_certification_faults import certify
from tests.test_cli import environment

PACKING = ("stepwise", "dispatched_with_items")
"""Scenarios that pack one order each."""


@contextmanager
def tried_again(folder: Path, fault: str, keys: Sequence[Key], **switches: Any) -> Iterator[tuple[Run, Bench]]:
    """A run on a mock with a fault, and what its second tries left; steps that broke are its only checks."""
    with run_on(folder, keys, MockSettings(faults=(fault,)), **switches) as (run, _):
        bench = Bench()
        checks = session.judged(run, bench)
        second = Stability(run, bench, checks, judging.fix_first(session.rows(run, bench, checks)))
        assert list(second.tries()) == []  # no test has to judge a step
        second.tell()
        yield run, bench


def failing(run: Run, bench: Bench) -> dict[str, str | None]:
    found = session.rows(run, bench, session.judged(run, bench))
    return {
        row.id: one.stability for row in found for one in row.findings if one.verdict in (Verdict.FAIL, Verdict.WARN)
    }


def test_what_fails_each_time_is_deterministic(tmp_path: Path) -> None:
    with tried_again(tmp_path, "pack_counted_only", [("stepwise", None)], settle=0.1) as (run, bench):
        assert failing(run, bench) == {"FWD-4": "deterministic"}
        again = [one for one in run.exchanges() if one.scenario == "stepwise, tried again" and one.operation == "pack"]
        assert len(again) == 2


def test_what_fails_now_and_then_is_flaky_and_stays_broken(tmp_path: Path) -> None:
    with tried_again(tmp_path, "every_second_pack_counted_only", [(one, None) for one in PACKING], settle=0.1) as both:
        assert list(failing(*both)) == ["FWD-4"]
        assert str(failing(*both)["FWD-4"]).startswith("flaky ")


def test_what_shows_after_settle_is_late_and_stays_broken(tmp_path: Path) -> None:
    with tried_again(tmp_path, "pack_shows_late", [("stepwise", None)], settle=1.0) as both:
        assert list(failing(*both)) == ["FWD-4"]
        assert str(failing(*both)["FWD-4"]).startswith("late by ")


def test_a_second_try_that_is_stopped_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with run_on(tmp_path, [("stepwise", None)]) as (run, _):

        def play(key: Key, **_: Any) -> None:
            if key[0] == "intake":
                raise KeyboardInterrupt
            run.pace.pause(600)

        monkeypatch.setattr(run, "_play", play)
        with pytest.raises(KeyboardInterrupt):
            run.play_again([("intake", None), ("stepwise", None)], until=math.inf)


def test_the_first_that_misses_a_change_looks_on_and_all_others_know_what_it_saw() -> None:
    overdue = Overdue()

    assert [overdue.first("pack", 3), overdue.first("pack", 8), overdue.first("dispatch", 9)] == [True, False, True]
    overdue.late["pack"] = 0.4
    assert overdue.by([8, 9]) == 0.4
    assert overdue.by([9]) is None


def test_a_judged_check_keeps_its_verdict_whatever_the_second_try_says() -> None:
    trial = Trial(Check("test_a", "", "FWD-4", Verdict.FAIL), ())
    assert trial.words is None
    trial.note(Verdict.NOT_TESTABLE)
    assert trial.words is None, "what could not be judged again says nothing"
    trial.note(Verdict.FAIL)
    assert trial.words == "deterministic"
    trial.note(Verdict.PASS)
    assert trial.words == "flaky 2 of 3"
    assert trial.check.verdict is Verdict.FAIL


def a_run(
    *, at_hand: bool, orders: Sequence[str], missing: object = None, operation: str = "pack", shared: bool = False
) -> Run:
    recording = SimpleNamespace(scenario="stepwise", orders=orders, exchanges=[1], missing=missing, kept={})
    return cast(
        Run,
        SimpleNamespace(
            host=SimpleNamespace(at_hand=at_hand, overdue=Overdue()),
            allotment=SimpleNamespace(shared=shared),
            known=lambda: {"stepwise": ("stepwise", None)},
            recordings=lambda: [recording],
            recorder=SimpleNamespace(exchanges=[SimpleNamespace(scenario="stepwise", operation=operation)]),
            seconds=1.0,
            play_again=lambda keys, until: pytest.fail(f"played {keys} again until {until}"),
        ),
    )


FAILED = Check("test_a", "", "FWD-4", Verdict.FAIL, "It broke.", (1,), rests_on=("stepwise",))


@pytest.mark.parametrize(
    ("run", "safe"),
    [
        (a_run(at_hand=True, orders=["17"] * 21), True),
        (a_run(at_hand=True, orders=["17"], shared=True), False),
        (a_run(at_hand=False, orders=["17"]), True),
        (a_run(at_hand=False, orders=[str(one) for one in range(FEW + 1)]), False),
        (a_run(at_hand=False, orders=["17"], missing="an order"), False),
        (a_run(at_hand=False, orders=["17"], missing="an order", operation="shipment"), True),
    ],
    ids=[
        "on a host at hand",
        "where they were shared out",
        "few elsewhere",
        "many elsewhere",
        "where orders are scarce",
        "reads",
    ],
)
def test_orders_are_spent_again_only_where_there_are_some_to_spare(run: Run, safe: bool) -> None:
    causes = judging.fix_first(judging.rows([requirements.load()["FWD-4"]], [FAILED], [], []))
    second = Stability(run, Bench([FAILED]), [FAILED], causes)

    assert [key for key, _ in second.plays] == (["stepwise"] if safe else [])


def test_what_was_never_answered_is_judged_by_the_first_try_that_is() -> None:
    unanswered = Check(
        "test_a", "", "FWD-4", Verdict.BLOCKED, "no answer", (1,), expect.NO_ANSWER, rests_on=("stepwise",)
    )
    bench = Bench([unanswered])
    second = Stability(a_run(at_hand=True, orders=["17"]), bench, [unanswered], [])
    (trial,) = second.trials

    second.judged(trial, [unanswered])
    assert bench.checks == [unanswered]
    second.judged(trial, [Check("test_a", "", "FWD-4", Verdict.PASS)])
    assert [one.verdict for one in bench.checks] == [Verdict.PASS]


def test_a_certification_says_how_steady_its_findings_are(tmp_path: Path) -> None:
    ended = certify(tmp_path, faults=["confirm_of_unknown_order", "pack_shows_late"], rules=["ELI-3", "FWD-4"])

    found = {
        (row["id"], one["verdict"]): one["stability"]
        for row in ended.results["requirements"]
        for one in row["findings"]
    }
    assert found["ELI-3", "fail"] == "deterministic"
    assert found["FWD-4", "fail"].startswith("late by ")
    assert "Tried again: deterministic." in (ended.out / "certificate.html").read_text("utf-8")
    assert sum(row["checks"] for row in ended.results["requirements"] if row["id"] == "FWD-4") == 1


class LosesOneAnswer:
    """A host whose answer to the first Pack never comes, and which never saw that request."""

    def __init__(self, host: Any) -> None:
        self.host, self.lost = host, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].endswith("/shipment/pack") and not self.lost:
            self.lost += 1
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
            return
        await self.host(scope, receive, send)


def test_a_lost_answer_leaves_no_rule_unjudged(tmp_path: Path) -> None:
    settings = MockSettings()
    host = LosesOneAnswer(build(settings, None, "full"))
    with running_app(host) as url:
        environ = {**environment(), "SELFSHIP_USERNAME": settings.username, "SELFSHIP_PASSWORD": settings.password}
        command = [sys.executable, "-P", "-m", "selfship", "certify", "--quiet", f"--host={url}", "--profile=mock"]
        command += [f"--out={tmp_path / 'run'}", "--requirement=FWD-4"]
        ended = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120)

    results = json.loads((tmp_path / "run" / "results.json").read_text("utf-8"))
    verdicts = {row["id"]: row["verdict"] for row in results["requirements"] if row["id"] == "FWD-4"}
    assert (host.lost, verdicts) == (1, {"FWD-4": "pass"}), ended.stderr
