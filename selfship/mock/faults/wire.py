"""CON: faults of the wire contract."""

from __future__ import annotations

from typing import Any

from selfship.mock.answers import Answer, Tally, error
from selfship.mock.faults.fault import Fault, not_, on, returns, several, when
from selfship.mock.points import Ask, Hook, Point

_FIXED_ID = "766199ba-df9a-11ef-bc17-6b1b0369fe3a"
_FLAT = ("payloadCount", "successCount", "failedCount")


def _flat(answer: Answer) -> bool:
    return isinstance(answer.content, dict) and "payloadCount" in answer.content


def _data(answer: Answer) -> bool:
    return isinstance(answer.content, dict) and "meta" in answer.content


def _counts_as_text(answer: Answer, _: Ask) -> Answer:
    if _flat(answer):
        answer.content |= {name: str(answer.content[name]) for name in _FLAT}
    return answer


def _put_is_flat(answer: Answer, _: Ask) -> Answer:
    if _data(answer):
        data = answer.content["data"]
        counts = (data["payload_count"], data["success_count"], data["failed_count"])
        status = answer.content["meta"]["status"]
        answer.content = {**dict(zip(_FLAT, counts, strict=True)), "status": status, "errors": data["errors"]}
    return answer


def _no_errors_is_null(answer: Answer, _: Ask) -> Answer:
    if _flat(answer) and not answer.content["errors"]:
        answer.content["errors"] = None
    return answer


def _without_meta_status(answer: Answer, _: Ask) -> Answer:
    if _data(answer):
        del answer.content["meta"]["status"]
    return answer


def _payload_plus_one(tally: Tally, _: Ask) -> Tally:
    tally.payload += 1
    return tally


def _failures_not_counted(tally: Tally, _: Ask) -> Tally:
    if tally.success:
        tally.failed = 0
    return tally


def _one_entry_too_many(tally: Tally, _: Ask) -> Tally:
    tally.payload, tally.success = tally.payload + 1, tally.success + 1
    return tally


def _media(media: str) -> Hook:
    def hook(answer: Answer, _: Ask) -> Answer:
        if answer.status == 200:
            answer.media = media
        return answer

    return hook


def _set(name: str, value: Any) -> Hook:
    return lambda shown, _: {**shown, name: value}


def _without(name: str) -> Hook:
    return lambda shown, _: {key: value for key, value in shown.items() if key != name}


def _same_trace(answer: Answer, _: Ask) -> Answer:
    if _data(answer):
        answer.content["meta"]["trace_id"] = _FIXED_ID
    return answer


def _local_time(answer: Answer, _: Ask) -> Answer:
    if _data(answer):
        answer.content["meta"]["time"] = answer.content["meta"]["time"][:19].replace("T", " ")
    return answer


def _rounded(order_id: str) -> str:
    """As a program does that keeps ids in floating point."""
    return str(int(float(order_id)))


def _five_hundred(*_: Any) -> Answer:
    return error(500, "ERROR", "internal error")


def _breaks_on_unknown(answer: Answer, ask: Ask) -> Answer:
    refused = ask.envelope.errors if ask.envelope else []
    return _five_hundred() if any(entry["code"] == "O422" for entry in refused) else answer


def _breaks_on(message: str) -> Hook:
    def hook(answer: Answer, _: Ask) -> Answer:
        refused = answer.status == 400 and message in answer.content.get("message", "")
        return _five_hundred() if refused else answer

    return hook


def _wants_get(operation: str | None, _: Ask) -> str | None:
    return None if operation == "courierDetails" else operation


def _wrapped(name: str) -> Hook:
    def hook(answer: Answer, _: Ask) -> Answer:
        if answer.status == 200:
            answer.content = {name: answer.content}
        return answer

    return hook


def _bare(answer: Answer, _: Ask) -> Answer:
    if answer.status == 200:
        answer.content = answer.content["orders"]
    return answer


def _listing(ask: Ask) -> bool:
    return ask.operation == "shipment" and "orderId" not in ask.query


def _no_route(*_: Any) -> Answer:
    return error(404, "NOT_FOUND", "no such path")


