"""Faults first seen on another host than this one: what the checks of the first two readers had overlooked."""

from __future__ import annotations

import json
from typing import Any

from selfship.lifecycle import Event, State
from selfship.mock.answers import Answer
from selfship.mock.codes import INVALID_ITEM, Refusal
from selfship.mock.conduct import Ruling
from selfship.mock.faults.fault import (
    Fault,
    applies_though_refused,
    both,
    event,
    not_,
    on,
    returns,
    several,
    state,
    takes,
    when,
)
from selfship.mock.faults.journeys import no, taken
from selfship.mock.faults.reading import by_id
from selfship.mock.order import Order
from selfship.mock.points import Ask, Point
from selfship.mock.validation import check_item

S, E = State, Event
Changes = dict[str, Any]


def _listed_info(ask: Ask) -> bool:
    return ask.operation == "info" and not by_id(ask)


def _rounded(shown: dict[str, Any], _: Ask) -> dict[str, Any]:
    return {**shown, "id": str(int(float(shown["id"])))}


def _return_like_any(matches: bool, ask: Ask) -> bool:
    assert ask.order is not None
    return matches or (ask.query.get("orderStatus", "").startswith("RETURN_") and ask.order.is_return)


def _as_asked(shown: dict[str, Any], ask: Ask) -> dict[str, Any]:
    return {**shown, "orderStatus": ask.query["orderStatus"]}


def _later_page(ask: Ask) -> bool:
    return ask.operation == "shipment" and ask.query.get("pageNumber", "1") not in ("0", "1")


def _any_channel(query: dict[str, str], _: Ask) -> dict[str, str]:
    return {name: value for name, value in query.items() if name != "orderingChannel"}


def _no_lines(ask: Ask) -> bool:
    return "orderItems" not in ask.item


def _first_number(changes: Changes, ask: Ask) -> Changes:
    return {**changes, "invoice_number": ask.scratch.setdefault("number", changes["invoice_number"])}


def _number_only(changes: Changes, _: Ask) -> Changes:
    return {"invoice_number": changes["invoice_number"]}


def _no_courier(changes: Changes, _: Ask) -> Changes:
    return {**changes, "courier": ""}


def _with_meta(ask: Ask) -> bool:
    return "meta" in ask.item and str(ask.item.get("orderStatus", "")).startswith("return_")


def _courier_unknown(refusal: Refusal | None, ask: Ask) -> Refusal | None:
    if ask.item.get("autoDispatch") is True and "courierName" not in ask.item:
        ask.item["courierName"] = "Self"
        return check_item(ask.operation, ask.item)
    return refusal


def _first_value(body: bytes, _: Ask) -> bytes:
    """As a reader of a stream does, that stops when it has its value."""
    try:
        text = body.decode()
        return text[: json.JSONDecoder().raw_decode(text.lstrip())[1]].encode()
    except ValueError:
        return body


def _nothing_is_4xx(answer: Answer, ask: Ask) -> Answer:
    if answer.status == 200 and ask.envelope is not None and not ask.envelope.success:
        answer.status = 422
    return answer


def _a_piece(ask: Ask) -> bool:
    """One line, and fewer pieces of it than there are."""
    asked = ask.item.get("orderItems", [])
    if ask.order is None or len(asked) != 1:
        return False
    held = {line["orderItemId"]: line["quantity"] for line in ask.order.lines}
    return bool(asked[0].get("quantity", 0) < held.get(asked[0]["orderItemId"], 0))


def _remembers_failures(ruling: Ruling, ask: Ask) -> Ruling:
    failed: set[str] = ask.memory.setdefault("failed", set())
    order_id = str(ask.item.get("orderId"))
    if order_id in failed:
        return Ruling(counted=False, applies=False, code="D409", message="this request was answered before")
    if not ruling.counted and ask.items > 1:
        failed.add(order_id)
    return ruling


def _else_by_awb(order: Order | None, ask: Ask) -> Order | None:
    return order or ask.host.store.by_awb(ask.item.get("awb_number") or "")


def _by_awb(ask: Ask) -> bool:
    return not ask.item.get("shipment_id")


def _as_first_told(answer: dict[str, Any], ask: Ask) -> dict[str, Any]:
    told: dict[str, dict[str, Any]] = ask.memory.setdefault("told", {})
    return told.setdefault(ask.item["awb_number"], answer)


