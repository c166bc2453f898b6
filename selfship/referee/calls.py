"""What the judge reads: one call of the client, with what the host knew at that moment.

A call is made once, by whoever saw it (the live referee, or the reader of a recording), is kept on disk as such, and is
judged from there: judged again later, it comes out the same. Decides nothing about rules.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from selfship.exchanges import Exchange, from_json, to_json
from selfship.lifecycle import AUTOMATIC, COARSE, STATUSES, SWITCHED, Event, State
from selfship.operations import OPERATIONS

Auth = Literal["good", "expired", "unknown", "missing", "none"]
"""Of the token that came in its header: `none` where the call needs none, or nobody can say."""
OPERATION_OF = {each.label: each.name for each in OPERATIONS.values()}
"""`GET /oms/v3/shipment` to the operation's name."""


DOCUMENTED = frozenset(name for names in COARSE.values() for name in names)
"""Every status that the documents list orders under."""


@dataclass(frozen=True)
class Facts:
    """An order just before an item reached it, as far as it is known.

    `states`: the one state that it is in, several where only its coarse status is known, none where not even that is.
    `auto`: it was picked by autoDispatch. `lagging`: reads still show an older state, so the client cannot know better.
    """

    states: tuple[State, ...] = ()
    is_return: bool | None = None
    self_ship: bool | None = None
    awb: str | None = None
    courier: str | None = None
    auto: bool = False
    lagging: bool = False


@dataclass(frozen=True)
class Item:
    """One item of a write. `facts` None: no order of this client. `taken`: None where no answer says."""

    order_id: Any
    body: Mapping[str, Any]
    event: Event | None = None
    facts: Facts | None = None
    taken: bool | None = None
    to: State | None = None


@dataclass(frozen=True)
class Shown:
    """An order as a read showed it to the client. `lines`: the ids of its items, where it shows any."""

    order_id: str
    status: str
    self_ship: bool | None
    locked: bool | None
    is_return: bool | None
    awbs: tuple[str, ...] | None
    courier: str | None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """One call. `begun` and `ended` are seconds of the epoch; `fault` is what the referee did to it, if anything.

    `connection`: the client's port, by which calls on one connection are known; 0 where nobody knows.
    `sent_token`: where else than in its header a token was seen (`query`, `authorization`).
    """

    exchange: Exchange
    operation: str
    begun: float
    ended: float
    auth: Auth = "none"
    sent_token: tuple[str, ...] = ()
    fault: str | None = None
    items: tuple[Item, ...] = ()
    connection: int = 0
    content: Any = field(default=None, compare=False, repr=False)
    """The answer's body as data, for whoever has it; else it is parsed when it is asked for."""

    @property
    def seq(self) -> int:
        return self.exchange.seq

    @property
    def answered(self) -> bool:
        """Whether an answer reached the client."""
        return self.exchange.status is not None

    @property
    def writes(self) -> bool:
        return self.operation in OPERATIONS and OPERATIONS[self.operation].writes

    @property
    def is_listing(self) -> bool:
        return self.operation in ("shipment", "info") and not self.query.get("orderId")

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.exchange.url).query, keep_blank_values=True))

    @cached_property
    def body(self) -> Any:
        return self.exchange.sent

    @cached_property
    def wanted(self) -> tuple[Any, ...]:
        """What makes two requests the same: operation, query and body."""
        return self.operation, tuple(sorted(self.query.items())), self.exchange.request_body or ""

    @property
    def polled(self) -> tuple[str, ...]:
        """What makes two listings the same poll: not the dates, which move with the clock."""
        named = ("orderStatus", "locationCode", "orderingChannel", "pageNumber")
        return (self.operation, *(self.query.get(name, "") for name in named))

    @cached_property
    def retry_after(self) -> float | None:
        """Whole seconds that the answer asks to wait; None where it says none, or a date."""
        text = (self.exchange.header("retry-after") or "").strip()
        return float(text) if text.isascii() and text.isdigit() else None

    @cached_property
    def shown(self) -> tuple[Shown, ...]:
        """The orders that the answer showed to the client."""
        if not self.exchange.ok or self.operation not in ("shipment", "info"):
            return ()
        answer = self.exchange.json if self.content is None else self.content
        if isinstance(answer, dict):
            answer = answer.get("orders")
        return tuple(map(_shown, filter(_is_order, answer))) if isinstance(answer, list) else ()

    def reads(self, order_id: str, statuses: frozenset[str] = frozenset()) -> bool:
        """Whether the call is a read by which the client could learn where that order stands.

        A listing tells it by showing the order; and by not showing it, where the order may be in that status: one of
        `statuses` (any where there are none), or one that the documents do not know.
        """
        if not self.exchange.ok:
            return False
        if self.operation in ("shipment", "info"):
            if named := self.query.get("orderId"):
                return named == order_id
            listed = self.query.get("orderStatus", "")
            apt = not statuses or listed in statuses or listed not in DOCUMENTED
            return apt or any(one.order_id == order_id for one in self.shown)
        if self.operation == "courierDetails":
            return any(isinstance(one, dict) and one.get("orderId") == order_id for one in self.body or ())
        return self.operation == "track" and self.looks_for in (None, order_id)

    @property
    def looks_for(self) -> str | None:
        """The id by which a read asks for one order; None where it names none."""
        if self.operation == "track":
            named = self.body.get("shipment_id") if isinstance(self.body, dict) else None
        else:
            named = self.query.get("orderId") if self.operation in ("shipment", "info") else None
        return named if isinstance(named, str) and named else None


