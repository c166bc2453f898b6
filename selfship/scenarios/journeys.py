"""The journeys that must work: forward, NDR, RTO and return, step by step and by autoDispatch."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

from selfship import bodies, ways
from selfship.flow import Flow
from selfship.lifecycle import Event, State
from selfship.probing import Probe, probe_all
from selfship.scenario import scenario
from selfship.supply import Need, Order

FORWARD = Need(State.DP_ASSIGNED)
SEVERAL_LINES = Need(State.DP_ASSIGNED, rather_divisible=True)
RETURN = Need(State.RETURN_DP_ASSIGNED)
BY_STATUS = (Event.AWB, Event.PACK, Event.DISPATCH, Event.BAG_PICKED)
"""The way to bag_picked without autoDispatch."""
TRIED = (Event.OUT_FOR_DELIVERY, Event.DELIVERY_ATTEMPT_FAILED, Event.DELIVERY_REATTEMPT_REQUESTED)
HOME = (Event.RETURN_BAG_IN_TRANSIT, Event.RETURN_BAG_DELIVERED)
CREDITED = (Event.ACCEPT_RETURN, Event.CREDIT_NOTE)
SENT_BACK = (Event.RTO_BAG_DELIVERED, *CREDITED)
META = {"remark": "As the courier says", "reasonCode": 101, "dpLocation": "Bengaluru"}
"""Optional fields of a status."""


def document(flow: Flow, operation: str, order: Order, name: str) -> None:
    """Asks for a PDF, again and again within settle while it is refused, and keeps the last answer as `name`."""
    exchange = flow.ask(operation, [{"orderId": order.id}], until=lambda answer: answer.ok, step=name)
    flow.recording.kept[name] = exchange


@scenario(Need(State.PLACED, rather_divisible=True), weight=10, walks=(Event.CONFIRM, Event.INVOICE, Event.AWB))
def intake(flow: Flow, order: Order) -> None:
    """A new order is confirmed and invoiced, and waits in dp_assigned for its AWB."""
    flow.fire(Event.CONFIRM, order)
    if order.state is State.BAG_CONFIRMED:
        number = bodies.unique("INV")
        flow.fire(Event.INVOICE, order, invoiceNumber=number)
        flow.recording.kept["invoice number"] = number
        flow.recording.kept["invoiced"] = flow.wait(order, lambda view: view.invoice_number == number)
    flow.fire(Event.AWB, order, rule="FWD-2")


@scenario(Need(State.PLACED), weight=4, walks=(Event.CONFIRM,))
def confirmed_without_lines(flow: Flow, order: Order) -> None:
    """A new order is confirmed by its id alone: orderItems is optional."""
    flow.fire(Event.CONFIRM, order, orderItems=None)


def _e_invoice(order: Order) -> dict[str, str]:
    """An e-invoice's papers, of the shapes that the tax office gives them: a host may check those."""
    number = hashlib.sha256(order.id.encode()).hexdigest()
    signed = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"RS256"}', b"{}", b"0"))
    today = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
    papers = {"ackNumber": "112010036563310", "ackDate": today}
    return {"invoiceQrCode": signed, "irnNumber": number, "signedInvoice": signed, **papers}


def _package_id(order: Order) -> str:
    """The order's own package where it shows one: what a host overwrites must be there."""
    packages = order.view.raw.get("packages") if order.view else None
    shown = (one.get("packageId") for one in packages or () if isinstance(one, dict))
    return next((str(one) for one in shown if one), bodies.unique("PKG"))


@scenario(Need(State.BAG_CONFIRMED), weight=8, walks=(Event.INVOICE,))
def invoiced_in_full(flow: Flow, order: Order) -> None:
    """A confirmed order is invoiced with every documented field."""
    lines = order.view.lines if order.view else ()
    flow.fire(
        Event.INVOICE,
        order,
        **_e_invoice(order),
        orderItems=[{"orderItemId": line.item_id, "quantity": line.quantity, "imeiSerialNumber": []} for line in lines]
        or None,
        packages=[
            {
                "packageId": _package_id(order),
                "packageLengthCm": 30,
                "packageWidthCm": 20,
                "packageHeightCm": 10.5,
                "packageWeightGms": 750,
            }
        ],
    )


@scenario(SEVERAL_LINES, weight=14, walks=BY_STATUS)
def stepwise(flow: Flow, order: Order) -> None:
    """A forward order gets its AWB, is packed, dispatched and picked, one call at a time."""
    kept = flow.recording.kept
    kept["labels early"] = flow.call("labels", body=[{"orderId": order.id}], step="labels before packing")
    kept["invoice early"] = flow.call("invoice", body=[{"orderId": order.id}], step="customer invoice before packing")
    flow.fire(Event.AWB, order, courierName="Selfship Express")
    kept["labels with awb"] = flow.call("labels", body=[{"orderId": order.id}], step="labels with AWB, before packing")
    kept["awb"], kept["courier"] = order.awb, "Selfship Express"
    kept["courierDetails"] = flow.ask(
        "courierDetails",
        [{"orderId": order.id}],
        until=lambda answer: bool(order.awb) and str(order.awb) in answer.text,
        step="courier details",
    )
    kept["shown"] = order.view
    flow.fire(Event.PACK, order)
    document(flow, "labels", order, "labels")
    document(flow, "invoice", order, "invoice")
    flow.fire(Event.DISPATCH, order)
    flow.fire(Event.BAG_PICKED, order)


