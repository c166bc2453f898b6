"""Faults of a second reader of the rules: the wire, credentials, reads, documents, couriers and tracking.

Those of the writes are in `second_reader_writes`.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from selfship.lifecycle import KNOWN_COARSE
from selfship.mock import view
from selfship.mock.answers import PDF, Answer, error
from selfship.mock.auth import Credential
from selfship.mock.faults.fault import Fault, both, on, when
from selfship.mock.faults.reading import by_id
from selfship.mock.order import Order
from selfship.mock.points import Ask, Point

_STATUSES = KNOWN_COARSE | {"HANDED_OVER_TO_CUSTOMER"}
_HASHED = 8
"""Characters of a password that the old Unix hash looks at."""
_PAYLOAD = 16
"""Characters of a token in front of its signature."""
_MOST = 25
"""Orders that a page holds at most."""
_DATES = ("orderDateFrom", "orderDateTo")


def _listed(ask: Ask) -> bool:
    return ask.operation == "shipment" and "orderId" not in ask.query


def _omits_zeros(answer: Answer, _: Ask) -> Answer:
    if isinstance(answer.content, dict) and "data" in answer.content:
        counts = answer.content["data"]
        answer.content["data"] = {name: value for name, value in counts.items() if value != 0 or name == "errors"}
    return answer


def _declared_as_pdf(answer: Answer, _: Ask) -> Answer:
    if answer.status in (400, 404):
        answer.media = PDF
    return answer


def _breaks_on_strange_status(answer: Answer, ask: Ask) -> Answer:
    strange = ask.query.get("orderStatus") not in _STATUSES
    return error(500, "ERROR", "no enum constant") if answer.status == 200 and strange else answer


def _null_when_empty(answer: Answer, _: Ask) -> Answer:
    if answer.content == []:
        answer.content = None
    return answer


def _first_eight(credential: Credential | None, ask: Ask) -> Credential | None:
    name, word = ask.query.get("username"), ask.query.get("password", "")
    known = (one for one in ask.host.tokens.credentials if one.username == name)
    return credential or next((one for one in known if one.password[:_HASHED] == word[:_HASHED]), None)


def _remembers_tokens(answer: Answer, ask: Ask) -> Answer:
    if answer.status == 200:
        token = answer.content["access_token"]
        ask.memory.setdefault("payloads", {})[token[:_PAYLOAD]] = token
    return answer


def _unsigned(credential: Credential | None, ask: Ask) -> Credential | None:
    issued = ask.memory.get("payloads", {}).get((ask.item.get("token") or "")[:_PAYLOAD])
    return credential or ask.host.tokens.holder(issued)


def _also_what_came_back(matches: bool, ask: Ask) -> bool:
    assert ask.order is not None
    asked, status = ask.query.get("orderStatus"), view.coarse(ask.order)
    return matches or (asked == "DELIVERED" and status.endswith("DELIVERED"))


def _notes_dates(query: dict[str, str], ask: Ask) -> dict[str, str]:
    ask.scratch["dates"] = tuple(query.get(name, "")[:10] for name in _DATES)
    return {name: value for name, value in query.items() if name not in _DATES}


def _modified_then(orders: list[Order], ask: Ask) -> list[Order]:
    since, until = ask.scratch["dates"]
    days = ((order, datetime.fromtimestamp(order.modified_at, UTC).date().isoformat()) for order in orders)
    return [order for order, day in days if since <= day and (not until or day <= until)]


def _as_first_shown(shown: dict[str, Any], ask: Ask) -> dict[str, Any]:
    cached: dict[str, dict[str, Any]] = ask.memory.setdefault("info", {})
    return cached.setdefault(shown["id"], shown)


def _in_reverse(entries: list[dict[str, Any]], _: Ask) -> list[dict[str, Any]]:
    """The ids in the order of the request, the couriers in that of the database."""
    return [{**other, "orderId": entry["orderId"]} for entry, other in zip(entries, reversed(entries), strict=True)]


def _whatever_has_no_awb(answer: Answer, ask: Ask) -> Answer:
    """As `WHERE awb = ''` does."""
    if answer.status != 400 or "is required" not in answer.content["message"]:
        return answer
    found = next((order for order in ask.host.store.oldest_first() if not order.awb), None)
    return Answer(200, {"status": "success", "data": view.tracking(found)}) if found else answer


FAULTS = (
    Fault(
        "zero_counts_are_omitted",
        "CON-2",
        "leaves a count that is 0 out of the envelope of the PUT writes",
        Point.ANSWER,
        when(on("awb", "status"), _omits_zeros),
    ),
    Fault(
        "label_refusal_is_declared_pdf",
        "CON-4",
        "declares the JSON that refuses a label as application/pdf",
        Point.ANSWER,
        when(on("labels"), _declared_as_pdf),
    ),
    Fault(
        "strange_status_filter_is_500",
        "CON-8",
        "answers 500 where a listing asks for an orderStatus that does not exist",
        Point.ANSWER,
        when(_listed, _breaks_on_strange_status),
    ),
    Fault(
        "empty_page_is_null",
        "CON-9",
        "answers null instead of an array where a page holds no order",
        Point.ANSWER,
        when(_listed, _null_when_empty),
    ),
    Fault(
        "password_ends_after_eight",
        "AUTH-2",
        "gives a token for a password of which only the first eight characters are right",
        Point.LOGIN,
        _first_eight,
    ),
    Fault(
        "token_signature_unchecked",
        "AUTH-4",
        "lets in a token that was altered in its last characters",
        Point.TOKEN,
        _unsigned,
        ((Point.ANSWER, when(on("token"), _remembers_tokens)),),
    ),
    Fault(
        "delivered_lists_what_came_back",
        "FET-2",
        "lists delivered returns and RTOs under DELIVERED too",
        Point.MATCHES,
        when(_listed, _also_what_came_back),
    ),
    Fault(
        "pages_step_by_the_size_asked",
        "FET-3",
        "answers 25 orders a page at most, and begins the next page where the whole size asked for would end",
        Point.PAGE,
        when(on("shipment"), lambda page, _: page[:_MOST]),
        breaks_too=("FET-10",),
    ),
    Fault(
        "window_of_modification",
        "FET-6",
        "applies orderDateFrom and orderDateTo to the date of the last change",
        Point.QUERY,
        when(_listed, _notes_dates),
        ((Point.LISTING, when(_listed, _modified_then)),),
    ),
    Fault(
        "info_is_cached",
        "INF-2",
        "repeats in /info by id what it first said of the order",
        Point.INFO,
        when(both(on("info"), by_id), _as_first_shown),
    ),
    Fault(
        "label_is_base64",
        "DOC-2",
        "sends a label in base64, and calls it a PDF",
        Point.PDF,
        when(on("labels"), lambda body, _: base64.b64encode(body)),
        breaks_too=("LIM-1",),
    ),
    Fault(
        "courier_details_are_mixed_up",
        "COU-1",
        "shows the couriers of several orders in the reverse order of their ids",
        Point.COURIERS,
        _in_reverse,
        breaks_too=("LIM-1",),
    ),
    Fault(
        "track_nothing_finds_something",
        "TRK-3",
        "answers a Track that names neither id nor AWB with a shipment that has no AWB yet",
        Point.ANSWER,
        when(on("track"), _whatever_has_no_awb),
    ),
)
