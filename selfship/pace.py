"""How fast the kit may call: requests in flight, requests a second, and the pauses that a host asks for.

One `Pace` is shared by all callers of a run. It never drops a request; it makes it wait. Both bounds adapt to what the
host bears, within what the profile allows: 429, 503 and answers that come late under load lower them, and as long as
all goes well they rise again.
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
WARY_S = 20.0
"""For so long after a 429 the run goes no faster than it then began to."""
CUT = 0.8
FAR = 100
"""Requests between two 429s, at least, for the second to say that slowing down after the first was in vain."""
FEWEST = 4
"""Requests in flight that latency and 503 never cut further: some rules want requests that overlap."""
LATE, LATE_S, LATE_NEARBY_S = 4.0, 0.25, 1.0
"""Late: so many times what the operation took when it was quickest, and at least so many seconds; the last of a host
on this machine, where the run itself is the load that makes it wait."""
RECENT = 16
"""A host is under load where more than half of so many answers came late: one alone may be a dear request, or this
machine's own doing."""


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
    `fewest` and `most` are the smallest bound on requests in flight, and the most that there were at a time;
    `fastest` is the most answers within any one second. `late_s`: no answer that came sooner is late.
    """

    def __init__(self, concurrency: int, rate: float = 0.0, *, late_s: float = LATE_S) -> None:
        self.rate = rate
        self._late_s = late_s
        self.throttled = 0
        self.in_flight = 0
        self.concurrency = self.fewest = concurrency
        self.most = self.fastest = 0
        self._limit = float(concurrency)
        self._groups = 0
        self._free = threading.Condition()
        self._lock = threading.Lock()
        self._open_at = 0.0
        self._next = 0.0
        self._most = rate
        self._borne = 0.0
        self._raise_at = self._wary_until = self._cut_at = 0.0
        self._since = 0
        self._alone = False
        self._starts: deque[float] = deque(maxlen=512)
        self._answers: deque[float] = deque(maxlen=2048)
        self._quickest: dict[str, float] = {}
        self._late: deque[bool] = deque([False] * RECENT, maxlen=RECENT)
        self._stop = threading.Event()

    def stop(self) -> None:
        """Makes every pause, current and later, end in `Interrupted`."""
        self._stop.set()
        with self._free:
            self._free.notify_all()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def pause(self, seconds: float) -> None:
        """Waits, unless the run is stopped: then raises Interrupted."""
        if self._stop.wait(seconds):
            raise Interrupted

    def _turn(self, count: int) -> float:
        """Reserves the next start, of so many requests; seconds until then."""
        with self._lock:
            now = time.monotonic()
            if self.throttled and now >= self._raise_at:
                self._raise(now)
            at = max(now, self._open_at, self._next)
            if self.rate > 0:
                self._next = at + count / self.rate
            self._starts.extend([at] * count)
            self._since += count
            return at - now

    def _raise(self, now: float) -> None:
        self.rate, self._raise_at = self.rate * EASED, now + EASED_S
        if now < self._wary_until:
            self.rate = min(self.rate, self._borne)
        if self._most > 0:
            self.rate = min(self.rate, self._most)

    def group(self, count: int) -> int:
        """Places for requests that are to start at one moment, before all others: how many of `count` there are.

        Each is then taken by a `reserved` slot, and given back with it.
        """
        places = min(count, self.concurrency)
        with self._free:
            self._groups += 1
            try:
                # Latency may have cut the bound, but these few are meant to overlap.
                self._free.wait_for(lambda: self.stopped or self.in_flight + places <= self.concurrency)
            finally:
                self._groups -= 1
                self._free.notify_all()
            if self.stopped:
                raise Interrupted
            self._take(places)
        try:
            self._wait(places)
        except Interrupted:
            self._give_back(places)
            raise
        return places

    def _wait(self, count: int) -> None:
        """Waits until rate and host allow so many requests to start."""
        while True:
            known, wait = self.throttled, self._turn(count)
            if wait <= 0:
                return
            self.pause(wait)
            # A 429 that came meanwhile moved the opening on: then all who waited queue up again.
            if self.throttled == known:
                return

    @contextmanager
    def slot(self, *, reserved: bool = False) -> Iterator[None]:
        """A place for one request in flight, once rate and host allow it; `reserved`: it has one in a group."""
        if not reserved:
            with self._free:
                self._free.wait_for(lambda: self.stopped or (not self._groups and self.in_flight < int(self._limit)))
                if self.stopped:
                    raise Interrupted
                self._take(1)
        try:
            if not reserved:
                self._wait(1)
            yield
        finally:
            self._give_back(1)

    def _take(self, count: int) -> None:
        self.in_flight += count
        self.most = max(self.most, self.in_flight)

    def _give_back(self, count: int) -> None:
        with self._free:
            self.in_flight -= count
            self._free.notify_all()

    def widen(self, widest: int, per_second: float) -> None:
        """Lets as many in flight as keep up `per_second` on a host that takes its time, `widest` at most.

        By the quickest answers so far: what waits in line makes nobody wider. Not where a rate limits the run anyway.
        """
        with self._free:
            if self.rate > 0 or not self._quickest or self._limit < self.concurrency:
                return
            wide = min(widest, round(per_second * min(self._quickest.values())))
            self.concurrency = self.fewest = max(self.concurrency, wide)
            self._limit = float(self.concurrency)

    def answered(self, operation: str, seconds: float, *, overloaded: bool = False) -> None:
        """An answer came after `seconds`; `overloaded`: it was 503. Fewer requests at a time, or again more."""
        with self._free:
            now = time.monotonic()
            self._answers.append(now)
            self.fastest = max(self.fastest, self._within_a_second(self._answers, now))
            quickest = self._quickest[operation] = min(seconds, self._quickest.get(operation, seconds))
            late = seconds > max(LATE * quickest, self._late_s)
            self._late.append(late)
            if overloaded or (late and 2 * sum(self._late) > RECENT):
                self._fewer(now, seconds)
            elif self._limit < self.concurrency:
                self._limit = min(float(self.concurrency), self._limit + 1.0 / self._limit)
                self._free.notify()

    def _fewer(self, now: float, seconds: float) -> None:
        """Once for all that were under way together: what they say is one thing."""
        if now >= self._cut_at:
            self._cut_at = now + seconds
            self._limit = max(float(min(FEWEST, self.concurrency)), min(self._limit, self.in_flight) * CUT)
            self.fewest = min(self.fewest, int(self._limit))

    @staticmethod
    def _within_a_second(times: deque[float], now: float) -> int:
        count = 0
        for at in reversed(times):
            if at <= now - 1.0:
                break
            count += at <= now
        return count

    def held_back(self, seconds: float) -> None:
        """The host asked for a pause of `seconds`: nobody calls before, and the run slows down.

        Not where slowing down is in vain: a host that turns one request away now and then, however slow the run has
        become, does not mean its pace.
        """
        with self._lock:
            now = time.monotonic()
            # Requests that were under way when the first was held back say nothing new.
            again = self.throttled > 0 and now < self._open_at
            self._open_at = max(self._open_at, now + seconds)
            if again and self._alone:
                # It turns several away at once: it does mean the pace.
                self._slow_down(now)
                self._alone = False
            elif not again:
                # Not faster than what it bore last: else it is that which it turns away.
                self._alone = self.throttled > 0 and self._since >= FAR and self.rate <= self._borne
                if self._alone:
                    self.rate = self.rate / CUT if self._most <= 0 else min(self._most, self.rate / CUT)
                    self._wary_until = now
                else:
                    self._slow_down(now)
                self._raise_at, self._since = self._open_at + EASED_S, 0
            self._next = max(self._next, self._open_at)
            self.throttled += 1

    def _slow_down(self, now: float) -> None:
        recent = self._within_a_second(self._answers, now) or self._within_a_second(self._starts, now)
        seen = max(1.0, float(recent))
        self.rate = max(1.0, CUT * (min(seen, self.rate) if self.rate > 0 else seen))
        self._borne, self._wary_until = self.rate, now + WARY_S
