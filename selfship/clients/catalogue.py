"""Every client of ours, by name."""

from __future__ import annotations

from collections.abc import Mapping

from selfship.clients import journeys, recovery, wire
from selfship.clients.habits import HABITS, NULLS, PLAIN
from selfship.clients.hooks import Client
from selfship.clients.liberties import LIBERTIES

BAD: Mapping[str, tuple[Client, ...]] = {
    "wire": wire.CLIENTS,
    "journeys": journeys.CLIENTS,
    "recovery": recovery.CLIENTS,
}
"""By the file that they stand in."""


def every() -> list[Client]:
    """The plain one, the bad ones by their rules' numbers, the habits, the null clients."""
    bad = [client for group in BAD.values() for client in group]
    return [PLAIN, *sorted(bad, key=lambda one: int((one.rule or "-0").split("-")[1])), *HABITS, *LIBERTIES, *NULLS]


def named(name: str) -> Client:
    """KeyError for a name that none has."""
    return {client.name: client for client in every()}[name]
