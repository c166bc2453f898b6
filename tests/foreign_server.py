"""The HTTP side of the second host (`foreign_host.py`). By itself: `python tests/foreign_server.py HABITS PORT`."""

import json
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.foreign_habits import HABITS, Habits
from tests.foreign_host import LOCATIONS, Answer, Face, Host, Order, RefusedError, envelope
from tests.foreign_papers import paper
from tests.foreign_wire import Neighbours, Wire

IST = timezone(timedelta(hours=5, minutes=30))
AWAY_S = 2.0
USERS = {"warehouse-1": "pass-one", "warehouse-2": "pass-two"}
PACKED = [
    "bag_packed",
    "handed_over_to_dg",
    "bag_picked",
    "out_for_delivery",
    "delivery_attempt_failed",
    "delivery_reattempt_requested",
    "delivery_done",
    "rto_bag_delivered",
    "rto_bag_accepted",
]
KNOWN = {
    *("CREATED", "CONFIRMED", "PROCESSING", "COMPLETED", "TRANSIT", "DELIVERED", "CANCELLED", "RETURN_PROCESSING"),
    *("RETURN_DELIVERED", "RETURN_ACCEPTED", "RETURN_COMPLETED", "CREDIT_NOTE_GENERATED"),
}
CHANNELS = ("FYND", "JIOMART", "SHOPIFY_IN", "Konnect Shop")
POSTS = ("confirm", "cancel", "invoiceUpdate", "pack", "dispatch", "return", "courierDetails", "labels", "invoice")


def shown(host: Host, order: Order, face: Face) -> dict[str, Any]:
    nothing = dict.fromkeys(["marketplaceReturnId", "gstin", "packByDate", "pickUpSlots", "labelPdfUrl", "irnNumber"])
    habits = host.habits
    numbers = habits.line_ids == "numbers"
    found = nothing | {
        "id": order.id,
        "forwardId": order.forward_id,
        "orderStatus": host.coarse(face),
        "orderingChannel": order.channel,
        "journeyType": order.journey,
        "orderDate": written(order.placed, habits.dates),
        "modifiedDate": "2026-01-30T12:21:04",
        "orderItems": [
            {"orderItemId": int(line) if numbers else line, "quantity": count, "sku": f"SKU-{line[-1]}", "bagId": 7}
            for line, count in face.lines
        ],
        "packages": [{"packageId": f"PKG-{order.id[-5:]}", "packageWeightGms": 420.5}],
        "shippingAddress": {"city": "Bengaluru", "pincode": "560001", "lines": ["1 MG Road"]},
        "orderPrice": {"total": "1499.00", "currency": "INR"},
        "awbNumber": [face.awb] if face.awb else [],
        "courierName": face.courier,
        "invoiceNumber": face.invoice,
        "returnInvoiceNumber": face.credit,
        "lockStatus": locked(host, order),
        "is_self_ship": order.self_ship,
        "is_returnless": False,
        "site": {"code": order.location},
    }
    if habits.sparse:
        found["courierName"] = face.courier or None
        found = {name: value for name, value in found.items() if value is not None or name == "courierName"}
    return found


def followed(kind: str, order: Order, face: Face) -> dict[str, Any]:
    """What Track says of a shipment, in one of three shapes that its pages allow."""
    state, none = face.state.replace("_", " ").title(), {"eta": None, "tracking_url": None}
    if kind == "flat":
        more = {"last_updated": "2026-01-30T12:21:04", "location": '{"lat": 12.9, "lng": 77.6}', "events": []}
        told = {"courier": face.courier or None, "current_status": state, "journey": order.journey}
        return {"status": "success", **told, "operational_status": face.state, **more, **none}
    if kind == "listed":
        twin = {"awb": face.awb, "dp_name": face.courier, "dp_status_updated_at": "2026-01-30T12:21:04+05:30"}
        where = {"journey": order.journey, "shipment_id": order.id, "operational_status": face.state}
        return {"status": "success", "data": [twin | where]}
    tracking = {
        "shipment": {"ref": order.id, "waybill": face.awb or None},
        "carrier": {"title": face.courier},
        "operational_status": state,
        "journey": order.journey,
        "events": [],
    }
    return {"status": "success", "tracking": tracking | none}


def locked(host: Host, order: Order) -> bool:
    return order.locked or (host.habits.queues and order.under_way)


def written(when: datetime, kind: str) -> str:
    """An ISO date-time, in one of the ways that hosts write them."""
    if kind == "utc":
        return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if kind == "naive":
        return when.astimezone(IST).replace(tzinfo=None).isoformat(timespec="seconds")
    zone = IST if kind == "ist" else timezone(timedelta(hours=-8))
    return when.astimezone(zone).isoformat(timespec="seconds" if kind == "ist" else "microseconds")


def number(raw: str | None, default: int) -> int:
    return int(raw) if raw else default


