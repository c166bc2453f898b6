"""The greedy search behind `selfship.allotment`: which way each order goes, and who meets it on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from selfship.itinerary import Key, Place, fits, needs_of, passed, steps
from selfship.lifecycle import NDR_EVENTS, SWITCHED, Event
from selfship.scenario import SCENARIOS
from selfship.supply import Kind, Need, starts

BEAM = 5
"""Routes that are followed further at a time."""
LEGS = 6
"""Scenarios, at most, that walk one order after each other."""
FREE = 0.01
"""What a scenario is taken to cost that leaves its orders as it found them."""


@dataclass(frozen=True)
class Ask:
    """What one check rests on: scenarios, and events whose acceptance is its control. `level`: of its requirement."""

    requirement: str
    level: str
    keys: frozenset[Key]
    controls: frozenset[Event] = frozenset()


@dataclass(frozen=True)
class Turn:
    """One scenario's turn with the orders in `slots`. `during`: while that scenario walks the order past; `gentle`:
    without what only advice forbids, for the order has further to go."""

    key: Key
    slots: tuple[int, ...]
    during: Key | None = None
    gentle: bool = False


@dataclass(frozen=True)
class Allotment:
    """`orders`: the kind of the order in each slot. `turns`: in the order in which each slot is used.

    `free`: scenarios that take orders of their own, or none. `lacking`: what keeps a scenario from being played.
    """

    orders: tuple[Kind, ...] = ()
    turns: tuple[Turn, ...] = ()
    free: tuple[Key, ...] = ()
    lacking: Mapping[Key, Need] = field(default_factory=dict)

    @property
    def shared(self) -> bool:
        """Whether any scenario has to do with an order that others use as well, or goes without."""
        return bool(self.turns or self.lacking)

    @property
    def played(self) -> frozenset[Key]:
        return frozenset((*self.free, *(turn.key for turn in self.turns)))


def turn_of(key: Key) -> tuple[int, int, str]:
    """The order in which scenarios are served where each has its own: the frugal first, of these the longest."""
    which = SCENARIOS[key[0]]
    orders = sum(need.count for need in needs_of(key))
    return (2 if which.params else 1 if orders > 3 else 0), -which.weight, f"{key[0]} {key[1]}"


Score = tuple[float, float, float]
_Choice = tuple[Score, str, Callable[[], None]]
"""What it adds for each order, a name to break ties by, and how it is taken."""


@dataclass(frozen=True)
class _Worth:
    """What would be judged more, once `controls` are accepted: new MUSTs as bits, checks of MUSTs, other checks."""

    controls: frozenset[Event]
    musts: int = 0
    checks: int = 0
    others: int = 0


@dataclass(frozen=True)
class _Leg:
    """A scenario that walks the order, who meets it on the way, and who is played where it ends."""

    key: Key
    on: tuple[Key, ...] = ()
    at: tuple[Key, ...] = ()


@dataclass(frozen=True)
class _Route:
    """An order's way from where it lies, and `place`, where it ends; None where nobody knows."""

    place: Place | None
    first: tuple[Key, ...] = ()
    legs: tuple[_Leg, ...] = ()
    events: frozenset[Event] = frozenset()
    keys: frozenset[Key] = frozenset()
    score: Score = (0.0, 0.0, 0.0)


