"""Every call of one partner, on disk as it happens: a line each, readable from start to end however long it is.

Masks secrets before anything is kept: the token wherever it stands, and the credentials of the token call.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from selfship.errors import UsageError
from selfship.exchanges import Exchange, Headers, Redactor
from selfship.operations import TOKEN_HEADER
from selfship.referee.calls import Call, dumped, loaded
from selfship.referee.plan import PartnerPlan

TOKEN = "$SELFSHIP_TOKEN"
_HIDDEN_HEADERS = ("authorization", "proxy-authorization", "cookie", TOKEN_HEADER)
_CREDENTIAL = re.compile(r"(?i)([?&](username|password)=)[^&]*")


class Journal:
    """`count` is the number of calls so far. OSError where the disk does not take a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._cut_torn_line()
        self._file = path.open("ab")

    def add(self, call: Call) -> None:
        """Writes a call whose exchange carries the next number."""
        self._file.write(json.dumps(dumped(call), separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n")
        self._file.flush()
        self.count += 1

    def read(self) -> Iterator[Call]:
        return read(self.path)

    def exchanges(self) -> Iterator[Exchange]:
        return exchanges(self.path)

    def close(self) -> None:
        self._file.close()

    def _cut_torn_line(self) -> None:
        """A referee that was killed may have left half a line: nobody was answered before it was whole."""
        if not self.path.exists():
            return
        with self.path.open("rb+") as file:
            end = file.seek(0, os.SEEK_END)
            while end:
                start = max(0, end - 65536)
                file.seek(start)
                place = file.read(end - start).rfind(b"\n")
                if place >= 0:
                    file.truncate(start + place + 1)
                    return
                end = start
            file.truncate(0)


def read(path: Path) -> Iterator[Call]:
    """Every call in a journal so far, from the first. UsageError where the file is none."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                # It is being written, or whoever wrote it was killed.
                return
            try:
                yield loaded(json.loads(line))
            except (ValueError, KeyError, TypeError) as broken:
                raise UsageError(
                    f"{path} is no journal of a referee (line {number}): give the folder of a session."
                ) from broken


def exchanges(path: Path) -> Iterator[Exchange]:
    return (call.exchange for call in read(path))


def moment(seconds: float) -> str:
    """Seconds of the epoch as RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


class Mask:
    """Takes the secrets of one partner out of one exchange."""

    def __init__(self, plan: PartnerPlan, username: str, password: str) -> None:
        self._plan = plan
        self._redact = Redactor({plan.username: username, plan.password: password})

    def exchange(self, tokens: list[str], **fields: Any) -> Exchange:
        """An exchange from its `fields`, in which none of `tokens` and no credential is left."""

        # Tokens are made here, of letters that nothing escapes, and a client may get one for each of its calls.
        def clear(text: str) -> str:
            for token in tokens:
                text = text.replace(token, TOKEN)
            return self._redact(text)

        fields["url"] = clear(self._credentials(fields["url"]))
        fields["request_headers"] = _hidden(fields["request_headers"], clear)
        fields["response_headers"] = _hidden(fields["response_headers"], clear)
        if fields["request_body"] is not None:
            fields["request_body"] = clear(fields["request_body"])
        for token in tokens:
            fields["response_body"] = fields["response_body"].replace(token.encode("utf-8", "replace"), TOKEN.encode())
        fields["response_body"] = self._redact.bytes(fields["response_body"])
        return Exchange(**fields)

    def _credentials(self, url: str) -> str:
        names = {"username": self._plan.username, "password": self._plan.password}
        return _CREDENTIAL.sub(lambda found: f"{found[1]}${names[found[2].lower()]}", url)


def _hidden(headers: Headers, clear: Callable[[str], str]) -> Headers:
    return tuple(
        (name, _hidden_value(value) if name.lower() in _HIDDEN_HEADERS else clear(value)) for name, value in headers
    )


def _hidden_value(value: str) -> str:
    """The scheme stays, for it is part of what is judged."""
    return f"Bearer {TOKEN}" if value.lower().startswith("bearer ") else TOKEN


def suspects(query: str) -> list[str]:
    """The values of a query string, to be looked up among the tokens."""
    return [unquote_plus(pair.partition("=")[2]) for pair in query.split("&") if "=" in pair]
