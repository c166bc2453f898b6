"""The compiled schemas take what the rules allow and nothing else: orders, envelopes, requests."""

from __future__ import annotations

import re
from typing import Any

import pytest

from selfship import contract, operations, paths
from selfship.errors import BrokenKitError

# Counted on the one public sample of an order.
ORDER_KEYS = re.findall(
    r"\w+",
    """
    id forwardId marketplaceOrderId marketplaceReturnId marketplaceInvoiceNumber shippingAddress billingAddress
    multiPackShipment packages fulfillmentType sellerInvoiced courierName courierCode awbNumber additionalInfo
    orderPrice orderItems orderStatus orderDate modifiedDate paymentType taxExempted gstin packAfterDate packByDate
    pickUpSlots orderingChannel labelPdfUrl purchaseOrderPdfUrl invoiceNumber returnInvoiceNumber irnNumber
    invoiceQrCode signedInvoice orderBusinessType lockStatus fulfillmentPriority journeyType cformProvided
    A4invoicePdfUrl A6invoicePdfUrl is_returnless is_self_ship
    """,
)

# Rule CON-5, word for word.
ORDER_TYPES = {
    "id": "string",
    "orderStatus": "string",
    "orderingChannel": "string",
    "journeyType": "string",
    "orderItems": "array",
    "packages": "array",
    "awbNumber": "array",
    "shippingAddress": "object",
    "orderDate": "string",
    "lockStatus": "boolean",
    "is_self_ship": "boolean",
}


@pytest.mark.parametrize("count", [1.5, "2", -1, None, True])
def test_counts_are_whole_numbers(count: Any) -> None:
    flat = {"payloadCount": 2, "successCount": 2, "failedCount": 0, "status": "SUCCESS", "errors": []}
    data = {"payload_count": 2, "success_count": 2, "failed_count": 0, "errors": []}
    meta = {"trace_id": "t", "time": "now", "status": "SUCCESS"}

    assert contract.complaints("FlatEnvelope", flat) == ()
    assert contract.complaints("DataEnvelope", {"data": data, "meta": meta}) == ()
    for name in ("payloadCount", "successCount", "failedCount"):
        assert contract.complaints("FlatEnvelope", {**flat, name: count})
    for name in ("payload_count", "success_count", "failed_count"):
        assert contract.complaints("DataEnvelope", {"data": {**data, name: count}, "meta": meta})


def test_an_envelope_lacks_nothing() -> None:
    flat = {"payloadCount": 2, "successCount": 2, "failedCount": 0, "status": "SUCCESS", "errors": []}
    data: dict[str, dict[str, Any]] = {
        "data": {"payload_count": 2, "success_count": 2, "failed_count": 0, "errors": []},
        "meta": {"trace_id": "t", "time": "now", "status": "SUCCESS"},
    }

    for key in flat:
        assert contract.complaints("FlatEnvelope", {k: v for k, v in flat.items() if k != key}), key
    for outer, members in data.items():
        for key in members:
            without = {k: v for k, v in members.items() if k != key}
            assert contract.complaints("DataEnvelope", {**data, outer: without}), key
    assert contract.complaints("FlatEnvelope", {**flat, "errors": {}})
    assert contract.complaints("FlatEnvelope", {**flat, "errors": [5]})
    # Strings among the errors are observed, never judged.
    assert contract.complaints("FlatEnvelope", {**flat, "errors": ["no such order"], "more": 1}) == ()


def test_a_status_of_the_extended_edition_is_refused_by_the_strict() -> None:
    item = {"orderId": "1", "orderStatus": "out_for_delivery"}

    assert contract.complaints("status.item", item) == ()
    assert contract.complaints("status.item", item, "strict")


def an_order(**changes: Any) -> dict[str, Any]:
    return {**contract.load()["components"]["examples"]["Orders"]["value"][0], **changes}


def test_an_order_has_the_documented_keys() -> None:
    assert len(ORDER_KEYS) == 43
    assert list(contract.load()["components"]["schemas"]["Order"]["properties"]) == ORDER_KEYS
    assert list(an_order()) == ORDER_KEYS


def test_just_the_fields_that_a_rule_names_are_required() -> None:
    order = contract.load()["components"]["schemas"]["Order"]

    assert set(order["required"]) == set(ORDER_TYPES)
    assert {name: order["properties"][name]["type"] for name in ORDER_TYPES} == ORDER_TYPES
    for name in set(ORDER_KEYS) - set(ORDER_TYPES):
        assert contract.complaints("Order", an_order(**{name: None})) == (), name


