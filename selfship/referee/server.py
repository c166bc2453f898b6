"""Serves the referee as the mock is served, and ends when the session does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from selfship.mock import serve

LOOK_S = 0.1
"""How often it is looked whether the session has ended."""


class Server(serve.Server):
    """`over` is asked again and again whether to end; `started` is called once it listens."""

    def __init__(self, app: Any, started: Callable[[], object], over: Callable[[], bool]) -> None:
        super().__init__(app, started)
        # A page that is open, or a call that hangs, must not keep the session from ending.
        self.config.timeout_graceful_shutdown = 1
        self._over = over

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._watching = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        while not self._over():
            await asyncio.sleep(LOOK_S)
        self.should_exit = True
