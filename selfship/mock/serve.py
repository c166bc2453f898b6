"""Starts a host: in the foreground for the command line, in a thread of its own for whoever embeds it."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from selfship.errors import BrokenKitError, UsageError
from selfship.mock.app import ABORT, Host
from selfship.mock.population import population as populated
from selfship.mock.settings import MockSettings
from selfship.mock.store import Store
from selfship.mock.variants import applied, chosen

START_S = 10.0
"""Seconds within which an embedded host must listen."""


def build(settings: MockSettings, state: Path | None = None, population: str = "full") -> Host:
    """A host that does not listen yet. Orders found in `state` stand; only a host without any is populated."""
    settings = applied(settings)
    own = [variant.population for variant in chosen(settings.variants) if variant.population]
    population = own[0] if own else population
    store = Store(settings, state)
    if not len(store):
        store.add(populated(population))
        store.save()
    return Host(settings, store)


def serve(
    settings: MockSettings,
    host: str = "127.0.0.1",
    port: int = 0,
    state: Path | None = None,
    population: str = "full",
    announce: Callable[[str], object] = print,
) -> None:
    """Serves until SIGTERM or SIGINT; calls `announce` with the URL once it listens. Port 0 takes a free one.

    UsageError where the address is taken, or the settings, the state file or the population are wrong.
    """
    built = build(settings, state, population)
    try:
        serve_app(built, host, port, announce)
    finally:
        built.store.close()


def serve_app(app: Any, host: str = "127.0.0.1", port: int = 0, announce: Callable[[str], object] = print) -> None:
    """The same for any ASGI application, a null host for one."""
    listening = listen(host, port)
    Server(app, lambda: announce(address(listening))).run(sockets=[listening])


@contextmanager
def running(
    settings: MockSettings | None = None, *, state: Path | None = None, population: str = "full"
) -> Iterator[str]:
    """A host on a free port of the loopback, in a thread with its own loop; gives its URL."""
    built = build(settings or MockSettings(), state, population)
    try:
        with running_app(built) as url:
            yield url
    finally:
        built.store.close()


@contextmanager
def running_app(app: Any) -> Iterator[str]:
    """The same for any ASGI application, a null host for one."""
    listening = listen("127.0.0.1", 0)
    started = threading.Event()
    server = Server(app, started.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="mock", daemon=True)
    thread.start()
    if not started.wait(START_S):
        raise BrokenKitError(f"The embedded host did not start within {START_S:.0f} s; try again on a quieter machine.")
    try:
        yield address(listening)
    finally:
        server.should_exit = True
        thread.join(START_S)


class _Protocol(H11Protocol):
    """As uvicorn's, and tells the application how to drop the connection of a request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app = self.app

        async def with_abort(scope: Any, receive: Any, send: Any) -> None:
            scope["extensions"] = {**(scope.get("extensions") or {}), ABORT: transport.abort}
            await app(scope, receive, send)

        self.app = with_abort


class Server(uvicorn.Server):
    def __init__(self, app: Any, started: Callable[[], object]) -> None:
        # No access log: query strings hold credentials.
        # A connection that is dropped on purpose is no error.
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
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)
        self._announce = started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's own, but a signal ends the serving and no more: the orders must still be closed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        stops = {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}
        # Who was started to outlive its terminal does.
        heeded = [number for number in stops if signal.getsignal(number) != signal.SIG_IGN]
        before = {number: signal.signal(number, self.handle_exit) for number in heeded}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that asyncio turns Nagle's algorithm off: without it each answer is 40 ms late.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as problem:
        listening.close()
        raise UsageError(f"{host}:{port} cannot be listened on ({problem.strerror}); choose another port.") from None
    listening.listen(128)
    return listening


def address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
