"""The operator's interface: makes orders in any state, shows one whole, empties the host.

It belongs to the mock, never to the API: without the secret in the environment it does not exist.
"""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any

from selfship.lifecycle import Journey, State
from selfship.mock.answers import Answer, bad_request, error
from selfship.mock.population import Maker

if TYPE_CHECKING:
    from selfship.mock.app import Host

PREFIX = "/_operator/"
HEADER = "x-operator-secret"
SECRET_VARIABLE = "SELFSHIP_OPERATOR_SECRET"
MOST = 10_000
"""Orders that one request may make."""

_KINDS: dict[str, type] = {
    "state": str,
    "count": int,
    "location": str,
    "is_self_ship": bool,
    "locked": bool,
    "channel": str,
    "lines": int,
    "quantity": int,
    "journey": str,
}


def operate(host: Host, secret: str | None, method: str, path: str, given: str | None, body: bytes) -> Answer:
    """`secret` is the environment's, `given` the request's."""
    if not secret:
        return error(404, "NOT_FOUND", "no such path")
    if not hmac.compare_digest((given or "").encode(), secret.encode()):
        return error(401, "UNAUTHORIZED", f"the header {HEADER} is missing or wrong")
    name = path.removeprefix(PREFIX)
    if name == "orders" and method == "POST":
        return _make(host, body)
    if name == "orders" and method == "DELETE":
        host.store.clear()
        return Answer(200, {"orders": 0})
    if name.startswith("orders/") and method == "GET":
        order = host.store.get(name.removeprefix("orders/"))
        return Answer(200, vars(order)) if order else error(404, "NOT_FOUND", "no such order")
    return error(404, "NOT_FOUND", "no such path; use POST or DELETE orders, or GET orders/<id>")


def _make(host: Host, body: bytes) -> Answer:
    try:
        wanted = _checked(json.loads(body))
    except ValueError as problem:
        return bad_request(str(problem))
    orders = list(Maker().orders(wanted.pop("state"), wanted.pop("count"), **wanted))
    host.store.add(orders)
    return Answer(201, {"orders": [order.id for order in orders]})


def _checked(asked: Any) -> dict[str, Any]:
    if not isinstance(asked, dict) or "state" not in asked:
        raise ValueError("the body must be an object with a state")
    for name, value in asked.items():
        kind = _KINDS.get(name)
        if kind is None:
            raise ValueError(f"{name} is unknown; use {', '.join(_KINDS)}")
        if type(value) is not kind or (
            isinstance(value, int) and not isinstance(value, bool) and not 0 < value <= MOST
        ):
            raise ValueError(f"{name} must be a {kind.__name__}, a number at least 1 and at most {MOST}")
    wanted = {"count": 1, **asked, "state": State(asked["state"])}
    if "journey" in asked:
        wanted["journey"] = Journey(asked["journey"])
    return wanted
