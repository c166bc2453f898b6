"""How an order looks from outside: its coarse status, and its JSON in each of the reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from selfship.lifecycle import COARSE, State
from selfship.mock.answers import IST
from selfship.mock.order import Line, Order

SLA = timedelta(days=1)
"""From the order to the time by which it should be packed."""


def coarse(order: Order) -> str:
    """The usual name of the order's state in `orderStatus`."""
    return COARSE[order.state][0]


def _offset(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()


def _naive(seconds: float) -> str:
    """Without an offset, as the documents' sample shows the date of the last change."""
    return datetime.fromtimestamp(int(seconds), UTC).replace(tzinfo=None).isoformat()


def _address(order: Order, kind: str) -> dict[str, Any]:
    return {
        "name": f"Customer {order.id[-6:]}",
        "addressLine1": f"{int(order.id[-3:]) % 90 + 1} Residency Road",
        "city": "Bengaluru",
        "state": "Karnataka",
        "country": "India",
        "pincode": f"560{int(order.id[-3:]) % 100:03}",
        "phone": f"90000{order.id[-5:]}",
        "addressType": kind,
    }


def _line(order: Order, line: Line) -> dict[str, Any]:
    return {
        "orderItemId": line["orderItemId"],
        "sku": line["sku"],
        "quantity": order.live(line),
        "cancelledQuantity": order.cancelled.get(line["orderItemId"], 0),
        "price": line["price"],
        "imeiSerialNumber": [],
    }


def _price(order: Order) -> dict[str, Any]:
    total = round(sum(line["price"] * order.live(line) for line in order.lines), 2)
    return {"currency": "INR", "total": total, "deliveryCharges": 0.0}


def shown(order: Order, status: str) -> dict[str, Any]:
    """The order as GET /oms/v3/shipment answers it: every documented key, and no other."""
    number = f"FY{int(order.forward_id):018X}"[:20]
    return {
        "id": order.id,
        "forwardId": order.forward_id,
        "marketplaceOrderId": number,
        "marketplaceReturnId": f"{number}R" if order.is_return else None,
        "marketplaceInvoiceNumber": None,
        "shippingAddress": _address(order, "shipping"),
        "billingAddress": _address(order, "billing"),
        "multiPackShipment": len(order.packages) > 1,
        "packages": order.packages,
        "fulfillmentType": "sellerFulfilled" if order.self_ship else "marketplaceFulfilled",
        "sellerInvoiced": order.invoice_number is not None,
        "courierName": order.courier,
        "courierCode": order.courier,
        "awbNumber": [order.awb] if order.awb else [],
        "additionalInfo": "",
        "orderPrice": _price(order),
        "orderItems": [_line(order, line) for line in order.lines],
        "orderStatus": status,
        "orderDate": _offset(order.placed_at),
        "modifiedDate": _naive(order.modified_at),
        "paymentType": "COD" if int(order.id[-1]) % 2 else "PREPAID",
        "taxExempted": False,
        "gstin": None,
        "packAfterDate": None,
        "packByDate": _offset(order.placed_at + SLA.total_seconds()),
        "pickUpSlots": [],
        "orderingChannel": order.channel,
        "labelPdfUrl": None,
        "purchaseOrderPdfUrl": None,
        "invoiceNumber": order.invoice_number,
        "returnInvoiceNumber": order.return_invoice_number,
        "irnNumber": order.e_invoice.get("irnNumber"),
        "invoiceQrCode": order.e_invoice.get("invoiceQrCode"),
        "signedInvoice": order.e_invoice.get("signedInvoice"),
        "orderBusinessType": "B2C",
        "lockStatus": order.locked,
        "fulfillmentPriority": None,
        "journeyType": journey_type(order),
        "cformProvided": False,
        "A4invoicePdfUrl": None,
        "A6invoicePdfUrl": f"https://assets.konnect.example/{order.id}.pdf",
        "is_returnless": False,
        "is_self_ship": order.self_ship,
    }


def journey_type(order: Order) -> str:
    return "return" if order.is_return else "forward"


def info(order: Order, status: str) -> dict[str, Any]:
    """The order as GET /oms/v3/shipment/info answers it; only id, sla and lockStatus have documented names."""
    due = _offset(order.placed_at + SLA.total_seconds())
    return {
        "id": order.id,
        "orderStatus": status,
        "orderType": journey_type(order),
        "sla": due,
        "lockStatus": order.locked,
        "processingDueTime": due,
        "is_self_ship": order.self_ship,
    }


def courier_entry(order: Order) -> dict[str, Any]:
    """The order as POST /oms/v3/shipment/courierDetails answers it."""
    return {
        "courierName": order.courier,
        "courierCode": order.courier,
        "awbNumber": [order.awb] if order.awb else [],
        "additionalInfo": "",
        "orderId": order.id,
    }


def tracking(order: Order) -> dict[str, Any]:
    """The data of POST /oms/v3/shipment/track. `location` is JSON within a string, as the documents have it."""
    events = [
        {"status": State(state).value, "time": datetime.fromtimestamp(at, IST).isoformat(timespec="seconds")}
        for at, _, state in order.history
    ]
    return {
        "shipment_id": order.id,
        "awb_number": order.awb or None,
        "courier": order.courier or None,
        "current_status": order.state.value,
        "last_updated": datetime.fromtimestamp(order.modified_at, IST).isoformat(timespec="milliseconds"),
        "eta": None,
        "tracking_url": None,
        "location": json.dumps({"latitude": 12.9716, "longitude": 77.5946}),
        "operational_status": order.state.value.replace("_", " ").title(),
        "journey": "reverse" if order.is_return else "forward",
        "events": events,
    }
