"""One probe for each fault of the second reader: whether a host does what the fault of that name says.

A probe brings its own orders, and leaves the host as usable for the next one as it found it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import httpx

from selfship.lifecycle import Event, State
from selfship.mock.order import Order
from selfship.mock.population import DAY
from selfship.mock.settings import LOCATION
from selfship.operations import OPERATIONS, TOKEN_HEADER
from tests.mock_host import Api, item_of
from tests.mock_visit import UNKNOWN

S, E = State, Event
Probe = Callable[[Api], bool]
PROBES: dict[str, Probe] = {}

_FAR = 90
"""A page behind the last one."""
_RACES = 10
"""Pairs of requests that are tried until one pair has overlapped."""


def probe(asks: Probe) -> Probe:
    PROBES[asks.__name__] = asks
    return asks


def _listed(api: Api, status: str, **query: Any) -> httpx.Response:
    return api.call("shipment", orderStatus=status, locationCode=LOCATION, **query)


def _shown(api: Api, order: Order, field: str = "orderStatus") -> str:
    value: str = api.read(order)[field]
    return value


def _taken(api: Api, order: Order, *events: Event) -> list[bool]:
    return [api.fire(event, order)[0] for event in events]


def _succeeded(api: Api, operation: str, *items: dict[str, Any]) -> int:
    return api.write(operation, *items)[0]


def _awb(order: Order, courier: str | None = "Courier", *, auto: bool = False) -> dict[str, Any]:
    _, item = item_of(E.AUTO_DISPATCH if auto else E.AWB, order)
    return {**item, "courierName": courier}


@probe
def zero_counts_are_omitted(api: Api) -> bool:
    answer = api.call("awb", [_awb(api.order(S.DP_ASSIGNED))])
    return "failed_count" not in answer.json()["data"]


@probe
def label_refusal_is_declared_pdf(api: Api) -> bool:
    answer = api.call("labels", [{"orderId": api.order(S.DP_ASSIGNED).id}])
    assert answer.status_code == 400
    return "pdf" in answer.headers["content-type"]


@probe
def strange_status_filter_is_500(api: Api) -> bool:
    return _listed(api, "NONSENSE").status_code == 500


@probe
def empty_page_is_null(api: Api) -> bool:
    return _listed(api, "CREATED", pageNumber=_FAR).text == "null"


@probe
def password_ends_after_eight(api: Api) -> bool:
    name, word = api.host.settings.username, api.host.settings.password

    def status(password: str) -> int:
        return api.call("token", username=name, password=password).status_code

    assert status("wrong") == 401
    return status(word[:8] + "wrong") == 200


@probe
def token_signature_unchecked(api: Api) -> bool:
    token = api.http.headers[TOKEN_HEADER]
    altered = token[:-1] + ("B" if token.endswith("A") else "A")
    query = {"orderStatus": "CREATED", "locationCode": LOCATION}
    answer = api.http.get(OPERATIONS["shipment"].path, params=query, headers={TOKEN_HEADER: altered})
    return answer.status_code == 200


@probe
def delivered_lists_what_came_back(api: Api) -> bool:
    for state in (S.DELIVERY_DONE, S.RTO_BAG_DELIVERED, S.RETURN_BAG_DELIVERED):
        api.order(state)
    return {order["orderStatus"] for order in _listed(api, "DELIVERED").json()} != {"DELIVERED"}


@probe
def pages_step_by_the_size_asked(api: Api) -> bool:
    api.make(S.DP_ASSIGNED, 60)

    def walked(size: int) -> set[str]:
        found: set[str] = set()
        number = 1
        while page := _listed(api, "PROCESSING", pageNumber=number, pageSize=size).json():
            found |= {order["id"] for order in page}
            number += 1
        return found

    return walked(20) != walked(50)


@probe
def window_of_modification(api: Api) -> bool:
    order = api.order(S.PLACED)
    order.placed_at = time.time() - 9 * DAY
    assert _taken(api, order, E.CONFIRM) == [True]
    day = date.fromisoformat(_shown(api, order, "orderDate")[:10])
    window = {"orderDateFrom": day - timedelta(3), "orderDateTo": day + timedelta(2)}
    return order.id not in {listed["id"] for listed in _listed(api, "CONFIRMED", **window).json()}


@probe
def info_is_cached(api: Api) -> bool:
    order = api.order(S.PLACED)

    def told() -> str:
        status: str = api.call("info", orderId=order.id).json()["orders"][0]["orderStatus"]
        return status

    before = told()
    assert _taken(api, order, E.CONFIRM) == [True]
    assert before != _shown(api, order)
    return told() == before


@probe
def label_is_base64(api: Api) -> bool:
    return not api.call("labels", [{"orderId": api.order(S.BAG_PACKED).id}]).content.startswith(b"%PDF")


@probe
def courier_details_are_mixed_up(api: Api) -> bool:
    one, two = api.make(S.DP_ASSIGNED, 2)
    for order, courier in ((one, "One"), (two, "Two")):
        assert _succeeded(api, "awb", _awb(order, courier)) == 1
    entries = api.call("courierDetails", [{"orderId": one.id}, {"orderId": two.id}]).json()
    return {entry["orderId"]: entry["courierName"] for entry in entries} != {one.id: "One", two.id: "Two"}


@probe
def track_nothing_finds_something(api: Api) -> bool:
    api.order(S.PLACED)
    return api.call("track", {}).status_code == 200


@probe
def batch_shares_its_courier(api: Api) -> bool:
    one, two = api.make(S.DP_ASSIGNED, 2)
    assert _succeeded(api, "awb", _awb(one, "One"), _awb(two, "Two")) == 2
    return _shown(api, two, "courierName") != "Two"


@probe
def batch_shares_auto_dispatch(api: Api) -> bool:
    by_hand, by_itself = api.make(S.DP_ASSIGNED, 2)
    assert _succeeded(api, "awb", _awb(by_hand), _awb(by_itself, auto=True)) == 2
    return _shown(api, by_itself) != "TRANSIT"


@probe
def one_reattempt_only(api: Api) -> bool:
    again = (E.OUT_FOR_DELIVERY, E.DELIVERY_ATTEMPT_FAILED, E.DELIVERY_REATTEMPT_REQUESTED)
    return _taken(api, api.order(S.DP_ASSIGNED), E.AUTO_DISPATCH, *again, *again) == [True] * 6 + [False]


@probe
def no_credit_note_of_auto_dispatched_rto(api: Api) -> bool:
    way = (E.AUTO_DISPATCH, E.RTO_BAG_DELIVERED, E.ACCEPT_RETURN, E.CREDIT_NOTE)
    return _taken(api, api.order(S.DP_ASSIGNED), *way) == [True, True, True, False]


@probe
def no_credit_note_of_a_disputed_return(api: Api) -> bool:
    def noted(reason: str) -> bool:
        order = api.order(S.RETURN_BAG_DELIVERED)
        _, item = item_of(E.ACCEPT_RETURN, order)
        item["orderItems"] = [{**line, "reasonCode": reason} for line in item["orderItems"]]
        assert _succeeded(api, "return", item) == 1
        return _taken(api, order, E.CREDIT_NOTE) == [True]

    assert noted("")
    return not noted("seal_opened")


@probe
def qc_before_pickup(api: Api) -> bool:
    order = api.order(S.RETURN_DP_ASSIGNED)
    return _taken(api, order, E.ACCEPT_RETURN) == [True] and _shown(api, order) == "RETURN_ACCEPTED"


@probe
def refused_awb_renames_the_courier(api: Api) -> bool:
    order = api.order(S.BAG_PICKED)
    before = api.read(order)
    assert _succeeded(api, "awb", _awb(order, "Other")) == 0
    after = api.read(order)
    assert (after["awbNumber"], after["orderStatus"]) == (before["awbNumber"], before["orderStatus"])
    return bool(after["courierName"] == "Other")


@probe
def return_is_packed(api: Api) -> bool:
    return _taken(api, api.order(S.RETURN_DP_ASSIGNED), E.PACK) == [True]


@probe
def cancel_stops_at_the_first_line(api: Api) -> bool:
    def left(lines: int) -> str:
        order = api.order(S.PLACED, lines=lines)
        assert _taken(api, order, E.CANCEL) == [True]
        return _shown(api, order)

    assert left(1) == "CANCELLED"
    return left(2) == "CREATED"


@probe
def cancelled_has_a_code_of_its_own(api: Api) -> bool:
    return api.fire(E.PACK, api.order(S.CANCELLED)) != (False, "CR401")


@probe
def eleventh_item_is_lost(api: Api) -> bool:
    orders = api.make(S.PLACED, 20)
    assert _succeeded(api, "confirm", *({"orderId": order.id} for order in orders)) == 20
    return [_shown(api, order) for order in orders].count("CONFIRMED") == 19


@probe
def only_the_last_of_an_order_applies(api: Api) -> bool:
    order = api.order(S.HANDED_OVER_TO_DG)
    items = [item_of(event, order)[1] for event in (E.BAG_PICKED, E.DELIVERY_DONE)]
    return _succeeded(api, "status", *items) == 1 and order.state is S.HANDED_OVER_TO_DG


@probe
def unknown_order_sinks_all(api: Api) -> bool:
    order = api.order(S.PLACED)
    succeeded = _succeeded(api, "confirm", {"orderId": order.id}, {"orderId": UNKNOWN})
    return succeeded == 0 and _shown(api, order) == "CREATED"


@probe
def auto_dispatch_skips_eligibility(api: Api) -> bool:
    by_hand, by_itself = api.make(S.DP_ASSIGNED, 2, is_self_ship=False)
    assert _taken(api, by_hand, E.AWB) == [False]
    return _taken(api, by_itself, E.AUTO_DISPATCH) == [True]


@probe
def missing_courier_is_inherited(api: Api) -> bool:
    one, two = api.make(S.DP_ASSIGNED, 2)
    bare = _awb(two)
    del bare["courierName"]
    assert _succeeded(api, "awb", bare) == 0
    return _succeeded(api, "awb", _awb(one), bare) == 2


@probe
def null_courier_is_a_word(api: Api) -> bool:
    return _succeeded(api, "awb", _awb(api.order(S.DP_ASSIGNED), None)) == 1


@probe
def overlapping_endings_both_fail(api: Api) -> bool:
    def both_fail() -> bool:
        order = api.order(S.BAG_PICKED)
        with ThreadPoolExecutor(2) as pool:
            ended = list(pool.map(lambda ending: _taken(api, order, ending), (E.DELIVERY_DONE, E.RTO_BAG_DELIVERED)))
        return ended == [[False], [False]] and _taken(api, order, E.DELIVERY_DONE) == [True]

    # On a busy machine the second request of a pair may come too late to overlap.
    return any(both_fail() for _ in range(_RACES))
