"""The connections to a host, and the one module that imports an HTTP library: its successor is one line away.

It sends one request and gives back what came, raw: no cookies are kept, no redirect is followed, no proxy is asked.
A connection is lent for one request at a time and kept for the next, whoever makes it: a run needs no more of them
than it has requests in flight, and none waits behind another. Each is a transport of httpx's with room for one
connection: a client would keep cookies and cost twice the time, and a pool that many share is quadratic in them.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

import httpx

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
        self.url = url.rstrip("/")
        # A context of its own would cost each connection 20 ms.
        self._tls = ssl.create_default_context() if urlsplit(url).scheme == "https" else False
        self._extensions = {"timeout": httpx.Timeout(timeout_s).as_dict()}
        self._idle: deque[httpx.HTTPTransport] = deque()

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
            request = self._request(method, target, headers, content, last)
            response = connection.handle_request(request)
            response.request = request
            try:
                body = response.read()
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
            connection.close()
            raise LostError(_how(problem)) from problem
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return response.status_code, response.headers.multi_items(), body

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _lent(self) -> httpx.HTTPTransport:
        """The connection used last, else a new one; the transport itself leaves one that has stood idle too long."""
        try:
            return self._idle.pop()
        except IndexError:
            alone = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEPT_S)
            return httpx.HTTPTransport(verify=self._tls, limits=alone, trust_env=False)

    def _request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        content: bytes | None,
        last: Callable[[], object] | None,
    ) -> httpx.Request:
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"}
        sent |= {name: value.encode("ascii").decode() for name, value in headers.items()}
        if content and last:
            # With its length named, what is given piece by piece is no chunked body.
            sent["Content-Length"] = str(len(content))
        body = _held(content, last) if content and last else content
        return httpx.Request(method, self.url + target, headers=sent, content=body, extensions=self._extensions)


def _held(content: bytes, last: Callable[[], object]) -> Iterator[bytes]:
    yield content[:-1]
    last()
    yield content[-1:]


def _how(problem: Exception) -> str:
    tls = _tls_problem(problem)
    if tls is not None:
        # A host that is there, and whose certificate or protocol is not taken.
        why = getattr(tls, "verify_message", "") or tls.reason or "no handshake"
        return f"TLS failed, {why}"
    if isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout):
        return "refused"
    if isinstance(problem, httpx.TimeoutException):
        return "timeout"
    if isinstance(problem, httpx.RemoteProtocolError | httpx.NetworkError):
        return "dropped"
    # Not its words: they may repeat the header that could not be sent, and with it a token.
    return f"the request could not be sent or its answer not be read ({type(problem).__name__})"


def _tls_problem(problem: BaseException | None) -> ssl.SSLError | None:
    """What went wrong in TLS beneath `problem`, if anything did. The pool hides causes, not their context."""
    while problem is not None and not isinstance(problem, ssl.SSLError):
        problem = problem.__cause__ or problem.__context__
    return problem
