"""How many requests a second the host takes, and how long it asks the others to wait."""

from __future__ import annotations

import math
import time


class Limiter:
    """A bucket that fills at `rate` per second and holds one second's worth; 0 lets everything through."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._level = max(rate, 1.0)
        self._seen = time.monotonic()

    def wait(self) -> int:
        """0 where the request is taken, else whole seconds until it is worth asking again."""
        if not self._rate:
            return 0
        now = time.monotonic()
        self._level = min(max(self._rate, 1.0), self._level + (now - self._seen) * self._rate)
        self._seen = now
        if self._level >= 1:
            self._level -= 1
            return 0
        return math.ceil((1 - self._level) / self._rate)