def day(raw: str, end: bool) -> datetime:
    """A filter's instant; dates without a zone are UTC days."""
    when = datetime.fromisoformat(raw)
    if len(raw) <= 10:
        when = datetime.combine(date.fromisoformat(raw), datetime.min.time()) + timedelta(days=end)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


class Server:
    """The HTTP side of a host."""

    def __init__(self, host: Host) -> None:
        self.host, self.habits = host, host.habits
        self.neighbours = Neighbours(host) if host.habits.neighbours else None

    def app(self) -> Starlette:
        base = "/oms/v3/shipment"
        routes = [
            Route("/aggregator/v1/token", self.token),
            Route(base, self.guarded(self.listing)),
            Route(f"{base}/info", self.guarded(self.info)),
            Route(f"{base}/track", self.guarded(self.track), methods=["POST"]),
        ]
        for method, verbs in (("POST", POSTS), ("PUT", ("awb", "status"))):
            routes += [Route(f"{base}/{verb}", self.guarded(self.batch), methods=[method]) for verb in verbs]
        talk = [Middleware(Wire, habits=self.habits), Middleware(GZipMiddleware, minimum_size=300)]
        return Starlette(routes=routes, middleware=talk)

    async def token(self, request: Request) -> Response:
        user = request.query_params.get("username", "")
        if USERS.get(user, object()) != request.query_params.get("password"):
            return JSONResponse({"ok": False, "fault": "unknown user"}, self.habits.denied)
        value = self.issued(user)
        return JSONResponse({"status": "ok", "data": {"accessToken": value, "kind": "opaque"}})

    def issued(self, user: str) -> str:
        now, tokens = time.monotonic(), self.host.tokens
        held = [value for value, (whose, until) in tokens.items() if whose == user and until > now]
        if held and self.habits.same_token:
            return held[0]
        for value in held if self.habits.one_token else ():
            tokens[value] = (user, now)
        value = uuid.uuid4().hex
        tokens[value] = (user, now + self.habits.token_seconds)
        return value

    def guarded(self, work: Callable[[Request, bytes, tuple[str, ...]], Answer | bytes]) -> Any:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            host, extra = self.host, {"X-Total-Count": str(len(self.host.orders))}
            if self.neighbours:
                self.neighbours.live()
            user, until = host.tokens.get(request.headers.get("x-access-token", ""), ("", 0.0))
            if time.monotonic() >= until:
                status = self.habits.expired if user else self.habits.denied
                return JSONResponse({"fault": "sign in first"}, status, extra)
            places = LOCATIONS if self.habits.company else (LOCATIONS[sorted(USERS).index(user)],)
            found = work(request, body, places)
            if isinstance(found, bytes):
                return Response(found, 200, extra, "application/pdf")
            return JSONResponse(found[1], found[0], extra)

        return endpoint

    def listing(self, request: Request, body: bytes, places: tuple[str, ...]) -> Answer:
        query = request.query_params
        id_, status, place = query.get("orderId"), query.get("orderStatus"), query.get("locationCode")
        if not (id_ or status) or (self.habits.company and not place):
            return 400, {"fault": "say which: orderId or orderStatus, and the location"}
        if self.habits.picky and (
            status not in {None, *KNOWN} or query.get("orderingChannel") not in (None, *CHANNELS)
        ):
            return 400, {"fault": "no such status or channel"}
        if place and place not in places:
            return 403, {"fault": "not your location"}
        try:
            page, size = number(query.get("pageNumber"), self.habits.first_page), number(query.get("pageSize"), 10)
            after = day(query.get("orderDateFrom") or "2000-01-01", False)
            before = day(query.get("orderDateTo") or "2100-01-01", True)
        except ValueError:
            return 400, {"fault": "a filter is malformed"}
        if page < self.habits.first_page or size < 1:
            return 400, {"fault": "no such page"}
        size, channel = min(size, self.habits.page_cap), query.get("orderingChannel")
        found = [
            (order, face)
            for order, face in self.matching(id_, status, (place,) if place else places)
            if after <= order.placed < before and channel in (None, order.channel)
        ]
        at = (page - self.habits.first_page) * size
        if not (chosen := found[at : at + size]) and (id_ or self.habits.empty_is_404):
            return 404, {"fault": "nothing found"}
        return 200, [shown(self.host, order, face) for order, face in chosen]

    def matching(self, id_: str | None, status: str | None, places: tuple[str, ...]) -> list[tuple[Order, Face]]:
        """Each order with what of it was read: it may move meanwhile."""
        mine = [order for order in self.host.orders.values() if order.location in places and id_ in (None, order.id)]
        for order in mine:
            self.host.tick(order)
        if self.habits.order != "oldest":
            mine.sort(key=(lambda one: one.id) if self.habits.order == "id" else lambda one: one.placed)
        if self.habits.order == "newest":
            mine.reverse()
        read = [(order, order.seen) for order in mine]
        return [(order, face) for order, face in read if status in (None, self.host.coarse(face))]

    def info(self, request: Request, body: bytes, places: tuple[str, ...]) -> Answer:
        id_, status = request.query_params.get("orderId"), request.query_params.get("orderStatus")
        if not (id_ or status):
            return 400, {"fault": "orderId or orderStatus"}
        place = request.query_params.get("locationCode")
        orders = [
            {
                "id": order.id,
                self.habits.info_status: self.host.coarse(face),
                "order_type": order.journey,
                "sla": {"pack_by": None},
                "lockStatus": locked(self.host, order),
                "processing_due": (order.placed + timedelta(days=2)).isoformat(),
            }
            for order, face in self.matching(id_, status, tuple(p for p in places if place in (None, p)))
        ]
        return (200 if orders or not id_ else 404), {"orders": orders}

    def track(self, request: Request, body: bytes, places: tuple[str, ...]) -> Answer:
        bad = 200 if self.habits.track_errors_200 else 404
        try:
            asked = json.loads(body)
        except ValueError:
            return 400, {"status": "error", "fault": "not JSON"}
        if not isinstance(asked, dict):
            return 400, {"status": "error", "fault": "object wanted"}
        id_, awb = asked.get("shipment_id"), asked.get("awb_number")
        for order in self.host.orders.values():
            face = order.seen
            if order.location in places and (order.id == id_ if id_ else awb and face.awb == awb):
                return 200, followed(self.habits.track, order, face)
        return bad, {"status": "error", "fault": "no such shipment"}

    def batch(self, request: Request, body: bytes, places: tuple[str, ...]) -> Answer | bytes:
        verb = request.url.path.rsplit("/", 1)[1]
        try:
            items = json.loads(body)
        except ValueError:
            return 400, {"fault": "not JSON"}
        if not isinstance(items, list) or not items:
            return 400, {"fault": "a list with entries is wanted"}
        if len(items) > 20:
            reads = verb in ("courierDetails", "labels", "invoice")
            if reads or self.habits.bare_refusals:
                return 413, {"fault": "20 at most"}
            return 200, envelope(self.habits, verb, len(items), len(items), [{"fault": "20 at most"}])
        if verb in ("courierDetails", "labels", "invoice"):
            return self.papers(verb, places, items)
        return self.host.write(verb, places, items)

    def papers(self, verb: str, places: tuple[str, ...], items: list[Any]) -> Answer | bytes:
        code = {"courierDetails": "C400", "labels": "L400", "invoice": "IN400"}[verb]
        try:
            orders = [self.host.find(item, places, code) for item in items]
        except RefusedError as no:
            return 400, {"fault": {"errCode": no.code, "text": no.why}}
        if verb == "courierDetails":
            faces = [(order, order.seen) for order in orders]
            return 200, [
                {
                    "orderId": order.id,
                    "courierName": face.courier,
                    "courierCode": None,
                    "awbNumber": [face.awb] if face.awb else [],
                }
                for order, face in faces
            ]
        ready = (*PACKED, "credit_note_generated") if verb == "invoice" else PACKED
        if any(order.now.state not in ready for order in orders):
            return 422, {"fault": {"errCode": "L403" if verb == "labels" else "IN403", "text": "not packed"}}
        return paper(self.habits.papers, f"{verb} {' '.join(order.id for order in orders)[:60]}")