FAULTS = (
    Fault(
        "dispatch_has_no_route",
        "CON-1",
        "answers 404 at the path of Dispatch",
        Point.BEFORE,
        when(on("dispatch"), _no_route),
        breaks_too=("FWD-5", "LIM-1"),
    ),
    Fault(
        "courier_details_wrong_method",
        "CON-1",
        "answers 405 to a POST for Courier Details",
        Point.ROUTE,
        _wants_get,
        breaks_too=("COU-1", "LIM-1"),
    ),
    Fault(
        "counts_are_text", "CON-2", "writes the counts of the flat envelope as strings", Point.ANSWER, _counts_as_text
    ),
    Fault(
        "status_envelope_is_flat",
        "CON-2",
        "answers Update Shipment Status with the flat envelope of the POST writes",
        Point.ANSWER,
        when(on("status"), _put_is_flat),
    ),
    Fault(
        "no_errors_is_null",
        "CON-2",
        "writes errors as null where nothing failed in Confirm",
        Point.ANSWER,
        when(on("confirm"), _no_errors_is_null),
    ),
    Fault(
        "awb_meta_without_status",
        "CON-2",
        "leaves meta.status out of the answer of Update AWB",
        Point.ANSWER,
        when(on("awb"), _without_meta_status),
    ),
    Fault(
        "pack_counts_one_more",
        "CON-3",
        "counts one item more than Pack was sent",
        Point.ENVELOPE,
        when(on("pack"), _payload_plus_one),
    ),
    Fault(
        "failures_not_counted",
        "CON-3",
        "reports no failures beside successes, so that the counts of a mixed batch do not add up",
        Point.ENVELOPE,
        _failures_not_counted,
    ),
    Fault(
        "batch_counts_one_more",
        "CON-3",
        "counts a success too many in every batch of statuses",
        Point.ENVELOPE,
        when(several("status"), _one_entry_too_many),
        breaks_too=("BAT-1", "BAT-6"),
    ),
    Fault(
        "info_is_text", "CON-4", "declares /info as text/plain", Point.ANSWER, when(on("info"), _media("text/plain"))
    ),
    Fault(
        "label_is_a_download",
        "CON-4",
        "declares labels as application/octet-stream",
        Point.ANSWER,
        when(on("labels"), _media("application/octet-stream")),
    ),
    Fault(
        "put_is_text",
        "CON-4",
        "declares the answers of the PUT writes as text/html",
        Point.ANSWER,
        when(on("awb", "status"), _media("text/html")),
    ),
    Fault(
        "address_is_text", "CON-5", "shows the shipping address as a string", Point.SHOWN, _set("shippingAddress", "x")
    ),
    Fault(
        "order_date_is_a_day",
        "CON-5",
        "shows the order date in words",
        Point.SHOWN,
        lambda shown, _: {**shown, "orderDate": f"on {shown['orderDate'][:10]}"},
    ),
    Fault(
        "return_without_channel",
        "CON-5",
        "leaves orderingChannel out of returns",
        Point.SHOWN,
        when(returns, _without("orderingChannel")),
    ),
    Fault(
        "lock_status_is_text",
        "CON-5",
        "shows lockStatus of orders that are not locked as a string",
        Point.SHOWN,
        lambda shown, _: shown if shown["lockStatus"] else {**shown, "lockStatus": "false"},
    ),
    Fault("trace_id_repeats", "CON-6", "writes the same trace_id in every answer", Point.ANSWER, _same_trace),
    Fault("time_without_offset", "CON-6", "writes meta.time without an offset", Point.ANSWER, _local_time),
    Fault(
        "info_rounds_ids",
        "CON-7",
        "rounds the order id in /info to the precision of a float",
        Point.INFO,
        lambda shown, _: {**shown, "id": _rounded(shown["id"])},
        breaks_too=("INF-1",),
    ),
    Fault(
        "courier_details_round_ids",
        "CON-7",
        "rounds the order id in Courier Details to the precision of a float",
        Point.COURIERS,
        lambda entries, _: [{**entry, "orderId": _rounded(entry["orderId"])} for entry in entries],
        breaks_too=("COU-1", "LIM-1"),
    ),
    Fault(
        "listing_ids_are_numbers",
        "CON-7",
        "writes the id as a number where it lists returns",
        Point.SHOWN,
        when(
            lambda ask: returns(ask) and "orderId" not in ask.query,
            lambda shown, _: {**shown, "id": int(shown["id"])},
        ),
        breaks_too=("CON-5",),
    ),
    Fault(
        "unknown_order_is_500",
        "CON-8",
        "answers 500 where Confirm names an unknown order",
        Point.ANSWER,
        when(on("confirm"), _breaks_on_unknown),
        breaks_too=("ELI-3",),
    ),
    Fault(
        "empty_batch_is_500",
        "CON-8",
        "answers 500 to an empty array",
        Point.ANSWER,
        when(not_(on("shipment", "info", "track", "token")), _breaks_on("array is empty")),
        breaks_too=("LIM-4",),
    ),
    Fault(
        "null_item_is_500",
        "CON-8",
        "answers 500 where an item of a batch is not an object",
        Point.ANSWER,
        _breaks_on("every item must be an object"),
    ),
    Fault(
        "listing_is_wrapped",
        "CON-9",
        "wraps listings, though not reads by id, in an object",
        Point.ANSWER,
        when(_listing, _wrapped("orders")),
    ),
    Fault("info_is_bare", "CON-9", "answers /info with a bare array", Point.ANSWER, when(on("info"), _bare)),
    Fault(
        "courier_details_are_wrapped",
        "CON-9",
        "wraps Courier Details in an object",
        Point.ANSWER,
        when(on("courierDetails"), _wrapped("data")),
        breaks_too=("COU-1",),
    ),
)
