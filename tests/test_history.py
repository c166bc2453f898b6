"""The history of an archive: runs host by host, what moved between them, and folders that hold none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from selfship.cli import cli
from selfship.errors import UsageError
from selfship.history import chronicle, page, reading
from selfship.history.chronicle import Host
from selfship.run import write_json
from tests import outline, sample_run

DAYS = ("conforming", "nonconforming", "nonconforming", "waived", "conforming")


def leave(folder: Path, sample: str, day: int, *, name: str = "uat", **run: object) -> Path:
    """A run of a sample, as it would lie in `folder`."""
    results, _ = sample_run.ALL[sample]()
    results.run |= {"started": f"2026-03-{day:02d}T09:30:00+00:00", "id": folder.name, **run}
    results.target["profile"]["name"] = name
    folder.mkdir(parents=True)
    write_json(folder / "results.json", results.to_json())
    (folder / "certificate.html").write_text("a certificate", encoding="utf-8")
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Five runs of one host in folders of CI, and one of another."""
    for place, sample in enumerate(DAYS, 1):
        leave(tmp_path / f"job {place}" / "certificate", sample, place)
    return leave(tmp_path / "other", "incomplete", 9, name="fynd").parent


def hosts(folder: Path) -> list[Host]:
    return chronicle.hosts(reading.read(folder).runs)


def history(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["history", *map(str, arguments)], catch_exceptions=True)


def test_runs_are_told_by_host_and_in_order(archive: Path) -> None:
    fynd, uat = hosts(archive)

    assert (fynd.name, len(fynd.entries)) == ("fynd, BLR-01", 1)
    assert [one.started[8:10] for one in uat.entries] == ["01", "02", "03", "04", "05"]
    assert [one.verdict.value for one in uat.entries] == [
        "conforming", "nonconforming", "nonconforming", "conforming_with_waivers", "conforming",
    ]  # fmt: skip


def test_each_run_is_held_against_the_one_before(archive: Path) -> None:
    _, uat = hosts(archive)
    first, second, third, fourth, fifth = uat.entries

    assert (first.before, first.regressions) == (None, ())
    assert set(second.regressions) == {"NDR-2", "STA-1", "LIM-2", "BAT-3"}
    assert (third.before, third.regressions, third.fixed) == (second.started, (), ())
    assert set(fourth.fixed) == {"NDR-2", "STA-1", "BAT-3"}
    assert fifth.fixed == ("LIM-2",)


def test_a_run_of_another_thing_is_skipped_over(archive: Path) -> None:
    leave(archive / "narrow", "nonconforming", 6, narrowed=True)
    leave(archive / "last", "conforming", 7)

    *_, fifth, narrow, last = hosts(archive)[1].entries

    assert (narrow.before, narrow.narrowed) == (None, True)
    assert last.before == fifth.started


def test_the_trend_says_where_a_host_stands_and_since_when(archive: Path) -> None:
    shutil.rmtree(archive / "job 4")
    shutil.rmtree(archive / "job 5")
    fynd, uat = hosts(archive)

    assert fynd.trend == "Incomplete."
    assert uat.trend.startswith(
        "Nonconforming, as in the last 2 runs. Broken since 2026-03-02: NDR-2, STA-1 and LIM-2."
    )
    leave(archive / "more", "conforming", 8)
    moved = hosts(archive)[1].trend
    assert moved.startswith("Conforming. ")
    assert moved.endswith("MUST rules more held than in the run before.")


def test_only_narrowed_runs_certify_nothing(tmp_path: Path) -> None:
    leave(tmp_path / "a", "conforming", 1, narrowed=True)

    assert hosts(tmp_path)[0].trend == "No whole run so far: nothing is certified."


def test_what_is_no_run_is_left_out_with_a_sentence(archive: Path) -> None:
    for name, content in (("foreign", '{"tests": []}'), ("broken", "{"), ("old", '{"schema": "selfship-results/1"}')):
        (archive / name).mkdir()
        (archive / name / "results.json").write_text(content, encoding="utf-8")
    (archive / "killed").mkdir()
    (archive / "killed" / "exchanges.jsonl").touch()
    shutil.copytree(archive / "other", archive / "twin")

    told = history(archive)

    assert told.exit_code == 0
    assert "uat, BLR-01" in told.stdout
    said = told.stderr.splitlines()
    assert len(said) == 5
    assert any("killed holds a run that did not end." in line for line in said)
    assert any("foreign/results.json is not the results.json of a run" in line for line in said)
    assert any("broken/results.json is not JSON." in line for line in said)
    assert any("old/results.json is damaged (KeyError: 'verdict')." in line for line in said)
    assert any("twin is the run in other once more." in line for line in said)


def test_programs_get_every_verdict_of_every_rule(archive: Path) -> None:
    said = json.loads(history(archive, "--json").stdout)

    uat = said["hosts"][1]
    assert said["schema"] == "selfship-history/1"
    assert uat["rules"]["LIM-2"] == ["pass", "fail", "fail", "waived", "pass"]
    assert [run["regressions"] for run in uat["runs"]][2:] == [[], [], []]
    assert uat["runs"][4]["fixed"] == ["LIM-2"]


def test_a_folder_without_runs_is_said(tmp_path: Path) -> None:
    empty, missing = history(tmp_path), history(tmp_path / "none")

    assert isinstance(empty.exception, UsageError)
    assert "holds no run" in str(empty.exception)
    assert isinstance(missing.exception, UsageError)
    assert "There is no folder" in str(missing.exception)


def test_the_page_draws_rules_by_runs_and_leads_to_the_certificates(archive: Path) -> None:
    told = history(archive, "--html", archive / "history.html")

    html = (archive / "history.html").read_text("utf-8")
    found = outline.read(html)
    assert told.exit_code == 0
    links = {one.attributes.get("href") for one in found if one.tag == "a"}
    assert "job%202/certificate/certificate.html" in links
    assert html.count('title="LIM-2: fail"') == 2
    assert html.count('title="LIM-2: waived"') == 1
    assert "6 runs of 2 hosts or clients." in html


def test_a_host_cannot_write_into_the_page(tmp_path: Path) -> None:
    leave(tmp_path / "a", "hostile", 1, name=sample_run.HOSTILE)

    html = page.render(hosts(tmp_path), ["<script>alert(1)</script>"], tmp_path)

    assert "<script>alert" not in html
    assert "<img" not in html
