"""What a host does by itself is found out on an order that is left alone, and excuses nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from selfship import expect, unasked
from selfship.flow import Flow
from selfship.host import Host
from selfship.lifecycle import SWITCHED, State
from selfship.mock.settings import MockSettings
from selfship.scenarios.walks import LANES
from tests.played import run_on, suite, verdict_of

S = State
OPEN: dict[str, Any] = dict.fromkeys(("invoicing", "credit_note", "rto_acceptance"))
SOON = MockSettings(invoicing="auto", credit_note="auto", rto_acceptance="auto", automatic=0.3)
REFUSES_AND_DOES = MockSettings(faults=("invoice_counted_as_failed",))
JUDGING = suite("walks/test_walks.py")


@contextmanager
def a_flow(tmp_path: Path, settings: MockSettings) -> Iterator[tuple[Host, Flow]]:
    with run_on(tmp_path, [], settings, **OPEN) as (run, _):
        yield run.host, Flow(run.host, "test")


@pytest.mark.parametrize("state", SWITCHED)
def test_a_host_leaves_by_itself_what_it_leads_on_when_left_alone(tmp_path: Path, state: State) -> None:
    with a_flow(tmp_path, SOON) as (host, flow):
        host.detect(SWITCHED[state][0], "manual")
        assert unasked.leaves(flow, state)
        assert host.switch(SWITCHED[state][0]) == "auto"
        assert flow.recording.exchanges == []


@pytest.mark.parametrize("state", [*SWITCHED, S.DP_ASSIGNED])
def test_a_host_that_leaves_every_order_where_it_is_leaves_nothing_by_itself(tmp_path: Path, state: State) -> None:
    with a_flow(tmp_path, MockSettings()) as (host, flow):
        assert not unasked.leaves(flow, state)
        assert host.switch(SWITCHED[state][0]) != "auto" if state in SWITCHED else not host.left_alone


def test_what_the_profile_says_is_not_found_out(tmp_path: Path) -> None:
    with run_on(tmp_path, [], SOON, **OPEN | {"invoicing": "manual"}) as (run, _):
        assert not unasked.leaves(Flow(run.host, "test"), S.BAG_CONFIRMED)
        assert run.host.left_alone == {}


def test_an_invoice_that_is_refused_and_carried_out_is_no_step_of_the_hosts_own(tmp_path: Path) -> None:
    with run_on(tmp_path, [("intake", None)], REFUSES_AND_DOES, **OPEN) as (run, [recording]):
        assert recording.broken is not None
        assert recording.broken.rule == "FWD-2"
        assert "moves none" in recording.broken.message
        assert run.host.switch("invoicing") is None


def test_walks_do_not_accuse_a_host_that_comes_first(tmp_path: Path) -> None:
    keys = [("walk", lane) for lane in LANES]
    with run_on(tmp_path, keys, SOON, **OPEN, settle=3.0) as (_, recordings):
        said = [verdict_of(JUDGING.test_random_walk_keeps_to_the_lifecycle, recording) for recording in recordings]
    assert [one for one in said if not isinstance(one, expect.NotApplicableError | None)] == []
