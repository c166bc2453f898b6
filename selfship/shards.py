"""A run in parts, on machines of their own: which checks are whose, and which orders. Knows no pytest.

The checks are parted by the scenarios that they rest on, so that a scenario is played once; only those that many
checks need (positive controls, and what is played where all traffic is judged) are played by each shard that needs
them. Every shard works out the same parting from the same checks: nobody has to tell them.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfship.errors import UsageError
from selfship.lifecycle import COARSE, State
from selfship.scenario import SCENARIOS

Key = tuple[str, Any]
MOST = 64
_LEASED_WITHIN = 2
"""Orders that a scenario may ask for as it goes, beside those that it names."""
_SPACE = 2**64


@dataclass(frozen=True)
class Shard:
    """The `number`-th of `of` parts, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def read(cls, text: str) -> Shard:
        """UsageError where `text` is not like 2/4."""
        found = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", text)
        number, of = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= of <= MOST:
            raise UsageError(f"--shard {text}: write the number of the part and of all parts (at most {MOST}): 2/4.")
        return cls(number, of)


@dataclass(frozen=True)
class Wanted:
    """A check: its id, the scenarios of its own, all that it needs. `everywhere`: it judges a run's whole traffic."""

    id: str
    own: tuple[Key, ...]
    needs: tuple[Key, ...]
    everywhere: bool = False


@dataclass(frozen=True)
class Kind:
    """Orders that can stand for each other: `back`, on their way back; `rare`, such as no journey is made with."""

    back: bool
    self_ship: bool = True
    other_location: bool = False

    @property
    def rare(self) -> bool:
        return not self.self_ship or self.other_location


Holds = Callable[[Kind, str], bool]
"""Whether an order of a kind belongs to the shard."""


def parted(checks: Sequence[Wanted], shard: Shard, shared: frozenset[str]) -> tuple[set[str], Holds]:
    """The ids of the checks that are this shard's, and which orders are. `shared`: scenarios that many checks need."""
    groups = _groups([check for check in checks if not check.everywhere], shared)
    loads = [0] * shard.of
    mine: list[list[Wanted]] = [[] for _ in loads]
    for group in sorted(groups, key=lambda one: (-_load(one, shared), one[0].id)):
        least = min(range(shard.of), key=lambda place: (loads[place], place))
        loads[least] += _load(group, shared)
        mine[least] += group
    common = [check for check in checks if check.everywhere]
    kinds = {
        Kind(back, self_ship, other) for back in (False, True) for self_ship in (False, True) for other in (False, True)
    }
    shares = {kind: [_demand([*part, *common], kind) for part in mine] for kind in kinds}
    return {check.id for check in (*mine[shard.number - 1], *common)}, _holds(shares, shard)


def kind_of(status: str, *, self_ship: bool = True, other: bool = False) -> Kind:
    """The kind of an order that is listed under a coarse status."""
    return Kind(status.startswith(("RETURN_", "CREDIT_NOTE")), self_ship, other)


def given(orders: Mapping[State, Sequence[str]], holds: Holds) -> dict[State, list[str]]:
    """Of the orders that somebody named by state, those that are the shard's."""
    return {state: [one for one in ids if holds(kind_of(COARSE[state][0]), one)] for state, ids in orders.items()}


def _groups(checks: Sequence[Wanted], shared: frozenset[str]) -> list[list[Wanted]]:
    """Checks that rest on the same scenarios, directly or by way of others, or that want the same rare orders."""
    leader: dict[Any, Any] = {}

    def first(key: Any) -> Any:
        while leader.setdefault(key, key) != key:
            key = leader[key]
        return key

    for check in checks:
        head, *rest = _ties(check, shared)
        for key in rest:
            leader[first(key)] = first(head)
    groups: dict[Any, list[Wanted]] = defaultdict(list)
    for check in checks:
        groups[first(_ties(check, shared)[0])].append(check)
    return list(groups.values())


def _ties(check: Wanted, shared: frozenset[str]) -> list[Any]:
    """What keeps a check together with others: its scenarios, those aside that all shards play, and rare orders."""
    own = [key for key in check.own if key[0] not in shared] or list(check.own[:1]) or [(check.id, None)]
    return [*own, *(kind for key in own for kind, _ in _wants(key) if kind.rare)]


def _wants(key: Key) -> list[tuple[Kind, int]]:
    """The orders that a scenario asks for, by kind."""
    name, param = key
    needs = SCENARIOS[name].needs(param) if name in SCENARIOS else ()
    return [
        (kind_of(COARSE[need.state][0], self_ship=need.self_ship, other=need.other_location), need.count)
        for need in needs
    ]


def _scenarios(checks: Sequence[Wanted]) -> set[Key]:
    return {key for check in checks for key in (*check.own, *check.needs)}


def _load(group: Sequence[Wanted], shared: frozenset[str]) -> int:
    return sum(SCENARIOS[name].weight for name, _ in _scenarios(group) if name in SCENARIOS and name not in shared)


def _demand(checks: Sequence[Wanted], kind: Kind) -> int:
    """About how many orders of a kind these checks take."""
    wanted = [_wants(key) for key in _scenarios(checks)]
    named = sum(count for wants in wanted for one, count in wants if one == kind)
    return named if kind.rare else 1 + _LEASED_WITHIN * len(wanted) + named


def _holds(shares: Mapping[Kind, Sequence[int]], shard: Shard) -> Holds:
    """Cuts the space of all order ids so that each shard's share is as large as its demand."""
    cuts = {}
    for kind, demands in shares.items():
        total, before = max(1, sum(demands)), sum(demands[: shard.number - 1])
        end = before + demands[shard.number - 1]
        cuts[kind] = range(_SPACE * before // total, _SPACE * end // total)

    def holds(kind: Kind, order_id: str) -> bool:
        point = int.from_bytes(hashlib.sha256(order_id.encode("utf-8", "replace")).digest()[:8])
        return point in cuts[kind]

    return holds
