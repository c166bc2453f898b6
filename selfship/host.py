"""The host under test: what the run knows of it, and what it has found out.

One `Host` is shared by all scenarios of a run. It holds the profile's switches and those detected, how late the host
was seen to be, whether an order was ever seen with an AWB that the run had sent, the dialect, and the orders;
`left_alone`: whether the host leads on an order that is left alone in a state, None where nobody could tell.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from selfship.client import Caller, Wire
from selfship.exchanges import Exchange
from selfship.lifecycle import Event, State
from selfship.orders import View, objects, views
from selfship.overdue import Overdue
from selfship.profile import Profile, Switches
from selfship.results import Observation
from selfship.scenario import Step
from selfship.supply import Supply
from selfship.tokens import TokenSource

MOST_PAGES = 200
AHEAD = 6
FEW_PAGES = 12
"""Of a listing that is known to have no more pages, all are asked for at the same time."""
MOST_STALE = 6
"""Pages in a row that bring nothing new, before a walk through a listing gives up."""
LOCATION_KEYS = ("locationCode", "location_code", "storeCode", "store_code")
"""Where an order may say its location. The documents have no such field: a host that adds one is believed."""


@dataclass
class Host:
    """`tokens` are the certified party's; `other_tokens` the second location's, None where there are none."""

    wire: Wire
    profile: Profile
    tokens: TokenSource
    other_tokens: TokenSource | None = None
    supply: Supply = field(init=False)
    detected: dict[str, str] = field(default_factory=dict)
    dialect: dict[tuple[str, str], Observation] = field(default_factory=dict)
    accepted: dict[Event, Step] = field(default_factory=dict)
    needed_settle: float = 0.0
    overdue: Overdue = field(default_factory=Overdue)
    left_alone: dict[State, bool | None] = field(default_factory=dict)
    finding_out: threading.RLock = field(default_factory=threading.RLock)
    tries_again: bool = True
    awb_shown: bool = False
    first_page: int = 1
    seed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def settle(self) -> float:
        """Seconds within which a change must show (profile; default 10)."""
        return self.profile.switches.settle

    @property
    def at_hand(self) -> bool:
        """Whether requests cost nothing: the host is on this machine, and limits no rate."""
        return self.profile.loopback and self.wire.pace.rate == 0

    def switch(self, name: str) -> str | None:
        """A profile switch, or what the run has found out; None while unknown."""
        given = getattr(self.profile.switches, name)
        return given if given is not None else self.detected.get(name)

    def switches(self) -> Switches:
        """The profile's switches, with what the run has found out by now of those that it leaves open."""
        found: dict[str, Any] = dict(self.detected)
        return replace(self.profile.switches, **found)

    def leaves_open(self, name: str) -> bool:
        """Whether the profile leaves a switch open: what the run has found out may yet turn out otherwise."""
        return getattr(self.profile.switches, name) is None

    def detect(self, name: str, value: str) -> None:
        """Remembers what a switch that the profile leaves open turned out to be; the first word stands."""
        if getattr(self.profile.switches, name) is None:
            with self._lock:
                self.detected.setdefault(name, value)

    def turned_out(self, name: str, value: str) -> None:
        """What a switch is after all, whatever a first look has said."""
        if self.leaves_open(name):
            with self._lock:
                self.detected[name] = value

    def observe(self, rule: str, question: str, observed: str, *exchanges: int) -> None:
        """Adds a row to the dialect; the first answer to a question stands."""
        with self._lock:
            self.dialect.setdefault((rule, question), Observation(rule, question, observed, exchanges))

    def was_late(self, seconds: float) -> None:
        """The host took `seconds` to show a change: refusals are read again no earlier than that."""
        with self._lock:
            self.needed_settle = max(self.needed_settle, seconds)

    def routed(self, operation: str) -> bool:
        """Whether the host has ever answered `operation` as something that it knows."""
        answered = (one.status for one in list(self.wire.recorder.exchanges) if one.operation == operation)
        return any(status is not None and status not in (404, 405, 501) for status in answered)

    def took(self, event: Event, step: Step) -> None:
        """`event` was accepted: the positive control of every refusal of it."""
        with self._lock:
            self.accepted.setdefault(event, step)

    def may_touch(self, view: View, other: bool) -> bool:
        """Whether the run may write to an order that a listing shows: to any on this machine, unless some are named."""
        touch = self.profile.touch
        if not touch:
            return self.profile.loopback
        listed_for = self.profile.other_location if other else self.profile.location
        location = next((view.raw[key] for key in LOCATION_KEYS if isinstance(view.raw.get(key), str)), listed_for)
        return touch.covers(view.id, view.channel, location)

    def caller(self, scenario: str, *, other: bool = False) -> Caller:
        """A client of its own for one scenario, with the second location's token where `other`."""
        tokens = self.other_tokens if other and self.other_tokens else self.tokens
        return Caller(self.wire, tokens, scenario)

    def located(self, *, other: bool = False) -> dict[str, Any]:
        """`locationCode` as reads need it: mandatory with company-level credentials, else left out."""
        code = self.profile.other_location if other else self.profile.location
        return {"locationCode": code} if code and self.switch("auth") != "location" else {}

    def by_id(self, order_id: str, *, other: bool = False) -> dict[str, Any]:
        return {"orderId": order_id, **self.located(other=other)}

    def pages(
        self,
        caller: Caller,
        status: str,
        *,
        other: bool = False,
        size: int | None = None,
        ahead: int = 1,
        **filters: Any,
    ) -> Iterator[list[View]]:
        """The pages of a listing that bring anything new, from the first to the last, `ahead` asked for at a time.

        Orders that enter a listing push others to the next page: a page that brings nothing new is not the last yet,
        unless it is the one before it again, as hosts answer that have no more pages, or have none.
        """
        seen: set[str] = set()
        before: list[str] = []
        stale = 0
        size = size or self.profile.switches.page_size
        numbers = range(self.first_page, self.first_page + MOST_PAGES)
        wanted = (self._page(status, number, size, other=other, **filters) for number in numbers)
        for exchange in _asked(caller, wanted, ahead):
            shown = [view.id for view in views(exchange)]
            page = [view for view in views(exchange) if view.id not in seen]
            seen.update(shown)
            if page:
                yield page
            stale = 0 if page else stale + 1
            # A short page may still be followed by another: hosts cap the page size as they like.
            if not objects(exchange) or (stale and shown == before) or stale > MOST_STALE:
                return
            before = shown

    @property
    def ahead(self) -> int:
        """How many pages of a listing are asked for at a time: one, unless requests cost nothing."""
        return AHEAD if self.at_hand else 1

    def list_free(self, status: str, other: bool) -> Iterator[View | None]:
        """What the supply draws from: every order that a listing shows, and None wherever it ends.

        The listing is walked again while that brings new ones: as the run moves orders, others slip to earlier pages.
        """
        with_other = other and self.other_tokens is not None
        caller = self.caller("supply", other=with_other)
        seen: set[str] = set()
        count, more = 0, True
        while more:
            # As many as are known to be there, and the one behind.
            ahead = count + 1 if count else self.ahead
            count, more = 0, False
            for page in self.pages(caller, status, other=other, ahead=ahead if ahead <= FEW_PAGES else 1):
                fresh = [view for view in page if view.id not in seen]
                count, more = count + 1, more or bool(fresh)
                seen.update(view.id for view in fresh)
                yield from fresh
            yield None

    def _page(self, status: str, number: int, size: int, *, other: bool, **filters: Any) -> dict[str, Any]:
        params = {"orderStatus": status, "pageNumber": number, "pageSize": size}
        return {"params": {**params, **self.located(other=other), **filters}, "step": "listing"}


def _asked(caller: Caller, pages: Iterator[dict[str, Any]], ahead: int) -> Iterator[Exchange]:
    """The answers for page after page, `ahead` at a time."""
    while some := list(islice(pages, ahead)):
        if len(some) == 1:
            yield caller.call("shipment", **some[0])
        else:
            yield from caller.together([("shipment", one) for one in some])