def _is_order(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("id"), str)


def _shown(entry: Mapping[str, Any]) -> Shown:
    def truth(name: str) -> bool | None:
        value = entry.get(name)
        return value if isinstance(value, bool) else None

    kind = entry.get("journeyType", entry.get("orderType"))
    awbs = entry.get("awbNumber")
    courier = entry.get("courierName")
    return Shown(
        entry["id"],
        str(entry.get("orderStatus") or ""),
        truth("is_self_ship"),
        truth("lockStatus"),
        kind == "return" if isinstance(kind, str) else None,
        tuple(map(str, awbs)) if isinstance(awbs, list) else None,
        courier if isinstance(courier, str) else None,
        tuple(lines_of(entry)),
    )


def lines_of(order: Mapping[str, Any]) -> Iterator[str]:
    """The ids of the items that an order, or an item of a request, names."""
    lines = order.get("orderItems")
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, dict) and isinstance(line.get("orderItemId"), str):
            yield line["orderItemId"]


def items_of(body: Any) -> list[Mapping[str, Any]]:
    """The items of a bulk request's body, those that are objects."""
    return [one for one in body if isinstance(one, dict)] if isinstance(body, list) else []


_SINGLE = {"confirm": Event.CONFIRM, "pack": Event.PACK, "dispatch": Event.DISPATCH, "return": Event.ACCEPT_RETURN}
_INVOICES = {"sale": Event.INVOICE, "return": Event.CREDIT_NOTE}
_STATUSES = {event.value: event for event in STATUSES}


def event_in(operation: str, body: Mapping[str, Any]) -> Event | None:
    """What an item asks for; None where it asks for nothing that the documents know."""
    if operation == "awb":
        return Event.AUTO_DISPATCH if body.get("autoDispatch") is True else Event.AWB
    if operation == "cancel":
        return Event.CANCEL
    if operation in ("status", "invoiceUpdate"):
        named = body.get("orderStatus" if operation == "status" else "invoiceType")
        return (_STATUSES if operation == "status" else _INVOICES).get(named) if isinstance(named, str) else None
    return _SINGLE.get(operation)


def onward(state: State | None) -> Iterator[State]:
    """The state, and those that a host may go on to by itself."""
    while state is not None:
        yield state
        state = AUTOMATIC.get(state) or SWITCHED.get(state, ("", None))[1]


# To disk and back. What the exchange itself holds is not written twice.


def dumped(call: Call) -> dict[str, Any]:
    """As a line of the journal."""
    return {
        "exchange": to_json(call.exchange),
        "begun": call.begun,
        "ended": call.ended,
        "auth": call.auth,
        "sent_token": list(call.sent_token),
        "fault": call.fault,
        "items": [_item_out(item) for item in call.items],
        "connection": call.connection,
    }


def loaded(line: Mapping[str, Any]) -> Call:
    """The reverse. KeyError, TypeError or ValueError where `line` is no call."""
    exchange = from_json(line["exchange"])
    return Call(
        exchange,
        exchange.operation,
        line["begun"],
        line["ended"],
        line["auth"],
        tuple(line["sent_token"]),
        line["fault"],
        tuple(map(_item_in, line["items"], items_of(exchange.sent))),
        line["connection"],
    )


def _item_out(item: Item) -> dict[str, Any]:
    facts = item.facts
    return {
        "event": item.event,
        "taken": item.taken,
        "to": item.to,
        "facts": None if facts is None else {**vars(facts), "states": list(facts.states)},
    }


def _item_in(line: Mapping[str, Any], body: Mapping[str, Any]) -> Item:
    facts = line["facts"]
    return Item(
        body.get("orderId"),
        body,
        Event(line["event"]) if line["event"] else None,
        None if facts is None else Facts(**{**facts, "states": tuple(map(State, facts["states"]))}),
        line["taken"],
        State(line["to"]) if line["to"] else None,
    )


def number(value: float) -> str:
    """Seconds for a sentence: `1`, `0.25`."""
    return str(int(value)) if value == math.floor(value) else f"{value:.2f}"
