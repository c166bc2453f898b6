"""Which fault hits which call, and when orders appear and unlock: all of it counted in what the client does.

Works from calls alone, so that a session that is taken up again stands where it stood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from selfship.referee.calls import Call
from selfship.referee.plan import KINDS_OF_CALL, FaultPlan, When


@dataclass
class Progress:
    """How far the session is."""

    listings: int = 0
    calls: int = 0
    accepted: int = 0
    ended: int = 0
    asked: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """The listings since the last write."""

    def count(self, call: Call) -> bool:
        """Counts a call; whether it got anything on."""
        self.calls += 1
        if call.is_listing and call.exchange.ok:
            self.listings += 1
            self.asked[call.polled] += 1
        accepted = sum(item.taken is True for item in call.items) if call.writes else 0
        self.accepted += accepted
        if call.writes:
            self.asked.clear()
        return bool(accepted or call.fault)

    @property
    def repeats(self) -> int:
        return max(self.asked.values(), default=1) - 1

    def reached(self, when: When) -> bool:
        return (
            self.listings >= when.listings
            and self.calls >= when.calls
            and self.accepted >= when.accepted
            and self.ended >= when.ended
            and self.repeats >= when.repeats
        )


@dataclass
class Schedule:
    """The faults of a scenario, and how often each has happened. One call meets one fault; another waits its turn."""

    plans: tuple[FaultPlan, ...]
    seen: list[int] = field(default_factory=list)
    done: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.seen = [0] * len(self.plans)

    def next(self, operation: str, *, listing: bool, numbers: Iterable[int], page: int) -> int | None:
        """The fault for this call, as its place in the scenario; None where it goes well. Counts the call."""
        named, chosen = set(numbers), None
        for place, plan in enumerate(self.plans):
            if not self._concerns(plan, operation, listing=listing, named=named, page=page):
                continue
            self.seen[place] += 1
            if chosen is None and self.seen[place] >= plan.nth and self.done[place] < plan.times:
                chosen = place
        return chosen

    def _concerns(self, plan: FaultPlan, operation: str, *, listing: bool, named: set[int], page: int) -> bool:
        if operation not in KINDS_OF_CALL[plan.on] or (plan.on == "listing" and not listing):
            return False
        if plan.do == "repeat_page" and page < 2:
            return False
        return plan.order is None or plan.order in named

    def happened(self, place: int) -> None:
        self.done[place] += 1

    @property
    def left(self) -> list[FaultPlan]:
        """Faults that have not all happened yet."""
        return [plan for place, plan in enumerate(self.plans) if self.done[place] < plan.times]