class Routing:
    """One plan in the making: see `selfship.allotment`."""

    def __init__(
        self,
        stock: Mapping[Kind, int],
        shared: Sequence[Key],
        own: tuple[Key, ...],
        asks: Sequence[Ask],
        switches: Mapping[str, str | None],
    ) -> None:
        self.left = Counter({kind: count for kind, count in stock.items() if count > 0})
        self.own, self.asks = own, asks
        self.passing = frozenset(state for state, (switch, _) in SWITCHED.items() if switches.get(switch) == "auto")
        strict = switches.get("edition") == "strict"
        self.void = [key for key in shared if self._void(key, strict=strict)]
        self.wanted = [key for key in shared if key not in self.void]
        self.served: set[Key] = set(own)
        self.softly: set[Key] = set()
        self.taken: frozenset[Event] = frozenset(events_of(own))
        self.bits = {rule: 1 << n for n, rule in enumerate(sorted({a.requirement for a in asks if a.level == "MUST"}))}
        self.touched = 0
        self.orders: list[Kind] = []
        self.turns: list[Turn] = []
        self.idle: list[int] = []
        self.worth: dict[Key, list[_Worth]] = {}
        self.pending: list[_Worth] = []

    def _void(self, key: Key, *, strict: bool) -> bool:
        """Whether the host's readings leave the scenario nothing to do: it is played, and says so itself."""
        walks = SCENARIOS[key[0]].walks(key[1]) or ()
        states = {need.state for need in needs_of(key)}
        ndr = bool(set(walks) & set(NDR_EVENTS)) or any(state.value in NDR_EVENTS for state in states)
        return bool(states & self.passing) or (strict and ndr)

    def plan(self) -> Allotment:
        while True:
            self._weigh()
            choices: list[_Choice] = [*self._routes(), *self._groups()]
            best = max(choices, key=lambda one: one[:2], default=None)
            if best is None or not any(best[0]):
                break
            best[2]()
        lacking = {key: needs_of(key)[0] for key in (*self.wanted, *self.void) if key not in self.served}
        return Allotment(tuple(self.orders), tuple(self.turns), self.own, lacking)

    def _weigh(self) -> None:
        """What each scenario that is not served yet would add, and what an event would that nothing has shown yet."""
        found: dict[tuple[Key | None, frozenset[Event]], list[int]] = {}
        for key in self.wanted:
            if key not in self.served:
                found[key, frozenset()] = [0, 0, 1]
        for ask in self.asks:
            missing = [key for key in ask.keys if key not in self.served]
            soft = [key for key in ask.keys if key in self.softly] if ask.level != "MUST" else []
            if len(missing) + len(soft) > 1 or (not missing and not soft and ask.controls <= self.taken):
                continue
            whose = next(iter((*missing, *soft)), None)
            controls = ask.controls - self.taken
            sums = found.setdefault((whose, controls), [0, 0, 0])
            if ask.level == "MUST":
                sums[0] |= self.bits[ask.requirement] & ~self.touched
                sums[1] += 1
            else:
                sums[2] += 1
        self.worth, self.pending = {}, []
        for (by, after), sums in found.items():
            (self.pending if by is None else self.worth.setdefault(by, [])).append(_Worth(after, *sums))
        self.worth = {key: worth for key, worth in self.worth.items() if key in self.wanted}

    def _score(self, keys: Iterable[Key], events: frozenset[Event], cost: float = 1.0) -> tuple[Score, int]:
        musts = checks = others = 0
        for worth in (*(one for key in keys for one in self.worth[key]), *self.pending):
            if worth.controls <= events:
                musts, checks, others = musts | worth.musts, checks + worth.checks, others + worth.others
        return (musts.bit_count() / cost, checks / cost, others / cost), musts

    # Routes of one order

    def _routes(self) -> Iterable[_Choice]:
        for kind in sorted(self.left):
            if self.left[kind] > 0:
                route = self._best(kind)
                if route.keys:
                    yield route.score, f"a {kind}", partial(self._take_route, kind, route)

    def _best(self, kind: Kind) -> _Route:
        place = Place(kind.state)
        first = self._guests(kind, place)
        best = _Route(place, first, keys=frozenset(first), score=self._score(first, frozenset())[0])
        beam = [best]
        for _ in range(LEGS):
            grown = [longer for route in beam for longer in self._longer(kind, route)]
            if not grown:
                break
            grown.sort(key=lambda one: one.score, reverse=True)
            beam = [one for one in grown if one.place is not None][:BEAM]
            best = max(best, grown[0], key=lambda one: one.score)
        return best

    def _longer(self, kind: Kind, route: _Route) -> Iterable[_Route]:
        for key in self.worth:
            if route.place is None or key in route.keys or not _single(kind, key):
                continue
            led = steps(route.place, key, self.passing)
            if led is None:
                continue
            spends = SCENARIOS[key[0]].walks(key[1]) is None
            places = passed(route.place, led)
            on: list[Key] = []
            for place in places if spends else places[:-1]:
                on += self._guests(kind, place, route.keys | {key, *on}, passing=True)
            end = None if spends else places[-1] if places else route.place
            at = self._guests(kind, end, route.keys | {key, *on}) if end is not None else ()
            keys, events = route.keys | {key, *on, *at}, route.events | set(led)
            longer = _Route(end, route.first, (*route.legs, _Leg(key, tuple(on), at)), events, keys)
            score, _ = self._score(keys, events)
            if score > route.score:
                yield replace(longer, score=score)

    def _guests(
        self, kind: Kind, place: Place, known: frozenset[Key] = frozenset(), *, passing: bool = False
    ) -> tuple[Key, ...]:
        """Scenarios that could be played on such an order at that place and leave it there, the harmless first."""
        if place.state in self.passing:
            return ()
        found = []
        for key in self.worth:
            if key in known or not _single(kind, key) or SCENARIOS[key[0]].walks(key[1]) is None:
                continue
            if not (passing and key in self.softly) and steps(place, key, self.passing) == ():
                found.append(key)
        return tuple(sorted(found, key=lambda key: (SCENARIOS[key[0]].gentle, turn_of(key))))

    def _take_route(self, kind: Kind, route: _Route) -> None:
        slot = self._slot(kind)
        self.touched |= self._score(route.keys, route.events)[1]
        last = len(route.legs) - 1
        for guest in route.first:
            self._serve(guest, (slot,), gentle=last >= 0)
        for place, leg in enumerate(route.legs):
            self._serve(leg.key, (slot,), gentle=place < last)
            for guest in leg.on:
                self._serve(guest, (slot,), during=leg.key, gentle=True)
            for guest in leg.at:
                self._serve(guest, (slot,), gentle=place < last)
        self.taken |= route.events

    def _serve(self, key: Key, slots: tuple[int, ...], *, during: Key | None = None, gentle: bool = False) -> None:
        gentle = gentle and SCENARIOS[key[0]].gentle
        if key in self.softly:
            self.turns = [turn for turn in self.turns if turn.key != key]
            self.softly.discard(key)
        self.served.add(key)
        if gentle:
            self.softly.add(key)
        self.turns.append(Turn(key, slots, during, gentle))

    def _slot(self, kind: Kind) -> int:
        """An order of that kind: one that was only looked at so far, else another."""
        self.left[kind] -= 1
        for slot in self.idle:
            if self.orders[slot] == kind:
                self.idle.remove(slot)
                return slot
        self.orders.append(kind)
        return len(self.orders) - 1

    # Scenarios of several orders

    def _groups(self) -> Iterable[_Choice]:
        for key in self.worth:
            needs = needs_of(key)
            if (len(needs) == 1 and needs[0].count == 1) or key in self.softly:
                continue
            kinds = self._several(key)
            if kinds is not None:
                cost = len(kinds) if SCENARIOS[key[0]].walks(key[1]) is None else FREE
                score, _ = self._score([key], frozenset(), cost)
                yield score, f"b {key}", partial(self._take_group, key, kinds)

    def _several(self, key: Key) -> list[Kind] | None:
        left, found = Counter(self.left), list[Kind]()
        for need in needs_of(key):
            ways = starts(need)
            for _ in range(need.count):
                usable = [kind for kind in sorted(left) if left[kind] > 0 and fits(kind, need) and kind.state in ways]
                if not usable:
                    return None
                kind = min(usable, key=lambda one: ways.index(one.state))
                left[kind] -= 1
                found.append(kind)
        return found

    def _take_group(self, key: Key, kinds: Sequence[Kind]) -> None:
        slots = tuple(self._slot(kind) for kind in kinds)
        self.touched |= self._score([key], frozenset())[1]
        self._serve(key, slots)
        if SCENARIOS[key[0]].walks(key[1]) is not None:
            for slot in slots:
                self.left[self.orders[slot]] += 1
                self.idle.append(slot)


def _single(kind: Kind, key: Key) -> bool:
    """Whether the scenario wants one order, and such a one would do, its state aside."""
    needs = needs_of(key)
    return len(needs) == 1 and needs[0].count == 1 and fits(kind, needs[0])


def events_of(keys: Iterable[Key]) -> Iterable[Event]:
    """What a conforming host takes from scenarios that have orders of their own."""
    for key in keys:
        for need in needs_of(key):
            yield from steps(Place(starts(need)[0]), key) or ()
