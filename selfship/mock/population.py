"""The orders that a fresh host has, made from `fixtures/orders/population.toml`, and orders in any state on demand.

An order is brought to its state by the lifecycle's own path, so that its papers and its history are those of an order
that really went that way.
"""

from __future__ import annotations

import random
import time
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from selfship.errors import UsageError
from selfship.lifecycle import AUTOMATIC, JOURNEY_OF, Event, Journey, State, cell
from selfship.mock.effects import changes_of
from selfship.mock.order import Line, Order
from selfship.mock.settings import LOCATION
from selfship.paths import ORDERS
from selfship.ways import path

CHANNELS = ("FYND", "AMAZON_MLF", "MYNTRA_IN", "FLIPKART", "AJIO_VMS", "SHOPIFY_IN")
DAY = 86_400.0
SPREAD = 12 * DAY
"""How far back the order dates of a population go, in seconds."""
FILE = ORDERS / "population.toml"


class Maker:
    """Makes orders with ids of 20 digits above 2^63: milliseconds of the epoch and seven digits, as the samples."""

    def __init__(self, seed: int | None = None) -> None:
        # Dice for fixtures, not secrets.
        self._dice = random.Random(seed)  # noqa: S311
        self._made: set[str] = set()

    def orders(
        self,
        state: State,
        count: int,
        *,
        location: str = LOCATION,
        is_self_ship: bool = True,
        locked: bool = False,
        channel: str | None = None,
        lines: int | None = None,
        quantity: int | None = None,
        journey: Journey | None = None,
        spread: float = SPREAD,
        id: str | None = None,  # noqa: A002 - the name that orders have everywhere
        placed_at: float | None = None,
        awb: bool = False,
    ) -> Iterator[Order]:
        """`count` orders in `state`, their dates spread over the last `spread` seconds.

        `id` and `placed_at` (seconds of the epoch) are for a single one; `awb` gives one that awaits its AWB an AWB.
        Every third forward order has two lines of two and more pieces, unless `lines` or `quantity` says otherwise.
        `journey` tells a return's credit note from an RTO's.
        """
        is_return = (journey or JOURNEY_OF[state]) is Journey.RETURN
        now = time.time()
        for place in range(count):
            rich = place % 3 == 0 and not is_return
            when = now - self._dice.random() * spread if placed_at is None else placed_at
            order = Order(
                id=id or self._id(when),
                forward_id="",
                is_return=is_return,
                state=State.RETURN_INITIATED if is_return else State.PLACED,
                location=location,
                channel=channel or CHANNELS[place % len(CHANNELS)],
                placed_at=when,
                modified_at=when,
                self_ship=is_self_ship,
                locked=locked,
            )
            order.forward_id = self._id(when - 3 * DAY) if is_return else order.id
            order.lines = self._lines(order, lines or (2 if rich else 1), quantity or (2 if rich else 1))
            order.packages = [{"packageId": f"PKG-{order.id[-6:]}", "packageWeightGms": 500}]
            made = self._brought_to(order, state)
            if awb and not made.awb:
                made.change(Event.AWB.value, changes_of(Event.AWB, _item(Event.AWB, made), made, None))
            yield made

    def _id(self, seconds: float) -> str:
        while (made := f"{int(seconds * 1000)}{self._dice.randrange(10**7):07}") in self._made:
            pass
        self._made.add(made)
        return made

    def _lines(self, order: Order, count: int, quantity: int) -> list[Line]:
        return [
            {
                "orderItemId": f"{order.id[-10:]}{number}",
                "sku": f"SKU-{self._dice.randrange(1000, 9999)}",
                "quantity": quantity + number,
                "price": round(self._dice.uniform(99, 4999), 2),
            }
            for number in range(count)
        ]

    def _brought_to(self, order: Order, state: State) -> Order:
        for event in path(order.state, state) or ():
            order.state = AUTOMATIC.get(order.state, order.state)
            to = cell(order.state, event).to
            order.change(event.value, changes_of(event, _item(event, order), order, to))
        order.state = state
        order.history.append([order.modified_at, "made", state])
        return order


def _item(event: Event, order: Order) -> dict[str, Any]:
    """What an aggregator would have sent for that step."""
    papers = "CN" if event is Event.CREDIT_NOTE else "INV"
    return {
        "awbNumber": f"AWB{order.id[-10:]}",
        "courierName": "Fynd-Test",
        "invoiceNumber": f"{papers}-{order.id[-8:]}",
        "orderItems": [
            {"orderItemId": line["orderItemId"], "quantity": order.live(line), "reasonCode": ""} for line in order.lines
        ],
    }


def names() -> tuple[str, ...]:
    return tuple(_file())


def population(name: str, seed: int | None = 1) -> list[Order]:
    """The orders of the population `name`, or of the rows `orders` in a TOML file. UsageError where there is none."""
    if name.endswith(".toml"):
        return _of_file(Path(name), Maker(seed))
    rows = _file().get(name)
    if rows is None:
        raise UsageError(f"There is no population {name!r}; use one of {', '.join(names())}, or a file in TOML.")
    return list(_made(rows, Maker(seed)))


def _of_file(path: Path, maker: Maker) -> list[Order]:
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["orders"]
        return list(_made(rows, maker))
    except OSError as problem:
        raise UsageError(f"The population {path} cannot be read ({problem.strerror}): check the path.") from None
    except (ValueError, KeyError, TypeError) as problem:
        raise UsageError(
            f"The population {path} must hold `orders`, rows as those of fixtures/orders/population.toml ({problem})."
        ) from None


def _made(rows: Iterable[dict[str, Any]], maker: Maker) -> Iterator[Order]:
    for row in rows:
        row = dict(row)
        if "journey" in row:
            row["journey"] = Journey(row["journey"])
        yield from maker.orders(State(row.pop("state")), row.pop("count", 1), **row)


def _file() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
