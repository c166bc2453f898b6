"""Where tokens come from and when a new one is due. The token's field in the answer is not documented: it is found."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selfship.client import Caller

LIKELY = ("access_token", "accesstoken", "token", "authtoken", "auth_token", "x-access-token", "id_token", "jwt")
PLAUSIBLE = re.compile(r"[\x21-\x7e]{8,8192}")


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, key)
    elif isinstance(value, str):
        yield key, value


def find_token(body: bytes) -> str | None:
    """The token in an answer of the token endpoint, None where there is none.

    A string under a likely name wins wherever it is nested; then a lone word of plain text. A string under a name
    that does not speak of tokens is never taken for one.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace").strip()
        # A web page is no token, nor is JSON that was cut short.
        likely = PLAUSIBLE.fullmatch(text) and (len(text) >= 16 or any(one.isdigit() for one in text))
        return text if likely and "<" not in text and text[0] not in '{["' else None
    if isinstance(answer, str):
        return answer if PLAUSIBLE.fullmatch(answer) else None
    found = [(key.lower(), value) for key, value in _strings(answer) if PLAUSIBLE.fullmatch(value)]
    for wanted in LIKELY:
        for key, value in found:
            if key == wanted:
                return value
    return next((value for key, value in found if "token" in key and "type" not in key), None)


class TokenSource:
    """One party's token: given, or exchanged for its credentials when first needed and again when it has expired.

    `good`: a token, and when a request was sent that it was good for; `good_read`: the parameters of such a listing.
    `name` is the variable that reports show in its place. `given` is never renewed: there is nothing to renew it with.
    """

    def __init__(self, name: str, *, given: str | None = None, username: str = "", password: str = "") -> None:
        self.name = name
        self.value = given
        self.renewals = 0
        self.good: tuple[str | None, float] = (None, 0.0)
        self.good_read: Mapping[str, Any] | None = None
        self._given = given
        self._username, self._password = username, password
        self._lock = threading.Lock()

    @property
    def has_credentials(self) -> bool:
        return bool(self._username)

    @property
    def credentials(self) -> dict[str, str]:
        """As the token call wants them in its query. For sending only."""
        return {"username": self._username, "password": self._password}

    def current(self, caller: Caller) -> str | None:
        """The token to send now; fetched through `caller` where there is none yet. None where none is to be had."""
        if self.value is None and self.has_credentials:
            with self._lock:
                if self.value is None:
                    self.fetch(caller)
        return self.value

    def fetch(self, caller: Caller) -> None:
        """Exchanges the credentials; `value` stays None where the answer holds no token."""
        exchange = caller.call("token", params=self.credentials, step="token")
        self.value = caller.wire.issued.get(exchange.seq)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Nobody gets a new one meanwhile: with some hosts that ends the one before."""
        with self._lock:
            yield

    def adopt(self, value: str) -> None:
        """Goes on with a token that was issued beside the one in use, which may have ended with it."""
        self.value = value

    def expired(self, used: str | None, *, again: bool = False) -> bool:
        """Whether a request that was refused with the token `used` is worth another try; drops the token if so.

        A given token never is. `again`: the request was tried with a new one already; then only where somebody else
        has got another since, for with some hosts a token ends as soon as the next is issued.
        """
        if not self.has_credentials or not used:
            return False
        with self._lock:
            if self.value == used:
                if again:
                    return False
                self.value = None
                self.renewals += 1
        return True
