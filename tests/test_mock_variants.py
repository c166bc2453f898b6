"""The conforming variants: each differs from the plain mock, and still takes its orders to the end."""

from __future__ import annotations

import re

import pytest

from selfship.errors import UsageError
from selfship.lifecycle import Event, State
from selfship.mock.serve import build
from selfship.mock.settings import MockSettings, from_profile
from selfship.mock.variants import Variant, variants
from tests.mock_host import mock
from tests.mock_tour import PARTS, differs

S, E = State, Event
UNSEEN = {"slow", "rate_limited", "scarce_orders", "few_orders", "one_order_one_return"}
"""These differ in pace or in their orders alone: no tour tells."""

_TOLD_APART = [part for part in ("batches", "journeys", *PARTS) if part not in ("races", "wire")]


@pytest.mark.parametrize("variant", [it for it in variants() if it.name not in UNSEEN], ids=lambda it: it.name)
def test_a_variant_differs(variant: Variant) -> None:
    settings = MockSettings(variants=(variant.name,))

    assert any(differs(part, settings) for part in _TOLD_APART)


def test_names_are_unique_words() -> None:
    names = [variant.name for variant in variants()]

    assert len(set(names)) == len(names) >= 20
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)
    assert all(variant.how and not variant.how.endswith(".") for variant in variants())


def test_a_variant_brings_its_settings_and_its_orders() -> None:
    later = build(from_profile({"switches": {"settle": 1}}, variants=("applies_later", "small_pages")))
    scarce = build(MockSettings(variants=("scarce_orders",)))

    assert (later.settings.settle, later.settings.page_size) == (0.5, 5)
    assert len(scarce.store) == 5
    with pytest.raises(UsageError, match="flaky_reads"):
        build(MockSettings(variants=("flaky_read",)))


def test_a_flaky_read_is_served_when_asked_again() -> None:
    with mock(variants=("flaky_reads",)) as api:
        orders = api.make(S.PLACED, 60)
        statuses = [api.call("shipment", orderId=order.id).status_code for order in orders]
        late = [order for order, status in zip(orders, statuses, strict=True) if status == 503]

        assert late
        assert [api.call("shipment", orderId=order.id).status_code for order in late] == [200] * len(late)


def test_refusals_may_have_a_status_and_no_envelope() -> None:
    with mock(variants=("refusals_are_422",)) as api:
        good, bad = api.order(S.PLACED), api.order(S.CANCELLED)

        refused = api.call("confirm", [{"orderId": bad.id}])
        mixed = api.call("confirm", [{"orderId": bad.id}, {"orderId": good.id}])

    assert (refused.status_code, refused.json()["code"]) == (422, "O400")
    assert (mixed.status_code, mixed.json()["failedCount"]) == (200, 1)


def test_all_or_nothing_leaves_the_good_items_undone() -> None:
    with mock(variants=("all_or_nothing",)) as api:
        good, bad = api.order(S.PLACED), api.order(S.CANCELLED)

        assert api.write("confirm", {"orderId": good.id}, {"orderId": bad.id})[:2] == (0, 2)
        assert api.read(good)["orderStatus"] == "CREATED"
        assert api.write("confirm", {"orderId": good.id})[:2] == (1, 0)
        assert api.read(good)["orderStatus"] == "CONFIRMED"
