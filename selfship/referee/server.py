"""Listens, serves the referee, and ends when the session does."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from selfship.errors import UsageError
from selfship.referee.app import ABORT

LOOK_S = 0.1
"""How often it is looked whether the session has ended."""


class _Protocol(H11Protocol):
    """As uvicorn's, and tells the application how to drop the connection: a time-out has no answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app = self.app

        async def with_abort(scope: Any, receive: Any, send: Any) -> None:
            scope["extensions"] = {**(scope.get("extensions") or {}), ABORT: transport.abort}
            await app(scope, receive, send)

        self.app = with_abort


class Server(uvicorn.Server):
    """`over` is asked again and again whether to end; `started` is called once it listens."""

    def __init__(self, app: Any, started: Callable[[], object], over: Callable[[], bool]) -> None:
        # No access log: query strings hold credentials.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=_Protocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            # A page that is open, or a call that hangs, must not keep the session from ending.
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._announce, self._over = started, over
        self.told_to_end = False

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.told_to_end = True
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's own, but a signal ends the serving and no more: the reports must still be written."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._watching = asyncio.ensure_future(self._watch())
            self._announce()

    async def _watch(self) -> None:
        while not self._over():
            await asyncio.sleep(LOOK_S)
        self.should_exit = True


def listen(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A socket that listens; UsageError where the port is taken."""
    # The protocol is named so that asyncio turns Nagle's algorithm off: without it each answer is 40 ms late.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as problem:
        listening.close()
        raise UsageError(f"{host}:{port} cannot be listened on ({problem.strerror}); choose another --port.") from None
    listening.listen(128)
    return listening


def address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"