@contextmanager
def foreign_host(
    habits: Habits, scale: float = 1.0, defects: Iterable[Callable[[Host, "Server"], None]] = ()
) -> Iterator[str]:
    """Serves on a free port of the loopback until the block ends; its address. Each of `defects` alters it first."""
    site = Server(Host(habits, scale=scale))
    for alter in defects:
        alter(site.host, site)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        stop = threading.Event()
        thread = threading.Thread(target=_served, args=(site, listener.dup(), port, stop), daemon=True)
        thread.start()
        listener.close()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            stop.set()
            thread.join(20)


def _served(site: Server, listener: socket.socket, port: int, stop: threading.Event) -> None:
    """Serves until `stop`; with habits that say so it goes away once, forgets its tokens, and comes back."""
    away = site.habits.restarts_after
    while not stop.is_set():
        config = uvicorn.Config(site.app(), log_level="critical", timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while away and not site.host.tokens and not stop.is_set():
            # Its time begins with its first caller.
            stop.wait(0.2)
        stop.wait(away or None)
        server.should_exit = True
        thread.join(10)
        if not stop.is_set():
            away = 0.0
            site.host.tokens.clear()
            stop.wait(AWAY_S)
            listener = socket.create_server(("127.0.0.1", port))


if __name__ == "__main__":
    uvicorn.run(Server(Host(HABITS[sys.argv[1]])).app(), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
