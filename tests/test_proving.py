"""`selfship prove` at work: real mocks, really certified."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from selfship import paths, requirements
from selfship.cli import cli
from selfship.proving import cases, digests, record
from selfship.proving.bench import Bench
from selfship.proving.cases import Case, Wanted
from selfship.proving.outcome import NOT_RUN, Outcome, kept
from selfship.proving.running import Nursery
from tests.proving import outcome


def the(kind: str, name: str) -> Case:
    (case,) = [one for one in cases.every() if (one.kind, one.name) == (kind, name)]
    return case


def test_a_host_that_refuses_the_credentials_is_not_praised() -> None:
    found = Nursery().run(the("null", "unauthorized"))

    assert found is not None
    assert found.verdict == NOT_RUN
    assert "refused the credentials" in found.note
    assert found.with_verdict("pass") == []


def test_a_case_that_takes_too_long_is_an_error() -> None:
    found = Nursery(timeout_s=0.01).run(the("plain", "plain"))

    assert found is not None
    assert found.verdict is None
    assert "had not ended after 0.01 s" in found.error


def test_a_mock_that_does_not_start_is_an_error() -> None:
    found = Nursery().run(Case("fault", "no_such_fault", "", "LIM-2"))

    assert found is not None
    assert found.verdict is None
    assert "no_such_fault" in found.error


def test_what_is_stopped_leaves_no_outcome() -> None:
    nursery = Nursery()
    results: list[Outcome | None] = []
    thread = threading.Thread(target=lambda: results.append(nursery.run(the("plain", "plain"))))
    thread.start()

    nursery.stop()
    thread.join(30)

    assert results == [None]


@pytest.fixture
def screen() -> Console:
    return Console(file=io.StringIO(), width=200)


def test_outcomes_are_kept_as_they_come_and_stand(tmp_path: Path, screen: Console) -> None:
    case = the("null", "unauthorized")

    first = Bench(tmp_path, 1, screen).prove([case], fresh=False)
    second = Bench(tmp_path, 1, screen).prove([case], fresh=False)

    assert first == second
    assert kept(case, digests.of_case(case.source, repr(case)), tmp_path) == first[case]
    assert "1 of 1 cases (1 stand from before)" in str(screen.file.getvalue())  # type: ignore[attr-defined] # a StringIO


def test_ctrl_c_keeps_what_has_ended(tmp_path: Path, screen: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path, 1, screen)
    done, never = the("null", "unauthorized"), the("null", "html")

    def run(nursery: Nursery, case: Case) -> Outcome | None:
        if case == never:
            raise KeyboardInterrupt
        return Outcome(case.id, digests.of_case(case.source, repr(case)), NOT_RUN)

    monkeypatch.setattr(Nursery, "run", run)
    found = bench.prove([done, never, the("null", "echo")], fresh=False)

    assert bench.interrupted
    assert list(found) == [done]
    assert [path.stem for path in (tmp_path / "cases").iterdir()] == [done.id]


def test_the_command_writes_the_kill_table(tmp_path: Path) -> None:
    ended = CliRunner().invoke(
        cli, ["prove", "--fault", "awb_takes_21", "--jobs", "2", "--out", str(tmp_path)], standalone_mode=False
    )

    assert ended.return_value == 4, ended.output
    assert "awb_takes_21" in ended.output
    found = json.loads((tmp_path / "kill-table.json").read_text(encoding="utf-8"))
    assert found["plain"] == "conforming"
    (row,) = found["faults"]
    assert (row["name"], row["fate"], row["laid_right"]) == ("awb_takes_21", "killed", True)
    assert 'id="fault-awb_takes_21"' in (tmp_path / "kill-table.html").read_text(encoding="utf-8")


@pytest.fixture
def perfect(monkeypatch: pytest.MonkeyPatch) -> dict[str, Outcome]:
    """Every case ends as it should, without being run; an entry makes one end otherwise."""
    otherwise: dict[str, Outcome] = {}

    def run(nursery: Nursery, case: Case) -> Outcome:
        told = "warn" if case.rule and requirements.load()[case.rule].level == "SHOULD" else "fail"
        broken = {case.rule.replace("-", "_"): told} if case.rule else {}
        verdict = NOT_RUN if case.kind == "null" else "incomplete" if case.incomplete else None
        ended = outcome(case, verdict, **broken)
        return otherwise.get(case.id, replace(ended, rules={}) if case.kind == "null" else ended)

    monkeypatch.setattr(Nursery, "run", run)
    monkeypatch.setattr(digests, "changed", lambda _: False)
    return otherwise


def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, bool]:
    """The exit status of a whole proof, and whether it went on record."""
    on_record = tmp_path / "proof.json"
    monkeypatch.setattr(record, "FILE", on_record)
    ended = CliRunner().invoke(cli, ["prove", "--record", "--out", str(tmp_path / "out")], standalone_mode=False)
    assert ended.exception is None, ended.output
    return ended.return_value, on_record.exists()


def test_a_perfect_proof_is_proven(
    perfect: dict[str, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert perfect == {}
    assert whole(tmp_path, monkeypatch) == (0, True)


def test_one_survivor_is_one_too_many(
    perfect: dict[str, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survivor = the("fault", "awb_takes_21")
    perfect[survivor.id] = outcome(survivor)

    assert whole(tmp_path, monkeypatch) == (1, True)


def test_a_proof_of_a_kit_that_changed_meanwhile_proves_nothing(
    perfect: dict[str, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "changed", lambda _: True)

    assert whole(tmp_path, monkeypatch) == (1, False)


def test_an_installed_kit_keeps_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "ROOT", paths.PACKAGE)

    ended = CliRunner().invoke(cli, ["prove", "--record", "--out", str(tmp_path)], standalone_mode=False)

    assert "use a checkout" in str(ended.exception)


def test_only_a_whole_proof_goes_on_record(tmp_path: Path) -> None:
    options = ["prove", "--kind", "plain", "--record", "--out", str(tmp_path)]

    ended = CliRunner().invoke(cli, options, standalone_mode=False)

    assert "--record is for a whole proof" in str(ended.exception)
    assert not Wanted(kinds=["plain"]).whole
