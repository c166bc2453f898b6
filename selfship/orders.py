"""Orders as a host shows them. Reading is tolerant, so that a host which wraps or renames is judged for that alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selfship.exchanges import Exchange
from selfship.lifecycle import AUTOMATIC, COARSE, KNOWN_COARSE, OWN_STATUS, SWITCHED, State


@dataclass(frozen=True)
class Line:
    """One line of an order: what cancel and return requests name."""

    item_id: str
    quantity: int


@dataclass(frozen=True)
class View:
    """One order as one read showed it; `raw` is the object itself, `seq` the exchange it came from."""

    id: str
    status: str | None
    awbs: tuple[str, ...]
    courier: str | None
    locked: bool
    self_ship: bool | None
    channel: str | None
    journey: str | None
    invoice_number: str | None
    lines: tuple[Line, ...]
    raw: Mapping[str, Any]
    seq: int

    def same_as(self, other: View) -> bool:
        """Whether nothing that a refused request must not change differs: status, AWB, courier."""
        return (self.status, self.awbs, self.courier) == (other.status, other.awbs, other.courier)

    def difference(self, later: View) -> str:
        """In words, how `later` differs."""
        parts = []
        if self.status != later.status:
            parts.append(f"orderStatus went from {self.status} to {later.status}")
        if self.awbs != later.awbs:
            parts.append(f"awbNumber went from {list(self.awbs)} to {list(later.awbs)}")
        if self.courier != later.courier:
            parts.append(f"courierName went from {self.courier} to {later.courier}")
        return ", ".join(parts) or "nothing changed"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _awbs(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(str(item) for item in value if item) if isinstance(value, list) else ()


def _lines(value: Any) -> tuple[Line, ...]:
    found = []
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            name = next((item[key] for key in ("orderItemId", "id", "itemId") if item.get(key)), None)
            quantity = item.get("quantity")
            # A line that shows no piece has been cancelled, by whomever: no request names it.
            if name is not None and (quantity != 0 or isinstance(quantity, bool)):
                found.append(Line(str(name), quantity if isinstance(quantity, int) and quantity > 0 else 1))
    return tuple(found)


def view(order: Mapping[str, Any], seq: int) -> View | None:
    """`order` as a View; None where it has no id."""
    found = order.get("id", order.get("orderId"))
    if found is None:
        return None
    self_ship = order.get("is_self_ship")
    return View(
        id=str(found),
        status=_text(order.get("orderStatus")),
        awbs=_awbs(order.get("awbNumber")),
        courier=_text(order.get("courierName")),
        locked=order.get("lockStatus") is True,
        self_ship=self_ship if isinstance(self_ship, bool) else None,
        channel=_text(order.get("orderingChannel")),
        journey=_text(order.get("journeyType")),
        invoice_number=_text(order.get("invoiceNumber")),
        lines=_lines(order.get("orderItems")),
        raw=order,
        seq=seq,
    )


def objects(exchange: Exchange) -> list[dict[str, Any]]:
    """The order objects of a read's answer, however they are wrapped; empty where there are none."""
    body = exchange.json if exchange.ok else None
    if isinstance(body, dict):
        if isinstance(body.get("orders"), dict):
            return [body["orders"]]
        lists = [body.get("orders"), *body.values()]
        inner = next((one for one in lists if isinstance(one, list) and (one is lists[0] or _has_objects(one))), None)
        body = inner if inner is not None else [body] if "orderStatus" in body else []
    return [item for item in body if isinstance(item, dict)] if isinstance(body, list) else []


def _has_objects(values: list[Any]) -> bool:
    return any(isinstance(one, dict) for one in values)


def views(exchange: Exchange) -> list[View]:
    return [found for item in objects(exchange) if (found := view(item, exchange.seq))]


def reachable(state: State) -> tuple[State, ...]:
    """`state` and all that a host's automatic steps may lead to from there."""
    found = [state]
    while True:
        last = found[-1]
        then = AUTOMATIC.get(last) or (SWITCHED[last][1] if last in SWITCHED else None)
        if then is None:
            return tuple(found)
        found.append(then)


def shows(status: str | None, state: State) -> bool:
    """Whether the coarse `status` is one that `state`, or what follows it by itself, may show."""
    if status is None:
        return False
    states = reachable(state)
    if any(status in COARSE[one] for one in states):
        return True
    return bool(OWN_STATUS.intersection(states)) and status not in KNOWN_COARSE


def unmoved(state: State, before: View, after: View) -> bool:
    """Whether nothing that a refused request must not change differs between two views of an order in `state`.

    A status of the state's own may come to show late, in place of the usual one: that is no move.
    """
    late = state in OWN_STATUS and before.status in COARSE[state] and after.status not in KNOWN_COARSE
    return before.same_as(after) or (late and (before.awbs, before.courier) == (after.awbs, after.courier))


def tells_apart(before: State, after: State) -> bool:
    """Whether the coarse status always differs between two states, so that a move between them can be seen."""
    if before in OWN_STATUS or after in OWN_STATUS:
        return False
    return not set(COARSE[before]).intersection(COARSE[after])
