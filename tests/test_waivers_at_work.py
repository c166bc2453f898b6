"""Waivers in a real run of a host with one fault: the exit status, and each file says what was waived."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import jsonschema_rs
import pytest

from selfship import paths
from tests import full_run


def test_a_waived_failure_is_shown_everywhere_and_fails_nothing() -> None:
    run = full_run.waived()

    rows = {row["id"]: row for row in run.results["requirements"]}
    assert run.verdicts["LIM-2"] == "waived"
    assert "fail" not in run.verdicts.values()
    assert run.results["verdict"] == "conforming_with_waivers"
    (finding,) = [one for one in rows["LIM-2"]["findings"] if one["verdict"] == "waived"]
    assert "Waived by A. Rao until" in finding["message"]
    assert finding["curl"]
    assert "LIM-2" not in {cause["requirement"] for cause in run.results["fix_first"]}
    for file in ("certificate.html", "junit.xml", "report.html"):
        assert "Waived by A. Rao" in (run.out / file).read_text("utf-8"), file
    assert "Waived: LIM-2, by A. Rao until" in run.stdout


def test_junit_says_of_each_check_which_rule_it_judges_and_how_that_went() -> None:
    cases = list(Xml.parse(full_run.waived().out / "junit.xml").getroot().iter("testcase"))

    told = [{one.get("name"): one.get("value") for one in case.iter("property")} for case in cases]
    assert len(told) > 800
    assert {"requirement": "LIM-2", "verdict": "waived"} in told
    assert all(set(one) == {"requirement", "verdict"} for one in told)


def test_a_stale_waiver_fails_the_gate_and_says_so() -> None:
    run = full_run.waived()

    applied, stale = run.results["waivers"]
    assert (applied["status"], stale["status"]) == ("applied", "stale")
    assert applied["covers"]
    assert all(name.startswith("suites/host/limits/") and name.endswith("[awb]") for name in applied["covers"])
    assert run.status == 1
    said = "The waiver of FET-1 is stale, all that it excused passes now: B. Iyer takes it out."
    assert f"{said} Until then the gate fails." in run.stdout
    assert said in (run.out / "certificate.html").read_text("utf-8")


def test_results_with_waivers_fit_their_schema() -> None:
    schema = json.loads(paths.RESULTS_SCHEMA.read_text("utf-8"))

    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(full_run.waived().results)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[waiver]]\nrequirement = "LMI-2"\n', "mine.toml, line 2: there is no requirement 'LMI-2'; did you mean"),
        (
            '[[waiver]]\ncheck = "suites/limit.py*"\nowner = "A"\nreason = "x"\nticket = "T"\nexpires = 2099-01-01\n',
            "No check fits the waiver of suites/limit.py*",
        ),
    ],
    ids=["requirement", "check"],
)
def test_a_waiver_that_cannot_be_is_one_sentence_before_anything_starts(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")

    ended = full_run.selfship("certify", "--waivers", "mine.toml", cwd=tmp_path)

    assert ended.status == 2
    assert said in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["mine.toml"]
