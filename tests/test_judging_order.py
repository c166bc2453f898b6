"""What explains a failure is never explained by it: two failures must not hide each other."""

from __future__ import annotations

from graphlib import TopologicalSorter

from selfship import requirements
from selfship.judging import EXPLAINED

HOST = [one for one in requirements.load().values() if one.side == "host"]


def test_no_two_rules_explain_each_other() -> None:
    causes: dict[str, set[str]] = {one.id: set() for one in HOST}
    for effects, by, _ in EXPLAINED:
        for one in HOST:
            # A rule among the causes of a row is not explained by that row.
            if one.id not in by and (one.id in effects or one.group in effects):
                causes[one.id].update(by)

    assert list(TopologicalSorter(causes).static_order())


def test_every_rule_and_group_that_is_named_exists() -> None:
    known = {one.id for one in HOST} | {one.group for one in HOST}

    assert {name for effects, by, _ in EXPLAINED for name in (*effects, *by)} <= known
