"""Orders are read however a host wraps them, and told apart by what they show and by nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from selfship.exchanges import Exchange
from selfship.lifecycle import AUTOMATIC, COARSE, KNOWN_COARSE, OWN_STATUS, State
from selfship.orders import Line, View, objects, reachable, shows, tells_apart, unmoved, view, views

ORDER = {"id": "17", "orderStatus": "CREATED"}


def listing(body: Any, status: int = 200) -> Exchange:
    return Exchange(
        seq=9,
        started="2026-03-02T09:30:00.250+00:00",
        scenario="",
        step="",
        operation="shipment",
        method="GET",
        url="http://127.0.0.1/oms/v3/shipment",
        request_headers=(),
        request_body=None,
        status=status,
        response_headers=(),
        response_body=json.dumps(body).encode(),
        elapsed_ms=1.0,
    )


def seen(**fields: Any) -> View:
    found = view({**ORDER, **fields}, 1)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "body",
    [
        [ORDER],
        {"data": [ORDER]},
        {"total": 1, "errors": [], "orders": [ORDER]},
        ORDER,
        [ORDER, "stray", None],
    ],
)
def test_orders_are_found_however_they_are_wrapped(body: Any) -> None:
    assert objects(listing(body)) == [ORDER]
    assert [(one.id, one.status, one.seq) for one in views(listing(body))] == [("17", "CREATED", 9)]


@pytest.mark.parametrize("body", [[], {}, {"message": "none"}, {"data": []}, "x", None, 3])
def test_where_there_is_no_order_none_is_found(body: Any) -> None:
    assert objects(listing(body)) == []


def test_a_refused_read_shows_no_orders() -> None:
    assert objects(listing([ORDER], 400)) == []


def test_every_field_is_read() -> None:
    found = seen(
        awbNumber=["A1", "", "A2"],
        courierName="Courier",
        lockStatus=True,
        is_self_ship=True,
        orderingChannel="FYND",
        journeyType="forward",
        invoiceNumber="INV1",
        orderItems=[{"orderItemId": 5, "quantity": 2}, {"id": "b"}, {"quantity": 3}, "stray"],
    )
    assert (found.awbs, found.courier, found.locked, found.self_ship) == (("A1", "A2"), "Courier", True, True)
    assert (found.channel, found.journey, found.invoice_number) == ("FYND", "forward", "INV1")
    assert found.lines == (Line("5", 2), Line("b", 1))


def test_what_has_another_type_is_not_guessed() -> None:
    found = seen(orderStatus=7, awbNumber=12, courierName=[], lockStatus="true", is_self_ship="yes", orderItems={})
    assert (found.status, found.awbs, found.courier) == (None, (), None)
    assert (found.locked, found.self_ship, found.lines) == (False, None, ())
    assert seen(awbNumber="A1").awbs == ("A1",)
    assert seen(orderItems=[{"id": "a", "quantity": "0"}]).lines == (Line("a", 1),)


def test_an_order_is_known_by_either_name_of_its_id() -> None:
    for order in ({"orderId": 17}, {"id": 17, "orderId": "other"}):
        found = view(order, 1)
        assert found is not None
        assert found.id == "17"
    assert view({"orderStatus": "CREATED"}, 1) is None


def test_a_refusal_changes_neither_status_nor_awb_nor_courier() -> None:
    before = seen(awbNumber="A1", courierName="C")
    assert before.same_as(seen(awbNumber=["A1"], courierName="C", lockStatus=True))
    for change in ({"orderStatus": "TRANSIT"}, {"awbNumber": "A2"}, {"courierName": "D"}):
        after = seen(**{"awbNumber": "A1", "courierName": "C", **change})
        assert not before.same_as(after)
        assert next(iter(change)) in before.difference(after)
    assert before.difference(before) == "nothing changed"


def test_each_state_shows_its_own_status() -> None:
    for state in State:
        assert all(shows(status, state) for status in COARSE[state])
        assert not shows(None, state)
        assert shows("MADE_UP", state) is (state in OWN_STATUS)


def test_what_a_host_does_by_itself_may_show_as_well() -> None:
    assert reachable(State.BAG_CONFIRMED) == (State.BAG_CONFIRMED, State.BAG_INVOICED, State.DP_ASSIGNED)
    assert shows("PROCESSING", State.BAG_CONFIRMED)
    assert not shows("CREATED", State.BAG_CONFIRMED)
    for state in State:
        assert reachable(state)[0] is state
        assert state not in AUTOMATIC or AUTOMATIC[state] in reachable(state)


def test_states_are_told_apart_only_where_no_status_is_shared() -> None:
    assert tells_apart(State.DP_ASSIGNED, State.BAG_PACKED)
    assert not tells_apart(State.BAG_PACKED, State.HANDED_OVER_TO_DG)
    assert not tells_apart(State.BAG_PICKED, State.OUT_FOR_DELIVERY)
    assert "TRANSIT" in KNOWN_COARSE


def test_a_line_of_which_nothing_is_left_is_none() -> None:
    lines = [{"orderItemId": "1", "quantity": 2}, {"orderItemId": "2", "quantity": 0}, {"orderItemId": "3"}]

    assert seen(orderItems=lines).lines == (Line("1", 2), Line("3", 1))


def test_a_status_of_the_states_own_that_shows_late_is_no_move() -> None:
    state, usual, own = State.RETURN_BAG_IN_TRANSIT, seen(orderStatus="RETURN_PROCESSING"), seen(orderStatus="ON_ROAD")
    assert unmoved(state, usual, own)
    assert not unmoved(state, own, usual)
    assert not unmoved(state, usual, seen(orderStatus="ON_ROAD", courierName="Another"))
    assert not unmoved(state, usual, seen(orderStatus="RETURN_DELIVERED"))
    assert not unmoved(State.RETURN_DP_ASSIGNED, usual, own)
