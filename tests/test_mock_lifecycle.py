"""The mock does over HTTP what the lifecycle table says, cell by cell, and walks every journey to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from selfship.lifecycle import AUTOMATIC, COARSE, Cell, Event, State, cell, cells
from selfship.mock.conduct import OBSERVED
from selfship.mock.settings import from_profile
from tests.mock_host import Api, item_of, journey_of, mock

S, E = State, Event


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with mock() as api:
        yield api


def _reachable() -> list[tuple[State, Event, Cell]]:
    # The host leaves these by itself before anyone could ask.
    return [entry for entry in cells() if entry[0] not in AUTOMATIC]


@pytest.mark.parametrize(("state", "event", "entry"), _reachable(), ids=lambda value: getattr(value, "value", None))
def test_every_cell_is_answered_as_the_table_says(api: Api, state: State, event: Event, entry: Cell) -> None:
    order = api.order(state, awb=entry.needs_awb, journey=journey_of(state), lines=2, quantity=2)
    before = (order.awb, order.courier, order.invoice_number, dict(order.cancelled))

    taken, code = api.fire(event, order)

    if entry.outcome == "accept":
        assert entry.to is not None
        assert taken
        assert order.state is AUTOMATIC.get(entry.to, entry.to)
    elif entry.outcome == "refuse":
        assert not taken
        assert (order.awb, order.courier, order.invoice_number, dict(order.cancelled)) == before
        assert order.state is state
        assert entry.code in (None, code)
    elif entry.outcome == "unchanged":
        assert order.state is state
    else:
        to = OBSERVED.get((state, event))
        assert taken is (to is not None)
        assert order.state is (to or state)
    assert api.read(order)["orderStatus"] == COARSE[order.state][0]


@pytest.mark.parametrize("state", [state for state in State if state not in AUTOMATIC])
def test_an_event_the_table_is_silent_on_is_refused(api: Api, state: State) -> None:
    for event in Event:
        if cell(state, event).rules:
            continue
        order = api.order(state, journey=journey_of(state), lines=2, quantity=2)
        assert api.fire(event, order)[0] is False, event
        assert order.state is state


JOURNEYS = {
    "full": (S.PLACED, "confirm invoice awb pack dispatch bag_picked delivery_done"),
    "auto dispatch": (S.PLACED, "confirm invoice auto_dispatch delivery_done"),
    "reattempt": (
        S.DP_ASSIGNED,
        (
            "auto_dispatch out_for_delivery delivery_attempt_failed delivery_reattempt_requested"
            " out_for_delivery delivery_done"
        ),
    ),
    "rto": (S.DP_ASSIGNED, "auto_dispatch rto_bag_delivered accept_return credit_note"),
    "return": (
        S.RETURN_DP_ASSIGNED,
        "awb return_bag_in_transit return_bag_delivered accept_return credit_note",
    ),
    "cancelled": (S.PLACED, "confirm cancel"),
}


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_journey_reaches_its_end(api: Api, name: str) -> None:
    start, words = JOURNEYS[name]
    order = api.order(start)

    for event in map(Event, words.split()):
        assert api.fire(event, order) == (True, ""), event

    assert order.state in (S.DELIVERY_DONE, S.CREDIT_NOTE_GENERATED, S.CANCELLED)
    assert order.history[-1][1] == words.split()[-1]


@pytest.mark.parametrize(
    ("switch", "start", "event", "end"),
    [
        ("invoicing", S.PLACED, E.CONFIRM, S.DP_ASSIGNED),
        ("rto_acceptance", S.BAG_PICKED, E.RTO_BAG_DELIVERED, S.RTO_BAG_ACCEPTED),
        ("credit_note", S.RETURN_BAG_DELIVERED, E.ACCEPT_RETURN, S.CREDIT_NOTE_GENERATED),
    ],
)
def test_an_automatic_switch_takes_the_next_step(switch: str, start: State, event: Event, end: State) -> None:
    with mock(from_profile({"switches": {switch: "auto"}})) as api:
        order = api.order(start)

        assert api.fire(event, order)[0]

        assert order.state is end


def test_strict_edition_refuses_the_optional_statuses() -> None:
    with mock(edition="strict") as api:
        order = api.order(S.BAG_PICKED)

        assert api.fire(E.OUT_FOR_DELIVERY, order)[0] is False
        assert order.state is S.BAG_PICKED


def test_a_change_is_invisible_until_it_settles() -> None:
    with mock(settle=0.2) as api:
        order = api.order(S.PLACED)
        assert api.fire(E.CONFIRM, order)[0]

        assert api.read(order)["orderStatus"] == "CREATED"
        assert api.fire(E.INVOICE, order) == (False, "IN403")
        assert api.fire(E.CANCEL, order) == (False, "BUSY")
        deadline = time.monotonic() + 5
        while api.read(order)["orderStatus"] == "CREATED" and time.monotonic() < deadline:
            time.sleep(0.02)

        assert api.read(order)["orderStatus"] == "CONFIRMED"


def test_a_second_awb_replaces_the_first(api: Api) -> None:
    order = api.order(S.DP_ASSIGNED, awb=True)

    assert api.fire(E.AWB, order)[0]

    assert api.read(order)["awbNumber"] == [f"N-{order.id}"]


def test_partial_cancellation_leaves_the_rest_to_be_confirmed(api: Api) -> None:
    order = api.order(S.PLACED, lines=2, quantity=2)

    assert api.fire(E.CANCEL_SOME, order)[0]

    assert api.read(order)["orderItems"][0]["quantity"] == 1
    assert api.fire(E.CONFIRM, order)[0]


def test_locked_orders_refuse_every_write(api: Api) -> None:
    order = api.order(S.DP_ASSIGNED, locked=True)

    assert api.fire(E.AUTO_DISPATCH, order) == (False, "LOCKED")
    assert order.state is S.DP_ASSIGNED


def test_an_order_twice_in_a_batch_is_decided_in_turn(api: Api) -> None:
    order = api.order(S.BAG_PICKED)
    done = {"orderId": order.id, "orderStatus": "delivery_done"}
    back = {"orderId": order.id, "orderStatus": "rto_bag_delivered"}

    success, failed, errors = api.write("status", back, done)

    assert (success, failed, len(errors)) == (1, 1, 1)
    assert errors[0]["orderId"] == order.id
    assert order.state is S.RTO_BAG_DELIVERED


@pytest.mark.parametrize(
    "operation", ["confirm", "cancel", "invoiceUpdate", "awb", "pack", "dispatch", "status", "return"]
)
def test_bodies_that_are_no_batch_are_refused_whole(api: Api, operation: str) -> None:
    item = {"orderId": "17328629784861446350"}

    bodies: list[Any] = [[], {}, "text", 7, [item] * 21, ["text"], b"{", b"[NaN]", b"\xff", b"[" * 100_000]
    for body in bodies:
        assert api.call(operation, body).status_code == 400, body
    assert api.write(operation, *[item] * 20)[1] == 20


def test_items_without_a_required_field_or_of_a_wrong_type_fail_alone(api: Api) -> None:
    good = api.order(S.DP_ASSIGNED)
    _, awb = item_of(E.AWB, good)

    for field in ("orderId", "awbNumber", "courierName", "autoDispatch"):
        without = {key: value for key, value in awb.items() if key != field}
        for bad in (without, {**awb, field: 7}, {**awb, field: ""}, {**awb, field: None}):
            assert api.write("awb", bad)[1] == 1, bad
    assert good.awb == ""
    assert api.write("awb", {**awb, "orderId": 7}, awb)[:2] == (1, 1)
    assert good.awb == awb["awbNumber"]


def test_status_meta_is_optional_and_typed(api: Api) -> None:
    order = api.order(S.BAG_PICKED)
    meta = {"remark": "left", "reasonCode": 3, "dpLocation": "BLR", "promised_delivery_date": "2025-12-10T10:00:00"}
    item = {"orderId": order.id, "orderStatus": "out_for_delivery"}

    assert api.write("status", {**item, "meta": {**meta, "reasonCode": "3"}})[1] == 1
    assert api.write("status", {**item, "meta": meta})[0] == 1


def test_orders_that_are_not_self_ship_are_left_alone(api: Api) -> None:
    order = api.order(S.HANDED_OVER_TO_DG, is_self_ship=False)
    waiting = api.order(S.DP_ASSIGNED, is_self_ship=False)

    assert api.fire(E.BAG_PICKED, order) == (False, "NOT_SELF_SHIP")
    assert api.fire(E.AWB, waiting) == (False, "NOT_SELF_SHIP")
    assert api.fire(E.PACK, waiting)[0]
