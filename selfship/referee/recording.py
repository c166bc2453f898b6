"""Reads recorded traffic as a stream: HARs of any tool, the kit's own exchanges, and the journals of referees.

A recording may be broken, cut short, huge or somebody else's: whatever is wrong is said in one sentence, and memory
stays flat however long the file is. Decides nothing about rules.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import ijson  # type: ignore[import-untyped] # it ships no types

from selfship.errors import UsageError
from selfship.exchanges import Headers, from_json
from selfship.operations import OPERATIONS

HEAD = 4096
DIGITS = 10
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Heard:
    """One recorded call of the API, secrets and all. `begun`: seconds of the epoch, None where the recording has none.

    `status` None: no answer came. `body` and `answer` None where the recording leaves them out.
    """

    operation: str
    method: str
    url: str
    headers: Headers
    body: str | None
    status: int | None
    answer_headers: Headers
    answer: bytes
    begun: float | None
    elapsed_ms: float
    connection: int = 0
    """By which calls on one connection are known; 0 where the recording does not say."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


@dataclass
class Counts:
    """What a recording holds: all entries, calls of the API, calls of others, and entries that say too little."""

    entries: int = 0
    calls: int = 0
    others: int = 0
    unreadable: int = 0


def is_journal(path: Path) -> bool:
    """Whether `path` is the journal of a referee, which knows more than a recording. UsageError: it cannot be read."""
    return _head(path).startswith(b'{"exchange":')


def read(path: Path, counts: Counts) -> Iterator[Heard]:
    """The calls of the API in `path`, in the order of the file. UsageError, one sentence, for whatever is wrong."""
    head = _head(path)
    if not head.strip():
        raise UsageError(f"{path} is empty: give a recording (HAR).")
    if head.split(b":")[0].isdigit():
        raise UsageError(
            f"{path} is a mitmproxy dump: convert it with `mitmdump -nr {path.name} --set hardump={path.stem}.har`."
        )
    if not head.lstrip().startswith(b"{"):
        raise UsageError(
            f"{path} is not a HAR, for it is not a JSON object: give the HAR that a proxy or browser saves."
        )
    lines = head.split(b"\n", 1)[0].startswith(b'{"seq":')
    for entry in _lines(path) if lines else _entries(path):
        counts.entries += 1
        heard = _from_journal(entry) if lines else _from_har(entry)
        if isinstance(heard, Heard):
            counts.calls += 1
            yield heard
        elif heard is None:
            counts.unreadable += 1
        else:
            counts.others += 1


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD).removeprefix(_BOM)
    except OSError as problem:
        raise UsageError(f"{path} cannot be read ({problem.strerror}): give a recording (HAR).") from None


def _entries(path: Path) -> Iterator[Any]:
    """The entries of a HAR, one at a time."""
    found = 0
    with path.open("rb") as file:
        _skip_bom(file)
        try:
            for entry in ijson.items(file, "log.entries.item", use_float=True):
                found += 1
                yield entry
        except ijson.IncompleteJSONError as problem:
            raise UsageError(
                f"{path} is broken or cut short after {found} entries ({_words(problem)}): record or save it again."
            ) from None
        except (ijson.JSONError, UnicodeDecodeError) as problem:
            raise UsageError(f"{path} is not JSON after {found} entries ({_words(problem)}): save it again.") from None
    if not found:
        raise UsageError(f"{path} has no entries under log.entries: give a HAR with recorded traffic in it.")


def _skip_bom(file: IO[bytes]) -> None:
    if file.read(len(_BOM)) != _BOM:
        file.seek(0)


def _words(problem: Exception) -> str:
    return " ".join(str(problem).split())[:100]


def _lines(path: Path) -> Iterator[Any]:
    """The lines of a run's journal; the last may be torn."""
    with path.open("rb") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                yield None


def operation_of(method: str, url: str) -> str | None:
    """The operation that a request means, wherever the API is mounted; None where it is not of this API."""
    path = urlsplit(url).path.rstrip("/")
    return next((each.name for each in OPERATIONS.values() if each.method == method and path.endswith(each.path)), None)


def _from_journal(entry: Any) -> Heard | str | None:
    try:
        one = from_json(entry)
        begun = _seconds(one.started)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    operation = operation_of(one.method, one.url)
    if operation is None:
        return one.url
    return Heard(
        operation, one.method, one.url, one.request_headers, one.request_body, one.status, one.response_headers,
        one.response_body, begun, one.elapsed_ms,
    )  # fmt: skip


def _from_har(entry: Any) -> Heard | str | None:
    """A call of the API; else the address of a call that is none of it, or None where the entry says too little."""
    try:
        request = entry["request"]
        method, url = str(request["method"]).upper(), str(request["url"])
        operation = operation_of(method, url)
    except (KeyError, TypeError, ValueError):
        return None
    if operation is None:
        return url
    try:
        response = entry.get("response") or {}
        took = entry.get("time")
        return Heard(
            operation, method, url, _pairs(request.get("headers")), _text(request.get("postData")),
            _status(response.get("status")), _pairs(response.get("headers")), _bytes(response.get("content")),
            _seconds(entry.get("startedDateTime")), float(took) if isinstance(took, int | float) and took > 0 else 0.0,
            _connection(entry.get("connection")),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _connection(named: Any) -> int:
    """HAR's id of a connection: often the client's port, and any text by its standard."""
    text = str(named or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < DIGITS else zlib.crc32(text.encode())


def _pairs(named: Any) -> Headers:
    return tuple((str(each["name"]), str(each["value"])) for each in named or ())


def _status(value: Any) -> int | None:
    """0 is HAR's way of saying that no answer came, and so is what is no status at all."""
    return value if isinstance(value, int) and 100 <= value < 600 else None


def _text(posted: Any) -> str | None:
    if not isinstance(posted, Mapping) or not isinstance(posted.get("text"), str):
        return None
    if posted.get("encoding") == "base64" or posted.get("_encoding") == "base64":
        return _decoded(posted["text"]).decode("utf-8", "replace")
    return str(posted["text"])


def _bytes(content: Any) -> bytes:
    if not isinstance(content, Mapping) or not isinstance(content.get("text"), str):
        return b""
    text: str = content["text"]
    return _decoded(text) if content.get("encoding") == "base64" else text.encode("utf-8", "replace")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error as broken:
        raise ValueError("a body that is not Base64") from broken


def _seconds(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError):
        return None
