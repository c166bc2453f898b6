"""Exchanges as HTTP Archive 1.2, and back: the file that a browser's developer tools open.

Decides how an exchange maps to a HAR entry. What HAR has no place for stands under `_selfship`, so that `read` gives
back exactly what `write` was given. Knows nothing of verdicts, and redacts nothing: exchanges come without secrets.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from selfship import __version__, secrecy
from selfship.errors import LeakError, UsageError
from selfship.exchanges import Exchange, Headers

PAGE = "run"
_OWN = ("seq", "scenario", "step", "operation", "attempt", "error")


def write(exchanges: Iterable[Exchange], path: Path, *, started: str) -> None:
    """Writes `exchanges` to `path`. `started`: the run's start, RFC 3339. OSError where it cannot be written.

    LeakError, and no file, where one of them holds a secret.
    """
    log = {
        "version": "1.2",
        "creator": {"name": "selfship", "version": __version__},
        "pages": [{"startedDateTime": started, "id": PAGE, "title": "selfship", "pageTimings": {}}],
    }
    try:
        with path.open("w", encoding="utf-8", errors="replace") as file:
            # An entry a line: to be searched and compared with everyday tools.
            file.write(json.dumps({"log": log})[:-2] + ', "entries": [')
            for place, exchange in enumerate(exchanges):
                line = json.dumps(_entry(exchange))
                secrecy.refuse(path.name, line)
                file.write((",\n" if place else "\n") + line)
            file.write("\n]}}\n")
    except LeakError:
        path.unlink()
        raise


def read(path: Path) -> list[Exchange]:
    """The exchanges of a HAR that `write` made. UsageError where it is none, OSError where it cannot be read."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["log"]["entries"]
        return [_exchange(entry) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError) as broken:
        raise UsageError(
            f"{path.name} is not an exchanges.har of this kit ({broken!r}): give the one in a run's folder."
        ) from broken


def _entry(exchange: Exchange) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "pageref": PAGE,
        "startedDateTime": exchange.started,
        "time": exchange.elapsed_ms,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": exchange.elapsed_ms, "receive": 0},
        "_selfship": {name: getattr(exchange, name) for name in _OWN},
    }
    if exchange.error:
        entry["comment"] = exchange.error
    return entry


def _request(exchange: Exchange) -> dict[str, Any]:
    body = exchange.request_body
    query = parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(exchange.request_headers),
        "queryString": _named(query),
        "headersSize": -1,
        "bodySize": 0 if body is None else len(body.encode("utf-8", "surrogatepass")),
    }
    if body is not None:
        declared = (value for name, value in exchange.request_headers if name.lower() == "content-type")
        request["postData"] = {"mimeType": next(declared, ""), "text": body}
    return request


def _response(exchange: Exchange) -> dict[str, Any]:
    response: dict[str, Any] = {
        # HAR's way of saying that no answer came.
        "status": exchange.status or 0,
        "statusText": _phrase(exchange.status),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(exchange.response_headers),
        "content": _content(exchange),
        "redirectURL": exchange.header("location") or "",
        "headersSize": -1,
        "bodySize": len(exchange.response_body),
    }
    if exchange.error:
        response["_error"] = exchange.error
    return response


def _content(exchange: Exchange) -> dict[str, Any]:
    body = exchange.response_body
    content: dict[str, Any] = {"size": len(body), "mimeType": exchange.header("content-type") or ""}
    if not body.startswith(b"%PDF"):
        try:
            return {**content, "text": body.decode("utf-8")}
        except UnicodeDecodeError:
            pass
    return {**content, "text": base64.b64encode(body).decode(), "encoding": "base64"}


def _named(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _phrase(status: int | None) -> str:
    try:
        return HTTPStatus(status or 0).phrase
    except ValueError:
        return ""


def _exchange(entry: Mapping[str, Any]) -> Exchange:
    request, response = entry["request"], entry["response"]
    return Exchange(
        **{name: entry["_selfship"][name] for name in _OWN},
        started=entry["startedDateTime"],
        method=request["method"],
        url=request["url"],
        request_headers=_pairs(request["headers"]),
        request_body=request["postData"]["text"] if "postData" in request else None,
        status=response["status"] or None,
        response_headers=_pairs(response["headers"]),
        response_body=_body(response["content"]),
        elapsed_ms=entry["time"],
    )


def _pairs(named: Iterable[Mapping[str, str]]) -> Headers:
    return tuple((header["name"], header["value"]) for header in named)


def _body(content: Mapping[str, Any]) -> bytes:
    text: str = content["text"]
    if content.get("encoding") != "base64":
        return text.encode("utf-8")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as broken:
        raise ValueError(f"a body that is not Base64: {broken}") from broken
