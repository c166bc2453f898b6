"""A mock of the kit's own on which a history is played again, its orders and lines under their names there."""

from __future__ import annotations

import json
import re
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from selfship import orders
from selfship.connections import Connections, LostError
from selfship.embedded import EmbeddedHost, embedded_host
from selfship.errors import BrokenKitError
from selfship.exchanges import Exchange, Redactor
from selfship.operations import OPERATIONS, TOKEN_HEADER
from selfship.reference.history import Found, History, UnknownError
from selfship.results import Reference
from selfship.tokens import find_token

_SWITCHES = ("edition", "invoicing", "credit_note", "rto_acceptance", "auth")
_TIMEOUT_S = 20
Names = dict[str, str]


class Stage:
    """A running mock that follows the readings of `profile`, and what is known of it."""

    def __init__(self, profile: Mapping[str, Any]) -> None:
        self._profile = profile
        self._stack = ExitStack()
        self._operator = secrets.token_urlsafe(18)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="selfship-reference-")))
            file = folder / "same-readings.toml"
            file.write_text(_toml(self._profile), encoding="utf-8")
            started = embedded_host(file, population="empty", operator_secret=self._operator)
            self._host: EmbeddedHost = stack.enter_context(started)
            self._redact = Redactor(self._host.credentials.secrets())
            self._connections = Connections(self._host.url, timeout_s=_TIMEOUT_S)
            stack.callback(self._connections.close)
            self._tokens = {"$SELFSHIP_TOKEN": self._token("username", "password")}
            self._tokens["$SELFSHIP_OTHER_TOKEN"] = self._token("other_username", "other_password")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def answer(self, exchange: Exchange, before: History) -> Reference:
        """What the mock answers to `exchange` after all that went `before`. UnknownError where it cannot be asked."""
        names: Names = {}
        for found in before.orders:
            self._make(found, names)
        for call in before.calls:
            self._repeat(call, names)
        status, media_type, body = self._repeat(exchange, names)
        back = {new: old for old, new in names.items() if len(new) > 6}
        text = "" if body.startswith(b"%PDF") else self._redact(body.decode("utf-8", "replace"))
        for new, old in back.items():
            text = text.replace(new, old)
        if body.startswith(b"%PDF"):
            text = f"(a PDF of {len(body)} bytes)"
        return Reference(exchange.seq, status, media_type, text)

    def _make(self, found: Found, names: Names) -> None:
        """An order like the one that was found, in the state in which it was found."""
        view = found.view
        wanted: dict[str, Any] = {"state": found.state.value, "is_self_ship": view.self_ship is not False}
        wanted |= {"locked": view.locked, "lines": max(1, len(view.lines))}
        wanted["quantity"] = max(1, view.lines[0].quantity if view.lines else 1)
        location = self._host.profile.other_location if found.elsewhere else self._host.profile.location
        wanted |= {"location": location} if location else {}
        wanted |= {"channel": view.channel} if view.channel else {}
        secret = {"x-operator-secret": self._operator, "content-type": "application/json"}
        status, _, body = self._send("POST", "/_operator/orders", secret, json.dumps(wanted).encode())
        if status != 201:
            raise UnknownError(f"The mock cannot hold an order like {view.id}.")
        names[view.id] = json.loads(body)["orders"][0]
        if view.lines:
            self._name_lines(found, names)

    def _name_lines(self, found: Found, names: Names) -> None:
        query = {"orderId": names[found.view.id]}
        location = self._host.profile.other_location if found.elsewhere else self._host.profile.location
        query |= {"locationCode": location} if location else {}
        token = "$SELFSHIP_OTHER_TOKEN" if found.elsewhere else "$SELFSHIP_TOKEN"
        status, kind, body = self._send(
            "GET", f"{OPERATIONS['shipment'].path}?{urlencode(query)}", {TOKEN_HEADER: self._tokens[token]}, None
        )
        answer = Exchange(1, "", "", "", "shipment", "GET", "", (), None, status, (("content-type", kind),), body, 0.0)
        for shown in orders.views(answer):
            for here, there in zip(found.view.lines, shown.lines, strict=False):
                names[f"{found.view.id} {here.item_id}"] = there.item_id

    def _repeat(self, exchange: Exchange, names: Names) -> tuple[int, str, bytes]:
        headers = {name: self._tokens.get(value, value) for name, value in exchange.request_headers}
        target, body = urlsplit(exchange.url), exchange.request_body
        query = [(name, self._own(names.get(value, value))) for name, value in parse_qsl(target.query, True)]
        path = OPERATIONS[exchange.operation].path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        if body is not None and exchange.sent is not None:
            body = json.dumps(_renamed(exchange.sent, names))
        return self._send(exchange.method, path, headers, None if body is None else body.encode())

    def _own(self, value: str) -> str:
        """A value of a query, the credentials' names replaced by the mock's own credentials."""
        credentials = self._host.credentials
        given = {"USERNAME": credentials.username, "PASSWORD": credentials.password}
        named = re.fullmatch(r"\$SELFSHIP_(USERNAME|PASSWORD)", value)
        return (given[named[1]] or value) if named else value

    def _token(self, username: str, password: str) -> str:
        credentials = self._host.credentials
        query = {"username": getattr(credentials, username), "password": getattr(credentials, password)}
        _, _, body = self._send("GET", f"{OPERATIONS['token'].path}?{urlencode(query)}", {}, None)
        token = find_token(body)
        if token is None:
            raise BrokenKitError("it gave no token: run `selfship mock` to see why")
        self._redact.add("SELFSHIP_TOKEN" if username == "username" else "SELFSHIP_OTHER_TOKEN", token)
        return token

    def _send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, str, bytes]:
        """Status, media type and body of the answer. UnknownError where none came."""
        try:
            status, got, answer = self._connections.send(method, target, headers, body)
        except (LostError, UnicodeEncodeError) as broken:
            raise UnknownError(f"The request cannot be sent a second time ({type(broken).__name__}).") from broken
        declared = next((value for name, value in got if name == "content-type"), "")
        return status, declared.partition(";")[0].strip(), answer


def _renamed(value: Any, names: Names, order: str = "") -> Any:
    """`value` with the orders and lines of the host under their names on the mock."""
    if isinstance(value, dict):
        inside = str(value.get("orderId", order))
        return {key: _renamed(item, names, inside) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names, order) for item in value]
    if isinstance(value, str):
        return names.get(f"{order} {value}", names.get(value, value))
    # A number stays one: that an id is sent as a number may be what the request is about.
    known = names.get(str(value)) if type(value) is int else None
    return int(known) if known and known.isdigit() else value


def _toml(profile: Mapping[str, Any]) -> str:
    """The readings of a host as a profile for the mock."""
    text = ['name = "the same readings"']
    text += [f"{name} = {json.dumps(profile[name])}" for name in ("location", "other_location") if profile.get(name)]
    text.append("[switches]")
    text += [f"{name} = {json.dumps(profile[name])}" for name in _SWITCHES if profile.get(name)]
    return "\n".join(text) + "\n"
