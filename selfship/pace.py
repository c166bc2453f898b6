"""How fast the kit may call: requests in flight, requests a second, and the pauses that a host asks for.

One `Pace` is shared by all callers of a run. It never drops a request; it makes it wait.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

GROWTH = 1.6
FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 2.0
EASED = 1.1
EASED_S = 0.5
"""Once a host that had held the run back bears its pace, the pace is raised by this factor, this often."""


class Interrupted(BaseException):
    """The run was stopped (Ctrl-C, or the host went away): a caller gives up at its next pause."""


def pauses(total_s: float) -> Iterator[float]:
    """Growing pauses, in seconds, that add up to `total_s`."""
    pause, left = FIRST_PAUSE_S, total_s
    while left > 0:
        step = min(pause, left)
        yield step
        left -= step
        pause = min(pause * GROWTH, LONGEST_PAUSE_S)


class Pace:
    """Bounds requests in flight by `concurrency` and, where `rate` is above 0, starts at most `rate` a second.

    A 429 holds back every caller, and from then on the run goes a little slower than the host was seen to bear.
    """

    def __init__(self, concurrency: int, rate: float = 0.0) -> None:
        self.rate = rate
        self.throttled = 0
        self.in_flight = 0
        self._slots = threading.BoundedSemaphore(concurrency)
        self._lock = threading.Lock()
        self._open_at = 0.0
        self._next = 0.0
        self._most = rate
        self._raise_at = 0.0
        self._starts: deque[float] = deque(maxlen=512)
        self._stop = threading.Event()

    def stop(self) -> None:
        """Makes every pause, current and later, end in `Interrupted`."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def pause(self, seconds: float) -> None:
        """Waits, unless the run is stopped: then raises Interrupted."""
        if self._stop.wait(seconds):
            raise Interrupted

    def _turn(self) -> float:
        """Reserves the next start; seconds until then."""
        with self._lock:
            now = time.monotonic()
            if self.throttled and now >= self._raise_at:
                self.rate, self._raise_at = self.rate * EASED, now + EASED_S
                if self._most > 0:
                    self.rate = min(self.rate, self._most)
            at = max(now, self._open_at, self._next)
            if self.rate > 0:
                self._next = at + 1.0 / self.rate
            self._starts.append(at)
            return at - now

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A place for one request in flight, once rate and host allow it."""
        if self._stop.is_set():
            raise Interrupted
        with self._slots:
            wait = self._turn()
            while wait > 0:
                self.pause(wait)
                # A 429 that came meanwhile moved the opening on.
                wait = self._open_at - time.monotonic()
            self.in_flight += 1
            try:
                yield
            finally:
                self.in_flight -= 1

    def held_back(self, seconds: float) -> None:
        """The host asked for a pause of `seconds`: nobody calls before, and the run slows down."""
        with self._lock:
            now = time.monotonic()
            # Requests that were under way when the first was held back say nothing new.
            again = self.throttled > 0 and now < self._open_at
            self._open_at = max(self._open_at, now + seconds)
            if not again:
                recent = [at for at in self._starts if now - 1.0 <= at <= now]
                seen = max(1.0, float(len(recent)))
                self.rate = max(1.0, 0.8 * (min(seen, self.rate) if self.rate > 0 else seen))
                self._raise_at = self._open_at + EASED_S
            self._next = max(self._next, self._open_at)
            self.throttled += 1
