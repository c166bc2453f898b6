"""Where a run's orders come from, and who has which: each order is leased to one scenario.

Sources, in this order: the user's orders file, the user's provisioning command, and what the host lists. From a
listing only unlocked orders are taken that say `is_self_ship` as needed and whose state shows beyond doubt.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from selfship.errors import UsageError
from selfship.lifecycle import AUTOMATIC, COARSE, JOURNEY_OF, Event, Journey, State
from selfship.orders import View
from selfship.ways import path

Lister = Callable[[str, bool], Iterator[View | None]]
"""Lists the orders of a coarse status, None wherever it has come to the end of the listing and may begin again; True
asks for the other location's."""
Provisioner = Callable[[State, int, Journey], list[str]]


def _any(view: View) -> bool:  # noqa: ARG001 - the coarse status says it all
    return True


LISTED: Mapping[State, Callable[[View], bool]] = {
    State.PLACED: _any,
    State.BAG_CONFIRMED: _any,
    State.DP_ASSIGNED: lambda view: not view.awbs,
    State.RETURN_DP_ASSIGNED: lambda view: not view.awbs,
    State.DELIVERY_DONE: lambda view: view.journey in (None, "forward"),
    State.RETURN_BAG_DELIVERED: lambda view: view.journey == "return",
    State.CANCELLED: _any,
}
"""States that a listing shows beyond doubt, and how such an order looks; all others are reached by walking."""

STARTS = (State.DP_ASSIGNED, State.BAG_CONFIRMED, State.PLACED, State.RETURN_BAG_DELIVERED, State.RETURN_DP_ASSIGNED)
"""Where a walk may begin."""
MOST = 400
"""Orders of a listing that are counted: more than a whole run needs."""
BEGINNINGS = (State.PLACED, State.DP_ASSIGNED, State.RETURN_DP_ASSIGNED)


@dataclass(frozen=True, order=True)
class Kind:
    """Orders that are alike to whoever plans. `divisible`: with two lines, or a quantity above 1."""

    state: State
    self_ship: bool = True
    other_location: bool = False
    divisible: bool = False


@dataclass(frozen=True)
class Need:
    """What a scenario wants: `count` orders in `state`.

    `divisible`: with two lines, or a quantity above 1. `walked`: brought to its state by this run, unless that is where
    walks begin. `rather_divisible`: one with several lines if there is one, else any.
    """

    state: State
    count: int = 1
    self_ship: bool = True
    other_location: bool = False
    divisible: bool = False
    walked: bool = False
    rather_divisible: bool = False

    def __str__(self) -> str:
        what = "order" if JOURNEY_OF[self.state] is not Journey.RETURN else "return"
        kind = "" if self.self_ship else " that is not self-ship"
        parts = " with two lines or a quantity above 1" if self.divisible else ""
        where = " at the other location" if self.other_location else ""
        plural = f"{self.count} {what}s" if self.count > 1 else f"one {what}"
        return f"{plural} in {self.state.value}{kind}{parts}{where}"


@dataclass
class Order:
    """One leased order. `state` is what the kit has led it to; `seen`, whether the host was seen to show that.

    `under_way`: it was handed on where it stands, to a scenario that goes on from there.
    """

    id: str
    state: State
    view: View | None = None
    awb: str | None = None
    courier: str | None = None
    other_location: bool = False
    seen: bool = True
    written_at: float = field(default_factory=lambda: -1e9)
    history: list[Event] = field(default_factory=list)
    under_way: bool = False

    @property
    def divisible(self) -> bool:
        """Whether a part of it can be cancelled and something is left."""
        return self.view is not None and divisible(self.view)

    def touched(self, *, seen: bool) -> None:
        self.written_at = time.monotonic()
        self.seen = seen


class NoSupplyError(Exception):
    """`need` cannot be met. `unflagged`: orders that would do, had they said `is_self_ship`."""

    def __init__(self, need: Need, found: int, unflagged: int = 0, reason: str = "") -> None:
        super().__init__(f"Prepare {need}; {found} found free." + (f" {reason}" if reason else ""))
        self.need, self.found, self.unflagged, self.reason = need, found, unflagged, reason


class _Shelf:
    """The orders of one coarse status that are still free, read page by page as they are asked for."""

    def __init__(self, source: Iterator[View | None]) -> None:
        self.source = source
        self.free: list[View] = []

    def more(self) -> bool:
        """Whether there is one more order; then it is among those that are free."""
        view = next((one for one in self.source if one is not None), None)
        if view is not None:
            self.free.append(view)
        return view is not None

    def fill(self) -> None:
        """Reads on until MOST orders are there, or the listing comes to its end for the first time."""
        for view in self.source:
            if view is None:
                return
            self.free.append(view)
            if len(self.free) >= MOST:
                return


