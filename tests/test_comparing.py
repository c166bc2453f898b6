"""What changed between two runs: what is called a regression, what is not, and which runs are not compared."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from selfship.comparing import around, comparison, likeness, page, rules, telling
from selfship.comparing.command import Baseline
from selfship.comparing.comparison import Comparison
from selfship.comparing.rules import Kind
from selfship.errors import UsageError
from selfship.results import Evidence, Finding, Observation, RequirementResult, Results
from selfship.verdict import Level, RunVerdict, Verdict, worst
from tests import full_run, outline, sample_run
from tests.test_history import leave

P, F, W, B, U = Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.BLOCKED, Verdict.NOT_TESTABLE


def row(*, level: Level = "MUST", **checks: Verdict) -> RequirementResult:
    """LIM-2 with these checks and what each said."""
    findings = [
        Finding(name, verdict, f"{name} said so.", (3,), blocked_by="CON-1" if verdict is B else None)
        for name, verdict in checks.items()
        if verdict is not P
    ]
    evidence = [Evidence(name, name, (1,)) for name, verdict in checks.items() if verdict is P]
    return RequirementResult(
        "LIM-2", level, "LIM", "Never 21.", "API", worst(checks.values()), len(checks), findings, evidence
    )


def run(*rows: RequirementResult, suites: str = "sha256:1") -> Results:
    return Results(
        kit={"version": "1", "requirements_digest": "r", "suites_digest": suites},
        run={"id": "a", "started": "2026-03-02T09:30:00+00:00", "narrowed": False, "seed": 0},
        target={"url": "http://h", "role": "host", "profile": {"name": "h", "edition": "strict"}},
        verdict=RunVerdict.CONFORMING,
        requirements=list(rows),
    )


def kinds(old: Results, new: Results) -> list[Kind]:
    return [one.kind for one in rules.changes(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (row(a=P), row(a=F), Kind.REGRESSION),
        (row(a=P, level="SHOULD"), row(a=W, level="SHOULD"), Kind.REGRESSION),
        (row(a=F, b=P), row(a=F, b=F), Kind.REGRESSION),
        (row(a=F, b=P), row(a=F, b=P), Kind.STILL_FAILING),
        (row(a=F, b=B), row(a=P, b=F), Kind.STILL_FAILING),
        (row(a=F), row(a=Verdict.WAIVED), Kind.STILL_FAILING),
        (row(a=Verdict.WAIVED), row(a=F), Kind.STILL_FAILING),
        (row(a=P), row(a=Verdict.WAIVED), Kind.NEWLY_WAIVED),
        (row(a=F), row(a=P), Kind.FIXED),
        (row(a=Verdict.WAIVED), row(a=P), Kind.FIXED),
        (row(a=P), row(a=B), Kind.NO_LONGER_TESTED),
        (row(a=P, b=P), row(a=P, b=U), Kind.NO_LONGER_TESTED),
        (row(a=F), row(a=U), Kind.NO_LONGER_TESTED),
        (row(a=U), row(a=P), Kind.NEWLY_TESTED),
        (row(a=B), row(a=F), Kind.NEWLY_TESTED),
        (row(a=Verdict.ERROR), row(a=P), Kind.INCONCLUSIVE),
        (row(a=P), row(a=Verdict.ERROR), Kind.INCONCLUSIVE),
        (row(a=P), row(a=P), None),
        (row(a=U), row(a=B), None),
        (row(a=P, b=P), row(a=P), None),
    ],
)
def test_what_became_of_a_rule(old: RequirementResult, new: RequirementResult, kind: Kind | None) -> None:
    assert kinds(run(old), run(new)) == ([kind] if kind else [])


def test_a_scenario_that_breaks_at_a_rule_that_held_is_a_regression_and_its_absence_a_mend() -> None:
    broken = row(a=P)
    broken.findings.append(Finding("scenario forward, step pack", F, "The pack was refused."))
    broken.verdict = F

    assert kinds(run(row(a=P)), run(broken)) == [Kind.REGRESSION]
    assert kinds(run(broken), run(row(a=P))) == [Kind.FIXED]


def test_what_fails_now_and_then_is_no_regression_that_a_gate_can_trust() -> None:
    now = row(a=F, b=F)
    now.findings[0] = replace(now.findings[0], stability="flaky 1 of 3")

    assert kinds(run(row(a=P, b=P)), run(now)) == [Kind.REGRESSION]
    now.findings[1] = replace(now.findings[1], stability="flaky 2 of 3")
    assert kinds(run(row(a=P, b=P)), run(now)) == [Kind.INCONCLUSIVE]
    now.findings[1] = replace(now.findings[1], stability="late by 0.4 s")
    assert kinds(run(row(a=P, b=P)), run(now)) == [Kind.REGRESSION]


def test_a_check_that_only_the_newer_kit_has_shows_no_regression() -> None:
    assert kinds(run(row(a=P)), run(row(a=P, new=F), suites="sha256:2")) == [Kind.NEWLY_TESTED]
    assert kinds(run(row(a=P)), run(row(a=P, new=F))) == [Kind.REGRESSION]


def test_a_failed_check_that_is_no_longer_in_the_kit_leaves_it_open() -> None:
    assert kinds(run(row(a=P, gone=F)), run(row(a=P), suites="sha256:2")) == [Kind.INCONCLUSIVE]


def test_what_a_regression_blocks_is_none_of_its_own() -> None:
    (change,) = rules.changes(run(row(a=P)), run(row(a=B)))

    assert change.words == "It is blocked by CON-1: a said so."


Changed = Callable[[Results], object]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.target.update(role="client"), "one judges a host, the other a client"),
        (lambda r: r.target.update(profile={"name": "fynd", "edition": "strict"}), ""),
        (lambda r: r.target["profile"].update(edition="extended"), "edition is strict in the old one and extended in"),
        (lambda r: r.target["profile"].update(edition=None), ""),
        (lambda r: r.target.update(url="http://other"), ""),
        (lambda r: r.run.update(narrowed=True), "the new one was narrowed to some of its checks, the other was not"),
        (lambda r: r.requirements.clear(), "only one of them has LIM-2"),
        (lambda r: setattr(r.requirements[0], "level", "SHOULD"), "LIM-2 says something else in the other run"),
    ],
    ids=["role", "one profile", "switch", "unknown switch", "address", "narrowed", "rules", "level"],
)
def test_runs_of_different_things_are_not_compared(change: Changed, said: str) -> None:
    old, new = run(row(a=P)), run(row(a=P))
    change(new)

    reasons = likeness.unlike(old, new)

    assert (reasons != []) == bool(said)
    if said:
        assert said in reasons[0]
        with pytest.raises(UsageError, match=r"not of the same thing: .*--anyway"):
            comparison.refuse_unlike(old, new)


def test_two_profiles_that_were_named_are_two_things() -> None:
    old, new = run(), run()
    old.target["profile"]["name"], new.target["profile"]["name"] = "fynd", "ginesys"

    assert likeness.unlike(old, new) == ["their profiles are fynd and ginesys"]


@pytest.mark.parametrize(
    ("was", "now", "changed"),
    [
        ((40, 100, 200), (40, 160, 320), True),
        ((40, 160, 320), (40, 100, 200), True),
        ((40, 100, 200), (40, 160, 200), False),
        ((29, 100, 200), (40, 160, 320), False),
        ((40, 10, 20), (40, 30, 60), False),
        ((40, 0, 0), (40, 60, 60), True),
    ],
    ids=["slower", "faster", "median alone", "few answers", "milliseconds", "from nothing"],
)
def test_a_latency_changes_only_beyond_noise(
    was: tuple[int, float, float], now: tuple[int, float, float], changed: bool
) -> None:
    old, new = run(), run()
    for one, (n, p50, p95) in ((old, was), (new, now)):
        one.latency_ms = {"PUT /oms/v3/shipment/status": {"n": n, "p50": p50, "p95": p95, "max": p95}}

    assert bool(around.latency(old, new)) == changed


def test_an_answer_that_changed_is_news_though_no_rule_is_broken() -> None:
    asked = Observation("LIM-4", "What does an empty array get?", "400 for order 17708318940301766054")
    same = replace(asked, observed="400 for order 17708318940301766055")
    other = replace(asked, observed="200, counted 0")

    assert around.dialect([asked], [same]) == []
    (news,) = around.dialect([asked], [other])
    assert (news.id, news.old, news.new) == ("LIM-4", asked.observed, "200, counted 0")
    assert [one.new for one in around.dialect([asked], [])] == [None]


def test_a_status_that_was_never_answered_before_is_news() -> None:
    wire = sample_run.Wire()
    old = [wire.push("bag_picked", 400, failed=1) for _ in range(3)]
    new = [wire.push("bag_picked", 422, failed=1) for _ in range(3)]

    assert [(one.question, one.old, one.new) for one in around.statuses(old, new)] == [
        ("How often is HTTP 400 answered?", "3 of 3 answers", "never"),
        ("How often is HTTP 422 answered?", "never", "3 of 3 answers"),
    ]
    assert around.statuses(old, [*old, new[0]]) == []
    unasked = [replace(one, scenario="another") for one in new]
    assert around.statuses(old, unasked) == []


def of_samples(old: str, new: str) -> Comparison:
    (was, before), (now, after) = sample_run.ALL[old](), sample_run.ALL[new]()
    return comparison.of(was, now, before, after)


def test_the_samples_compare_as_a_reader_would() -> None:
    found = of_samples("conforming", "nonconforming")

    assert sorted(one.id for one in found.regressions) == ["BAT-3", "LIM-2", "NDR-2", "STA-1"]
    assert [one.id for one in of_samples("conforming", "conforming").changes] == []
    assert {one.kind for one in of_samples("nonconforming", "conforming").changes} == {Kind.FIXED, Kind.NEWLY_TESTED}
    assert [one.kind for one in of_samples("conforming", "waived").changes] == [Kind.NEWLY_WAIVED]


def test_each_form_names_the_regressions() -> None:
    found = of_samples("conforming", "nonconforming")

    data = json.loads(json.dumps(found.to_json()))
    html = page.render(found)
    for text in (telling.markdown(found), "\n".join(line.plain for line in telling.lines(found)), html):
        for one in found.regressions:
            assert one.id in text
        assert "4 regressions" in text
    assert data["schema"] == "selfship-comparison/1"
    assert sorted(data["regressions"]) == ["BAT-3", "LIM-2", "NDR-2", "STA-1"]
    assert outline.read(html)


def test_a_host_cannot_write_into_the_comparison() -> None:
    found = of_samples("conforming", "hostile")

    assert "<script>alert" not in page.render(found)
    assert "<img" not in telling.markdown(found)
    assert "`" not in telling.markdown(found).replace("\\`", "")
    assert all(line.plain.isprintable() or "\n" in line.plain for line in telling.lines(found))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[full_run.Ended, full_run.Ended]:
    """The same host twice, the second time with one fault and held against the first."""
    before, after = (tmp_path_factory.mktemp(name) for name in ("before", "after"))
    chosen = ("--suite", "limits", "--suite", "documents")
    old = full_run.certified(before, *chosen)
    return old, full_run.certified(after, *chosen, "--baseline", old.out, faults=["awb_takes_21"])


def test_of_one_fault_added_between_exactly_its_rule_is_a_regression(
    pair: tuple[full_run.Ended, full_run.Ended], tmp_path: Path
) -> None:
    old, new = pair

    told = full_run.selfship("compare", old.out, new.out, "--json", "--html", "c.html", cwd=tmp_path)

    assert json.loads(told.stdout)["regressions"] == ["LIM-2"]
    assert told.status == 1
    assert "LIM-2" in (tmp_path / "c.html").read_text("utf-8")
    back = full_run.selfship("compare", new.out, old.out / "results.json", "--markdown", cwd=tmp_path)
    assert back.status == 0
    assert "#### Fixed (1)" in back.stdout


def test_a_baseline_is_told_and_left_in_the_runs_folder(pair: tuple[full_run.Ended, full_run.Ended]) -> None:
    _, new = pair

    assert new.status == 1
    assert "Regressions (1)\n  LIM-2 (MUST) pass → fail" in new.stdout
    assert json.loads((new.out / "comparison.json").read_text("utf-8"))["regressions"] == ["LIM-2"]
    assert (new.out / "comparison.html").is_file()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no run old: give the folder"),
        ("", "old is not JSON"),
        ("{}", "old is not the results.json of a run"),
        ('{"schema": "selfship-results/1"}', "old is damaged (KeyError: 'verdict')"),
        ('{"schema": "selfship-results/1", "requirements": [{"id": 7}]}', "old is damaged at /requirements/0/id"),
        ("[" * 100_000, "old is not JSON"),
    ],
)
def test_what_is_no_run_is_one_sentence(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "old").write_text(content, encoding="utf-8")

    for command in (("compare", "old", "old"), ("certify", "--baseline", "old")):
        ended = full_run.selfship(*command, cwd=tmp_path)

        assert ended.status == 2
        assert said in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1


def test_a_gate_whose_baseline_is_of_another_thing_does_not_pass(tmp_path: Path) -> None:
    old, new = leave(tmp_path / "old", "conforming", 1), leave(tmp_path / "new", "conforming", 2, narrowed=True)
    baseline = Baseline(old, tmp_path)

    status, told = baseline.conclude(new, 0)

    assert status == 2
    assert "Not compared with the baseline. These runs are not of the same thing" in told[0].plain
    assert baseline.conclude(new, 4)[0] == 4
    assert not (new / "comparison.html").exists()


@pytest.mark.parametrize(("of_run", "status"), [(0, 1), (4, 1), (1, 1), (3, 3), (130, 130)])
def test_a_regression_fails_the_gate_of_a_run_that_else_would_pass(tmp_path: Path, of_run: int, status: int) -> None:
    old, new = leave(tmp_path / "old", "conforming", 1), leave(tmp_path / "new", "nonconforming", 2)

    assert Baseline(old, tmp_path).conclude(new, of_run)[0] == status
    assert Baseline(new, tmp_path).conclude(old, of_run)[0] == of_run


def test_a_baseline_is_read_before_the_new_run_is_written_over_it(tmp_path: Path) -> None:
    folder = leave(tmp_path / "run", "conforming", 1)
    baseline = Baseline(folder, tmp_path)
    shutil.rmtree(folder)
    leave(folder, "nonconforming", 2)

    assert {one.id for one in baseline.compare(folder).regressions} == {"BAT-3", "LIM-2", "NDR-2", "STA-1"}
