"""What a client of ours is, and the small hooks that many of them share.

A hook takes hold of a built aggregator of the example, whose types nobody knows here: it is loaded by its path, in the
process of that one client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Aggregator = Any
"""The example's; `konnect` is how it talks to the host."""
Hook = Callable[[Aggregator], None]
Item = dict[str, Any]
Items = Sequence[Item]
Act = Callable[[Aggregator, Items], None]
"""Something done beside a write, with the write's items."""
Kind = Literal["plain", "bad", "habit", "null"]

FORWARD, RETURNS = "forward", "return"


@dataclass(frozen=True)
class Client:
    """One client, and `how` it differs, in words. `rule`, of a bad one: what it breaks; `also`: what else, in truth.

    `incomplete`: it may leave a MUST unjudged. `options` are the example's own; `{slow}` stands for a time that is
    longer than the interval it is told.
    """

    name: str
    kind: Kind
    how: str
    rule: str | None = None
    hook: Hook = field(default=lambda _: None, repr=False)
    options: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    incomplete: bool = False


def bad(
    name: str, rule: str, how: str, hook: Hook, *, options: tuple[str, ...] = (), also: tuple[str, ...] = ()
) -> Client:
    return Client(name, "bad", how, rule, hook, options, also)


def around(owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
    """Puts `wrapper` in the place of a method; it gets the method itself as its first argument."""
    original = getattr(owner, name)
    setattr(owner, name, lambda *args, **named: wrapper(original, *args, **named))


def push(client: Aggregator, method: str, operation: str, body: Any) -> None:
    """Sends something beside the aggregator's own work, and does not look at what comes of it."""
    if body:
        client.konnect.call(method, f"/oms/v3/shipment/{operation}", json=body)


def statuses(value: str) -> Act:
    """Pushes that status for each order of the write."""

    def act(client: Aggregator, items: Items) -> None:
        push(client, "PUT", "status", [{"orderId": one["orderId"], "orderStatus": value} for one in items])

    return act


def ids_to(method: str, operation: str, **more: Any) -> Act:
    """Sends each order of the write to another operation, with these fields; a text gets the id filled in."""

    def act(client: Aggregator, items: Items) -> None:
        filled = [
            {name: value.format(one["orderId"]) if isinstance(value, str) else value for name, value in more.items()}
            for one in items
        ]
        body = [{"orderId": one["orderId"], **each} for one, each in zip(items, filled, strict=True)]
        push(client, method, operation, body)

    return act


def credit_notes(client: Aggregator, items: Items) -> None:
    ids_to("POST", "invoiceUpdate", invoiceNumber="CN-{}", invoiceType="return")(client, items)


def acceptances(client: Aggregator, items: Items) -> None:
    """POST /return, with the lines of the orders as they were listed."""
    lines = {order["id"]: order["orderItems"] for order in client.seen.values()}
    body = [
        {
            "orderId": one["orderId"],
            "orderItems": [
                {"orderItemId": line["orderItemId"], "quantity": line["quantity"], "reasonCode": ""}
                for line in lines[one["orderId"]]
            ],
        }
        for one in items
    ]
    push(client, "POST", "return", body)


def before(step: str, act: Act, *, only: str = "", most: int = 3) -> Hook:
    """Before a step's first write with orders of the journey or the fate `only` (any), on the first `most` of them."""
    return _beside(step, act, only, most, late=False)


def after(step: str, act: Act, *, only: str = "", most: int = 3) -> Hook:
    """The same, after the write, on those that were accepted."""
    return _beside(step, act, only, most, late=True)


def _beside(step: str, act: Act, only: str, most: int, *, late: bool) -> Hook:
    def hook(client: Aggregator) -> None:
        remember(client)
        done: list[str] = []

        def write(original: Callable[..., Any], method: str, operation: str, items: Items) -> Any:
            mine = [one for one in items if not done and is_step(one, operation, step) and _travels(client, one, only)]
            mine = mine[:most]
            done.extend(one["orderId"] for one in mine)
            if not late and mine:
                act(client, mine)
            tally = original(method, operation, items)
            taken = [one for one in mine if one["orderId"] in tally.accepted]
            if late and taken:
                act(client, taken)
            elif late:
                done.clear()
            return tally

        around(client.konnect, "write", write)

    return hook


_OPERATIONS = {"confirm": "confirm", "pack": "pack", "dispatch": "dispatch", "awb": "awb", "accept": "return"}


def is_step(item: Item, operation: str, step: str) -> bool:
    """Whether an item of a write is that step of a journey."""
    if operation == "status":
        return bool(item["orderStatus"] == step)
    if operation == "invoiceUpdate":
        return step == {"sale": "invoice", "return": "credit_note"}[item["invoiceType"]]
    return _OPERATIONS.get(step) == operation


def _travels(client: Aggregator, item: Item, only: str) -> bool:
    order = client.seen[item["orderId"]]
    return not only or only in (order["journeyType"], client.courier.fate(order))


def remember(client: Aggregator) -> None:
    """Lets the client keep every order that a listing showed, in `seen`."""
    if hasattr(client, "seen"):
        return
    client.seen = {}

    def listed(original: Callable[..., Any], *args: Any) -> Any:
        orders = original(*args)
        client.seen.update({order["id"]: order for order in orders})
        return orders

    around(client.konnect, "listed", listed)


def due_for(client: Aggregator, due: Sequence[Any], step: str) -> Iterator[Any]:
    """Those of the orders that are due, for that step."""
    return (one for one in due if client.plan(one[0])[one[1]] == step)