class Supply:
    """Leases orders. Safe to call from any scenario's thread; an order is given out once."""

    def __init__(
        self,
        lister: Lister,
        *,
        given: Mapping[State, list[str]] | None = None,
        provision: Provisioner | None = None,
        excluded: frozenset[str] = frozenset(),
        permits: Callable[[View, bool], bool] = lambda *_: True,
        lend: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`permits`: whether an order that a listing shows may be written to. `lend`: is told of each given out."""
        self._lister = lister
        self._given = {state: list(ids) for state, ids in (given or {}).items()}
        self._provision = provision
        self._shelves: dict[tuple[str, bool], _Shelf] = {}
        self._own = {one for ids in self._given.values() for one in ids}
        self._taken: set[str] = set(excluded)
        self._lock = threading.RLock()
        self._permits, self._lend = permits, lend
        self.leased: dict[str, str] = {}
        self.awaited: dict[str, Counter[State]] = {}
        self.broken_provision = ""
        self._forbidden: set[tuple[str, str]] = set()

    def lease(self, need: Need, scenario: str) -> list[Order]:
        """`need.count` orders in the needed state, or in one from which it can be walked to. NoSupplyError."""
        with self._lock:
            self.awaited.pop(scenario, None)
            if need.rather_divisible:
                try:
                    return self.lease(replace(need, divisible=True, rather_divisible=False), scenario)
                except NoSupplyError:
                    need = replace(need, rather_divisible=False)
            best, unflagged = 0, 0
            for start in starts(need):
                found, without_flag = self._take(start, need)
                if len(found) >= need.count:
                    return self._leased_to(scenario, found)
                best, unflagged = max(best, len(found)), unflagged + without_flag
                self._give_back(found)
            raise NoSupplyError(need, best, unflagged, self.broken_provision or self._left_alone(need))

    def stock(self, *, other: bool = False) -> dict[Kind, int]:
        """How many orders of each kind are free. Reads every listing that may hold some, at most MOST orders of each.

        To be called before anybody leases. `other`: the second location's new orders are counted as well.
        """
        wanted = [(COARSE[state][0], False) for state in LISTED] + ([("CREATED", True)] if other else [])
        shelves = {key: self._shelf(*key) for key in wanted}
        with ThreadPoolExecutor(len(shelves)) as pool:
            list(pool.map(_Shelf.fill, shelves.values()))
        counted = Counter(Kind(state) for state, ids in self._given.items() for one in ids if one not in self._taken)
        for (status, elsewhere), shelf in shelves.items():
            for view in shelf.free:
                kind = _kind(view, status, other_location=elsewhere)
                known = view.id in self._taken or view.id in self._own
                if kind is not None and not known and self._permits(view, elsewhere):
                    counted[kind] += 1
        return dict(counted)

    def take(self, kind: Kind, scenario: str) -> Order:
        """One order of that kind as it lies there. NoSupplyError where there is none."""
        with self._lock:
            need = Need(kind.state, self_ship=kind.self_ship, other_location=kind.other_location)
            found, unflagged = self._take(kind.state, replace(need, divisible=kind.divisible))
            if not found:
                raise NoSupplyError(need, 0, unflagged)
            return self._leased_to(scenario, found)[0]

    def spare(self, state: State, count: int, scenario: str, *, leaving: int) -> list[Order]:
        """`count` orders found in `state` as they are, if `leaving` more are free there besides; else none.

        What scenarios are still to draw (`awaited`, by their names) is not free. For what is good to have and must
        never cost another scenario its orders: nothing is walked or provided.
        """
        with self._lock:
            leaving += sum(draws[state] for draws in self.awaited.values())
            need = Need(state, count + leaving)
            found = self._from_given(state, need)
            if len(found) < need.count and state in LISTED:
                found += self._from_listing(state, need, need.count - len(found))[0]
            taken = found[:count] if len(found) == need.count else []
            self._give_back(found[len(taken) :][::-1])
            return self._leased_to(scenario, taken)

    def _leased_to(self, scenario: str, orders: list[Order]) -> list[Order]:
        for order in orders:
            self.leased[order.id] = scenario
            self._lend(order.id)
        return orders

    def _left_alone(self, need: Need) -> str:
        """A remark where orders were passed over because nobody named them as the run's to write to."""
        statuses = {COARSE[start][0] for start in starts(need) if start in LISTED}
        count = sum(status in statuses for status, _ in self._forbidden)
        return f"{count} more are there that the run may not touch." if count else ""

    def _take(self, start: State, need: Need) -> tuple[list[Order], int]:
        found = self._from_given(start, need)
        if len(found) < need.count and self._provision and need.self_ship and not need.other_location:
            found += [Order(one, start) for one in self._provided(start, need.count - len(found)) if self._claim(one)]
        unflagged = 0
        if len(found) < need.count and start in LISTED:
            listed, unflagged = self._from_listing(start, need, need.count - len(found))
            found += listed
        return found, unflagged

    def _provided(self, start: State, count: int) -> list[str]:
        """What the user's command makes; once it has broken it is not called again, and the advice says why."""
        if self._provision is None or self.broken_provision:
            return []
        try:
            return self._provision(start, count, JOURNEY_OF[start])
        except UsageError as problem:
            self.broken_provision = str(problem)
            return []

    def _from_given(self, start: State, need: Need) -> list[Order]:
        if not need.self_ship or need.other_location or need.divisible:
            return []
        ids = self._given.get(start, [])
        found = [Order(one, start) for one in ids if self._claim(one)][: need.count]
        kept = {order.id for order in found}
        self._taken.difference_update(set(ids) - kept - set(self.leased))
        return found

    def _shelf(self, status: str, other: bool) -> _Shelf:
        if (status, other) not in self._shelves:
            self._shelves[status, other] = _Shelf(self._lister(status, other))
        return self._shelves[status, other]

    def _claim(self, order_id: str) -> bool:
        if order_id in self._taken:
            return False
        self._taken.add(order_id)
        return True

    def _from_listing(self, start: State, need: Need, count: int) -> tuple[list[Order], int]:
        found: list[Order] = []
        unflagged = 0
        # The usual status alone: what else a state may show, others show too.
        for status in COARSE[start][:1]:
            shelf = self._shelf(status, need.other_location)
            place = 0
            while len(found) < count and (place < len(shelf.free) or shelf.more()):
                view = shelf.free[place]
                if view.id in self._taken:
                    shelf.free.pop(place)
                elif not self._permits(view, need.other_location):
                    self._forbidden.add((status, view.id))
                    shelf.free.pop(place)
                elif view.self_ship is None and not view.locked:
                    unflagged += 1
                    place += 1
                elif _fits(view, status, start, need):
                    shelf.free.pop(place)
                    self._taken.add(view.id)
                    order = Order(view.id, start, view, other_location=need.other_location)
                    if start in AUTOMATIC.values():
                        # It may still be on its way there: what it refuses at first is asked again.
                        order.touched(seen=False)
                    found.append(order)
                else:
                    place += 1
        return found, unflagged

    def _give_back(self, orders: list[Order]) -> None:
        for order in orders:
            self._taken.discard(order.id)
            if order.view:
                for (status, other), shelf in self._shelves.items():
                    if status == order.view.status and other == order.other_location:
                        shelf.free.insert(0, order.view)


def starts(need: Need) -> list[State]:
    """States to begin with for `need`, the nearest first."""
    starts = [
        start for start in STARTS if JOURNEY_OF[start] is Journey.RETURN or JOURNEY_OF[need.state] is not Journey.RETURN
    ]
    ways = [(len(way), start) for start in starts if (way := path(start, need.state)) is not None]
    nearest = [start for _, start in sorted(ways, key=lambda way: way[0])]
    if not need.self_ship:
        # What is not self-ship cannot be walked by the kit's own events.
        return [need.state]
    found = [start for start in nearest if start is not need.state]
    return found if need.walked and need.state not in BEGINNINGS else [need.state, *found]


def _kind(view: View, status: str, *, other_location: bool) -> Kind | None:
    """Which kind of order `view`, found in the listing of `status`, surely is."""
    if view.locked or view.self_ship is None or view.status != status:
        return None
    for state, looks_so in LISTED.items():
        if COARSE[state][0] == status and looks_so(view):
            return Kind(state, view.self_ship, other_location, divisible(view))
    return None


def _fits(view: View, status: str, start: State, need: Need) -> bool:
    if view.locked or view.self_ship is not need.self_ship or view.status != status or not LISTED[start](view):
        return False
    return not need.divisible or divisible(view)


def divisible(view: View) -> bool:
    return len(view.lines) > 1 or any(line.quantity > 1 for line in view.lines)
