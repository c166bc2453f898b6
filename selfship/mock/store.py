"""The host's orders: in memory, and written through to SQLite where a state file is given.

Decides when an accepted change takes effect and which steps the host then takes by itself. Never decides whether
a change is accepted.
"""

from __future__ import annotations

import copy
import heapq
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from selfship.errors import UsageError
from selfship.lifecycle import AUTOMATIC, SWITCHED, Event, State
from selfship.mock.order import Order, dumped, loaded
from selfship.mock.settings import MockSettings

BY_ITSELF = "automatic"
"""The event under which the host's own steps stand in an order's history."""


class Store:
    """All orders of one host. Used from one thread; each call is atomic to the callers of that thread's loop."""

    def __init__(self, settings: MockSettings, state: Path | None = None) -> None:
        self.settings = settings
        self._orders: dict[str, Order] = {}
        self._sorted: list[Order] | None = None
        self._awbs: dict[str, list[str]] = {}
        self._due: list[tuple[float, int, str]] = []
        self._number = 0
        self._dirty: set[str] = set()
        self._database = _opened(state) if state else None
        self._steps = {**AUTOMATIC, **{at: to for at, (name, to) in SWITCHED.items() if _auto(settings, name)}}
        if self._database:
            self._load(self._database)

    def __len__(self) -> int:
        return len(self._orders)

    def get(self, order_id: str) -> Order | None:
        return self._orders.get(order_id)

    def oldest_first(self) -> list[Order]:
        """Every order, in the one order in which listings show them."""
        if self._sorted is None:
            self._sorted = sorted(self._orders.values(), key=lambda order: (order.placed_at, order.id))
        return self._sorted

    def by_awb(self, awb: str) -> Order | None:
        """The shipment that last travelled under `awb` and still does."""
        holders = (self._orders[order_id] for order_id in reversed(self._awbs.get(awb, [])))
        return next((order for order in holders if order.awb == awb), None)

    def add(self, orders: Iterable[Order]) -> None:
        """Takes new orders in, and lets each go on as far as it does by itself."""
        for order in orders:
            self._orders[order.id] = order
            self._changed(order)
            self._go_on(order)
        self._sorted = None

    def clear(self) -> None:
        self._orders.clear()
        self._awbs.clear()
        self._due.clear()
        self._dirty.clear()
        self._sorted = None
        if self._database:
            with self._database:
                self._database.execute("DELETE FROM orders")

    def carry_out(self, order: Order, event: Event, changes: dict[str, Any]) -> None:
        """An accepted event takes effect: now, or when the settle time is over."""
        if self.settings.settle:
            self._postpone(order, self.settings.settle, event, changes)
        else:
            self._apply(order, event, changes)

    def mature(self) -> None:
        """Lets every change take effect whose time has come."""
        now = time.time()
        while self._due and self._due[0][0] <= now:
            _, _, order_id = heapq.heappop(self._due)
            order = self._orders.get(order_id)
            for change in [change for change in order.pending if change["due"] <= now] if order else []:
                assert order is not None
                order.pending.remove(change)
                # What the host would have done by itself may have been done before, or have become pointless.
                if change.get("since", order.state) == order.state:
                    self._apply(order, change["event"], change["changes"])

    def snapshot(self, ids: Iterable[str]) -> list[Order]:
        """Copies of the orders named, to be put back by `restore`."""
        return [copy.deepcopy(self._orders[order_id]) for order_id in set(ids) if order_id in self._orders]

    def restore(self, copies: Iterable[Order]) -> None:
        for saved in copies:
            vars(self._orders[saved.id]).update(vars(saved))
            self._changed(self._orders[saved.id])

    def save(self) -> None:
        """Writes what has changed since the last call; a caller answers only after this."""
        if self._database and self._dirty:
            rows = [(order_id, dumped(self._orders[order_id])) for order_id in self._dirty]
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO orders VALUES (?, ?)", rows)
        self._dirty.clear()

    def close(self) -> None:
        self.save()
        if self._database:
            self._database.close()
            self._database = None

    def _apply(self, order: Order, event: str, changes: dict[str, Any]) -> None:
        order.change(event, {**changes, "state": State(changes.get("state", order.state))})
        self._changed(order)
        self._go_on(order)

    def _go_on(self, order: Order) -> None:
        while (then := self._steps.get(order.state)) is not None:
            changes = {"state": then, **_paperwork(order, then)}
            if self.settings.automatic:
                self._postpone(order, self.settings.automatic, BY_ITSELF, changes, since=order.state)
                return
            order.change(BY_ITSELF, changes)
            self._changed(order)

    def _postpone(
        self, order: Order, seconds: float, event: str, changes: dict[str, Any], since: State | None = None
    ) -> None:
        """`since`: the state that the order must then still be in."""
        due = time.time() + seconds
        only = {} if since is None else {"since": since}
        order.pending.append({"due": due, "event": event, "changes": changes, **only})
        self._wait_for(due, order.id)
        self._changed(order)

    def _wait_for(self, due: float, order_id: str) -> None:
        self._number += 1
        heapq.heappush(self._due, (due, self._number, order_id))

    def _changed(self, order: Order) -> None:
        if self._database:
            self._dirty.add(order.id)
        if order.awb:
            holders = self._awbs.setdefault(order.awb, [])
            if holders[-1:] != [order.id]:
                holders.append(order.id)

    def _load(self, database: sqlite3.Connection) -> None:
        for order in _stored(database):
            self._orders[order.id] = order
            self._changed(order)
            for change in order.pending:
                self._wait_for(change["due"], order.id)
        self._dirty.clear()


def _auto(settings: MockSettings, switch: str) -> bool:
    return bool(getattr(settings, switch) == "auto")


def _paperwork(order: Order, state: State) -> dict[str, Any]:
    """The number that the host gives itself where it writes the invoice or the credit note."""
    if state is State.BAG_INVOICED and order.invoice_number is None:
        return {"invoice_number": f"AUTO-{order.id[-8:]}"}
    if state is State.CREDIT_NOTE_GENERATED and order.return_invoice_number is None:
        return {"return_invoice_number": f"AUTO-CN-{order.id[-8:]}"}
    return {}


def _opened(state: Path) -> sqlite3.Connection:
    try:
        # serve() builds the host in one thread and, for tests, runs it in another; never in both at once.
        database = sqlite3.connect(state, check_same_thread=False)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, body TEXT NOT NULL)")
    except sqlite3.Error as problem:
        raise UsageError(f"The state file {state} cannot be used ({problem}); name another one.") from None
    return database


def _stored(database: sqlite3.Connection) -> Iterator[Order]:
    try:
        for (body,) in database.execute("SELECT body FROM orders"):
            yield loaded(body)
    except (sqlite3.Error, ValueError, KeyError, TypeError) as problem:
        raise UsageError(f"The state file holds no orders of this version ({problem}); start with a new one.") from None