def test_answers_are_open() -> None:
    for name, schema in contract.load()["components"]["schemas"].items():
        assert "additionalProperties" not in schema, name
    assert contract.complaints("Order", an_order(somethingNew=[1])) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"id": 17000000000000000001},
        {"orderStatus": None},
        {"awbNumber": "AWB0001"},
        {"shippingAddress": []},
        {"lockStatus": "false"},
        {"is_self_ship": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_order_of_wrong_types_does_not_fit(change: dict[str, Any]) -> None:
    assert contract.complaints("Order", an_order(**change))


@pytest.mark.parametrize(
    "date",
    [
        "2025-01-25T12:19:38+00:00",
        "2025-01-25T12:19:38Z",
        "2025-01-25T12:19:38",
        "2025-01-25T12:19:38.672+05:30",
        "2025-01-25T12:19:38.672",
        "2025-01-25T12:19+0530",
    ],
)
def test_an_order_date_may_lack_its_offset(date: str) -> None:
    assert contract.complaints("Order", an_order(orderDate=date)) == ()


@pytest.mark.parametrize(
    "date",
    ["yesterday", "25-01-2025", "2025-01-25", "2025-13-01T00:00:00", "2025-01-25T25:00:00", "٢٠٢٥-01-25T12:19:38", ""],
)
def test_an_order_date_is_a_date_time(date: str) -> None:
    assert contract.complaints("Order", an_order(orderDate=date))


def test_a_modified_date_has_no_format() -> None:
    assert contract.complaints("Order", an_order(modifiedDate="2025-01-30T12:21:04")) == ()


BY_ID_ALONE = [name for name in operations.BULK if name not in ("awb", "status", "invoiceUpdate")]


@pytest.mark.parametrize(
    ("name", "item", "field"),
    [
        ("awb.item", {"orderId": "1", "awbNumber": "A", "courierName": "C"}, "orderId"),
        ("awb.item", {"orderId": "1", "awbNumber": "A", "courierName": "C"}, "awbNumber"),
        ("awb.item", {"orderId": "1", "awbNumber": "A", "courierName": "C"}, "courierName"),
        ("status.item", {"orderId": "1", "orderStatus": "bag_picked"}, "orderId"),
        ("status.item", {"orderId": "1", "orderStatus": "bag_picked"}, "orderStatus"),
        ("invoiceUpdate.item", {"orderId": "1", "invoiceNumber": "I", "invoiceType": "sale"}, "orderId"),
        ("invoiceUpdate.item", {"orderId": "1", "invoiceNumber": "I", "invoiceType": "sale"}, "invoiceNumber"),
        ("invoiceUpdate.item", {"orderId": "1", "invoiceNumber": "I", "invoiceType": "sale"}, "invoiceType"),
        *((f"{name}.item", {"orderId": "1"}, "orderId") for name in BY_ID_ALONE),
    ],
)
def test_a_required_field_is_required(name: str, item: dict[str, Any], field: str) -> None:
    assert contract.complaints(name, item) == ()
    assert contract.complaints(name, {key: value for key, value in item.items() if key != field})


def test_ids_in_requests_are_strings() -> None:
    for name in operations.BULK:
        schema = contract.schema_of(name, "item")
        target = schema["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        assert target["properties"]["orderId"] == {"$ref": "#/components/schemas/OrderId"}, name


def test_tracking_needs_an_id_or_an_awb() -> None:
    assert contract.complaints("track.request", {})
    assert contract.complaints("track.item", {"awb_number": "A"}) == ()


def test_the_loaded_document_is_the_callers_own() -> None:
    contract.load()["paths"].clear()

    assert contract.load()["paths"]


def test_validators_are_compiled_once() -> None:
    assert contract.validator("Order") is contract.validator("Order")


@pytest.mark.parametrize("name", ["Nothing", "nothing.item", "awb.body", "labels.answer", "token.request", ""])
def test_what_has_no_schema_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        contract.validator(name)


def test_a_complaint_about_a_long_body_stays_short() -> None:
    [complaint] = contract.complaints("pack.request", [{"orderId": "1" * 20}] * 21)

    assert complaint.startswith("the whole body: [")
    assert len(complaint) < 300


def test_half_a_surrogate_pair_is_judged_like_any_text() -> None:
    assert contract.complaints("Order", an_order(orderStatus="\ud800")) == ()
    assert contract.complaints("Order", an_order(orderStatus=["\ud800"]))


def test_a_body_nested_too_deep_is_a_complaint_and_no_crash() -> None:
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]

    assert contract.complaints("Order", deep) == ("the whole body: nested deeper than any documented answer",)


def test_a_missing_contract_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "OPENAPI", paths.OPENAPI.with_name("none.yaml"))
    contract._document.cache_clear()
    try:
        with pytest.raises(BrokenKitError, match="install the kit again"):
            contract.load()
    finally:
        contract._document.cache_clear()
