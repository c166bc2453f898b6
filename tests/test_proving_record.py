"""What a proof leaves behind: outcomes that stand as long as nothing changes, and the kill rate on record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfship.proving import outcome as outcomes
from selfship.proving import record, report
from selfship.proving.cases import Case
from selfship.proving.kills import table
from selfship.proving.outcome import Outcome, Said
from tests.proving import broken, fault, outcome

DIGESTS = {"judge": "sha256:1", "mock": "sha256:2", "own": "sha256:3", "case": "sha256:4"}


def results(*findings: dict[str, object]) -> dict[str, object]:
    rows = [
        {"id": "LIM-2", "verdict": "fail", "findings": list(findings)},
        {"id": "LIM-5", "verdict": "pass", "findings": []},
    ]
    return {"verdict": "nonconforming", "requirements": rows, "run": {"requests": 12, "wall_s": 3.5, "narrowed": False}}


def finding(verdict: str, message: str) -> dict[str, object]:
    return {"verdict": verdict, "message": message, "check": "suites/x.py::test_x", "blocked_by": None}


def test_an_outcome_keeps_the_loudest_findings() -> None:
    quiet = [finding("blocked", f"blocked {number}") for number in range(outcomes.KEPT)]

    found = outcomes.of_results(fault(), DIGESTS, results(*quiet, finding("fail", "21 were taken")), 4.25)

    assert found.said["LIM-2"][0] == Said("fail", "21 were taken", "suites/x.py::test_x")
    assert len(found.said["LIM-2"]) == outcomes.KEPT
    assert found.rules == {"LIM-2": "fail", "LIM-5": "pass"}
    assert (found.requests, found.run_s, found.wall_s) == (12, 3.5, 4.25)


def test_an_outcome_stands_until_something_changes(tmp_path: Path) -> None:
    case = fault()
    found = outcomes.of_results(case, DIGESTS, results(finding("fail", "21 were taken")), 4.25)
    outcomes.save(found, case, tmp_path)

    assert outcomes.kept(case, DIGESTS, tmp_path) == found
    for name in DIGESTS:
        assert outcomes.kept(case, {**DIGESTS, name: "sha256:9"}, tmp_path) is None


@pytest.mark.parametrize("text", [None, "{", "[]", '{"schema": "selfship-case/1"}', '{"schema": "older/1"}'])
def test_what_is_no_outcome_does_not_stand(tmp_path: Path, text: str | None) -> None:
    path = outcomes.file_of(fault(), tmp_path)
    if text is not None:
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")

    assert outcomes.kept(fault(), DIGESTS, tmp_path) is None


@pytest.mark.parametrize("ended", [broken(fault()), outcome(fault(), "error", LIM_2="error")], ids=["no run", "broke"])
def test_an_error_is_tried_again(tmp_path: Path, ended: Outcome) -> None:
    outcomes.save(ended, fault(), tmp_path)

    assert outcomes.kept(fault(), {}, tmp_path) is None


@pytest.fixture
def on_record(tmp_path: Path) -> Path:
    """A proof of one fault, put on record."""
    plain, case = Case("plain", "plain", ""), fault()
    found = table({plain: outcome(plain), case: outcome(case, LIM_2="fail")})
    proven = report.proof(found, started="2026-03-02T09:30:00+00:00", wall_s=2.0, whole=True, rival=None)
    path = tmp_path / "proof.json"
    record.record(proven, report.to_json(proven), path)
    return path


def test_the_kill_rate_is_on_record(on_record: Path) -> None:
    found = record.recorded(on_record)

    assert found is not None
    assert not found.stale
    assert (found.rate("must"), found.rate("should")) == (1.0, None)
    assert found.recorded == "2026-03-02T09:30:00+00:00"
    assert found.kill_table.startswith("sha256:")
    assert "1 of 1 seeded faults against a MUST" in found.sentence


def test_the_kill_rate_of_clients_is_on_a_record_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "CLIENTS_FILE", tmp_path / "clients.json")
    case = Case("fault", "awb_21", "sends 21 AWBs", "AGG-3", side="client")
    ended = Outcome(case.id, {}, "nonconforming", {"AGG-3": "fail"})
    proven = report.proof(table({case: ended}), started="2026-03-02T09:30:00+00:00", wall_s=2.0, whole=True, rival=None)
    record.record(proven, report.to_json(proven))

    found = record.recorded(side="client")

    assert found is not None
    assert not found.stale
    assert "1 of 1 bad clients against a MUST are caught" in found.sentence


@pytest.mark.parametrize("changed", ["requirements_digest", "suites_digest", "judge_digest", "mock_digest", "version"])
def test_a_record_of_another_kit_is_stale(on_record: Path, changed: str) -> None:
    written = json.loads(on_record.read_text(encoding="utf-8"))
    written["kit"][changed] = "another"
    on_record.write_text(json.dumps(written), encoding="utf-8")

    found = record.recorded(on_record)

    assert found is not None
    assert found.stale


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "selfship-recorded-proof/1"}'])
def test_what_is_no_record_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "proof.json").write_text(text, encoding="utf-8")

    assert record.recorded(tmp_path / "proof.json") is None
    assert record.recorded(tmp_path / "nothing.json") is None
