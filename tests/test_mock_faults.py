"""The catalogue of faults: names, rules, and that each changes what it says; and the null hosts."""

from __future__ import annotations

import re
from collections import Counter

import httpx
import pytest

from selfship.mock.faults import GROUPS, catalogue
from selfship.mock.faults.fault import Fault
from selfship.mock.null import null_hosts
from selfship.mock.serve import running_app
from selfship.mock.settings import MockSettings
from selfship.requirements import load
from tests.mock_tour import PARTS, differs

RULES = load()
TOURED = {part: faults for part, faults in GROUPS.items() if part in PARTS}


@pytest.mark.parametrize("part", TOURED)
def test_the_plain_host_says_the_same_twice(part: str) -> None:
    assert not differs(part, MockSettings())


@pytest.mark.parametrize(
    ("part", "fault"),
    [(part, fault) for part, faults in TOURED.items() for fault in faults],
    ids=lambda it: getattr(it, "name", it),
)
def test_a_fault_shows(part: str, fault: Fault) -> None:
    assert differs(part, MockSettings(faults=(fault.name,)))


def test_only_the_later_readers_faults_have_no_tour() -> None:
    # They have probes instead, in test_mock_later_readers.py.
    assert set(GROUPS) - set(TOURED) == {"second_reader", "second_reader_writes", "third_reader"}


def test_names_are_unique_words_and_rules_exist() -> None:
    names = [fault.name for fault in catalogue()]

    assert len(set(names)) == len(names) >= 130
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)
    assert {rule for fault in catalogue() for rule in (fault.rule, *fault.breaks_too)} <= set(RULES)
    assert not [fault.name for fault in catalogue() if fault.rule in fault.breaks_too]
    assert all(fault.how and not fault.how.endswith(".") for fault in catalogue())


def test_every_must_of_the_host_has_two_faults_and_every_should_one() -> None:
    broken = Counter(fault.rule for fault in catalogue())
    wanted = {"MUST": 2, "SHOULD": 1, "OBSERVE": 0}

    short = {
        rule.id: broken[rule.id]
        for rule in RULES.values()
        if rule.side == "host" and broken[rule.id] < wanted[rule.level]
    }

    assert short == {}


def test_null_hosts_answer_everything_alike() -> None:
    assert len({host.name for host in null_hosts()}) == len(null_hosts()) >= 8
    for host in null_hosts():
        with running_app(host) as url, httpx.Client(trust_env=False) as http:
            token, status = http.get(f"{url}/aggregator/v1/token"), http.put(f"{url}/oms/v3/shipment/status", json=[1])
        assert token.status_code == status.status_code == host.status
        assert status.content == (b"[1]" if host.body is None else host.body)
