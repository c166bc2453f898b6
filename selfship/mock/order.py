"""One shipment as the host knows it: its fine state, what was recorded on it, and its whole history."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from selfship.lifecycle import State

Line = dict[str, Any]
"""`{orderItemId, sku, quantity, price}`: plain JSON, because it is stored and shown as such."""


@dataclass
class Order:
    """`placed_at` and `modified_at` are seconds of the epoch. `awb` is empty until a courier is logged.

    `cancelled` counts, per line, the pieces that were cancelled. `history` holds `[time, event, state after it]`.
    `pending` holds accepted changes that are not effective yet: `{due, event, changes}`, and
    `since` where it is the host's own step: the state that it was to leave.
    """

    id: str
    forward_id: str
    is_return: bool
    state: State
    location: str
    channel: str
    placed_at: float
    self_ship: bool = True
    locked: bool = False
    lines: list[Line] = field(default_factory=list)
    packages: list[dict[str, Any]] = field(default_factory=list)
    modified_at: float = 0.0
    awb: str = ""
    courier: str = ""
    packed: bool = False
    invoice_number: str | None = None
    return_invoice_number: str | None = None
    e_invoice: dict[str, str] = field(default_factory=dict)
    cancelled: dict[str, int] = field(default_factory=dict)
    qc: list[dict[str, Any]] = field(default_factory=list)
    history: list[list[Any]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)

    def live(self, line: Line) -> int:
        """Pieces of `line` that are not cancelled."""
        return int(line["quantity"]) - self.cancelled.get(line["orderItemId"], 0)

    def after(self, event: str) -> bool:
        """Whether `event` is in the order's history."""
        return any(step[1] == event for step in self.history)

    def change(self, event: str, changes: dict[str, Any]) -> None:
        """Sets the fields named by `changes` and notes the event; an order never notes more than it was told."""
        for name, value in changes.items():
            setattr(self, name, value)
        self.modified_at = time.time()
        self.history.append([self.modified_at, event, self.state])


def dumped(order: Order) -> str:
    return json.dumps(vars(order), separators=(",", ":"))


def loaded(text: str) -> Order:
    """The reverse of `dumped`. ValueError, KeyError or TypeError where `text` is no order."""
    order = Order(**json.loads(text))
    order.state = State(order.state)
    return order
