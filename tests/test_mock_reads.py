"""The mock's reads: what they show, what they filter, how they page, what they refuse."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from selfship.lifecycle import State
from selfship.mock.population import names, population
from tests.mock_host import Api, mock

S = State
DOCUMENTED = """
    id forwardId marketplaceOrderId marketplaceReturnId marketplaceInvoiceNumber shippingAddress billingAddress
    multiPackShipment packages fulfillmentType sellerInvoiced courierName courierCode awbNumber additionalInfo
    orderPrice orderItems orderStatus orderDate modifiedDate paymentType taxExempted gstin packAfterDate packByDate
    pickUpSlots orderingChannel labelPdfUrl purchaseOrderPdfUrl invoiceNumber returnInvoiceNumber irnNumber
    invoiceQrCode signedInvoice orderBusinessType lockStatus fulfillmentPriority journeyType cformProvided
    A4invoicePdfUrl A6invoicePdfUrl is_returnless is_self_ship
"""


@pytest.fixture(scope="module")
def full() -> Iterator[Api]:
    with mock(population="full") as api:
        yield api


@pytest.fixture
def api() -> Iterator[Api]:
    with mock(page_size=7) as api:
        yield api


def _ids(api: Api, **query: object) -> list[str]:
    answer = api.call("shipment", **query)
    assert answer.status_code == 200, answer.text
    return [order["id"] for order in answer.json()]


def test_an_order_shows_every_documented_key_and_no_other(api: Api) -> None:
    order = api.order(S.DP_ASSIGNED, awb=True)

    shown = api.read(order)

    assert list(shown) == DOCUMENTED.split()
    assert len(shown) == 43
    assert shown["awbNumber"] == [order.awb]
    assert (shown["is_self_ship"], shown["lockStatus"], shown["orderStatus"]) == (True, False, "PROCESSING")


def test_ids_have_twenty_digits_above_two_to_the_63rd() -> None:
    ids = {order.id for order in population("full")}

    assert len(ids) == len(population("full"))
    assert all(len(order_id) == 20 and int(order_id) > 2**63 for order_id in ids)


def test_the_full_population_is_rich(full: Api) -> None:
    orders = full.host.store.oldest_first()
    forward = [order for order in orders if not order.is_return]

    assert len({order.channel for order in orders}) >= 4
    assert len([order for order in forward if len(order.lines) == 2 and order.lines[0]["quantity"] >= 2]) * 3 >= len(
        forward
    )
    assert orders[-1].placed_at - orders[0].placed_at > 10 * 86_400
    ready = [o for o in orders if o.state is S.DP_ASSIGNED and o.self_ship and not o.locked and o.location == "BLR-01"]
    assert len(ready) >= 170
    assert not any(order.awb for order in ready)
    sizes = {name: len(population(name)) for name in names() if name != "full"}
    assert sizes == {"empty": 0, "tiny": 2, "scarce": 5, "few": 15}


def test_pages_hold_each_order_once_in_a_stable_order(full: Api) -> None:
    walked: list[str] = []
    page = 1
    while ids := _ids(full, orderStatus="PROCESSING", locationCode="BLR-01", pageNumber=page, pageSize=30):
        assert len(ids) <= 30
        walked += ids
        page += 1

    assert len(walked) == len(set(walked)) > 100
    assert walked[:100] == _ids(full, orderStatus="PROCESSING", locationCode="BLR-01", pageNumber=1, pageSize=500)[:100]


def test_page_size_is_capped_and_page_numbers_are_checked(api: Api) -> None:
    api.make(S.PLACED, 9)
    query = {"orderStatus": "CREATED", "locationCode": "BLR-01"}

    assert len(_ids(api, **query)) == 7
    assert len(_ids(api, **query, pageSize=100)) == 7
    assert len(_ids(api, **query, pageNumber=2)) == 2
    assert _ids(api, **query, pageNumber=99) == []
    for wrong in ({"pageNumber": 0}, {"pageNumber": -1}, {"pageSize": 0}, {"pageSize": "x"}, {"pageNumber": "²"}):
        assert api.call("shipment", **query, **wrong).status_code == 400, wrong


def test_filters_are_honoured_together(full: Api) -> None:
    every = [o for o in full.host.store.oldest_first() if o.location == "BLR-01" and o.state is S.PLACED]
    middle = sorted(order.placed_at for order in every)[len(every) // 2]
    day = time.strftime("%Y-%m-%d", time.gmtime(middle))
    query = {"orderStatus": "CREATED", "locationCode": "BLR-01", "pageSize": 500}

    channel = _ids(full, **query, orderingChannel="FYND")
    assert channel == [order.id for order in every if order.channel == "FYND"][:100]
    before, since = _ids(full, **query, orderDateTo=day), _ids(full, **query, orderDateFrom=day)
    assert before
    assert since
    assert len(before) < len(every)
    dates = {order.id: order.placed_at for order in every}
    assert max(map(dates.__getitem__, before)) < middle + 1.5 * 86_400
    assert min(map(dates.__getitem__, since)) > middle - 1.5 * 86_400
    assert _ids(full, **query, orderDateFrom="2020-01-01T00:00:00+05:30", orderDateTo="2020-01-02") == []
    assert full.call("shipment", **query, orderDateFrom="yesterday").status_code == 400


def test_company_credentials_must_name_a_location_they_cover(full: Api) -> None:
    assert full.call("shipment", orderStatus="CREATED").status_code == 400
    assert full.call("shipment", orderStatus="CREATED", locationCode="MUM-09").status_code == 403
    assert full.call("info", orderStatus="CREATED").status_code == 200
    delhi = _ids(full, orderStatus="CREATED", locationCode="DEL-02")
    assert len(delhi) == 10
    assert _ids(full, orderId=delhi[0]) == [delhi[0]]
    assert full.call("shipment", orderId=delhi[0], locationCode="BLR-01").status_code == 404


def test_neither_id_nor_status_is_refused_and_an_unknown_id_reads_nothing(full: Api) -> None:
    for operation in ("shipment", "info"):
        assert full.call(operation, locationCode="BLR-01").status_code == 400
        answer = full.call(operation, orderId="17328629784861446350")
        assert answer.status_code == 404
        assert answer.json()["status"] == "error"
    assert _ids(full, orderStatus="NO_SUCH_STATUS", locationCode="BLR-01") == []


def test_info_agrees_with_the_order(api: Api) -> None:
    order = api.order(S.RETURN_DP_ASSIGNED, locked=True)

    (info,) = api.call("info", orderId=order.id).json()["orders"]

    assert info["id"] == order.id
    assert (info["orderStatus"], info["lockStatus"], info["orderType"]) == ("RETURN_PROCESSING", True, "return")
    assert api.call("info", orderStatus="RETURN_PROCESSING").json()["orders"] == [info]


def test_courier_details_answer_the_orders_that_the_caller_may_see(api: Api) -> None:
    with_awb, without = api.order(S.DP_ASSIGNED, awb=True), api.order(S.DP_ASSIGNED)
    unknown = {"orderId": "17328629784861446350"}

    answer = api.call("courierDetails", [{"orderId": with_awb.id}, {"orderId": without.id}, unknown])

    assert [(entry["orderId"], entry["awbNumber"]) for entry in answer.json()] == [
        (with_awb.id, [with_awb.awb]),
        (without.id, []),
    ]
    assert api.call("courierDetails", [unknown]).status_code == 404
    assert api.call("courierDetails", [unknown]).json()["code"] == "C400"


def test_track_finds_by_id_first_and_follows_the_shipment(api: Api) -> None:
    forward, back = api.order(S.BAG_PICKED), api.order(S.RETURN_BAG_IN_TRANSIT)

    both = api.call("track", {"shipment_id": forward.id, "awb_number": back.awb}).json()
    by_awb = api.call("track", {"awb_number": back.awb}).json()

    assert both["status"] == by_awb["status"] == "success"
    assert both["data"]["shipment_id"] == forward.id
    assert (by_awb["data"]["shipment_id"], by_awb["data"]["journey"]) == (back.id, "reverse")
    assert json.loads(both["data"]["location"])
    api.write("status", {"orderId": forward.id, "orderStatus": "delivery_done"})
    after = api.call("track", {"shipment_id": forward.id}).json()["data"]
    assert (both["data"]["current_status"], after["current_status"]) == ("bag_picked", "delivery_done")


def test_track_without_a_known_shipment_is_an_error(api: Api) -> None:
    assert api.call("track", {}).status_code == 400
    assert api.call("track", [{}]).status_code == 400
    assert api.call("track", {"shipment_id": 7}).status_code == 400
    for unknown in ({"shipment_id": "1"}, {"awb_number": "1"}):
        answer = api.call("track", unknown)
        assert answer.status_code == 404
        assert answer.json()["status"] == "error"


def test_unknown_paths_and_methods_are_refused(api: Api) -> None:
    assert api.http.get("/oms/v3/nothing").status_code == 404
    wrong = api.http.post("/oms/v3/shipment/status")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "PUT")
    assert api.http.get("/_operator/orders").status_code == 404


def test_first_page_may_be_zero() -> None:
    with mock(first_page=0) as api:
        api.make(S.PLACED, 3)
        query = {"orderStatus": "CREATED", "locationCode": "BLR-01", "pageSize": 2}
        assert [len(_ids(api, **query, pageNumber=page)) for page in (0, 1, 2)] == [2, 1, 0]
