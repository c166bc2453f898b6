"""Which cases there are, and how a part of them is asked for."""

from __future__ import annotations

import pytest

from selfship import requirements
from selfship.errors import UsageError
from selfship.proving import digests
from selfship.proving.cases import KINDS, Case, Wanted, every, select
from selfship.proving.digests import MOCK, of_case


def names(cases: list[Case]) -> list[str]:
    return [case.name for case in cases]


def test_there_is_a_case_for_everything_that_the_mock_can_be() -> None:
    found = every()

    assert len({case.id for case in found}) == len(found) == len(set(found))
    assert {case.kind for case in found} == set(KINDS)
    assert found[0].kind == "plain"
    assert all(case.rule in requirements.load() for case in found if case.kind == "fault")
    assert all((MOCK / case.source).is_file() for case in found if case.kind != "plain")


def test_nothing_asked_for_is_everything() -> None:
    assert select(Wanted()) == every()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(faults=["*_21"]), {"status_takes_21", "awb_takes_21"}),
        (Wanted(faults=["LIM-2"]), {"status_takes_21", "awb_takes_21"}),
        (Wanted(rules=["LIM-1"]), {"status_drops_one"}),
        (Wanted(variants=["slow"]), {"slow"}),
        (Wanted(nulls=["html"], kinds=["variant"]), {"html", "slow"}),
    ],
    ids=["by a glob", "by rule as a glob", "by rule", "a variant", "a kind and a name"],
)
def test_a_part_comes_with_its_control(wanted: Wanted, expected: set[str]) -> None:
    known = [
        Case("plain", "plain", ""),
        Case("fault", "status_takes_21", "", "LIM-2"),
        Case("fault", "awb_takes_21", "", "LIM-2"),
        Case("fault", "status_drops_one", "", "LIM-1"),
        Case("variant", "slow", ""),
        Case("null", "html", ""),
    ]

    assert set(names(select(wanted, known))) == {"plain", *expected}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(faults=["awb_takes_22"]), "awb_takes_22"),
        (Wanted(variants=["nobody"]), "--variant nobody fits no variant"),
        (Wanted(nulls=["nobody"]), "--null nobody fits no null"),
        (Wanted(rules=["LIM-99"]), "LIM-99: there is no such requirement"),
        (Wanted(rules=["AUT-4"]), "AUT-4: no fault breaks it"),
    ],
)
def test_what_fits_nothing_is_said(wanted: Wanted, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        select(wanted)


def test_a_cases_digests_speak_of_what_it_depends_on() -> None:
    wire = of_case("faults/wire.py", "one")

    assert wire == of_case("faults/wire.py", "one")
    assert set(wire) == {"judge", "mock", "own", "case"}
    differs = {name for name, digest in of_case("faults/auth.py", "other").items() if digest != wire[name]}
    assert differs == {"own", "case"}


def test_a_file_of_faults_depends_on_what_it_borrows() -> None:
    borrowed = {path.name for path in digests._with_helpers(MOCK / "faults" / "info.py")}

    assert borrowed == {"info.py", "reading.py", "fault.py"}