@scenario(FORWARD, weight=10, walks=(*BY_STATUS, Event.DELIVERY_DONE), joins=len(BY_STATUS))
def delivered(flow: Flow, order: Order) -> None:
    """An order that was picked by status is delivered."""
    _walk_by_status(flow, order)
    flow.fire(Event.DELIVERY_DONE, order)


@scenario(SEVERAL_LINES, weight=12, walks=BY_STATUS)
def dispatched_with_items(flow: Flow, order: Order) -> None:
    """A packed order is dispatched with its order items named."""
    flow.fire(Event.AWB, order)
    flow.fire(Event.PACK, order)
    lines = order.view.lines if order.view else ()
    items = [{"orderItemId": line.item_id, "quantity": line.quantity} for line in lines]
    flow.fire(Event.DISPATCH, order, orderItems=items or None)
    flow.fire(Event.BAG_PICKED, order)


@scenario(FORWARD, weight=8, walks=(Event.AUTO_DISPATCH, Event.DELIVERY_DONE))
def auto(flow: Flow, order: Order) -> None:
    """One Update AWB with autoDispatch takes a forward order to bag_picked; delivery_done then completes it."""
    step = flow.fire(Event.AUTO_DISPATCH, order, courierName="Selfship Auto")
    flow.recording.kept["shown"] = step.after
    flow.recording.kept["awb"] = order.awb
    flow.fire(Event.DELIVERY_DONE, order, rule="AUT-2")


@scenario(RETURN, weight=9, walks=(Event.AUTO_DISPATCH, *HOME), bare=True)
def auto_on_return(flow: Flow, order: Order) -> None:
    """autoDispatch on a return never leaves return_dp_assigned; the normal path still works."""
    exchange, answer = flow.write("awb", [flow.item(Event.AUTO_DISPATCH, order)], step="auto_dispatch on a return")
    flow.recording.kept["answer"] = (exchange, answer)
    order.touched(seen=False)
    skipped = Probe("return_bag_delivered after autoDispatch", "AUT-3", Event.RETURN_BAG_DELIVERED)
    probe_all(flow, order, [skipped], lambda: flow.another(RETURN))
    flow.recording.kept["shown"] = flow.read(order)
    if not answer.accepted:
        flow.fire(Event.AWB, order, rule="AUT-3", name="awb after autoDispatch")
    flow.fire(Event.RETURN_BAG_IN_TRANSIT, order, rule="AUT-3")
    flow.fire(Event.RETURN_BAG_DELIVERED, order, rule="AUT-3")


def _walk_by_status(flow: Flow, order: Order) -> None:
    for event in ways.left(order.history, BY_STATUS):
        flow.fire(event, order)


@scenario(FORWARD, weight=22, walks=(*BY_STATUS, *TRIED, *TRIED, Event.DELIVERY_DONE), joins=len(BY_STATUS))
def ndr(flow: Flow, order: Order) -> None:
    """A delivery fails, is attempted again, fails once more and is done at the third attempt."""
    _walk_by_status(flow, order)
    flow.fire(Event.OUT_FOR_DELIVERY, order)
    flow.fire(Event.DELIVERY_ATTEMPT_FAILED, order)
    flow.fire(Event.DELIVERY_REATTEMPT_REQUESTED, order)
    flow.fire(Event.OUT_FOR_DELIVERY, order, name="out_for_delivery again")
    flow.fire(Event.DELIVERY_ATTEMPT_FAILED, order, name="delivery_attempt_failed again")
    flow.fire(Event.DELIVERY_REATTEMPT_REQUESTED, order, name="delivery_reattempt_requested again")
    flow.fire(Event.DELIVERY_DONE, order)


@scenario(FORWARD, weight=12, walks=(Event.AUTO_DISPATCH, *TRIED, Event.DELIVERY_DONE))
def ndr_reattempted(flow: Flow, order: Order) -> None:
    """A failed delivery is done straight from delivery_reattempt_requested."""
    flow.fire(Event.AUTO_DISPATCH, order, courierName="Selfship Again")
    flow.fire(Event.OUT_FOR_DELIVERY, order)
    flow.fire(Event.DELIVERY_ATTEMPT_FAILED, order)
    flow.fire(Event.DELIVERY_REATTEMPT_REQUESTED, order)
    flow.fire(Event.DELIVERY_DONE, order)


