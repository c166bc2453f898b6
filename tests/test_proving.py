"""`selfship prove` at work: real mocks, really certified."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from selfship.cli import cli
from selfship.proving import cases, digests
from selfship.proving.bench import Bench
from selfship.proving.cases import Case, Wanted
from selfship.proving.outcome import NOT_RUN, Outcome, kept
from selfship.proving.running import Nursery


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


def test_only_a_whole_proof_goes_on_record(tmp_path: Path) -> None:
    options = ["prove", "--kind", "plain", "--record", "--out", str(tmp_path)]

    ended = CliRunner().invoke(cli, options, standalone_mode=False)

    assert "--record is for a whole proof" in str(ended.exception)
    assert not Wanted(kinds=["plain"]).whole
