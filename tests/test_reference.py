"""What the mock answers to the same request: asked in the same state, or a reason why nobody can say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from selfship import har
from selfship.certificate.differing import differing, segments
from selfship.exchanges import Exchange
from selfship.reference import references
from selfship.reference.history import UnknownError, history
from selfship.results import Finding, RequirementResult
from selfship.verdict import Verdict
from tests import sample_run
from tests.test_certification_faults import certify

PROFILE = {"location": "BLR-01", "other_location": "DEL-02", "edition": "extended", "auth": "company"}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Of a run on a host with three faults: for each rule, what the mock said to its first finding."""
    faults = ("awb_takes_21", "delivered_when_packed", "status_without_token")
    ended = certify(tmp_path_factory.mktemp("run"), faults=faults, rules=("LIM-2", "STA-1", "AUTH-3"))
    by_exchange = {one["exchange"]: one for one in ended.results["reference"]}
    rows = [row for row in ended.results["requirements"] if row["verdict"] == "fail"]
    assert {row["id"] for row in rows} == {"LIM-2", "STA-1", "AUTH-3"}, ended.stderr
    page = (ended.out / "certificate.html").read_text("utf-8")
    assert page.count("the kit’s mock answers to the same request, after the same calls") >= len(rows)
    sent = {one.seq: one.sent for one in har.read(ended.out / "exchanges.har")}
    first = {row["id"]: row["findings"][0]["exchanges"][0] for row in rows}
    return {rule: {**by_exchange[seq], "order": sent[seq][0]["orderId"]} for rule, seq in first.items()}


def test_the_mock_refuses_what_the_host_took(told: dict[str, dict[str, Any]]) -> None:
    assert told["LIM-2"]["status"] == 400
    assert told["AUTH-3"]["status"] == 401
    assert '"success_count":0' in told["STA-1"]["body"]
    assert "delivery_done is not possible in bag_packed" in told["STA-1"]["body"]


def test_its_answer_names_the_orders_as_the_host_does(told: dict[str, dict[str, Any]]) -> None:
    assert f'"orderId":"{told["STA-1"]["order"]}"' in told["STA-1"]["body"]


def test_a_surprise_of_the_kit_is_a_reason_and_costs_no_results(monkeypatch: pytest.MonkeyPatch) -> None:
    _, exchanges = sample_run.nonconforming()
    monkeypatch.setattr("selfship.reference.history", lambda *_: 1 / 0)
    finding = Finding("suites/a.py::test_b", Verdict.FAIL, "It is broken.", (exchanges[0].seq,))

    (one,) = references(
        [RequirementResult("LIM-2", "MUST", "LIM", "", "", Verdict.FAIL, 1, [finding])], exchanges, PROFILE
    )

    assert one.unknown == "The kit broke while it asked the mock (ZeroDivisionError)."


def listing(seq: int, order: str, status: str) -> Exchange:
    wire = sample_run.Wire()
    one = wire.send("shipment", None, 200, [{"id": order, "orderStatus": status}], query=f"?orderStatus={status}")
    return replace(one, seq=seq)


def test_nobody_can_say_what_a_listing_would_hold() -> None:
    with pytest.raises(UnknownError, match="every order that the host has"):
        history(listing(1, "4711", "CREATED"), [], None)


def test_an_order_that_was_first_seen_after_it_was_written_to_is_unknown() -> None:
    first, second = sample_run.Wire(), sample_run.Wire()
    push = first.push("bag_picked", order="4711")
    again = replace(second.push("delivery_done", order="4711"), seq=3)
    with pytest.raises(UnknownError, match="written to before the run had seen it"):
        history(again, [push, listing(2, "4711", "CREATED"), again], None)


def test_an_order_in_a_state_that_its_status_does_not_tell_is_unknown() -> None:
    push = replace(sample_run.Wire().push("delivery_done", order="4711"), seq=2)
    with pytest.raises(UnknownError, match="first seen as TRANSIT"):
        history(push, [listing(1, "4711", "TRANSIT"), push], None)


def test_a_mock_that_cannot_start_is_a_reason_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    _, exchanges = sample_run.nonconforming()
    finding = Finding("suites/a.py::test_b", Verdict.FAIL, "It is broken.", (exchanges[0].seq,))
    row = RequirementResult("LIM-2", "MUST", "LIM", "", "", Verdict.FAIL, 1, [finding])

    (one,) = references([row], exchanges, {**PROFILE, "edition": "no such edition"})

    assert one.status is None
    assert str(one.unknown).startswith("The mock could not be started")


@pytest.mark.parametrize(
    ("ours", "theirs", "marks"),
    [
        ('{"failed": 0, "errors": []}', '{"failed": 1, "errors": [{"code": "X"}]}', ('"failed": 0', '"errors": []')),
        ('{"meta": {"trace_id": "a", "time": "b"}}', '{"meta": {"trace_id": "c", "time": "d"}}', ()),
        ('{"n": "1"}', '{"n": 1}', ('"n": "1"',)),
        ("no JSON", '{"n": 1}', ()),
    ],
)
def test_fields_that_differ_are_marked_and_what_always_differs_is_not(
    ours: str, theirs: str, marks: tuple[str, ...]
) -> None:
    assert differing("status", ours, theirs)[0] == marks


def test_of_an_order_only_what_a_journey_changes_is_compared() -> None:
    here, there = '[{"orderStatus": "TRANSIT", "city": "a"}]', '[{"orderStatus": "COMPLETED", "city": "b"}]'
    assert differing("shipment", here, there) == (('"orderStatus": "TRANSIT"',), ('"orderStatus": "COMPLETED"',))


def test_marks_cut_a_text_without_losing_any_of_it() -> None:
    text = '{"a": 1, "b": 2, "a": 1}'
    pieces = list(segments(text, ('"a": 1', '"b": 2')))

    assert "".join(piece for piece, _ in pieces) == text
    assert [piece for piece, on in pieces if on] == ['"a": 1', '"b": 2', '"a": 1']