@scenario(FORWARD, weight=8, walks=(Event.AUTO_DISPATCH, Event.OUT_FOR_DELIVERY, Event.DELIVERY_DONE))
def ndr_first_attempt(flow: Flow, order: Order) -> None:
    """An order that is out for delivery is delivered."""
    flow.fire(Event.AUTO_DISPATCH, order)
    flow.fire(Event.OUT_FOR_DELIVERY, order)
    flow.fire(Event.DELIVERY_DONE, order, meta=META)


@scenario(FORWARD, weight=15, walks=(*BY_STATUS, *SENT_BACK), joins=len(BY_STATUS))
def rto(flow: Flow, order: Order) -> None:
    """A picked order comes back, is accepted, gets its credit note and the note's PDF."""
    _walk_by_status(flow, order)
    flow.fire(Event.RTO_BAG_DELIVERED, order)
    flow.recording.kept["listed"] = order.view
    _to_credit_note(flow, order)


@scenario(FORWARD, weight=8, walks=(Event.AUTO_DISPATCH, *SENT_BACK))
def rto_after_auto(flow: Flow, order: Order) -> None:
    """An order that autoDispatch picked comes back, is accepted and gets its credit note, and is at its end."""
    credited_rto(flow, order)
    if order.state is State.CREDIT_NOTE_GENERATED:
        probe_all(flow, order, AFTER_THE_NOTE, lambda: credited_rto(flow, flow.another(FORWARD)))


def credited_rto(flow: Flow, order: Order) -> Order:
    flow.fire(Event.AUTO_DISPATCH, order)
    flow.fire(Event.RTO_BAG_DELIVERED, order, meta=META)
    _to_credit_note(flow, order)
    return order


AFTER_THE_NOTE = [
    Probe(f"{event.value} after the credit note of an RTO", "STA-3", event)
    for event in (Event.BAG_PICKED, Event.DELIVERY_DONE, Event.RETURN_BAG_DELIVERED)
]
"""What the matrix tries on a return, where the documents treat an RTO alike."""


@scenario(RETURN, weight=12, walks=(Event.AWB, *HOME, *CREDITED))
def return_journey(flow: Flow, order: Order) -> None:
    """A return gets its AWB, travels, arrives, is accepted as good, and gets its credit note and the note's PDF."""
    flow.recording.kept["first seen"] = order.view
    flow.fire(Event.AWB, order, courierName="Selfship Reverse")
    flow.recording.kept["awb"], flow.recording.kept["courier"] = order.awb, "Selfship Reverse"
    flow.recording.kept["shown"] = order.view
    flow.recording.kept["courierDetails"] = flow.ask(
        "courierDetails",
        [{"orderId": order.id}],
        until=lambda answer: bool(order.awb) and str(order.awb) in answer.text,
        step="courier details of a return",
    )
    flow.fire(Event.RETURN_BAG_IN_TRANSIT, order)
    flow.fire(Event.RETURN_BAG_DELIVERED, order)
    _to_credit_note(flow, order)


@scenario(RETURN, weight=12, walks=(Event.AWB, *HOME, *CREDITED))
def return_with_reason(flow: Flow, order: Order) -> None:
    """A delivered return is accepted with a reason code for its items, and gets its credit note."""
    flow.fire(Event.AWB, order)
    flow.fire(Event.RETURN_BAG_IN_TRANSIT, order, meta=META)
    flow.fire(Event.RETURN_BAG_DELIVERED, order, meta=META)
    lines = order.view.lines if order.view else ()
    items = [
        {"orderItemId": line.item_id, "quantity": line.quantity, "reasonCode": "package_damaged"} for line in lines
    ]
    flow.fire(Event.ACCEPT_RETURN, order, orderItems=items or None)
    if order.state is State.RETURN_ACCEPTED:
        flow.fire(Event.CREDIT_NOTE, order)


@scenario(RETURN, weight=6, bare=True)
def return_without_awb(flow: Flow, order: Order) -> None:
    """return_bag_in_transit is pushed before the return has any AWB."""
    early = Probe("return_bag_in_transit before any AWB", "RET-6", Event.RETURN_BAG_IN_TRANSIT)
    probe_all(flow, order, [early], lambda: flow.another(RETURN))


def _to_credit_note(flow: Flow, order: Order) -> None:
    """Acceptance, credit note and its PDF, each by request or by itself, as the host has it."""
    if order.state in (State.RTO_BAG_DELIVERED, State.RETURN_BAG_DELIVERED):
        flow.fire(Event.ACCEPT_RETURN, order)
    if order.state in (State.RTO_BAG_ACCEPTED, State.RETURN_ACCEPTED):
        number = bodies.unique("CN")
        flow.fire(Event.CREDIT_NOTE, order, invoiceNumber=number)
    document(flow, "invoice", order, "credit note")
