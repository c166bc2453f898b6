"""Waivers: what a file may say, what they excuse, and that they never hide and never outlive their use."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from selfship.errors import UsageError
from selfship.judging import Check
from selfship.results import Waived
from selfship.verdict import RunVerdict, Verdict
from selfship.waiving import excusing
from selfship.waiving.file import Waiver, load_waivers, refuse_unknown_checks
from tests import sample_run

TODAY = date(2026, 3, 2)
CHECK = "suites/host/limits/test_limits.py::test_of_21[status]"
WHO = 'owner = "A. Rao"\nreason = "Until 4.2."\nexpires = 2026-12-31\nticket = "OPS-12"\n'


def waiver(**named: Any) -> Waiver:
    given = {"owner": "A. Rao", "reason": "Until 4.2.", "expires": date(2026, 3, 2), "ticket": "OPS-12", **named}
    return Waiver(**given)


def check(verdict: Verdict, requirement: str = "LIM-2", name: str = CHECK) -> Check:
    return Check(name, "Of 21 items none is lost.", requirement, verdict, "21 items were taken")


def account(waivers: list[Waiver], checks: list[Check], *, narrowed: bool = False) -> list[Waived]:
    return excusing.accounts(checks, waivers, TODAY, narrowed=narrowed)


def refusal(tmp_path: Path, text: str) -> str:
    file = tmp_path / "waivers.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_waivers(file)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{file}, ")


def test_a_file_names_requirements_and_checks(tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_text(
        f'[[waiver]]\nrequirement = "LIM-2"\n{WHO}[[waiver]]\ncheck = "suites/*[status]"\n{WHO}', encoding="utf-8"
    )

    first, second = load_waivers(Path("w.toml"), tmp_path)

    assert (first.requirement, first.expires, first.ticket) == ("LIM-2", date(2026, 12, 31), "OPS-12")
    assert second.names("LIM-2", CHECK)
    assert not second.names("LIM-2", CHECK.replace("status", "awb"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'[[waiver]]\nrequirement = "LMI-2"\n{WHO}', "line 2: there is no requirement 'LMI-2'; did you mean 'LIM-2'?"),
        (f'[[waiver]]\nrequirement = "FWD-8"\n{WHO}', "line 2: FWD-8 is only observed and cannot fail"),
        (
            f'[[waiver]]\nrequirment = "LIM-2"\n{WHO}',
            "line 2: requirment is not a key of a waiver; did you mean 'req",
        ),
        (
            '[[waiver]]\nrequirement = "LIM-2"\nowner = "A"\nreason = "x"\nticket = "T"',
            "line 1: this waiver has no e",
        ),
        (
            f'[[waiver]]\nrequirement = "LIM-2"\n{WHO}\n[[waiver]]\nrequirement = "LIM-1"\n{WHO}expires = 1',
            "line 14: this is not TOML",
        ),
        (
            f'[[waiver]]\nrequirement = "LIM-2"\n{WHO}\n[[waiver]]\ncheck = "x"\n{WHO.replace("2026-12-31", "9")}',
            "line 12: expires must be a date without quotes, such as 2026-12-31, not '9'.",
        ),
        (f'[[waiver]]\ncheck = "x"\nrequirement = "LIM-2"\n{WHO}', "line 3: a waiver names either"),
        (f"[[waiver]]\n{WHO}", "line 1: a waiver names either a requirement or a check"),
        (f'[waiver]\nrequirement = "LIM-2"\n{WHO}', "line 1: each waiver is a table of its own: write [[waiver]]"),
        (f'[[waivers]]\nrequirement = "LIM-2"\n{WHO}', "line 1: waivers is not a key of a waiver file; did you mean"),
        ("[[waiver", "line 1: this is not TOML"),
    ],
)
def test_what_does_not_fit_is_one_sentence_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert refusal(tmp_path, text).startswith(said)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no waiver file w\.toml"):
        load_waivers(Path("w.toml"), tmp_path)


def test_a_check_that_does_not_exist_is_said_with_the_nearest() -> None:
    refuse_unknown_checks([waiver(check=CHECK), waiver(check="scenario forward*")], [CHECK])

    with pytest.raises(UsageError, match=r"test_of_22\[status\]; did you mean .*test_of_21\[status\]'\?"):
        refuse_unknown_checks([waiver(check=CHECK.replace("21", "22"))], [CHECK])


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.WARN])
def test_a_broken_rule_becomes_waived_and_says_by_whom(verdict: Verdict) -> None:
    (found,) = excusing.excused([check(verdict)], [waiver(requirement="LIM-2")], TODAY)

    assert found.verdict is Verdict.WAIVED
    assert found.message == "21 items were taken. Waived by A. Rao until 2026-03-02 (OPS-12): Until 4.2."


@pytest.mark.parametrize("verdict", [Verdict.ERROR, Verdict.BLOCKED, Verdict.NOT_TESTABLE, Verdict.PASS])
def test_what_was_not_judged_or_holds_is_not_excused(verdict: Verdict) -> None:
    assert excusing.excused([check(verdict)], [waiver(requirement="LIM-2")], TODAY) == [check(verdict)]


def test_a_waiver_past_its_day_excuses_nothing() -> None:
    late = [waiver(requirement="LIM-2", expires=date(2026, 3, 1))]

    assert excusing.excused([check(Verdict.FAIL)], late, TODAY) == [check(Verdict.FAIL)]
    (told,) = account(late, [check(Verdict.FAIL)])
    assert (told.status, told.covers) == ("expired", ())
    assert told.words == (
        "The waiver of LIM-2 expired on 2026-03-01; what it excused is still broken: A. Rao renews it or takes it out."
    )


def test_a_waiver_of_one_check_leaves_the_others_broken() -> None:
    other = check(Verdict.FAIL, name=CHECK.replace("status", "awb"))

    found = excusing.excused([check(Verdict.FAIL), other], [waiver(check="suites/*[status]")], TODAY)

    assert [one.verdict for one in found] == [Verdict.WAIVED, Verdict.FAIL]


@pytest.mark.parametrize(
    ("verdicts", "narrowed", "status"),
    [
        ([Verdict.FAIL, Verdict.PASS], False, "applied"),
        ([Verdict.PASS, Verdict.NOT_APPLICABLE], False, "stale"),
        ([Verdict.PASS], True, "untried"),
        ([Verdict.PASS, Verdict.BLOCKED], False, "untried"),
        ([Verdict.NOT_TESTABLE], False, "untried"),
        ([], False, "untried"),
    ],
)
def test_a_waiver_is_stale_only_where_all_that_it_names_was_shown_to_hold(
    verdicts: list[Verdict], narrowed: bool, status: str
) -> None:
    checks = [check(verdict, name=f"{CHECK}{place}") for place, verdict in enumerate(verdicts)]

    (told,) = account([waiver(requirement="LIM-2")], checks, narrowed=narrowed)

    assert told.status == status
    assert told.covers == ((f"{CHECK}0",) if status == "applied" else ())


@pytest.mark.parametrize(
    ("verdict", "status", "gate"),
    [
        (RunVerdict.CONFORMING, "stale", 1),
        (RunVerdict.CONFORMING_WITH_WAIVERS, "expired", 1),
        (RunVerdict.INCOMPLETE, "stale", 1),
        (RunVerdict.ERROR, "stale", 3),
        (RunVerdict.CONFORMING_WITH_WAIVERS, "applied", 0),
        (RunVerdict.INCOMPLETE, "untried", 4),
    ],
)
def test_a_lapsed_waiver_fails_the_gate_and_accuses_no_host(verdict: RunVerdict, status: str, gate: int) -> None:
    results, _ = sample_run.conforming()
    results.verdict = verdict
    results.waivers = [Waived("LIM-2", None, "A", "r", "2026-03-01", "T", status, "Words.")]

    assert excusing.exit_status(results) == gate
    assert results.verdict is verdict
