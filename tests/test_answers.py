"""Answers are read as the rules say: accepted, refused, put off, or not to be read; a 5xx is never a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from selfship.answers import Kind, counted_elsewhere, envelope, read, says, texts
from selfship.exchanges import Exchange
from selfship.operations import OPERATIONS


def answer(
    operation: str, body: Any, status: int | None = 200, headers: Any = (), error: str | None = None
) -> Exchange:
    return Exchange(
        seq=1,
        started="2026-03-02T09:30:00.250+00:00",
        scenario="forward",
        step="",
        operation=operation,
        method=OPERATIONS[operation].method,
        url="http://127.0.0.1" + OPERATIONS[operation].path,
        request_headers=(),
        request_body=None,
        status=status,
        response_headers=tuple(headers),
        response_body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        elapsed_ms=1.0,
        error=error,
    )


def flat(payload: Any, success: Any, failed: Any, **more: Any) -> dict[str, Any]:
    return {"payloadCount": payload, "successCount": success, "failedCount": failed, "errors": [], **more}


def data(payload: Any, success: Any, failed: Any) -> dict[str, Any]:
    counts = {"payload_count": payload, "success_count": success, "failed_count": failed, "errors": []}
    return {"data": counts, "meta": {"status": "ok"}}


@pytest.mark.parametrize(
    ("counts", "kind"),
    [((2, 2, 0), Kind.ACCEPTED), ((2, 0, 2), Kind.REFUSED), ((2, 1, 1), Kind.PARTIAL)],
)
@pytest.mark.parametrize("operation", [name for name, one in OPERATIONS.items() if one.writes])
def test_both_envelopes_are_read_by_their_counts(operation: str, counts: tuple[int, int, int], kind: Kind) -> None:
    shaped = data(*counts) if OPERATIONS[operation].envelope == "data" else flat(*counts)
    found = read(answer(operation, shaped), 2)
    assert (found.kind, found.success, found.failed, found.broken) == (kind, *counts[1:], None)
    assert found.envelope is not None
    assert found.envelope.whole
    assert found.envelope.adds_up


def test_the_envelope_of_the_other_operations_is_not_this_ones() -> None:
    assert read(answer("pack", data(1, 1, 0)), 1).broken == "CON-2"
    assert read(answer("status", flat(1, 1, 0)), 1).broken == "CON-2"


@pytest.mark.parametrize("body", [b"", b"done", [], None, {}, {"ok": True}, flat("1", "1", "0"), flat(1, True, False)])
def test_what_cannot_be_counted_is_neither_accepted_nor_refused(body: Any) -> None:
    found = read(answer("pack", body), 1)
    assert (found.kind, found.broken) == (Kind.UNREADABLE, "CON-2")
    assert not found.accepted
    assert not found.refused


@pytest.mark.parametrize("counts", [(1, 2, 0), (1, 0, 0), (1, 2, -1), (1, -1, 2)])
def test_counts_that_do_not_add_up_to_the_items_sent(counts: tuple[int, int, int]) -> None:
    found = read(answer("pack", flat(*counts)), 1)
    assert (found.kind, found.broken) == (Kind.UNREADABLE, "CON-3")


def test_the_items_sent_count_and_not_what_the_host_says_was_sent() -> None:
    assert read(answer("pack", flat(1, 1, 0)), 2).broken == "CON-3"
    assert read(answer("pack", flat(7, 2, 0)), 2).kind is Kind.ACCEPTED


@pytest.mark.parametrize(
    ("status", "headers", "kind", "broken"),
    [
        (400, (), Kind.REFUSED, None),
        (404, (), Kind.REFUSED, None),
        (429, (), Kind.PUT_OFF, None),
        (503, (("Retry-After", "1"),), Kind.PUT_OFF, None),
        (503, (), Kind.SERVER_ERROR, "CON-8"),
        (500, (), Kind.SERVER_ERROR, "CON-8"),
        (302, (), Kind.UNREADABLE, "CON-2"),
        (None, (), Kind.NO_ANSWER, None),
    ],
)
def test_the_status_comes_before_the_counts(status: int | None, headers: Any, kind: Kind, broken: str | None) -> None:
    found = read(answer("pack", flat(1, 1, 0), status, headers), 1)
    assert (found.kind, found.broken) == (kind, broken)


def test_an_envelope_with_a_hole_is_not_whole() -> None:
    found = envelope(answer("pack", {"successCount": 1}))
    assert found is not None
    assert (found.payload, found.success, found.failed) == (None, 1, None)
    assert not found.whole
    assert not found.adds_up
    assert envelope(answer("status", {"data": []})) is None


@pytest.mark.parametrize(
    ("items", "other"),
    [
        ([], True),
        ([{"orderId": str(n)} for n in range(20)], False),
        ([{"orderId": str(n)} for n in range(21)], True),
        ([{"orderId": "1"}, {"orderId": 1}], True),
        ([{"orderId": "1"}, {"orderId": "2"}], False),
        ({"orderId": "1"}, False),
        (None, False),
    ],
)
def test_which_counts_are_judged_by_another_rule(items: Any, other: bool) -> None:
    assert counted_elsewhere(items) is other


def test_every_text_of_an_answer_is_looked_at() -> None:
    assert list(texts([{"CR400": ["x", 7, None, True]}, "y"])) == ["CR400", "x", "7", "True", "y"]


def test_an_answer_in_a_few_words() -> None:
    refused = flat(1, 0, 1, errors=[{"1": ["CR400"]}])
    assert says(answer("pack", refused)) == "HTTP 200, 0 accepted, 1 failed (1 CR400)"
    assert says(answer("shipment", b"  no\n route  ", 404)) == "HTTP 404 (no route)"
    assert says(answer("shipment", b"", 204)) == "HTTP 204"
    assert says(answer("shipment", b"x" * 101)) == f"HTTP 200 ({'x' * 100}…)"
    assert says(answer("pack", b"", None, error="timeout")) == "no answer within the time-out"
    assert says(answer("pack", b"", None, error="dropped")) == "a lost connection"
    assert says(answer("pack", b"", None, error="InvalidURL: x")) == "InvalidURL: x"
    assert says(answer("pack", b"", None)) == "no answer"
