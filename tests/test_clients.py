"""The clients that the referee is tried with: enough of them, each one thing, and none of them imported by a judge."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from selfship import paths, requirements
from selfship.clients.catalogue import every
from selfship.clients.hooks import Client
from selfship.proving import contestants
from tests.test_layout import KIT, importers

CLIENTS = every()
BAD = [client for client in CLIENTS if client.kind == "bad"]
RULES = {one.id: one.level for one in requirements.load().values() if one.side == "client"}


def test_every_client_rule_is_broken_by_some_and_each_must_by_two() -> None:
    broken = Counter(client.rule for client in BAD)

    assert set(broken) == set(RULES)
    assert {rule for rule, level in RULES.items() if level == "MUST" and broken[rule] < 2} == set()
    assert len(BAD) >= 30


def test_there_are_habits_enough_and_one_plain_client() -> None:
    kinds = Counter(client.kind for client in CLIENTS)

    assert (kinds["plain"], kinds["habit"] >= 6, kinds["null"] >= 3) == (1, True, True)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_client_says_in_words_what_it_does(client: Client) -> None:
    assert re.fullmatch(r"[a-z0-9_]+", client.name)
    assert client.how
    assert not client.how.endswith(".")
    assert (client.rule is not None) == (client.kind == "bad")
    assert set(client.also) <= set(RULES) - {client.rule}


def test_names_are_unique_and_so_are_cases() -> None:
    cases = contestants.cases()

    assert len({client.name for client in CLIENTS}) == len(CLIENTS) == len({case.id for case in cases})
    assert {case.side for case in cases} == {"client"}
    assert all((paths.PACKAGE / "clients" / case.source).is_file() for case in cases)


def test_nothing_that_judges_knows_the_clients() -> None:
    others = [path for path in KIT if not path.is_relative_to(paths.PACKAGE / "clients")]

    assert importers(others, "selfship.clients") == {"proving/contestants.py"}