READING = (
    Fault(
        "info_listing_rounds_ids",
        "CON-7",
        "lists ids in /info as a number of floating point has them; by id it shows them right",
        Point.INFO,
        when(_listed_info, _rounded),
    ),
    Fault(
        "info_lists_returns_alike",
        "INF-1",
        "lists every return in /info under whichever RETURN_ status it was asked for, and says that it has it",
        Point.MATCHES,
        when(_listed_info, _return_like_any),
        ((Point.INFO, when(_listed_info, _as_asked)),),
        breaks_too=("INF-2",),
    ),
    Fault(
        "info_listing_is_all_locked",
        "INF-2",
        "says of every order that /info lists that it is locked; by id it says what is true",
        Point.INFO,
        when(_listed_info, lambda shown, _: {**shown, "lockStatus": True}),
    ),
    Fault(
        "channel_holds_for_one_page",
        "FET-5",
        "forgets orderingChannel from the second page on",
        Point.QUERY,
        when(_later_page, _any_channel),
    ),
    Fault(
        "track_falls_back_on_the_awb",
        "TRK-3",
        "answers an unknown shipment_id with the shipment of the awb_number that came with it",
        Point.TRACKED,
        _else_by_awb,
    ),
    Fault(
        "track_by_awb_is_cached",
        "TRK-4",
        "repeats what it first said of an awb_number; by shipment_id it follows",
        Point.TRACK,
        when(_by_awb, _as_first_told),
    ),
)

WRITING = (
    no(
        "confirm_wants_lines",
        "FWD-1",
        "refuses Confirm without orderItems",
        event(E.CONFIRM),
        _no_lines,
    ),
    Fault(
        "batch_shares_its_invoice_number",
        "FWD-10",
        "records the invoiceNumber of the first item of Update Invoice on every order of the request",
        Point.CHANGES,
        when(both(event(E.INVOICE), several()), _first_number),
    ),
    Fault(
        "refused_invoice_renumbers",
        "FWD-10",
        "refuses a second Update Invoice, and takes its number",
        Point.RULING,
        applies_though_refused(both(event(E.INVOICE), state(S.DP_ASSIGNED))),
        ((Point.CHANGES, when(both(event(E.INVOICE), state(S.DP_ASSIGNED)), _number_only)),),
    ),
    Fault(
        "courier_is_lost_at_a_reattempt",
        "FET-12",
        "forgets the courier when delivery_reattempt_requested is pushed",
        Point.CHANGES,
        when(event(E.DELIVERY_REATTEMPT_REQUESTED), _no_courier),
    ),
    taken(
        "credited_rto_is_delivered",
        "STA-3",
        "takes delivery_done on an RTO whose credit note is made",
        both(event(E.DELIVERY_DONE), state(S.CREDIT_NOTE_GENERATED), not_(returns)),
        S.DELIVERY_DONE,
    ),
    Fault(
        "status_invoices_a_confirmed_order",
        "STA-6",
        "refuses bag_picked on a confirmed order, and moves the order to dp_assigned",
        Point.RULING,
        applies_though_refused(both(event(E.BAG_PICKED), state(S.BAG_CONFIRMED)), S.DP_ASSIGNED),
    ),
    Fault(
        "piece_of_an_invoiced_order_is_cancelled",
        "STA-11",
        "cancels some pieces of a line of an invoiced order; a whole line it refuses",
        Point.RULING,
        takes(both(event(E.CANCEL_SOME), state(S.DP_ASSIGNED), _a_piece)),
    ),
    Fault(
        "what_failed_is_remembered",
        "BAT-8",
        "refuses to dispatch an order for good once it failed in a batch",
        Point.RULING,
        when(on("dispatch"), _remembers_failures),
    ),
    Fault(
        "courier_is_optional_with_auto_dispatch",
        "VAL-1",
        "takes an Update AWB without courierName where autoDispatch is true",
        Point.VALID,
        when(on("awb"), _courier_unknown),
    ),
    Fault(
        "word_behind_good_items_is_ignored",
        "VAL-3",
        "carries out a confirm with something behind the JSON, and answers 4xx where nothing in it could be done",
        Point.RAW,
        when(on("confirm"), _first_value),
        ((Point.ANSWER, when(on("confirm"), _nothing_is_4xx)),),
    ),
    Fault(
        "meta_is_refused_on_returns",
        "VAL-5",
        "refuses a status of a return that comes with meta",
        Point.VALID,
        when(_with_meta, lambda _, __: Refusal(INVALID_ITEM, "unknown property meta")),
    ),
)

FAULTS = (*READING, *WRITING)
