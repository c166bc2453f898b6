"""The HTTP side of the second host (`foreign_host.py`). By itself: `python tests/foreign_server.py HABITS PORT`."""

import json
import socket
import sys
import threading
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
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

from tests.foreign_host import HABITS, LOCATIONS, Answer, Face, Habits, Host, Order, RefusedError, envelope

IST = timezone(timedelta(hours=5, minutes=30))
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
POSTS = ("confirm", "cancel", "invoiceUpdate", "pack", "dispatch", "return", "courierDetails", "labels", "invoice")


def shown(host: Host, order: Order, face: Face) -> dict[str, Any]:
    nothing = dict.fromkeys(["marketplaceReturnId", "gstin", "packByDate", "pickUpSlots", "labelPdfUrl", "irnNumber"])
    return nothing | {
        "id": order.id,
        "forwardId": order.forward_id,
        "orderStatus": host.coarse(face),
        "orderingChannel": order.channel,
        "journeyType": order.journey,
        "orderDate": order.placed.astimezone(IST).isoformat(timespec="seconds"),
        "modifiedDate": "2026-01-30T12:21:04",
        "orderItems": [
            {"orderItemId": line, "quantity": count, "sku": f"SKU-{line[-1]}", "bagId": 7} for line, count in face.lines
        ],
        "packages": [{"packageId": f"PKG-{order.id[-5:]}", "packageWeightGms": 420.5}],
        "shippingAddress": {"city": "Bengaluru", "pincode": "560001", "lines": ["1 MG Road"]},
        "orderPrice": {"total": "1499.00", "currency": "INR"},
        "awbNumber": [face.awb] if face.awb else [],
        "courierName": face.courier,
        "invoiceNumber": face.invoice,
        "returnInvoiceNumber": face.credit,
        "lockStatus": order.locked,
        "is_self_ship": order.self_ship,
        "is_returnless": False,
        "site": {"code": order.location},
    }


def pdf(title: str) -> bytes:
    """A PDF 1.7 whose objects are packed in a compressed object stream, with a cross-reference stream."""
    content = zlib.compress(f"BT /F1 14 Tf 40 700 Td ({title}) Tj ET".encode())
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 595]/Contents 5 0 R/Resources<</Font<</F1 4 0 R>>>>>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Courier>>",
    ]
    index, body = "", b""
    for number, object_ in enumerate(objects, 1):
        index += f"{number} {len(body)} "
        body += object_ + b" "
    packed = zlib.compress(index.encode() + body)
    out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    offsets = []
    for number, extra, data in (
        (5, b"", content),
        (6, b"/Type/ObjStm/N 4/First %d" % len(index), packed),
    ):
        offsets.append(len(out))
        out += b"%d 0 obj<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj\n" % (
            number,
            extra,
            len(data),
            data,
        )
    rows = [(0, 0, 255), *((2, 6, n) for n in range(4)), *((1, at, 0) for at in (*offsets, len(out)))]
    table = zlib.compress(b"".join(bytes([a]) + b.to_bytes(3, "big") + bytes([c]) for a, b, c in rows))
    start = len(out)
    out += b"7 0 obj<</Type/XRef/Size 8/W[1 3 1]/Root 1 0 R/Filter/FlateDecode/Length %d>>stream\n" % len(table)
    return out + table + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % start


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
        return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, minimum_size=300)])

    async def token(self, request: Request) -> Response:
        user = request.query_params.get("username", "")
        if USERS.get(user, object()) != request.query_params.get("password"):
            return JSONResponse({"ok": False, "fault": "unknown user"}, self.habits.denied)
        value = uuid.uuid4().hex
        self.host.tokens[value] = (user, time.monotonic() + self.habits.token_seconds)
        return JSONResponse({"status": "ok", "data": {"accessToken": value, "kind": "opaque"}})

    def guarded(self, work: Callable[[Request, bytes, tuple[str, ...]], Answer | bytes]) -> Any:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            host, extra = self.host, dict[str, str]()
            host.served += 1
            if host.served % 29 == 0:
                extra["connection"] = "close"
            user, until = host.tokens.get(request.headers.get("x-access-token", ""), ("", 0.0))
            if time.monotonic() >= until:
                return JSONResponse({"fault": "sign in first"}, 401 if user else self.habits.denied, extra)
            if self.habits.busy_every and host.served % self.habits.busy_every == 0:
                return JSONResponse({"fault": "busy"}, 429, extra | {"retry-after": "1"})
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
        read = [(order, order.seen(self.habits.lag)) for order in mine]
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
                "lockStatus": order.locked,
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
            face = order.seen(self.habits.lag)
            if order.location in places and (order.id == id_ if id_ else awb and face.awb == awb):
                return 200, {
                    "status": "success",
                    "tracking": {
                        "shipment": {"ref": order.id, "waybill": face.awb or None},
                        "carrier": {"title": face.courier},
                        "operational_status": face.state.replace("_", " ").title(),
                        "journey": order.journey,
                        "eta": None,
                        "tracking_url": None,
                        "events": [],
                    },
                }
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
            return 200, envelope(verb, len(items), len(items), [{"fault": "20 at most"}])
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
            faces = [(order, order.seen(self.habits.lag)) for order in orders]
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
        return pdf(f"{verb} {' '.join(order.id for order in orders)[:60]}")


@contextmanager
def foreign_host(habits: Habits, scale: float = 1.0) -> Iterator[str]:
    """Serves on a free port of the loopback until the block ends; its address."""
    server = uvicorn.Server(uvicorn.Config(Server(Host(habits, scale=scale)).app(), log_level="error"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


if __name__ == "__main__":
    uvicorn.run(Server(Host(HABITS[sys.argv[1]])).app(), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
