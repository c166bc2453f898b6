"""The reads: orders by id and by filter, their short form, courier details and tracking."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from selfship.mock import codes, view
from selfship.mock.answers import IST, Answer, bad_request, error
from selfship.mock.order import Order
from selfship.mock.points import Ask, Point
from selfship.mock.writes import known_order

if TYPE_CHECKING:
    from selfship.mock.app import Host


class _BadQueryError(Exception):
    """Its text is the message of the 400."""


def shipment(host: Host, ask: Ask) -> Answer:
    """GET /oms/v3/shipment: a bare array."""
    found = _selected(host, ask)
    if isinstance(found, Answer):
        return found
    return Answer(200, [_shown(host, ask, order, Point.SHOWN) for order in found])


def info(host: Host, ask: Ask) -> Answer:
    """GET /oms/v3/shipment/info: the orders in an object."""
    found = _selected(host, ask)
    if isinstance(found, Answer):
        return found
    return Answer(200, {"orders": [_shown(host, ask, order, Point.INFO) for order in found]})


def status_of(host: Host, ask: Ask, order: Order) -> str:
    ask.order = order
    status: str = host.at(Point.STATUS, view.coarse(order), ask)
    return status


def _shown(host: Host, ask: Ask, order: Order, point: Point) -> dict[str, Any]:
    make = view.shown if point is Point.SHOWN else view.info
    shown: dict[str, Any] = host.at(point, make(order, status_of(host, ask, order)), ask)
    return shown


def _selected(host: Host, ask: Ask) -> list[Order] | Answer:
    """The orders that the query asks for, or why it is refused."""
    ask.query = query = host.at(Point.QUERY, ask.query, ask)
    credential = ask.credential
    assert credential is not None
    order_id, location = query.get("orderId"), query.get("locationCode")
    if not order_id and not query.get("orderStatus"):
        return bad_request("orderId or orderStatus is required")
    if credential.company and not order_id and not location and ask.operation == "shipment":
        return bad_request("locationCode is required with company-level credentials")
    if location and location not in credential.locations:
        return error(403, "FORBIDDEN", "the credentials do not cover this location")
    try:
        return _by_id(host, ask, order_id) if order_id else _listed(host, ask)
    except _BadQueryError as problem:
        return bad_request(str(problem))


def _by_id(host: Host, ask: Ask, order_id: str) -> list[Order] | Answer:
    order = known_order(host, ask, order_id)
    location = ask.query.get("locationCode")
    if order is None or (location and order.location != location):
        return error(404, codes.NOT_FOUND, "no such order")
    return _filtered(host, ask, [order])


def _listed(host: Host, ask: Ask) -> list[Order]:
    assert ask.credential is not None
    named = ask.query.get("locationCode")
    wanted = host.at(Point.LOCATIONS, frozenset((named,)) if named else ask.credential.locations, ask)
    orders = [order for order in host.store.oldest_first() if order.location in wanted]
    page, size = _paging(host, ask)
    listing: list[Order] = host.at(Point.LISTING, _filtered(host, ask, orders), ask)
    first = (page - host.settings.first_page) * size
    served: list[Order] = host.at(Point.PAGE, listing[first : first + size], ask)
    return served


def _filtered(host: Host, ask: Ask, orders: list[Order]) -> list[Order]:
    query = ask.query
    since, until = _dates(query)
    channel, status = query.get("orderingChannel"), query.get("orderStatus")
    if channel:
        orders = [order for order in orders if order.channel == channel]
    if since is not None:
        orders = [order for order in orders if order.placed_at >= since]
    if until is not None:
        orders = [order for order in orders if order.placed_at < until]
    if status:
        orders = [order for order in orders if _matches(host, ask, order, status)]
    return orders


def _matches(host: Host, ask: Ask, order: Order, status: str) -> bool:
    found: bool = host.at(Point.MATCHES, status_of(host, ask, order) == status, ask)
    return found


def _paging(host: Host, ask: Ask) -> tuple[int, int]:
    first, cap = host.settings.first_page, host.settings.page_size
    page, size = _whole(ask, "pageNumber", first), _whole(ask, "pageSize", cap)
    if page < first:
        raise _BadQueryError(f"pageNumber starts at {first}")
    if size < 1:
        raise _BadQueryError("pageSize must be 1 or more")
    return page, min(size, cap)


def _whole(ask: Ask, name: str, default: int) -> int:
    text = ask.query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise _BadQueryError(f"{name} must be a whole number")
    return int(text)


def _dates(query: dict[str, str]) -> tuple[float | None, float | None]:
    """The window of order dates as seconds of the epoch, its end exclusive; a plain date is a day in IST."""
    since = _moment(query, "orderDateFrom", time.min)
    until = _moment(query, "orderDateTo", time.max)
    return since, until


def _moment(query: dict[str, str], name: str, of_day: time) -> float | None:
    text = query.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if len(text) <= 10:
            moment = datetime.combine(moment.date(), of_day)
        seconds = moment.replace(tzinfo=moment.tzinfo or IST).timestamp()
    except (ValueError, OverflowError):
        raise _BadQueryError(f"{name} must be an ISO date") from None
    return seconds + timedelta(microseconds=1).total_seconds() if name == "orderDateTo" else seconds


def courier_details(host: Host, ask: Ask, items: list[dict[str, Any]]) -> Answer:
    """POST /oms/v3/shipment/courierDetails: an entry for each order that the caller may see; none at all is 404."""
    entries = []
    for index, item in enumerate(items):
        ask.index, ask.item = index, item
        order_id = item.get("orderId")
        order = known_order(host, ask, order_id) if isinstance(order_id, str) else None
        if order is not None:
            entries.append(view.courier_entry(order))
    if not entries:
        refusal = codes.unknown(ask.operation)
        return error(404, refusal.code, refusal.message)
    return Answer(200, host.at(Point.COURIERS, entries, ask))


def track(host: Host, ask: Ask, body: Any) -> Answer:
    """POST /oms/v3/shipment/track: one shipment, by `shipment_id` or, without it, by `awb_number`."""
    if not isinstance(body, dict):
        return bad_request("the body must be an object")
    shipment_id, awb = body.get("shipment_id"), body.get("awb_number")
    if any(value is not None and not isinstance(value, str) for value in (shipment_id, awb)):
        return bad_request("shipment_id and awb_number must be strings")
    if not shipment_id and not awb:
        return bad_request("shipment_id or awb_number is required")
    ask.item = body
    order = _tracked(host, ask, shipment_id, awb)
    if order is None:
        return error(404, codes.NOT_FOUND, "no such shipment")
    ask.order = order
    answer = {"status": "success", "data": view.tracking(order)}
    return Answer(200, host.at(Point.TRACK, answer, ask))


def _tracked(host: Host, ask: Ask, shipment_id: str | None, awb: str | None) -> Order | None:
    if not shipment_id:
        by_awb = host.store.by_awb(awb or "")
        shipment_id = by_awb.id if by_awb else ""
    order: Order | None = host.at(Point.TRACKED, known_order(host, ask, shipment_id), ask)
    return order
