"""The generated cases: what they are, that they hurt nobody, and that the checks of their answers can fail."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from selfship import expect, generated
from selfship.generated import Case
from selfship.mock.null import null_hosts
from selfship.mock.settings import MockSettings
from selfship.operations import OPERATIONS
from selfship.scenario import Recording
from selfship.scenarios.generated import MOST, NAMES
from tests.played import request_with, run_on, suite, verdict_of

JUDGING = suite("contract/test_contract_schemathesis.py")
ALL = [("generated", name) for name in NAMES]
IDS = ("11111111111111111111", "22222222222222222222")


def judged(run: Any, recordings: Sequence[Recording], names: Sequence[str]) -> dict[tuple[str, str], Any]:
    """What both checks of each operation raise."""
    tests = {
        "5xx": JUDGING.test_generated_data_are_never_a_server_error,
        "fits": JUDGING.test_answers_to_generated_data_fit_the_contract,
    }
    return {
        (name, kind): verdict_of(test, recording, run.host, request_with(generated=name))
        for name, recording in zip(names, recordings, strict=True)
        for kind, test in tests.items()
    }


def on_mock(folder: Path, *names: str, fault: str) -> dict[tuple[str, str], Any]:
    keys = [("generated", name) for name in names]
    with run_on(folder, keys, MockSettings(faults=(fault,))) as (run, recordings):
        return judged(run, recordings, names)


# The cases


def test_fixed_cases_were_made_of_the_contract_as_it_is() -> None:
    made_of = json.loads(generated.CASES.read_text(encoding="utf-8"))["contract"]
    assert made_of == generated.fingerprint(), "make them anew: python -m selfship.generating"


def test_every_operation_gets_good_and_bad_data_and_not_too_much() -> None:
    fixed = generated.fixed()

    assert list(fixed) == list(OPERATIONS)
    assert sum(len(cases) for cases in fixed.values()) <= 250
    for name, cases in fixed.items():
        few = generated.cases(name, 0, "extended", 5)
        assert len(cases) <= MOST
        assert not all(case.good for case in few)
        assert name == "token" or any(case.good for case in few)


def test_the_token_call_is_never_sent_guessed_credentials() -> None:
    cases = generated.cases("token", 0, "extended", MOST)

    assert 0 < len(cases) <= 2
    assert all(len(case.query) < 2 for case in cases)
    assert generated.cases("token", 7, "extended", MOST) == cases


def test_orders_that_are_stood_for_are_filled_in() -> None:
    case = Case("pack", "two", good=True, body=[{"orderId": "0"}, {"orderId": "of its own"}], has_body=True)
    read = Case("shipment", "one", good=True, query={"orderId": "17000000000000000001", "locationCode": "BLR-01"})

    there = {"locationCode": "DEL-02"}
    assert case.options(iter(IDS), {})["raw"] == b'[{"orderId": "11111111111111111111"}, {"orderId": "of its own"}]'
    assert read.options(iter(IDS), {})["params"] == {"orderId": IDS[0]}
    assert read.options(iter(IDS), there)["params"] == {"orderId": IDS[0], **there}


@pytest.mark.parametrize("name", NAMES)
def test_no_case_names_an_order_of_its_own_making(name: str) -> None:
    """An id that a host may have is never sent: what is not filled in is no id of twenty digits."""
    for case in generated.fixed()[name]:
        sent = str(case.options(itertools.cycle(IDS), {})).replace(IDS[0], "").replace(IDS[1], "")
        assert "1700000000000000000" not in sent


def test_a_case_is_the_same_once_it_was_written() -> None:
    for name, cases in generated.fixed().items():
        assert [Case.from_json(name, case.to_json()) for case in cases] == list(cases)


def test_a_seed_draws_more_and_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    drawn = generated.cases("pack", 5, "strict", 8)

    assert len(drawn) == 8
    assert drawn == generated.cases("pack", 5, "strict", 8)
    assert drawn != generated.cases("pack", 6, "strict", 8)
    assert drawn[0] not in generated.fixed()["pack"]
    assert list(tmp_path.iterdir()) == []


# Their judgement


@pytest.mark.parametrize(
    "settings", [MockSettings(), MockSettings(settle=0.3, edition="strict")], ids=["plain", "late"]
)
def test_conforming_host_passes(tmp_path: Path, settings: MockSettings) -> None:
    with run_on(tmp_path, ALL, settings, edition=settings.edition) as (run, recordings):
        said = judged(run, recordings, NAMES)

    assert {key: said[key] for key in said if said[key] is not None and key[0] != "token"} == {}
    assert isinstance(said["token", "fits"], expect.NotApplicableError)
    assert said["token", "5xx"] is None


@pytest.mark.parametrize(
    ("fault", "operation", "check", "rule"),
    [
        ("null_item_is_500", "status", "5xx", None),
        ("empty_batch_is_500", "awb", "5xx", None),
        ("pack_counts_one_more", "pack", "fits", "CON-3"),
        ("awb_meta_without_status", "awb", "fits", "CON-2"),
        ("put_is_text", "status", "fits", "CON-4"),
        ("address_is_text", "shipment", "fits", "CON-5"),
        ("info_is_bare", "info", "fits", "CON-9"),
    ],
)
def test_fault_is_found_and_laid_at_its_rule(
    tmp_path: Path, fault: str, operation: str, check: str, rule: str | None
) -> None:
    said = on_mock(tmp_path, operation, fault=fault)

    found = said[operation, check]
    assert isinstance(found, expect.CheckFailedError), found
    assert found.rule == rule
    assert OPERATIONS[operation].label in found.message
    assert found.exchanges


def test_orders_whose_journey_is_over_are_named_and_stay_as_they_were(tmp_path: Path) -> None:
    with run_on(tmp_path, ALL) as (run, recordings):
        named = {order for recording in recordings for order in recording.orders}
        caller = run.host.caller("afterwards")
        after = {order: caller.call("shipment", params=run.host.by_id(order)).json[0]["orderStatus"] for order in named}
        run.host.wire.connections.close()

    assert sorted(after.values()) == ["CANCELLED", "DELIVERED"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # It is true of this host that nothing is answered 5xx.
        ("bad_request", type(None)),
        ("unauthorized", expect.BlockedError),
        ("not_found", expect.BlockedError),
        ("server_error", expect.CheckFailedError),
    ],
)
def test_host_that_refuses_everything_shows_nothing(tmp_path: Path, name: str, expected: type) -> None:
    names = ("status", "track", "labels")
    app = next(host for host in null_hosts() if host.name == name)
    with run_on(tmp_path, [("generated", one) for one in names], app=app) as (run, recordings):
        said = judged(run, recordings, names)

    assert all(type(said[one, "5xx"]) is expected for one in names)
    assert all(isinstance(said[one, "fits"], expect.BlockedError | expect.NotApplicableError) for one in names)
