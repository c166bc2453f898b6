"""A second host, written from the documents alone: what a vendor's own Konnect server might be like.

It shares nothing with the kit's mock. Where the documents leave freedom it has habits of its own (`foreign_habits.py`).
This is the lifecycle; `foreign_server.py` is its HTTP side.
"""

import random
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.foreign_habits import Habits

LOCATIONS = ("BLR-07", "DEL-02")
Answer = tuple[int, Any]


class RefusedError(Exception):
    """One item is refused, with the documented code where there is one."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why
        self.http = 403 if code == "SS403" else 423 if code == "LK423" else 404 if "no such ship" in why else 409


@dataclass(frozen=True)
class Face:
    """All of an order that writes change."""

    state: str
    lines: tuple[tuple[str, int], ...]
    awb: str = ""
    courier: str = ""
    invoice: str | None = None
    credit: str | None = None
    boxes: int = 1


@dataclass
class Order:
    id: str
    journey: str
    location: str
    channel: str
    placed: datetime
    self_ship: bool
    forward_id: str
    locked: bool
    lag: Callable[[], float]
    past: list[tuple[float, float, Face]] = field(default_factory=list)  # when it was, since when it shows

    @property
    def back(self) -> bool:
        return self.id != self.forward_id

    @property
    def now(self) -> Face:
        return self.past[-1][2]

    def move(self, at: float | None = None, **changes: Any) -> None:
        at = time.monotonic() if at is None else at
        self.past.append((at, max(self.past[-1][1], at + self.lag()), replace(self.now, **changes)))

    @property
    def seen(self) -> Face:
        now = time.monotonic()
        return next((face for _, shows, face in reversed(self.past) if shows <= now), self.past[0][2])

    @property
    def under_way(self) -> bool:
        return self.past[-1][1] > time.monotonic()


def text(item: dict[str, Any], name: str, code: str = "VAL01", needed: bool = True) -> str:
    value = item.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or not value.strip():
        raise RefusedError(code, f"{name}: non-blank text wanted")
    return value


def lines_of(item: dict[str, Any], code: str) -> list[tuple[str, int, Any]]:
    lines = item.get("orderItems") or []
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise RefusedError(code, "orderItems: list of objects wanted")
    found = []
    for line in lines:
        count = line.get("quantity", 1)
        if type(count) is not int or count < 1 or not isinstance(line.get("orderItemId"), str):
            raise RefusedError(code, "orderItems: bad line")
        found.append((line["orderItemId"], count, line.get("reasonCode")))
    return found


class Host:
    """The orders and what may be done with them."""

    def __init__(self, habits: Habits, seed: int = 7, scale: float = 1.0) -> None:
        self.habits, self.tokens = habits, dict[str, tuple[str, float]]()
        self.orders: dict[str, Order] = {}
        self.numbers = set[tuple[str, str]]()
        self.luck, self.served, self.made = random.Random(seed), 0, 0
        for state, count in (("placed", 250), ("dp_assigned", 150), ("return_dp_assigned", 110)):
            for place, share in zip(LOCATIONS, (1.0, 0.2), strict=True):
                for n in range(int(count * share * scale)):
                    self.add(state, place, n)

    def add(self, state: str, place: str, n: int) -> Order:
        back = state.startswith("return")
        id_, other = self.new_id(), self.new_id()
        when = datetime.now(UTC) - timedelta(hours=5 * (n % 200), minutes=n)
        channel = ("FYND", "JIOMART", "SHOPIFY_IN", "Konnect Shop")[n % 4]
        one = self.luck.randrange(10**6, 10**9)
        names = (str(one), str(one + 1)) if self.habits.line_ids == "numbers" else (f"{id_}-A", f"{id_}-B")
        order = Order(
            id_,
            self.habits.journeys[back],
            place,
            channel,
            when,
            n % 9 != 4,
            other if back else id_,
            n % 23 == 5,
            self.lag,
        )
        invoice = None if state == "placed" else f"OLD-{id_[-6:]}"
        long_ago = time.monotonic() - 60
        order.past.append((long_ago, long_ago, Face(state, tuple(zip(names, (2, 1), strict=True)), invoice=invoice)))
        self.orders[id_] = order
        return order

    def new_id(self) -> str:
        if self.habits.ids == "digits":
            return f"17{self.luck.randrange(10**17, 7 * 10**17):018d}"
        self.made += 1
        return f"SHP/{self.made:04d}-{self.luck.randrange(16**6):06x}.Köln #{self.made % 7}"

    def lag(self) -> float:
        return self.habits.lag + self.luck.random() * self.habits.uneven

    def tick(self, order: Order) -> None:
        """The host's own steps, each some time after the one before."""
        steps = {"bag_invoiced": "dp_assigned"}
        if "invoice" in self.habits.auto:
            steps["bag_confirmed"] = "bag_invoiced"
        if "rto" in self.habits.auto:
            steps["rto_bag_delivered"] = "rto_bag_accepted"
        if "credit" in self.habits.auto:
            steps |= dict.fromkeys(("return_bag_accepted", "rto_bag_accepted"), "credit_note_generated")
        while order.now.state in steps:
            if (due := order.past[-1][0] + self.luck_of(order)) > time.monotonic():
                return
            to, changes = steps[order.now.state], dict[str, Any]()
            if to == "bag_invoiced":
                changes = {"invoice": f"AUTO-{order.id[-8:]}"}
            if to == "credit_note_generated":
                changes = {"credit": f"CN-{order.id[-8:]}"}
            order.move(due, state=to, **changes)

    def luck_of(self, order: Order) -> float:
        """How long the host's next own step takes: the same however often it is asked."""
        least, most = self.habits.step
        return least + (most - least) * random.Random(f"{order.id}{len(order.past)}").random()

    def coarse(self, face: Face) -> str:
        own = self.habits.own_statuses
        names = {
            "placed": "CREATED",
            "bag_confirmed": "CONFIRMED",
            "bag_invoiced": "PROCESSING",
            "dp_assigned": "PROCESSING",
            "bag_packed": "COMPLETED",
            "handed_over_to_dg": "COMPLETED" if own else "TRANSIT",
            "delivery_done": "DELIVERED",
            "rto_bag_delivered": "RETURN_DELIVERED",
            "return_bag_delivered": "RETURN_DELIVERED",
            "rto_bag_accepted": "RETURN_COMPLETED",
            "return_bag_accepted": "RETURN_COMPLETED" if own else "RETURN_ACCEPTED",
            "return_dp_assigned": "RETURN_PROCESSING",
            "return_bag_in_transit": "RETURN_IN_TRANSIT" if own else "RETURN_PROCESSING",
            "credit_note_generated": "CREDIT_NOTE_GENERATED",
            "cancelled": "RETURN_DELIVERED" if face.invoice else "CANCELLED",
        }
        return names.get(face.state) or (face.state.upper() if own and face.state != "bag_picked" else "TRANSIT")

    # Writes: each changes the order or raises RefusedError.

    def find(self, item: Any, places: tuple[str, ...], code: str) -> Order:
        if not isinstance(item, dict):
            raise RefusedError("VAL02", "object wanted")
        order = self.orders.get(text(item, "orderId"))
        if order is None or order.location not in places:
            raise RefusedError(code, "no such shipment at this site")
        self.tick(order)
        return order

    def confirm(self, order: Order, item: dict[str, Any]) -> None:
        if order.now.state == "cancelled":
            raise RefusedError("O400", "voided earlier")
        known = dict(order.now.lines)
        if any(count > known.get(line, 0) for line, count, _ in lines_of(item, "O422")):
            raise RefusedError("O400", "line is not live")
        self.expect(order, "placed", "O409")
        order.move(state="bag_confirmed")

    def cancel(self, order: Order, item: dict[str, Any]) -> None:
        lines = lines_of(item, "CAN2")
        known = dict(order.now.lines)
        if not lines or any(code not in ("6", "7", "8", "9", "NA") for _, _, code in lines):
            raise RefusedError("CAN3", "each line needs its reason")
        if any(count > known.get(line, 0) for line, count, _ in lines):
            raise RefusedError("CAN4", "no such live line")
        for line, count, _ in lines:
            known[line] -= count
        left = tuple((line, count) for line, count in known.items() if count > 0)
        early = order.now.state in ("placed", "bag_confirmed")
        late = self.habits.cancels_late and order.now.state in ("bag_invoiced", "dp_assigned")
        if not early and (left or not late):
            raise RefusedError("CAN5", "too late to call it off")
        order.move(lines=left, state=order.now.state if left else "cancelled")

    def known_once(self, number: str, code: str, longest: int) -> None:
        """A number as papers have them, that no other paper bears."""
        if not self.habits.picky:
            return
        if not re.fullmatch(rf"[A-Za-z0-9/-]{{1,{longest}}}", number) or (code, number) in self.numbers:
            raise RefusedError(code, "no such number may be used")

    def checked_papers(self, item: dict[str, Any], order: Order) -> None:
        if not self.habits.picky:
            return
        number, packages = item.get("irnNumber"), item.get("packages") or []
        if number is not None and not re.fullmatch(r"[0-9a-f]{64}", str(number)):
            raise RefusedError("IN422", "no IRN")
        if any(one.get("packageId") != f"PKG-{order.id[-5:]}" for one in packages):
            raise RefusedError("IN422", "no such package")

    def invoice(self, order: Order, item: dict[str, Any]) -> None:
        number, kind = text(item, "invoiceNumber", "IN422"), text(item, "invoiceType", "IN422")
        if any(line not in dict(order.now.lines) for line, _, _ in lines_of(item, "IN422")):
            raise RefusedError("IN400", "foreign line")
        self.known_once(number, "IN422", 16)
        self.checked_papers(item, order)
        if kind == "return":
            self.expect(order, "return_bag_accepted rto_bag_accepted", "CN409")
            order.move(state="credit_note_generated", credit=number)
            self.numbers.add(("IN422", number))
        elif kind != "sale" or order.back:
            raise RefusedError("IN422", "kind of invoice does not suit")
        elif order.now.state == "cancelled":
            raise RefusedError("IN401", "voided earlier")
        elif order.now.state == "placed":
            raise RefusedError("IN403", "not confirmed so far")
        else:
            self.expect(order, "bag_confirmed", "IN453")
            order.move(state="bag_invoiced", invoice=number)
            self.numbers.add(("IN422", number))

    def pack(self, order: Order, item: dict[str, Any]) -> None:
        if order.now.state == "cancelled":
            raise RefusedError("CR401", "voided earlier")
        self.expect(order, "dp_assigned", "CR400")
        order.move(state="bag_packed")

    def dispatch(self, order: Order, item: dict[str, Any]) -> None:
        if order.now.state == "cancelled":
            raise RefusedError("D401", "voided earlier")
        lines_of(item, "D422")
        self.expect(order, "bag_packed", "D400")
        order.move(state="handed_over_to_dg")

    def qc(self, order: Order, item: dict[str, Any]) -> None:
        if any(not isinstance(code, str | None) for _, _, code in lines_of(item, "QC2")):
            raise RefusedError("QC3", "odd reason")
        self.expect(order, "return_bag_delivered rto_bag_delivered", "QC9")
        order.move(state="return_bag_accepted" if order.back else "rto_bag_accepted")

    def awb(self, order: Order, item: dict[str, Any]) -> None:
        number, courier, auto = text(item, "awbNumber"), text(item, "courierName"), item.get("autoDispatch")
        if not isinstance(auto, bool):
            raise RefusedError("VAL03", "autoDispatch: true or false")
        self.own_fleet(order)
        self.expect(order, "dp_assigned return_dp_assigned", "AWB9")
        if auto and order.back and self.habits.refuses_auto:
            raise RefusedError("AWB7", "of no use on a return")
        if order.now.awb != number:
            self.known_once(number, "AWB6", 24)
        if order.now.awb not in ("", number) and not self.habits.swaps_awb:
            raise RefusedError("AWB8", "has its waybill")
        moves = auto and not order.back
        self.numbers.add(("AWB6", number))
        order.move(awb=number, courier=courier, state="bag_picked" if moves else order.now.state)

    def status(self, order: Order, item: dict[str, Any]) -> None:
        to, meta = text(item, "orderStatus"), item.get("meta") or {}
        kinds = {"reasonCode": int, "remark": str, "dpLocation": str}
        if not isinstance(meta, dict) or any(not isinstance(meta.get(k, t()), t) for k, t in kinds.items()):
            raise RefusedError("VAL04", "meta is malformed")
        self.own_fleet(order)
        came_from = {
            "bag_picked": "handed_over_to_dg" + (" dp_assigned" if self.habits.jumps else ""),
            "delivery_done": "bag_picked out_for_delivery delivery_reattempt_requested",
            "rto_bag_delivered": "bag_picked out_for_delivery delivery_attempt_failed delivery_reattempt_requested",
            "return_bag_in_transit": "return_dp_assigned" if order.now.awb else "",
            "return_bag_delivered": "return_bag_in_transit",
        }
        if self.habits.extended:
            came_from |= {
                "out_for_delivery": "bag_picked delivery_reattempt_requested",
                "delivery_attempt_failed": "out_for_delivery",
                "delivery_reattempt_requested": "delivery_attempt_failed",
            }
        if to not in came_from:
            raise RefusedError("VAL05", "no such milestone")
        if to == order.now.state and self.habits.repeats:
            return
        self.expect(order, came_from[to], "ST409")
        order.move(state=to)

    def expect(self, order: Order, states: str, code: str) -> None:
        if order.now.state not in states.split():
            raise RefusedError(code, f"cannot be done while {order.now.state}")

    def own_fleet(self, order: Order) -> None:
        if not order.self_ship:
            raise RefusedError("SS403", "carried by the platform")

    def write(self, verb: str, places: tuple[str, ...], items: list[Any]) -> Answer:
        whole = verb in self.habits.whole
        ids = [item.get("orderId") for item in items if isinstance(item, dict)]
        if whole and len({str(i) for i in ids}) < len(ids):
            return 409, {"fault": "duplicates in one request"}
        act: Callable[[Order, dict[str, Any]], None] = getattr(
            self, {"return": "qc", "invoiceUpdate": "invoice"}.get(verb, verb)
        )
        errors, undo, kinds = list[Any](), list[tuple[Order, int]](), set[int]()
        missing = {"confirm": "O422", "invoiceUpdate": "IN400", "pack": "CR422", "dispatch": "D422"}.get(verb, "NF404")
        for place, item in enumerate(items):
            try:
                order = self.find(item, places, missing)
                if order.locked or (self.habits.queues and order.under_way):
                    raise RefusedError("LK423", "locked")
                undo.append((order, len(order.past)))
                act(order, item)
            except RefusedError as no:
                id_ = item.get("orderId") if isinstance(item, dict) else None
                kinds.add(no.http if self.habits.telling_codes else 422)
                errors.append(self.fault(place, id_, no))
        if whole and errors:
            for order, length in undo:
                del order.past[length:]
        failed = len(items) if whole and errors else len(errors)
        if failed == len(items) and failed and self.habits.bare_refusals:
            return (kinds.pop() if len(kinds) == 1 else 422), {"fault": "nothing was done", "rows": errors}
        taken = 202 if self.habits.telling_codes else 200
        return (self.habits.some_failed if failed else taken), envelope(self.habits, verb, len(items), failed, errors)

    def fault(self, place: int, id_: Any, no: RefusedError) -> Any:
        """One of an envelope's errors."""
        if self.habits.errors == "text":
            return f"{id_}: {no.code} {no.why}"
        if self.habits.errors == "platform":
            return {
                "identifier": id_,
                "status": 400,
                "code": no.code,
                "message": no.why,
                "stack_trace": None,
                "meta": {},
            }
        why = no.why if self.habits.errors == "nested" else f"{no.why}; " * 400
        return {"row": place, "fault": {"errCode": no.code, "text": why}, "ref": {"orderId": id_, "of": [[id_]]}}


def envelope(habits: Habits, verb: str, sent: int, failed: int, errors: list[Any]) -> Any:
    word = habits.words[0 if not failed else 2 if failed == sent else 1]
    if verb not in ("awb", "status"):
        return {
            "status": word,
            "errors": errors,
            "payloadCount": sent,
            "failedCount": failed,
            "successCount": sent - failed,
            "tookMs": 3,
        }
    data = {"payload_count": sent, "success_count": sent - failed, "failed_count": failed, "errors": errors}
    trace = str(uuid.uuid4()) if habits.traces == "uuid" else f"r-{time.monotonic_ns()}"
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    at = at if habits.traces == "uuid" else at.replace("+00:00", "123Z")
    return {"data": data, "meta": {"trace_id": trace, "time": at, "status": word}}
