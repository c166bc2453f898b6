"""Late, or never? What a host did not show within settle is looked for a little longer.

The verdict does not depend on it: a change that is not visible within settle is not accepted. But "late by 2 s" and
"never" want mending in different places. The first that misses a change of one kind looks on, as long again as settle;
all others of the run are spared, so that a broken host does not make a run twice as long.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from selfship.pace import pauses

if TYPE_CHECKING:
    from selfship.flow import Flow


@dataclass
class Overdue:
    """What a run missed. `missed`: kinds of change, by the exchange that was counted as done. `late`: seconds after
    settle at which a change of that kind did show.
    """

    missed: dict[int, str] = field(default_factory=dict)
    late: dict[str, float] = field(default_factory=dict)
    _sought: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def first(self, kind: str, exchange: int) -> bool:
        """Notes that a change was missed; whether it is the first of its kind."""
        with self._lock:
            known = kind in self._sought
            self._sought.add(kind)
            self.missed[exchange] = kind
            return not known

    def by(self, exchanges: Iterable[int]) -> float | None:
        """Seconds by which what one of `exchanges` was to bring about was late; None where none of it was seen late."""
        return next((self.late[kind] for seq in exchanges if (kind := self.missed.get(seq)) in self.late), None)


def look(flow: Flow, kind: str, exchange: int, shown: Callable[[], bool]) -> None:
    """A change did not show within settle: is it late? `exchange` is the request that was counted as done."""
    host = flow.host
    if not (host.overdue.first(kind, exchange) and host.tries_again):
        return
    began = time.monotonic()
    for pause in pauses(host.settle):
        host.wire.pace.pause(pause)
        if shown():
            host.overdue.late[kind] = time.monotonic() - began
            return
