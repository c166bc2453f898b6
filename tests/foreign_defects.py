"""Defects of the second host, each of one rule, as a vendor might ship them: in one path, one state or one item only.

They were written from the rules alone, before any check was looked at, and the kit once let each of them pass.
"""

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from tests.foreign_host import Answer, Host, Order, RefusedError, lines_of, text
from tests.foreign_server import Server

Defect = Callable[[Host, Server], None]
DEFECTS: dict[str, list[Defect]] = {}
"""By the rule that they break."""
Item = dict[str, Any]
Places = tuple[str, ...]


def breaks(rule: str) -> Callable[[Defect], Defect]:
    def keep(defect: Defect) -> Defect:
        DEFECTS.setdefault(rule, []).append(defect)
        return defect

    return keep


def instead(of: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Puts what `make` makes of the old method in its place."""
    setattr(of, name, make(getattr(of, name)))


def on_item(host: Host, verb: str, work: Callable[[Any, Order, Item], None]) -> None:
    """`work(old, order, item)` in place of one write."""
    instead(host, verb, lambda old: lambda order, item: work(old, order, item))


def on_query(server: Server, name: str, work: Callable[[Any, Any], Answer]) -> None:
    """`work(read, query)` in place of one read; `read(more)` reads with the query, changed by `more`."""

    def make(old: Any) -> Any:
        def read(request: Request, body: bytes, places: Places) -> Answer:
            def again(**more: str | None) -> Answer:
                query = {**request.query_params, **more}
                asked = "&".join(f"{key}={value}" for key, value in query.items() if value is not None)
                return old(Request({**request.scope, "query_string": asked.encode()}), body, places)  # type: ignore[no-any-return]

            return work(again, request.query_params)

        return read

    instead(server, name, make)


def on_track(server: Server, work: Callable[[Any, dict[str, Any]], Answer]) -> None:
    """`work(track, asked)` in place of Track; `track(asked)` answers as before."""

    def make(old: Any) -> Any:
        def track(request: Request, body: bytes, places: Places) -> Answer:
            def told(asked: Any) -> Answer:
                return old(request, json.dumps(asked).encode(), places)  # type: ignore[no-any-return]

            try:
                asked = json.loads(body)
            except ValueError:
                asked = None
            return work(told, asked) if isinstance(asked, dict) else old(request, body, places)

        return track

    instead(server, "track", make)


@breaks("CON-7")
def info_listing_rounds_ids(host: Host, server: Server) -> None:
    def work(read: Any, query: Any) -> Answer:
        code, answer = read()
        if "orderId" not in query:
            for one in answer.get("orders", []):
                one["id"] = str(int(float(one["id"])))
        return code, answer

    on_query(server, "info", work)


@breaks("INF-1")
def info_takes_return_statuses_for_one(host: Host, server: Server) -> None:
    def work(read: Any, query: Any) -> Answer:
        code, answer = read()
        if query.get("orderStatus") == "RETURN_PROCESSING" and "orderId" not in query:
            answer = {"orders": answer["orders"] + read(orderStatus="RETURN_DELIVERED")[1]["orders"]}
        return code, answer

    on_query(server, "info", work)


@breaks("INF-2")
def info_listing_never_says_locked(host: Host, server: Server) -> None:
    def work(read: Any, query: Any) -> Answer:
        code, answer = read()
        for one in answer.get("orders", []) if "orderId" not in query else ():
            one["lockStatus"] = False
        return code, answer

    on_query(server, "info", work)


def _is_later(query: Any, host: Host) -> bool:
    """Of a good query for a listing: whether it asks for another page than the first."""
    return int(query.get("pageNumber") or 0) > host.habits.first_page


@breaks("FET-3")
def the_last_part_page_is_lost(host: Host, server: Server) -> None:
    def work(read: Any, query: Any) -> Answer:
        code, answer = read()
        if code == 200 and _is_later(query, host):
            size = min(int(query.get("pageSize", "10")), host.habits.page_cap)
            return (404, {"fault": "nothing found"}) if len(answer) < size else (code, answer)
        return code, answer

    on_query(server, "listing", work)


@breaks("FET-5")
def channel_holds_for_the_first_page(host: Host, server: Server) -> None:
    def work(read: Any, query: Any) -> Answer:
        code, answer = read()
        narrowed = code == 200 and "orderingChannel" in query and _is_later(query, host)
        return read(orderingChannel=None) if narrowed else (code, answer)

    on_query(server, "listing", work)


@breaks("FET-12")
def courier_is_lost_after_a_reattempt(host: Host, server: Server) -> None:
    def work(old: Any, order: Order, item: Item) -> None:
        old(order, item)
        if item["orderStatus"] == "delivery_reattempt_requested":
            order.move(courier="")

    on_item(host, "status", work)


@breaks("TRK-3")
def unknown_shipment_falls_back_on_the_awb(host: Host, server: Server) -> None:
    def work(told: Any, asked: dict[str, Any]) -> Answer:
        code, answer = told(asked)
        both = code == 404 and asked.get("shipment_id") and asked.get("awb_number")
        return told({"awb_number": asked["awb_number"]}) if both else (code, answer)

    on_track(server, work)


@breaks("TRK-4")
def tracking_by_awb_is_cached(host: Host, server: Server) -> None:
    cached: dict[str, Any] = {}

    def work(told: Any, asked: dict[str, Any]) -> Answer:
        code, answer = told(asked)
        if code == 200 and not asked.get("shipment_id"):
            answer = cached.setdefault(asked["awb_number"], answer)
        return code, answer

    on_track(server, work)


@breaks("FWD-1")
def confirm_wants_lines(host: Host, server: Server) -> None:
    def work(old: Any, order: Order, item: Item) -> None:
        if not item.get("orderItems"):
            raise RefusedError("O422", "orderItems wanted")
        old(order, item)

    on_item(host, "confirm", work)


@breaks("FWD-10")
def second_invoice_is_refused_and_renumbers(host: Host, server: Server) -> None:
    def work(old: Any, order: Order, item: Item) -> None:
        try:
            old(order, item)
        except RefusedError as no:
            if no.code == "IN453":
                order.move(invoice=text(item, "invoiceNumber"))
            raise

    on_item(host, "invoice", work)


@breaks("STA-3")
def delivered_after_the_credit_note_of_an_rto(host: Host, server: Server) -> None:
    def work(old: Any, order: Order, item: Item) -> None:
        credited = order.now.state == "credit_note_generated" and order.journey == "forward"
        if credited and item.get("orderStatus") == "delivery_done":
            order.move(state="delivery_done")
        else:
            old(order, item)

    on_item(host, "status", work)


@breaks("STA-6")
def refused_status_invoices_a_confirmed_order(host: Host, server: Server) -> None:
    def work(old: Any, order: Order, item: Item) -> None:
        if order.now.state == "bag_confirmed" and item.get("orderStatus") == "bag_picked":
            order.move(state="bag_invoiced")
        old(order, item)

    on_item(host, "status", work)


@breaks("STA-11")
def piece_of_an_invoiced_order_is_cancelled(host: Host, server: Server) -> None:
    def work(old: Any, order: Order, item: Item) -> None:
        lines, known = lines_of(item, "CAN2"), dict(order.now.lines)
        if order.now.state == "dp_assigned" and len(lines) == 1 and known.get(lines[0][0], 0) > lines[0][1]:
            known[lines[0][0]] -= lines[0][1]
            order.move(lines=tuple(known.items()))
        else:
            old(order, item)

    on_item(host, "cancel", work)


@breaks("BAT-8")
def what_failed_once_is_remembered(host: Host, server: Server) -> None:
    failed: set[str] = set()

    def work(old: Any, order: Order, item: Item) -> None:
        if order.id in failed:
            raise RefusedError("D409", "this request was answered before")
        try:
            old(order, item)
        except RefusedError:
            failed.add(order.id)
            raise

    on_item(host, "dispatch", work)


@breaks("VAL-1")
def courier_is_optional_with_auto_dispatch(host: Host, server: Server) -> None:
    def work(old: Any, order: Order, item: Item) -> None:
        old(order, {"courierName": "Self"} | item if item.get("autoDispatch") is True else item)

    on_item(host, "awb", work)


@breaks("VAL-3")
def json_with_a_tail_is_taken(host: Host, server: Server) -> None:
    def make(old: Any) -> Any:
        def batch(request: Request, body: bytes, places: Places) -> Any:
            if request.url.path.endswith("/confirm"):
                try:
                    body = json.dumps(json.JSONDecoder().raw_decode(body.decode())[0]).encode()
                except ValueError:
                    return 400, {"fault": "not JSON"}
            return old(request, body, places)

        return batch

    instead(server, "batch", make)


@breaks("VAL-5")
def meta_is_unknown_on_returns(host: Host, server: Server) -> None:
    def work(old: Any, order: Order, item: Item) -> None:
        if item.get("meta") and order.journey == "reverse":
            raise RefusedError("VAL04", "unknown property meta")
        old(order, item)

    on_item(host, "status", work)


@breaks("CON-9")
def info_of_one_is_an_object(host: Host, server: Server) -> None:
    def work(read: Any, query: Any) -> Answer:
        code, answer = read()
        if "orderId" in query and answer.get("orders"):
            answer = {"orders": answer["orders"][0]}
        return code, answer

    on_query(server, "info", work)
