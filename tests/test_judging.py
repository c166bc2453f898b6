"""From checks to results: each failure is laid at one rule, what follows from it is blocked, and costs are counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from selfship import judging, lifecycle, requirements
from selfship.exchanges import Exchange
from selfship.judging import Check, laid
from selfship.lifecycle import Event, State
from selfship.operations import OPERATIONS
from selfship.requirements import Requirement
from selfship.results import Finding, RequirementResult
from selfship.scenario import Recording, Step
from selfship.verdict import Level, Verdict
from tests.sample_run import Wire

V, S, E = Verdict, State, Event
LEVELS = {"FWD-4": "MUST", "FWD-5": "MUST", "CON-1": "MUST", "CON-8": "MUST", "RET-6": "SHOULD", "FWD-8": "OBSERVE"}


def check(rule: str, verdict: Verdict = V.FAIL, name: str = "", *exchanges: int, **fields: Any) -> Check:
    return Check(name or f"test_{rule}", f"{rule} holds", rule, verdict, exchanges=exchanges, **fields)


def sent(*operations: str) -> list[Exchange]:
    wire = Wire()
    for operation in operations:
        wire.send(operation, [], 200, {})
    return wire.exchanges


def step(outcome: str = "refused", **fields: Any) -> Step:
    usual: dict[str, Any] = {
        "name": "pack",
        "rule": "FWD-4",
        "order": "17",
        "state": S.DP_ASSIGNED,
        "event": E.PACK,
        "message": f"Pack was {outcome}.",
        "exchanges": [1],
        "cell": lifecycle.cell(S.DP_ASSIGNED, E.PACK),
    }
    return Step(outcome=outcome, **{**usual, **fields})


def told(checks: list[Check]) -> list[tuple[str, Verdict, str | None]]:
    return [(one.requirement, one.verdict, one.blocked_by) for one in checks]


def cell(state: State, event: Event, rule: str) -> Check:
    return check(rule, V.FAIL, f"test_{rule}[{state}-{event}]", cell=(state, event))


def test_a_cell_of_two_rules_is_laid_at_the_one_that_explains_most() -> None:
    both = cell(S.PLACED, E.DELIVERY_DONE, "STA-6")
    assert lifecycle.cell(S.PLACED, E.DELIVERY_DONE).rules == ("STA-6", "STA-1")

    alone = laid([both], [], {}, [])
    skips = laid([both, cell(S.BAG_PACKED, E.DELIVERY_DONE, "STA-1")], [], {}, [])

    assert told(alone) == [("STA-6", V.FAIL, None)]
    assert told(skips) == [("STA-1", V.FAIL, None), ("STA-6", V.BLOCKED, "STA-1"), ("STA-1", V.FAIL, None)]


def test_cells_that_passed_explain_nothing() -> None:
    passed = replace(cell(S.BAG_PACKED, E.DELIVERY_DONE, "STA-1"), verdict=V.PASS)
    found = laid([cell(S.PLACED, E.DELIVERY_DONE, "STA-6"), passed], [], {}, [])
    assert told(found) == [("STA-6", V.FAIL, None), ("STA-1", V.PASS, None)]


@pytest.mark.parametrize(("of_two", "verdict"), [("awb", V.BLOCKED), ("pack", V.FAIL)])
def test_too_many_items_explains_the_same_operation_alone(of_two: str, verdict: Verdict) -> None:
    found = laid([check("LIM-3", V.FAIL, "test_x[awb]"), check("LIM-2", V.FAIL, f"test_y[{of_two}]")], [], {}, [])
    assert told(found) == [("LIM-3", verdict, "LIM-2" if verdict is V.BLOCKED else None), ("LIM-2", V.FAIL, None)]


@pytest.mark.parametrize(("operation", "verdict"), [("pack", V.BLOCKED), ("dispatch", V.FAIL)])
def test_a_broken_step_explains_batches_of_its_own_operation(operation: str, verdict: Verdict) -> None:
    found = laid([check("BAT-1", V.FAIL, "", 1), check("FWD-4", V.FAIL, "", 2)], [], {}, sent(operation, "pack"))
    assert told(found)[0] == ("BAT-1", verdict, "FWD-4" if verdict is V.BLOCKED else None)
    assert told(found)[1] == ("FWD-4", V.FAIL, None)


def test_without_evidence_no_operation_is_the_same() -> None:
    found = laid([check("BAT-1"), check("FWD-4")], [], {}, sent("pack"))
    assert [one.verdict for one in found] == [V.FAIL, V.FAIL]


def test_an_explained_warning_is_blocked_and_a_pass_stays() -> None:
    checks = [check("STA-12", V.WARN, "", 1), check("BAT-3", V.PASS), check("BAT-2", V.FAIL, "", 2)]
    found = laid(checks, [], {}, sent("pack", "pack"))
    assert told(found) == [("STA-12", V.BLOCKED, "BAT-2"), ("BAT-3", V.PASS, None), ("BAT-2", V.FAIL, None)]


def test_a_warning_explains_no_failure() -> None:
    assert told(laid([check("BAT-3"), check("BAT-2", V.WARN)], [], {}, []))[0] == ("BAT-3", V.FAIL, None)


def test_only_rules_that_exist_are_explained_and_explain() -> None:
    known = set(requirements.load())
    for rules, by, where in judging.EXPLAINED:
        assert set(by) <= known
        assert set(rules) <= known | set(requirements.groups())
        assert {*where.split()} <= {"any", "same", "operation", "request", "journey", *OPERATIONS, *Event}


@pytest.mark.parametrize(
    ("seen", "cause"),
    [
        *(("STA-1", cause) for cause in ("FET-13", "RET-1", "FWD-6", "CON-2")),
        *(("LIM-2", cause) for cause in ("FET-13", "FWD-6", "CON-2", "CON-3", "FET-12", "STA-7")),
        *(("VAL-1", cause) for cause in ("FET-13", "FWD-6")),
        *(("FET-5", cause) for cause in ("CON-7", "FET-3")),
        ("ELI-1", "FET-13"),
        ("ELI-2", "FWD-6"),
        ("LIM-1", "CON-2"),
        ("DOC-3", "FET-13"),
        ("AUT-1", "FET-12"),
    ],
)
def test_what_does_not_work_makes_no_host_do_what_it_must_not(seen: str, cause: str) -> None:
    found = laid([check(seen, V.FAIL, "", 1), check(cause, V.FAIL, "", 2)], [], {}, sent("awb", "awb"))
    assert told(found) == [(seen, V.FAIL, None), (cause, V.FAIL, None)]


@pytest.mark.parametrize(
    ("tried", "verdict"), [(["bag_picked"], V.FAIL), (["bag_picked", "out_for_delivery"], V.BLOCKED), ([], V.BLOCKED)]
)
def test_a_status_that_is_not_taken_explains_batches_of_that_status_alone(tried: list[str], verdict: Verdict) -> None:
    wire = Wire()
    for values in (tried, ["out_for_delivery"]):
        wire.send("status", [{"orderId": "17", "orderStatus": value} for value in values], 200, {})
    found = laid([check("LIM-1", V.FAIL, "", 1), check("NDR-1", V.FAIL, "", 2)], [], {}, wire.exchanges)
    assert told(found)[0] == ("LIM-1", verdict, "NDR-1" if verdict is V.BLOCKED else None)


@pytest.mark.parametrize(("skipped", "verdict"), [("return_bag_delivered", V.BLOCKED), ("delivery_done", V.FAIL)])
def test_a_return_that_skips_a_milestone_explains_what_follows_on_returns_alone(skipped: str, verdict: Verdict) -> None:
    wire = Wire()
    for value in ("return_bag_in_transit", skipped):
        wire.push(value)
    found = laid([check("AUT-3", V.FAIL, "", 1), check("STA-1", V.FAIL, "", 2)], [], {}, wire.exchanges)
    assert told(found)[0] == ("AUT-3", verdict, "STA-1" if verdict is V.BLOCKED else None)


@pytest.mark.parametrize(("value", "verdict"), [("return_bag_delivered", V.BLOCKED), ("delivery_done", V.FAIL)])
def test_an_awb_that_moves_returns_explains_skipped_milestones_of_returns_alone(value: str, verdict: Verdict) -> None:
    wire = Wire()
    wire.push(value)
    found = laid([check("STA-1", V.FAIL, "", 1), check("RET-1")], [], {}, wire.exchanges)
    assert told(found)[0] == ("STA-1", verdict, "RET-1" if verdict is V.BLOCKED else None)


def test_what_only_broke_a_scenario_wants_explaining_and_explains_nothing() -> None:
    broke = check("FWD-4", V.FAIL, f"{judging.SCENARIO}forward, step pack", 1)
    of_batch, of_envelope = check("BAT-1", V.FAIL, "", 1), check("CON-2", V.FAIL, "", 1)

    assert told(laid([broke, of_batch], [], {}, sent("pack"))) == [
        ("FWD-4", V.BLOCKED, "BAT-1"),
        ("BAT-1", V.FAIL, None),
    ]
    assert told(laid([broke, of_envelope], [], {}, sent("pack")))[0] == ("FWD-4", V.BLOCKED, "CON-2")
    assert told(laid([broke], [], {}, sent("pack"))) == [("FWD-4", V.FAIL, None)]


def broken(outcome: str = "refused", name: str = "forward", **fields: Any) -> Recording:
    return Recording(name, broken=step(outcome, **fields))


def test_a_step_that_broke_a_scenario_becomes_a_failure_of_its_rule_once() -> None:
    found = laid([], [broken(), broken(name="batches")], LEVELS, [])
    assert told(found) == [("FWD-4", V.FAIL, None)]
    assert (found[0].id, found[0].message) == ("scenario forward, step pack", "Pack was refused.")
    assert (found[0].exchanges, found[0].rests_on) == ((1,), ("forward",))


@pytest.mark.parametrize(
    ("recording", "expected"),
    [
        (broken("server_error"), [("CON-8", V.FAIL, None)]),
        (broken("no_route"), [("CON-1", V.FAIL, None)]),
        (broken("no_answer"), []),
        (broken(rule="RET-6"), [("RET-6", V.WARN, None)]),
        (broken(rule="FWD-8"), []),
        (broken(rule="NDR-1"), []),
        (Recording("forward"), []),
    ],
    ids=["server error", "no route", "no answer", "should", "observe", "of another edition", "whole"],
)
def test_whose_failure_a_broken_step_is(recording: Recording, expected: list[Any]) -> None:
    assert told(laid([], [recording], LEVELS, [])) == expected


def test_a_step_that_a_check_has_failed_for_is_not_counted_again() -> None:
    assert told(laid([check("FWD-4")], [broken()], LEVELS, [])) == [("FWD-4", V.FAIL, None)]


def test_what_rests_on_something_untried_cannot_be_tried_either() -> None:
    advice = "Prepare 4 returns in return_dp_assigned."
    found = laid(
        [
            check("RET-4", V.BLOCKED, blocked_by="RET-3"),
            check("RET-3", V.BLOCKED, blocked_by="RET-2"),
            check("RET-2", V.NOT_TESTABLE, advice=advice),
        ],
        [],
        {},
        [],
    )
    assert [(one.verdict, one.advice, one.blocked_by) for one in found] == [(V.NOT_TESTABLE, advice, None)] * 3
    assert found[0].message == advice


def test_what_rests_on_something_broken_stays_blocked() -> None:
    kept = [check("FWD-5", V.BLOCKED, blocked_by="FWD-4"), check("FWD-4")]
    assert laid(kept, [], {}, []) == kept
    unnamed = [check("FWD-5", V.BLOCKED), check("FWD-6", V.BLOCKED, blocked_by="the fixture")]
    assert laid(unnamed, [], {}, []) == unnamed


def test_a_check_blocked_by_its_own_rule_gets_advice() -> None:
    (found,) = laid([check("FWD-5", V.BLOCKED, blocked_by="FWD-5", message="No order came")], [], {}, [])
    assert found.verdict is V.NOT_TESTABLE
    assert found.advice == "No order came. Prepare more orders, in more states."


def requirement(rule: str, level: Level = "MUST") -> Requirement:
    return Requirement(rule, level, "host", rule.partition("-")[0], f"{rule} is kept.", "guide")


def test_a_row_is_as_bad_as_its_worst_check_and_says_what_it_cost() -> None:
    recordings = [
        Recording("one", orders=["1", "2"], exchanges=[1, 2, 3]),
        Recording("two", orders=["2", "3"], exchanges=[3, 4]),
        Recording("unread", orders=["9"], exchanges=[9]),
    ]
    checks = [
        check("FWD-4", V.PASS, "good", 1, rests_on=("one", "two")),
        check("FWD-4", V.FAIL, "bad", 2, rests_on=("one", "never played"), message="Pack was refused."),
        check("FWD-4", V.BLOCKED, "kept", 2, blocked_by="FWD-3"),
    ]
    (row,) = judging.rows([requirement("FWD-4")], checks, recordings, sent("pack", "pack"))

    assert (row.verdict, row.checks, row.orders, row.requests) == (V.FAIL, 3, 3, 4)
    assert [one.check for one in row.evidence] == ["good"]
    bad, kept = row.findings
    assert (bad.message, bad.exchanges) == ("Pack was refused.", (2,))
    assert (bad.curl or "").startswith("curl -i -X POST 'http://")
    assert (kept.message, kept.curl, kept.blocked_by) == ("FWD-4 holds", None, "FWD-3")


def test_a_requirement_without_checks_is_not_tested_and_says_so() -> None:
    (row,) = judging.rows([requirement("FWD-5")], [check("FWD-4")], [], [])
    assert (row.verdict, row.checks, row.orders, row.requests) == (V.NOT_TESTABLE, 0, 0, 0)
    assert [one.advice for one in row.findings] == ["Run the whole kit."]


def test_evidence_that_is_not_there_gives_no_command_line() -> None:
    (row,) = judging.rows([requirement("FWD-4")], [check("FWD-4", V.FAIL, "bad", 7)], [], sent("pack"))
    assert row.findings[0].curl is None


def row(rule: str, verdict: Verdict, *blocked_by: str) -> RequirementResult:
    found = [Finding(f"kept {rule} {n}", V.BLOCKED, "Kept.", blocked_by=by) for n, by in enumerate(blocked_by)]
    own = [] if verdict in (V.PASS, V.BLOCKED) else [Finding(f"test_{rule}", verdict, f"{rule} is not kept.")]
    return RequirementResult(rule, "MUST", rule[:3], "", "", verdict, findings=[*found, *own])


def test_what_unlocks_most_is_mended_first() -> None:
    rows = [
        row("BAT-3", V.WARN),
        row("FWD-4", V.FAIL),
        row("CON-1", V.FAIL, "FWD-4"),
        row("TRK-1", V.ERROR),
        row("STA-1", V.PASS),
        row("FWD-5", V.BLOCKED, "CON-1", "CON-1", "FWD-4", "FWD-4"),
        row("LIM-2", V.FAIL),
    ]
    found = [(cause.requirement, cause.unlocks) for cause in judging.fix_first(rows)]
    assert found == [("TRK-1", 0), ("FWD-4", 3), ("CON-1", 2), ("LIM-2", 0), ("BAT-3", 0)]
    assert judging.fix_first(rows)[2].check == "test_CON-1"


def seen(*recordings: Recording, checks: tuple[Check, ...] = ()) -> dict[tuple[str, str], Verdict | None]:
    return {(one.state, one.event): one.verdict for one in judging.matrix(checks, recordings)}


PACKED = ("dp_assigned", "pack")


def test_every_cell_of_the_table_is_in_the_picture_once() -> None:
    found = judging.matrix([], [])
    assert len(found) == len(set(seen())) == len(list(lifecycle.cells()))
    assert {one.verdict for one in found} == {None}


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [("accepted", V.PASS), ("refused", V.FAIL), ("not_applied", V.FAIL), ("no_answer", V.BLOCKED)],
)
def test_a_step_shows_in_its_cell(outcome: str, verdict: Verdict) -> None:
    found = seen(Recording("forward", {"pack": step(outcome)}))
    assert found[PACKED] is verdict
    assert [key for key, one in found.items() if one is not None] == [PACKED]


@pytest.mark.parametrize("outcome", ["accepted", "refused", "applied"])
def test_a_defective_probe_says_nothing_of_its_cell(outcome: str) -> None:
    defective = step(outcome, cell=None)
    assert seen(Recording("values", {"pack": defective}, broken=defective))[PACKED] is None


def test_the_worst_that_was_seen_in_a_cell_stands() -> None:
    good, bad = Recording("a", {"pack": step("accepted")}), Recording("b", broken=step("not_applied"))
    assert seen(good, bad)[PACKED] is seen(bad, good)[PACKED] is V.FAIL


def test_a_cell_on_which_the_documents_are_silent_is_only_observed() -> None:
    picked = step("refused", state=S.DP_ASSIGNED, event=E.BAG_PICKED, cell=lifecycle.cell(S.DP_ASSIGNED, E.BAG_PICKED))
    assert seen(Recording("a", {"x": picked}))["dp_assigned", "bag_picked"] is V.OBSERVED


def test_a_check_of_a_cell_comes_before_what_scenarios_saw() -> None:
    probed = replace(check("FWD-4", V.BLOCKED, "", 1, 2, 3, 4, 5), cell=(S.DP_ASSIGNED, E.PACK), message="Kept.")
    (found,) = [
        one
        for one in judging.matrix([probed], [Recording("a", {"pack": step("accepted")})])
        if (one.state, one.event) == PACKED
    ]
    assert (found.verdict, found.observed, found.exchanges, found.rule) == (V.BLOCKED, "Kept.", (1, 2, 3, 4), "FWD-4")


def test_latencies_by_operation() -> None:
    wire = Wire()
    for elapsed in (*range(100, 0, -1), 1000):
        wire.send("pack", [], 200, {}, elapsed_ms=float(elapsed))
    wire.send("shipment", None, 500, {}, elapsed_ms=7.04)
    wire.send("track", {}, None, {}, elapsed_ms=15_000.0, error="timeout")
    assert judging.latency(wire.exchanges) == {
        "GET /oms/v3/shipment": {"n": 1, "p50": 7.0, "p95": 7.0, "max": 7.0},
        "POST /oms/v3/shipment/pack": {"n": 101, "p50": 51.0, "p95": 96.0, "max": 1000.0},
    }


def test_the_digest_of_the_suites_is_theirs(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judging.suites_digest() == judging.suites_digest()
    assert len(judging.suites_digest()) == len("sha256:") + 64
    before = judging.suites_digest()
    (tmp_path / "test_x.py").write_text("x = 1\n", "utf-8")
    monkeypatch.setattr("selfship.paths.SUITES", tmp_path)
    one = judging.suites_digest()
    (tmp_path / "notes.txt").write_text("not a suite", "utf-8")
    assert judging.suites_digest() == one != before
    (tmp_path / "test_x.py").write_text("x = 2\n", "utf-8")
    assert judging.suites_digest() != one
