"""Which runs may be joined: the shards of one run, each once, by one kit, on one host."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from selfship import requirements
from selfship.archive import Archived
from selfship.errors import UsageError

FOUND_OUT = ("detected", "settle_seen", "edition", "invoicing", "credit_note", "rto_acceptance", "auth")
"""Of a profile, what a run may have found out: shards need not have found out the same."""


def check(shards: Sequence[Archived]) -> None:
    """UsageError where these are not shards of one run."""
    for one in shards:
        if not isinstance(one.results.run.get("shard"), Mapping):
            raise UsageError(f"{one.folder} is no shard: give runs that were made with --shard.")
    first = shards[0]
    for one in shards[1:]:
        for what, of in ALIKE.items():
            if of(one) != of(first):
                raise UsageError(f"{first.folder} and {one.folder} are not of one run: another {what}.")
    if first.results.kit.get("requirements_digest") != requirements.digest():
        raise UsageError(f"{first.folder} was judged by another kit than this one: merge it with its own.")
    seen: dict[int, Archived] = {}
    for one in shards:
        number = number_of(one)
        if number in seen:
            raise UsageError(f"{seen[number].folder} and {one.folder} are both shard {number}: give each once.")
        seen[number] = one


def number_of(one: Archived) -> int:
    return int(one.results.run["shard"]["number"])


def of(one: Archived) -> int:
    return int(one.results.run["shard"]["of"])


def missing(shards: Sequence[Archived]) -> list[int]:
    """The numbers of the shards that were not given."""
    return sorted(set(range(1, of(shards[0]) + 1)) - {number_of(one) for one in shards})


def _profile(one: Archived) -> dict[str, Any]:
    return {key: value for key, value in one.results.target["profile"].items() if key not in FOUND_OUT}


ALIKE: Mapping[str, Callable[[Archived], Any]] = {
    "kit": lambda one: one.results.kit,
    "host": lambda one: one.results.target["url"],
    "role": lambda one: one.results.target["role"],
    "profile": _profile,
    "number of shards": of,
    "seed": lambda one: one.results.run.get("seed"),
}
