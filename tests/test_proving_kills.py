"""The kill table: what counts as a kill, whom it is laid at, and when the goals are met."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from selfship.proving import kills, report
from selfship.proving.cases import Case
from selfship.proving.kills import KillTable, Target
from selfship.proving.outcome import Outcome
from tests.proving import broken, fault, outcome

PLAIN = Case("plain", "plain", "the mock as it is")
SLOW = Case("variant", "slow", "answers late")
SCARCE = Case("variant", "scarce", "holds three orders", incomplete=True)
EMPTY = Case("null", "empty_object", "answers {} to everything")


def table(*outcomes: tuple[Case, Outcome], plain: Outcome | None = None) -> KillTable:
    return kills.table({PLAIN: plain or outcome(PLAIN), **dict(outcomes)})


def goal(found: KillTable, words: str) -> Target:
    (one,) = [target for target in kills.targets(found) if words in target.goal]
    return one


def test_a_must_fault_is_killed_where_a_must_fails() -> None:
    case = fault()
    (row,) = table((case, outcome(case, LIM_2="fail"))).faults

    assert (row.fate, row.level, row.laid_right, row.strays) == ("killed", "MUST", True, ())


def test_a_kill_may_be_laid_elsewhere() -> None:
    case = fault()
    found = table((case, outcome(case, LIM_2="blocked", CON_3="fail", LIM_3="warn")))

    (row,) = found.faults
    assert (row.fate, row.laid_right, row.strays) == ("killed", False, ("CON-3", "LIM-3"))
    assert goal(found, "laid at the broken rule").holds is False
    assert goal(found, "accused for one fault").holds is False


def test_what_a_fault_breaks_as_well_is_no_stray() -> None:
    case = fault(also=("BAT-1",))
    (row,) = table((case, outcome(case, LIM_2="fail", BAT_1="fail"))).faults

    assert row.strays == ()


def test_a_warning_kills_a_should_fault_and_no_must_fault() -> None:
    should, must = fault("takes_none", "LIM-4"), fault()
    found = table((should, outcome(should, LIM_4="warn")), (must, outcome(must, LIM_3="warn")))

    assert [row.fate for row in found.faults] == ["killed", "survived"]
    assert goal(found, "SHOULD faults").holds
    assert goal(found, "MUST faults").holds is False


def test_a_should_fault_is_not_killed_by_another_rule() -> None:
    case = fault("takes_none", "LIM-4")
    (row,) = table((case, outcome(case, CON_3="fail"))).faults

    assert row.fate == "survived"


def test_what_the_plain_host_fails_kills_nothing() -> None:
    case = fault()
    found = table((case, outcome(case, CON_3="fail")), plain=outcome(PLAIN, CON_3="fail"))

    assert found.faults[0].fate == "survived"
    assert found.faults[0].strays == ()
    assert goal(found, "plain host").holds is False


@pytest.mark.parametrize("how", ["no run", "the kit broke"])
def test_an_error_is_never_a_kill(how: str) -> None:
    case = fault()
    ended = broken(case) if how == "no run" else outcome(case, "error", LIM_2="error")
    found = table((case, ended))

    assert found.faults[0].fate == "error"
    assert goal(found, "could not be judged").holds is False
    assert goal(found, "MUST faults").holds is False


def test_a_variant_with_a_failed_must_is_accused() -> None:
    found = table((SLOW, outcome(SLOW, FET_1="fail", BAT_4="warn")))

    (row,) = found.variants
    assert (row.accused, row.warned, row.as_expected) == (("FET-1",), ("BAT-4",), False)
    assert goal(found, "variants with a failed MUST").holds is False


def test_a_warning_does_not_accuse_a_variant() -> None:
    found = table((SLOW, outcome(SLOW, BAT_4="warn")))

    assert goal(found, "variants with a failed MUST").holds
    assert goal(found, "another verdict").holds


def test_only_where_orders_are_scarce_may_a_run_be_incomplete() -> None:
    found = table((SCARCE, outcome(SCARCE, "incomplete", FET_3="not_testable")))
    assert goal(found, "another verdict").holds

    found = table((SLOW, outcome(SLOW, "incomplete", FET_3="not_testable", BAT_4="blocked")))
    assert found.variants[0].unjudged == ("FET-3",)
    assert goal(found, "another verdict").holds is False


def test_a_null_host_earns_no_must(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = outcome(EMPTY, "nonconforming", **{rule.replace("-", "_"): "fail" for rule in outcome(EMPTY).rules})
    ended = replace(ended, rules={**ended.rules, "AUTH-2": "pass", "CON-6": "pass"})
    found = table((EMPTY, ended))

    assert found.nulls[0].praised == ("AUTH-2",)
    assert goal(found, "null hosts").holds is False

    monkeypatch.setattr(kills, "TRULY_SATISFIED", {"empty_object": {"AUTH-2": "it gives none"}})
    found = table((EMPTY, ended))
    assert (found.nulls[0].praised, found.nulls[0].reasons) == ((), ("AUTH-2 (it gives none)",))
    assert goal(found, "null hosts").holds


def test_what_was_not_run_is_not_proven() -> None:
    unproven = {target.goal.split(":")[0] for target in kills.targets(table()) if target.holds is None}

    assert len(unproven) == 7


def proof(*outcomes: tuple[Case, Outcome], whole: bool = True) -> report.Proof:
    return report.proof(table(*outcomes), started="2026-03-02T09:30:00+00:00", wall_s=1.0, whole=whole, rival=None)


def test_the_digest_is_of_what_was_found_and_not_of_how_long_it_took() -> None:
    case = fault()
    ended = outcome(case, LIM_2="fail")
    once = report.to_json(proof((case, ended)))
    again = report.to_json(proof((case, replace(ended, wall_s=99.0, requests=7, said={}))))
    other = report.to_json(proof((case, outcome(case, LIM_2="blocked"))))

    assert once["digest"] == again["digest"] != other["digest"]
    assert once["run"] != again["run"]
    assert json.loads(json.dumps(once)) == once


def test_the_figures_count_cases() -> None:
    must, should, lost = fault(), fault("takes_none", "LIM-4"), fault("lost")
    ended = [(must, outcome(must, LIM_2="fail")), (should, outcome(should, LIM_4="warn")), (lost, outcome(lost))]

    figures = report.figures(proof(*ended, (SLOW, outcome(SLOW))))

    assert figures | {"must_faults": 2, "must_killed": 1, "should_faults": 1, "should_killed": 1} == figures
    assert figures | {"kills": 2, "laid_right": 2, "variants": 1, "accused_variants": 0, "null_hosts": 0} == figures
    assert figures["schemathesis_caught"] is None


def test_a_part_proves_nothing_however_good() -> None:
    case, should = fault(), fault("takes_none", "LIM-4")
    good = [
        (case, outcome(case, LIM_2="fail")), (should, outcome(should, LIM_4="warn")), (SLOW, outcome(SLOW)),
        (EMPTY, replace(outcome(EMPTY), verdict="not_run", rules={})),
    ]  # fmt: skip

    assert proof(*good).holds
    assert not proof(*good, whole=False).holds
    assert not proof(*good[:2]).holds
