"""How verdicts combine: of checks to a requirement, of requirements to a run, of a run to an exit status."""

from __future__ import annotations

import itertools

import pytest

from selfship.verdict import EXIT_STATUS, WEIGHT, Level, RunVerdict, Verdict, of_run, worst

V = Verdict


def test_the_heaviest_check_decides_whatever_the_order() -> None:
    for one, other in itertools.permutations(set(Verdict) - {V.NOT_APPLICABLE}, 2):
        assert worst([one, other]) is min(one, other, key=WEIGHT.__getitem__)
    assert worst([V.PASS, V.FAIL, V.ERROR, V.BLOCKED]) is V.ERROR


def test_a_check_that_does_not_apply_counts_only_where_it_stands_alone() -> None:
    assert worst([V.NOT_APPLICABLE, V.PASS]) is V.PASS
    assert worst([V.NOT_APPLICABLE, V.NOT_APPLICABLE]) is V.NOT_APPLICABLE


def test_where_no_check_ran_nothing_was_tested() -> None:
    assert worst(iter(())) is V.NOT_TESTABLE


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("MUST", V.PASS), ("SHOULD", V.PASS)], RunVerdict.CONFORMING),
        ([("MUST", V.FAIL), ("MUST", V.ERROR), ("MUST", V.BLOCKED)], RunVerdict.NONCONFORMING),
        ([("MUST", V.ERROR), ("MUST", V.BLOCKED), ("MUST", V.WAIVED)], RunVerdict.ERROR),
        ([("MUST", V.PASS), ("MUST", V.BLOCKED)], RunVerdict.INCOMPLETE),
        ([("MUST", V.WAIVED), ("MUST", V.NOT_TESTABLE)], RunVerdict.INCOMPLETE),
        ([("SHOULD", V.NOT_TESTABLE), ("OBSERVE", V.BLOCKED), ("SHOULD", V.WARN)], RunVerdict.CONFORMING),
        ([("MUST", V.NOT_APPLICABLE), ("OBSERVE", V.OBSERVED)], RunVerdict.CONFORMING),
        ([("MUST", V.PASS), ("MUST", V.WAIVED)], RunVerdict.CONFORMING_WITH_WAIVERS),
    ],
)
def test_the_verdict_of_a_run(rows: list[tuple[Level, Verdict]], expected: RunVerdict) -> None:
    assert of_run(rows, narrowed=False) is expected
    assert of_run(reversed(rows), narrowed=False) is expected


def test_a_narrowed_run_certifies_nobody_but_still_accuses() -> None:
    assert of_run([("MUST", V.PASS)], narrowed=True) is RunVerdict.INCOMPLETE
    assert of_run([("MUST", V.FAIL)], narrowed=True) is RunVerdict.NONCONFORMING


def test_every_run_verdict_has_its_exit_status() -> None:
    assert {verdict: EXIT_STATUS[verdict] for verdict in RunVerdict} == {
        RunVerdict.CONFORMING: 0,
        RunVerdict.CONFORMING_WITH_WAIVERS: 0,
        RunVerdict.NONCONFORMING: 1,
        RunVerdict.ERROR: 3,
        RunVerdict.INCOMPLETE: 4,
    }
