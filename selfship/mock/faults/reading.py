"""FET: faults of the reads of orders and returns."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from selfship.lifecycle import Event, State
from selfship.mock import view
from selfship.mock.answers import Answer, bad_request, error
from selfship.mock.faults.fault import Fault, always, both, not_, on, returns, state, when
from selfship.mock.order import Order
from selfship.mock.points import Ask, Hook, Point
from selfship.mock.settings import LOCATIONS

S, E = State, Event
Query = dict[str, str]


def _drops(name: str) -> Hook:
    return lambda query, _: {key: value for key, value in query.items() if key != name}


def by_id(ask: Ask) -> bool:
    return "orderId" in ask.query


def _listed(ask: Ask) -> bool:
    return "orderId" not in ask.query


def asks_for(*statuses: str) -> Any:
    return lambda ask: _listed(ask) and ask.query.get("orderStatus") in statuses


def _asks_for_returns(ask: Ask) -> bool:
    return _listed(ask) and ask.query.get("orderStatus", "").startswith("RETURN")


def _later_page(ask: Ask) -> bool:
    return ask.query.get("pageNumber", "1") not in ("0", "1")


def _also_shows_the_next(answer: Answer, ask: Ask) -> Answer:
    orders = ask.host.store.oldest_first()
    if answer.status == 200 and by_id(ask) and len(answer.content) == 1 and len(orders) > 1:
        place = next(i for i, order in enumerate(orders) if order.id == answer.content[0]["id"])
        answer.content.append({**answer.content[0], "id": orders[place - 1].id})
    return answer


def _wants_a_status(answer: Answer, ask: Ask) -> Answer:
    return bad_request("orderStatus is required") if by_id(ask) and "orderStatus" not in ask.query else answer


def _second_page_loses_its_first(page: list[Order], ask: Ask) -> list[Order]:
    return page[1:] if ask.query.get("pageNumber") == "2" else page


def _remembers(orders: list[Order], ask: Ask) -> list[Order]:
    ask.scratch["listing"] = orders
    return orders


def _one_early(page: list[Order], ask: Ask) -> list[Order]:
    """Each page but the first begins with the order that ended the page before; a full page keeps its size."""
    if not page or not _later_page(ask):
        return page
    listing: list[Order] = ask.scratch["listing"]
    before = listing[listing.index(page[0]) - 1]
    full = len(page) == int(ask.query.get("pageSize", "0"))
    return [before, *(page[:-1] if full else page)]


def _every_location(_: Any, ask: Ask) -> frozenset[str]:
    assert ask.credential is not None
    return ask.credential.locations


def _shuffled(orders: list[Order], _: Ask) -> list[Order]:
    return random.sample(orders, len(orders))


def _drops_a_partial_page(page: list[Order], ask: Ask) -> list[Order]:
    size = int(ask.query.get("pageSize", "0"))
    return [] if _later_page(ask) and len(page) < size else page


def _day_later(name: str, days: int) -> Hook:
    """Moves the day of a date; a date-time stays."""

    def hook(query: Query, _: Ask) -> Query:
        text = query.get(name, "")
        moved = (date.fromisoformat(text) + timedelta(days)).isoformat() if len(text) == 10 else text
        return {**query, name: moved} if text else query

    return hook


def _unless_awb(orders: list[Order], _: Ask) -> list[Order]:
    return [order for order in orders if not order.awb]


def _unless(*states: State) -> Hook:
    return lambda orders, _: [order for order in orders if order.state not in states]


def _first_order(answer: Answer, ask: Ask) -> Answer:
    if answer.status == 404 and by_id(ask) and ask.host.store.oldest_first():
        return Answer(200, [{**_some_order(ask), "id": ask.host.store.oldest_first()[0].id}])
    return answer


def _some_order(ask: Ask) -> dict[str, Any]:
    order = ask.host.store.oldest_first()[0]
    return view.shown(order, view.coarse(order))


def _as_numbers(order: Order | None, ask: Ask) -> Order | None:
    """Finds an order whose id is the same number in floating point."""
    text = ask.query.get("orderId", "")
    if order or not text.isdigit() or len(text) > 40:
        return order
    return next((known for known in ask.host.store.oldest_first() if float(known.id) == float(text)), None)


def _stale(ask: Ask) -> bool:
    return _listed(ask) and ask.operation == "shipment"


def _set(name: str, value: Any) -> Hook:
    return lambda shown, _: {**shown, name: value}


def _without(name: str) -> Hook:
    return lambda shown, _: {key: value for key, value in shown.items() if key != name}


def no_filter(ask: Ask) -> bool:
    return not ask.query.get("orderId") and not ask.query.get("orderStatus")


_PROCESSING = {"orderStatus": "PROCESSING"}


def lists_something(query: Query, _: Ask) -> Query:
    return {"locationCode": LOCATIONS[0], **query, **_PROCESSING}


def _gone(*_: Any) -> Answer:
    return error(404, "NOT_FOUND", "no such order")


def _no_returns_by_id(answer: Answer, ask: Ask) -> Answer:
    found = answer.status == 200 and by_id(ask) and any(order["journeyType"] == "return" for order in answer.content)
    return _gone() if found else answer


FAULTS = (
    Fault(
        "by_id_wants_a_status",
        "FET-1",
        "refuses a read by id that names no status",
        Point.ANSWER,
        when(on("shipment"), _wants_a_status),
    ),
    Fault(
        "by_id_shows_a_neighbour",
        "FET-1",
        "answers a read by id with a second order",
        Point.ANSWER,
        when(on("shipment"), _also_shows_the_next),
    ),
    Fault(
        "returns_not_by_id", "FET-1", "finds no return by its id", Point.ANSWER, when(on("shipment"), _no_returns_by_id)
    ),
    Fault(
        "created_lists_cancelled",
        "FET-2",
        "lists cancelled orders under CREATED too",
        Point.MATCHES,
        when(both(on("shipment"), asks_for("CREATED"), state(S.CANCELLED)), always(True)),
    ),
    Fault(
        "later_pages_ignore_status",
        "FET-2",
        "lists confirmed orders among the created ones from the second page on",
        Point.MATCHES,
        when(both(on("shipment"), asks_for("CREATED"), _later_page, state(S.BAG_CONFIRMED)), always(True)),
    ),
    Fault(
        "second_page_loses_one",
        "FET-3",
        "leaves the first order of the second page out",
        Point.PAGE,
        when(on("shipment"), _second_page_loses_its_first),
    ),
    Fault(
        "pages_overlap",
        "FET-3",
        "begins each page with the last order of the page before",
        Point.PAGE,
        when(on("shipment"), _one_early),
        ((Point.LISTING, _remembers),),
    ),
    Fault(
        "pages_are_shuffled",
        "FET-3",
        "sorts the listing anew for each page",
        Point.LISTING,
        when(on("shipment"), _shuffled),
    ),
    Fault(
        "last_page_is_lost",
        "FET-3",
        "leaves out a last page that is not full",
        Point.PAGE,
        when(on("shipment"), _drops_a_partial_page),
        breaks_too=("FET-10",),
    ),
    Fault(
        "page_size_ignored",
        "FET-4",
        "answers a hundred orders a page, whatever pageSize says",
        Point.QUERY,
        _drops("pageSize"),
    ),
    Fault(
        "channel_filter_ignored",
        "FET-5",
        "lists orders of every channel whatever orderingChannel says",
        Point.QUERY,
        when(on("shipment"), _drops("orderingChannel")),
    ),
    Fault(
        "channel_ignored_for_returns",
        "FET-5",
        "lists returns of every channel whatever orderingChannel says",
        Point.QUERY,
        when(both(on("shipment"), _asks_for_returns), _drops("orderingChannel")),
    ),
    Fault("date_from_ignored", "FET-6", "ignores orderDateFrom", Point.QUERY, _drops("orderDateFrom")),
    Fault("date_to_ignored", "FET-6", "ignores orderDateTo", Point.QUERY, _drops("orderDateTo")),
    Fault(
        "window_starts_late",
        "FET-6",
        "lists from the third day after orderDateFrom",
        Point.QUERY,
        _day_later("orderDateFrom", 3),
    ),
    Fault(
        "no_self_ship_flag_by_id",
        "FET-7",
        "leaves is_self_ship out of a read by id",
        Point.SHOWN,
        when(by_id, _without("is_self_ship")),
        breaks_too=("CON-5",),
    ),
    Fault(
        "self_ship_false_is_null",
        "FET-7",
        "shows is_self_ship as null where it is false",
        Point.SHOWN,
        lambda shown, _: {**shown, "is_self_ship": shown["is_self_ship"] or None},
        breaks_too=("CON-5",),
    ),
    Fault(
        "unknown_id_reads_another",
        "FET-8",
        "answers an unknown id with the oldest order",
        Point.ANSWER,
        when(on("shipment"), _first_order),
    ),
    Fault(
        "ids_compared_as_floats",
        "FET-8",
        "reads the order whose id is the same number in floating point",
        Point.FOUND,
        when(on("shipment"), _as_numbers),
    ),
    Fault(
        "no_filter_lists",
        "FET-9",
        "lists orders where neither id nor status is given",
        Point.QUERY,
        when(both(on("shipment"), no_filter), lists_something),
    ),
    Fault(
        "awb_leaves_processing",
        "FET-10",
        "no longer lists an order in dp_assigned once it has an AWB",
        Point.LISTING,
        when(both(on("shipment"), asks_for("PROCESSING")), _unless_awb),
        breaks_too=("FET-3",),
    ),
    Fault(
        "rto_is_not_listed",
        "FET-10",
        "leaves delivered RTOs out of RETURN_DELIVERED",
        Point.LISTING,
        when(both(on("shipment"), asks_for("RETURN_DELIVERED")), _unless(S.RTO_BAG_DELIVERED)),
        breaks_too=("FET-3",),
    ),
    Fault(
        "delivered_returns_are_not_listed",
        "FET-10",
        "leaves delivered returns out of RETURN_DELIVERED",
        Point.LISTING,
        when(both(on("shipment"), asks_for("RETURN_DELIVERED")), _unless(S.RETURN_BAG_DELIVERED)),
        breaks_too=("FET-3",),
    ),
    Fault(
        "listing_lags_after_auto_dispatch",
        "FET-11",
        "lists an auto-dispatched order as PROCESSING still, where a read by id says TRANSIT",
        Point.STATUS,
        when(
            lambda ask: (
                _stale(ask) and state(S.BAG_PICKED)(ask) and bool(ask.order and ask.order.after(E.AUTO_DISPATCH))
            ),
            always("PROCESSING"),
        ),
    ),
    Fault(
        "listing_lags_after_delivery",
        "FET-11",
        "lists a delivered order as TRANSIT still, where a read by id says DELIVERED",
        Point.STATUS,
        when(both(_stale, state(S.DELIVERY_DONE)), always("TRANSIT")),
    ),
    Fault(
        "awb_is_not_shown",
        "FET-12",
        "never shows the AWB of a forward order",
        Point.SHOWN,
        when(not_(returns), _set("awbNumber", [])),
        breaks_too=("AUT-1",),
    ),
    Fault(
        "courier_name_is_shouted",
        "FET-12",
        "shows the courier's name in upper case",
        Point.SHOWN,
        lambda shown, _: {**shown, "courierName": shown["courierName"].upper()},
        breaks_too=("AUT-1",),
    ),
    Fault(
        "return_courier_is_not_shown",
        "FET-12",
        "never shows the courier of a return",
        Point.SHOWN,
        when(returns, _set("courierName", "")),
    ),
    Fault(
        "location_ignored",
        "FET-13",
        "lists every location of the credentials, whatever locationCode says",
        Point.LOCATIONS,
        when(on("shipment"), _every_location),
    ),
    Fault(
        "location_ignored_for_returns",
        "FET-13",
        "lists returns of every location of the credentials",
        Point.LOCATIONS,
        when(both(on("shipment"), _asks_for_returns), _every_location),
    ),
)
