"""Requests and answers, as they crossed the wire, without their secrets.

An exchange is redacted while it is captured: what is in memory, in the journal or in a report never held a secret.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qs, urlsplit

from selfship import secrecy
from selfship.secrecy import Spelling

SHORT, MOST_SHORT = 120, 2000
"""Characters of a text that a redactor remembers, and how many of them."""
Headers = tuple[tuple[str, str], ...]


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a JSON object repeats a key")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def strict_json(body: bytes | str) -> Any:
    """`body` as JSON; ValueError where it is none, repeats a key, or holds NaN or Infinity."""
    return json.loads(body, object_pairs_hook=_pairs, parse_constant=_no_constant)


@dataclass(frozen=True)
class Exchange:
    """One request and what came of it.

    `seq` numbers the run's exchanges from 1. `status` is None where no answer came; `error` then says why
    (`timeout`, `refused`, `dropped`, or the transport's words). `elapsed_ms` runs from sending to the last byte.
    """

    seq: int
    started: str
    scenario: str
    step: str
    operation: str
    method: str
    url: str
    request_headers: Headers
    request_body: str | None
    status: int | None
    response_headers: Headers
    response_body: bytes
    elapsed_ms: float
    error: str | None = None
    attempt: int = 1

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The parameters of the request's address."""
        return parse_qs(urlsplit(self.url).query)

    def header(self, name: str) -> str | None:
        """The answer's header `name`, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.response_headers if key.lower() == wanted), None)

    @property
    def media_type(self) -> str:
        """The declared type of the answer, lower case, without parameters; empty where none is declared."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @cached_property
    def sent(self) -> Any:
        """The request's body as JSON, None where it has none or it is not JSON."""
        try:
            return None if self.request_body is None else strict_json(self.request_body)
        except ValueError:
            return None

    @cached_property
    def json(self) -> Any:
        """The answer's body as JSON, None where it is not JSON."""
        try:
            return strict_json(self.response_body)
        except (ValueError, RecursionError):
            return None

    @property
    def text(self) -> str:
        """The answer's body for people: text, or what the bytes are."""
        if self.media_type == "application/pdf" or self.response_body.startswith(b"%PDF"):
            return f"(a PDF of {len(self.response_body)} bytes)"
        return self.response_body.decode("utf-8", "replace")


class Redactor:
    """Replaces each known secret by the name of the variable that it came from, wherever it stands.

    Secrets are added as they become known (a token, once it is issued). A shorter one than six characters would be
    found in innocent text: the client masks the places where credentials stand instead.
    """

    def __init__(self, secrets: Mapping[str, str] | None = None) -> None:
        self._spellings: list[Spelling] = []
        self._short: dict[str, str] = {}
        for name, value in (secrets or {}).items():
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """From now on `value`, in clear or as URLs, JSON and the like show it, reads `$name`; no file may hold it."""
        new = [one for one in secrecy.learn(name, value) if one not in self._spellings]
        # The longest first: one secret may hold another. A new list: other threads may be reading the old one.
        self._spellings = sorted([*self._spellings, *new], key=lambda one: -len(one.pattern.pattern))
        self._short = {}

    def __call__(self, text: str) -> str:
        known = self._short
        if text in known:
            return known[text]
        spellings, found = self._spellings, text
        for one in spellings:
            found = one.replace(found)
        # Headers say the same again and again. Not into the memory of other spellings.
        if len(text) <= SHORT and known is self._short and len(known) < MOST_SHORT:
            known[text] = found
        return found

    def bytes(self, body: bytes) -> bytes:
        text = body.decode("utf-8", "surrogateescape")
        redacted = self(text)
        return body if redacted == text else redacted.encode("utf-8", "surrogateescape")


class Recorder:
    """Keeps every exchange in the order of completion and, where given a journal, writes each to disk as it happens."""

    def __init__(self, redact: Redactor, journal: Path | None = None) -> None:
        self.redact = redact
        self.exchanges: list[Exchange] = []
        self.trouble: OSError | None = None
        """Why the journal is not whole: from then on nothing that happens is on disk."""
        self._lock = threading.Lock()
        self._journal: TextIO | None = journal.open("a", encoding="utf-8") if journal else None

    def add(self, **fields: Any) -> Exchange:
        """Redacts the fields of an exchange, numbers it, keeps it and returns it. OSError where the disk is full."""
        redact = self.redact
        fields["url"] = redact(fields["url"])
        fields["request_headers"] = tuple((k, redact(v)) for k, v in fields["request_headers"])
        fields["response_headers"] = tuple((k, redact(v)) for k, v in fields["response_headers"])
        if fields.get("request_body") is not None:
            fields["request_body"] = redact(fields["request_body"])
        if fields.get("error"):
            fields["error"] = redact(fields["error"])
        fields["response_body"] = redact.bytes(fields["response_body"])
        with self._lock:
            exchange = Exchange(seq=len(self.exchanges) + 1, **fields)
            self.exchanges.append(exchange)
            line = json.dumps(to_json(exchange), separators=(",", ":")) if self._journal else ""
            # What still holds a secret is kept from the disk; the HAR, which holds the same, is then refused aloud.
            if self._journal and secrecy.held(line) is None:
                self._put(self._journal, line)
        return exchange

    def _put(self, journal: TextIO, line: str) -> None:
        try:
            journal.write(line + "\n")
            journal.flush()
        except OSError as problem:
            self.trouble = self.trouble or problem
            raise

    def take_over(self, exchanges: Iterable[Exchange]) -> None:
        """Begins with the exchanges of an earlier run, numbered from 1; they are in the journal as well."""
        with self._lock:
            for exchange in exchanges:
                self.exchanges.append(exchange)
                line = json.dumps(to_json(exchange), separators=(",", ":"))
                if self._journal and secrecy.held(line) is None:
                    self._journal.write(line + "\n")

    def close(self) -> None:
        if self._journal:
            # What a full disk does not take was said when it was written.
            with suppress(OSError):
                self._journal.close()
            self._journal = None


def to_json(exchange: Exchange) -> dict[str, Any]:
    """An exchange as a line of the journal; bodies that are not UTF-8 as Base64."""
    fields = {name: getattr(exchange, name) for name in exchange.__dataclass_fields__}
    try:
        fields["response_body"] = exchange.response_body.decode("utf-8")
    except UnicodeDecodeError:
        fields["response_body"] = {"base64": base64.b64encode(exchange.response_body).decode()}
    return fields


def from_json(fields: Mapping[str, Any]) -> Exchange:
    """The reverse of `to_json`. KeyError or TypeError where `fields` is not an exchange."""
    values = dict(fields)
    body = values["response_body"]
    values["response_body"] = base64.b64decode(body["base64"]) if isinstance(body, dict) else body.encode()
    for name in ("request_headers", "response_headers"):
        values[name] = tuple((key, value) for key, value in values[name])
    return Exchange(**values)


def curl(exchange: Exchange) -> str:
    """A command line that sends the request again, its secrets as shell variables."""

    def quoted(text: str) -> str:
        # Single quotes, except that `$SELFSHIP_…` must reach the shell.
        if "$SELFSHIP" in text:
            # Whatever else a host put into the text must not run in the shell of whoever pastes the line.
            return '"' + re.sub(r'[\\"`]|\$(?!SELFSHIP_[A-Z])', r"\\\g<0>", text) + '"'
        return "'" + text.replace("'", "'\\''") + "'"

    parts = ["curl -i", f"-X {exchange.method}", quoted(exchange.url)]
    wanted = {"content-type", "x-access-token"}
    parts += [f"-H {quoted(f'{k}: {v}')}" for k, v in exchange.request_headers if k.lower() in wanted]
    if exchange.request_body is not None:
        parts.append(f"-d {quoted(exchange.request_body)}")
    return " ".join(parts)
