"""Outcomes of cases, made up: what the kill table is tried with."""

from __future__ import annotations

from selfship import requirements
from selfship.proving.cases import Case
from selfship.proving.outcome import Outcome, Said

RULES = tuple(one.id for one in requirements.load().values() if one.side == "host")


def fault(name: str = "awb_takes_21", rule: str = "LIM-2", also: tuple[str, ...] = ()) -> Case:
    return Case("fault", name, "takes 21 items in Update AWB", rule, also)


def outcome(case: Case, verdict: str | None = None, message: str = "21 items were taken", **rules: str) -> Outcome:
    """A whole run where every rule passes but those named, with `_` for the dash: `LIM_2="fail"`."""
    named = {rule.replace("_", "-"): told for rule, told in rules.items()}
    found = {rule: named.get(rule, "pass") for rule in RULES}
    fails = "fail" in named.values()
    said = {rule: (Said(told, message, f"suites/x.py::test_{rule}"),) for rule, told in named.items()}
    return Outcome(case.id, {}, verdict or ("nonconforming" if fails else "conforming"), found, said, 1500, 4.0, 5.5)


def broken(case: Case) -> Outcome:
    return Outcome(case.id, {}, error="The certification had not ended after 120 s: it said nothing.")
