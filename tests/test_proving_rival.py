"""What schemathesis said, read from its report, and what of it counts as a catch."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from selfship.proving import rival
from selfship.proving.bench import Bench
from selfship.proving.cases import Case
from selfship.proving.rival import Word
from tests.proving import fault

PLAIN = Case("plain", "plain", "the mock as it is")


def event(code: str, operation: str, message: str) -> str:
    failure = {"type": "X", "code": code, "operation": operation, "message": message}
    checks = [{"name": "x", "status": "failure", "failure_info": {"failure": failure, "code_sample": "curl"}}]
    return json.dumps({"ScenarioFinished": {"recorder": {"checks": {"abc": checks}}, "status": "failure"}})


def test_complaints_are_read_wherever_they_stand(tmp_path: Path) -> None:
    report = tmp_path / "events.ndjson"
    lines = [
        json.dumps({"Initialize": {"seed": 0}}),
        event("ST201", "PUT /oms/v3/shipment/awb", "order 17708318940301766054\nwas taken"),
        event("ST201", "PUT /oms/v3/shipment/awb", "order 17708318940301766055 was  taken"),
    ]
    report.write_text("\n".join(lines) + "\n", encoding="utf-8")

    assert set(rival._complaints(report)) == {"ST# PUT /oms/v#/shipment/awb: order # was taken"}


def test_only_what_no_conforming_host_is_accused_of_is_a_catch() -> None:
    controls = rival.controls(PLAIN)
    case, missed, lost = fault(), fault("missed"), fault("lost")
    words = {
        controls[0].id: Word(controls[0].id, {}, ("a",)),
        controls[1].id: Word(controls[1].id, {}, ("b",)),
        case.id: Word(case.id, {}, ("a", "b", "c")),
        missed.id: Word(missed.id, {}, ("b",)),
        lost.id: Word(lost.id, {}, error="TimeoutExpired"),
    }

    found = {one.case: one for one in rival.caught(words, controls)}

    assert len(controls) == rival.CONTROLS
    assert found[case.id].new == ("c",)
    assert found[missed.id].new == ()
    assert found[lost.id].error == "TimeoutExpired"


def test_a_word_stands_until_something_changes(tmp_path: Path) -> None:
    case = fault()
    rival.save(Word(case.id, rival.of_case(case), ("a",), 1, 12.5), tmp_path)

    assert rival.kept(case, tmp_path) == Word(case.id, rival.of_case(case), ("a",), 1, 12.5)
    assert rival.kept(fault(rule="LIM-3"), tmp_path) is None

    for part in rival.STANDS_BY:
        rival.save(Word(case.id, {**rival.of_case(case), part: "sha256:9"}, ("a",)), tmp_path)
        assert rival.kept(case, tmp_path) is None

    rival.save(Word(case.id, rival.of_case(case), error="TimeoutExpired"), tmp_path)
    assert rival.kept(case, tmp_path) is None


def test_a_word_on_an_earlier_mock_stands_and_is_told_apart(tmp_path: Path) -> None:
    case = fault()
    before = Word(case.id, {**rival.of_case(case), "mock": "sha256:9"}, ("a",))
    rival.save(before, tmp_path)

    assert rival.kept(case, tmp_path) == before
    assert [one.earlier for one in rival.caught({case.id: before}, [])] == [True]
    assert [one.earlier for one in rival.caught({case.id: Word(case.id, rival.of_case(case))}, [])] == [False]


def test_what_it_has_said_in_a_folder_stands_beside_later_proofs(tmp_path: Path) -> None:
    bench = Bench(tmp_path, 1, Console(quiet=True))
    caught, never_asked = fault(), fault("never_asked")
    rival.save(Word(caught.id, rival.of_case(caught), ("a", "b")), tmp_path)
    assert bench.rival_so_far([PLAIN, caught, never_asked]) is None

    for control in rival.controls(PLAIN):
        rival.save(Word(control.id, rival.of_case(control), ("a",)), tmp_path)

    assert bench.rival_so_far([PLAIN, caught, never_asked]) == [rival.Caught(caught.id, ("b",))]
    assert bench.rival_so_far([PLAIN, never_asked]) is None
