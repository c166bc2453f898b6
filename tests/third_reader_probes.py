"""One probe for each fault of the third reader: whether a host does what the fault of that name says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from selfship.lifecycle import Event, State
from selfship.mock.settings import LOCATION
from tests.mock_host import Api, item_of
from tests.mock_visit import UNKNOWN

S, E = State, Event
Probe = Callable[[Api], bool]
PROBES: dict[str, Probe] = {}
REATTEMPTED = (E.AUTO_DISPATCH, E.OUT_FOR_DELIVERY, E.DELIVERY_ATTEMPT_FAILED, E.DELIVERY_REATTEMPT_REQUESTED)
CREDITED = (E.AUTO_DISPATCH, E.RTO_BAG_DELIVERED, E.ACCEPT_RETURN, E.CREDIT_NOTE)


def probe(asks: Probe) -> Probe:
    PROBES[asks.__name__] = asks
    return asks


def _told(api: Api, **query: Any) -> list[dict[str, Any]]:
    """What /info says of the orders that the query asks for."""
    orders: list[dict[str, Any]] = api.call("info", **query).json()["orders"]
    return orders


def _taken(api: Api, order: Any, *events: Event) -> list[bool]:
    return [api.fire(event, order)[0] for event in events]


@probe
def info_listing_rounds_ids(api: Api) -> bool:
    order = api.order(S.PLACED)
    assert [one["id"] for one in _told(api, orderId=order.id)] == [order.id]
    return order.id not in [one["id"] for one in _told(api, orderStatus="CREATED")]


@probe
def info_lists_returns_alike(api: Api) -> bool:
    order = api.order(S.RETURN_DP_ASSIGNED)
    return order.id in [one["id"] for one in _told(api, orderStatus="RETURN_DELIVERED")]


@probe
def info_listing_is_all_locked(api: Api) -> bool:
    order = api.order(S.PLACED)
    assert [one["lockStatus"] for one in _told(api, orderId=order.id)] == [False]
    return any(one["lockStatus"] for one in _told(api, orderStatus="CREATED"))


@probe
def channel_holds_for_one_page(api: Api) -> bool:
    for channel in ("FYND", "JIOMART"):
        api.make(S.PLACED, 3, channel=channel)
    query = {"orderStatus": "CREATED", "locationCode": LOCATION, "orderingChannel": "FYND", "pageSize": 2}
    first, *later = [api.call("shipment", **query, pageNumber=number).json() for number in (1, 2, 3)]
    assert {one["orderingChannel"] for one in first} == {"FYND"}
    # Of three others not all can stand on a first page of two, in whatever order they come.
    return {one["orderingChannel"] for page in later for one in page} != {"FYND"}


@probe
def track_falls_back_on_the_awb(api: Api) -> bool:
    order = api.order(S.DP_ASSIGNED)
    assert _taken(api, order, E.AUTO_DISPATCH) == [True]
    assert api.call("track", {"shipment_id": UNKNOWN}).status_code == 404
    return api.call("track", {"shipment_id": UNKNOWN, "awb_number": order.awb}).status_code == 200


@probe
def track_by_awb_is_cached(api: Api) -> bool:
    order = api.order(S.DP_ASSIGNED)
    assert _taken(api, order, E.AUTO_DISPATCH) == [True]

    def told(**body: str) -> Any:
        return api.call("track", body).json()

    before, by_id = told(awb_number=order.awb), told(shipment_id=order.id)
    assert _taken(api, order, E.DELIVERY_DONE) == [True]
    assert told(shipment_id=order.id) != by_id
    return bool(told(awb_number=order.awb) == before)


@probe
def confirm_wants_lines(api: Api) -> bool:
    order = api.order(S.PLACED)
    lines = [{"orderItemId": line["orderItemId"], "quantity": line["quantity"]} for line in order.lines]
    refused = _taken(api, order, E.CONFIRM) == [False]
    assert not refused or api.write("confirm", {"orderId": order.id, "orderItems": lines})[0] == 1
    return refused


@probe
def batch_shares_its_invoice_number(api: Api) -> bool:
    one, two = api.make(S.BAG_CONFIRMED, 2)
    assert api.write("invoiceUpdate", *(item_of(E.INVOICE, order)[1] for order in (one, two)))[0] == 2
    return bool(api.read(two)["invoiceNumber"] == f"I-{one.id}")


@probe
def refused_invoice_renumbers(api: Api) -> bool:
    order = api.order(S.DP_ASSIGNED)
    assert _taken(api, order, E.INVOICE) == [False]
    return bool(api.read(order)["invoiceNumber"] == f"I-{order.id}")


@probe
def courier_is_lost_at_a_reattempt(api: Api) -> bool:
    order = api.order(S.DP_ASSIGNED)
    assert _taken(api, order, *REATTEMPTED) == [True] * len(REATTEMPTED)
    return bool(api.read(order)["courierName"] != "New")


@probe
def credited_rto_is_delivered(api: Api) -> bool:
    order = api.order(S.DP_ASSIGNED)
    assert _taken(api, order, *CREDITED) == [True] * len(CREDITED)
    return _taken(api, order, E.DELIVERY_DONE) == [True]


@probe
def status_invoices_a_confirmed_order(api: Api) -> bool:
    order = api.order(S.BAG_CONFIRMED)
    assert _taken(api, order, E.BAG_PICKED) == [False]
    return bool(api.read(order)["orderStatus"] == "PROCESSING")


@probe
def piece_of_an_invoiced_order_is_cancelled(api: Api) -> bool:
    order = api.order(S.DP_ASSIGNED, lines=2, quantity=2)
    whole = {"orderItemId": order.lines[1]["orderItemId"], "quantity": order.lines[1]["quantity"], "reasonCode": "6"}
    assert api.write("cancel", {"orderId": order.id, "orderItems": [whole]})[0] == 0
    return _taken(api, order, E.CANCEL_SOME) == [True]


@probe
def what_failed_is_remembered(api: Api) -> bool:
    packed, late = api.order(S.BAG_PACKED), api.order(S.DP_ASSIGNED)
    assert api.write("dispatch", *({"orderId": order.id} for order in (packed, late)))[0] == 1
    assert _taken(api, late, E.PACK) == [True]
    return _taken(api, late, E.DISPATCH) == [False]


@probe
def courier_is_optional_with_auto_dispatch(api: Api) -> bool:
    def without(event: Event) -> int:
        _, item = item_of(event, api.order(S.DP_ASSIGNED))
        del item["courierName"]
        return api.write("awb", item)[0]

    assert without(E.AWB) == 0
    return without(E.AUTO_DISPATCH) == 1


@probe
def word_behind_good_items_is_ignored(api: Api) -> bool:
    def sent(order_id: str) -> int:
        return api.call("confirm", json.dumps([{"orderId": order_id}]).encode() + b" trailing").status_code

    assert sent(UNKNOWN) >= 400
    return sent(api.order(S.PLACED).id) == 200


@probe
def meta_is_refused_on_returns(api: Api) -> bool:
    order = api.order(S.RETURN_DP_ASSIGNED, awb=True)
    item = {"orderId": order.id, "orderStatus": E.RETURN_BAG_IN_TRANSIT.value}
    refused = api.write("status", {**item, "meta": {"remark": "Left the hub"}})[0] == 0
    assert not refused or api.write("status", item)[0] == 1
    return refused
