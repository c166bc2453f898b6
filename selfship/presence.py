"""Whether the host is there at all. One that goes away in the middle of a run ends it politely, and is no finding."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from selfship.pace import Pace

AWAY_S, NEARBY_S = 20.0, 6.0
"""For so long a host that has answered before may be away before the run gives it up; one on this machine."""
FEWEST = 4
"""Requests in a row, at least, that got no answer."""
BETWEEN_S = 0.5
WORDS = {
    "refused": "connections were refused",
    "timeout": "requests were not answered in time",
    "dropped": "connections were dropped",
}


class Presence:
    """Listens to what becomes of every request. `gone`: one sentence, once the host was given up; then `pace` stops.

    While nothing is heard of a host, one request at a time asks for it; all others wait. A connection that was
    refused carried no request: that one is sent again as soon as somebody listens.
    """

    def __init__(self, pace: Pace, patience_s: float = AWAY_S) -> None:
        self.pace, self.patience_s = pace, patience_s
        self.gone = ""
        self.away_s = 0.0
        self._ever = False
        self._since: float | None = None
        self._losses = 0
        self._lock = threading.Lock()
        self._asking = threading.Lock()

    @property
    def silent(self) -> bool:
        """Whether a host that has answered before has not answered last."""
        return self._ever and self._since is not None

    def heard(self, error: str | None) -> None:
        """A request ended: with an answer (None), or without one."""
        with self._lock:
            now = time.monotonic()
            if error is None:
                if self._since is not None:
                    self.away_s = max(self.away_s, now - self._since)
                self._ever, self._since, self._losses = True, None, 0
                return
            self._losses += 1
            self._since = now if self._since is None else self._since
            if self._ever and self._losses >= FEWEST and now - self._since >= self.patience_s and not self.gone:
                how = WORDS.get(error, error)
                self.gone = f"The host went away: for {now - self._since:.0f} s {how}; the run was stopped there."
                self.pace.stop()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A request's turn: at once, except that one at a time asks for a silent host."""
        while self.silent:
            if self._asking.acquire(blocking=False):
                try:
                    yield
                finally:
                    self._asking.release()
                return
            self.pause()
        yield

    def pause(self) -> None:
        """A moment between two attempts. Interrupted once the host was given up."""
        self.pace.pause(BETWEEN_S)
