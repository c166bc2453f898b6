"""Waivers of a client's broken rules: excused until a day, shown everywhere, and never longer than they are needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from selfship import paths
from selfship.cli import cli
from selfship.errors import UsageError
from selfship.referee import excused
from selfship.results import Finding, RequirementResult
from selfship.verdict import Verdict
from selfship.waiving.file import Waiver
from tests.refereed import PARTNERS, Client
from tests.test_referee_recordings import recorded
from tests.test_referee_rules import delivered_before_picked, ids, second_awb

WHO = 'owner = "A. Rao"\nreason = "Until 4.2."\nticket = "OPS-12"\n'
LATER = "expires = 2099-12-31\n"


def judged(folder: Path, does: Callable[[Client], object], waiver: str) -> tuple[int, dict[str, Any], str]:
    """The exit status of `selfship judge` with that waiver, its results, and what it printed."""
    (folder / "waivers.toml").write_text(f"[[waiver]]\n{waiver}{WHO}", encoding="utf-8")
    out, told = folder / "judged", ["judge", str(recorded(folder, does)), "--out", str(folder / "judged")]
    ended = CliRunner().invoke(cli, [*told, "--waivers", str(folder / "waivers.toml")], standalone_mode=False)
    assert ended.exception is None, ended.exception
    return int(ended.return_value), json.loads((out / "results.json").read_text()), ended.output


def row(results: dict[str, Any], rule: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in results["requirements"] if one["id"] == rule)
    return found


@pytest.mark.parametrize("names", ['requirement = "AGG-18"\n', 'check = "referee::AGG-18*"\n'])
def test_a_waived_breach_is_shown_and_fails_nothing(tmp_path: Path, names: str) -> None:
    status, results, printed = judged(tmp_path, second_awb, names + LATER)

    (finding,) = row(results, "AGG-18")["findings"]
    assert (row(results, "AGG-18")["verdict"], finding["verdict"]) == ("waived", "waived")
    assert "Waived by A. Rao until 2099-12-31 (OPS-12): Until 4.2." in finding["message"]
    assert finding["curl"]
    assert (status, results["verdict"]) == (4, "incomplete")
    assert results["fix_first"] == []
    assert results["waivers"][0]["status"] == "applied"
    assert "by A. Rao until 2099-12-31 (OPS-12)." in printed
    for file in ("certificate.html", "junit.xml"):
        assert "Waived by A. Rao" in (tmp_path / "judged" / file).read_text("utf-8"), file
    schema = json.loads(paths.RESULTS_SCHEMA.read_text("utf-8"))
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(results)


def test_a_waiver_of_one_rule_excuses_no_other(tmp_path: Path) -> None:
    status, results, _ = judged(tmp_path, delivered_before_picked, f'requirement = "AGG-18"\n{LATER}')

    assert (status, row(results, "AGG-7")["verdict"]) == (1, "fail")


def test_a_waiver_past_its_day_excuses_nothing_and_fails_the_gate(tmp_path: Path) -> None:
    status, results, printed = judged(tmp_path, second_awb, 'requirement = "AGG-18"\nexpires = 2020-01-31\n')

    assert (status, row(results, "AGG-18")["verdict"]) == (1, "fail")
    assert "The waiver of AGG-18 expired on 2020-01-31" in " ".join(printed.split())


def test_a_waiver_that_excuses_nothing_any_more_fails_the_gate(tmp_path: Path) -> None:
    def good(client: Client) -> None:
        client.deliver(ids(client, "delivered")[0])

    status, results, _ = judged(tmp_path, good, f'requirement = "AGG-18"\n{LATER}')

    assert (status, results["waivers"][0]["status"]) == (1, "stale")


def test_breaches_that_were_only_counted_are_excused_with_the_whole_rule_alone() -> None:
    shown = Finding("referee::AGG-7[17]", Verdict.FAIL, "It was pushed (and 30 more times).")

    def verdict(**named: str) -> Verdict:
        broken = RequirementResult("AGG-7", "MUST", "AGG", "s", "s", Verdict.FAIL, findings=[shown])
        waiver = Waiver("A", "r", date(2099, 1, 1), "T", **named)
        (found,), _ = excused.under([broken], [waiver], date(2026, 1, 1), {"AGG-7"})
        return found.verdict

    assert verdict(check="referee::AGG-7[17]") is Verdict.FAIL
    assert verdict(check="referee::AGG-7*") is Verdict.WAIVED
    assert verdict(requirement="AGG-7") is Verdict.WAIVED


TWO = '[[order]]\nexpect = "delivered"\n' + PARTNERS


@pytest.mark.parametrize(
    ("waiver", "scenario", "sentence"),
    [
        (f'requirement = "AGG-81"\n{LATER}', "basic", "there is no requirement 'AGG-81'"),
        (f'requirement = "AGG-18"\n{LATER}', TWO, "each partner that has some in a session of its own"),
    ],
    ids=["unknown", "several_partners"],
)
def test_waivers_that_cannot_be_are_one_sentence_before_anything_starts(
    tmp_path: Path, waiver: str, scenario: str, sentence: str
) -> None:
    (tmp_path / "waivers.toml").write_text(f"[[waiver]]\n{waiver}{WHO}", encoding="utf-8")
    (tmp_path / "own.toml").write_text(scenario, encoding="utf-8")
    told = ["--scenario", scenario if scenario == "basic" else str(tmp_path / "own.toml"), "--port", "0"]
    waivers, out = ["--waivers", str(tmp_path / "waivers.toml")], ["--out", str(tmp_path / "out")]

    ended = CliRunner().invoke(cli, ["referee", *told, *waivers, *out], standalone_mode=False)

    assert isinstance(ended.exception, UsageError)
    assert sentence in str(ended.exception)
    assert not (tmp_path / "out").exists()
