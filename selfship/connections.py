"""The connections to a host, and the one module that imports an HTTP library: its successor is one line away.

It sends one request and gives back what came, raw: no cookies are kept, no redirect is followed, no proxy is asked.
A connection is lent for one request at a time and kept for the next, whoever makes it: a run needs no more of them
than it has requests in flight, and none waits behind another.
"""

from __future__ import annotations

import ssl
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

import httpcore

from selfship import __version__

KEPT_S = 2.0
"""A connection idle for longer is not used again: hosts drop theirs after five seconds and more, and a request that
crosses the drop is lost."""
USER_AGENT = f"selfship/{__version__}"
Answer = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers with names in lower case, and the body as the host meant it."""


class LostError(Exception):
    """No answer came. `how`: refused, timeout, dropped, or what broke; recorded as the exchange's error."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Connections:
    """All connections of a run to its host, on one TLS context. Safe to use from several threads."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        parts = urlsplit(url)
        name = (parts.hostname or "").encode("idna")
        secure = parts.scheme == "https"
        self._origin = httpcore.Origin(parts.scheme.encode(), name, parts.port or (443 if secure else 80))
        shown = b"[" + name + b"]" if b":" in name else name
        self._host = shown + f":{parts.port}".encode() if parts.port else shown
        self._path = parts.path.rstrip("/").encode()
        # A context of its own would cost each connection 20 ms.
        self._tls = ssl.create_default_context() if secure else None
        self._extensions = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)}
        self._idle: deque[httpcore.HTTPConnection] = deque()

    def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        content: bytes | None,
        last: Callable[[], object] | None = None,
    ) -> Answer:
        """Sends one request; `target`: path and query, encoded. LostError where no whole answer came.

        `last` is called before the last byte of `content` leaves: so requests can be made to end at one moment.
        """
        connection = self._lent()
        try:
            request = self._request(method, target, headers, content)
            if content and last:
                request.stream = _held(content, last)
            response = connection.handle_request(request)
            try:
                body = response.read()
            finally:
                response.close()
            answer = response.status, _headers(response.headers), body
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, ValueError) as problem:
            connection.close()
            raise LostError(_how(problem)) from problem
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return _decoded(*answer)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _lent(self) -> httpcore.HTTPConnection:
        """The connection used last that still stands, else a new one."""
        while self._idle:
            try:
                kept = self._idle.pop()
            except IndexError:  # another thread was quicker
                break
            if kept.is_idle() and not kept.has_expired():
                return kept
            kept.close()
        return httpcore.HTTPConnection(self._origin, self._tls, keepalive_expiry=KEPT_S)

    def _request(self, method: str, target: str, headers: Mapping[str, str], content: bytes | None) -> httpcore.Request:
        sent = [(b"Host", self._host), (b"User-Agent", USER_AGENT.encode()), (b"Accept-Encoding", b"gzip, deflate")]
        sent += [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        if content is not None:
            sent.append((b"Content-Length", str(len(content)).encode()))
        elif method != "GET":
            sent.append((b"Content-Length", b"0"))
        where = httpcore.URL(
            scheme=self._origin.scheme,
            host=self._origin.host,
            port=self._origin.port,
            target=self._path + target.encode("ascii"),
        )
        return httpcore.Request(method, where, headers=sent, content=content, extensions=self._extensions)


def _held(content: bytes, last: Callable[[], object]) -> Iterator[bytes]:
    yield content[:-1]
    last()
    yield content[-1:]


def _headers(raw: list[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1").lower(), _text(value)) for name, value in raw]


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _decoded(status: int, headers: list[tuple[str, str]], body: bytes) -> Answer:
    """The answer with its body unpacked. LostError where the body is not packed as its header says."""
    coding = next((value.strip().lower() for name, value in headers if name == "content-encoding"), "")
    if coding not in ("gzip", "x-gzip", "deflate") or not body:
        return status, headers, body
    try:
        try:
            # 32: either of the two forms, told apart by their first bytes.
            return status, headers, zlib.decompress(body, zlib.MAX_WBITS | 32)
        except zlib.error:
            if coding != "deflate":
                raise
            return status, headers, zlib.decompress(body, -zlib.MAX_WBITS)
    except zlib.error as problem:
        raise LostError(f"DecodingError: {problem}") from problem


def _how(problem: Exception) -> str:
    if isinstance(problem.__cause__, ssl.SSLError):
        # A host that is there, and whose certificate or protocol is not taken.
        why = getattr(problem.__cause__, "verify_message", "") or problem.__cause__.reason or "no handshake"
        return f"TLS failed, {why}"
    if isinstance(problem, httpcore.ConnectError | httpcore.ConnectTimeout):
        return "refused"
    if isinstance(problem, httpcore.TimeoutException):
        return "timeout"
    if isinstance(problem, httpcore.RemoteProtocolError):
        return "dropped"
    return f"{type(problem).__name__}: {problem}"
