"""Which clients the referee is tried with: the example, bad ones, other habits, and clients that do next to nothing."""

from __future__ import annotations

from selfship import paths
from selfship.clients.catalogue import BAD, every
from selfship.clients.hooks import Client
from selfship.clients.liberties import LIBERTIES
from selfship.proving.cases import Case, Kind

DRILLS = paths.FIXTURES / "scenarios" / "drills"
FAIR, ROUGH = DRILLS / "fair.toml", DRILLS / "rough.toml"
"""Where all goes well; and where everything goes wrong that can, so that every rule is put to the test."""
KIND: dict[str, Kind] = {"plain": "plain", "bad": "fault", "habit": "variant", "null": "null"}
_FILES = {
    client.name: f"{group}.py" for group, clients in {**BAD, "liberties": LIBERTIES}.items() for client in clients
}


def cases() -> list[Case]:
    """All of them, as cases of a proof."""
    return [case(client) for client in every()]


def case(client: Client) -> Case:
    source = _FILES.get(client.name, "habits.py")
    options = tuple(("option", option) for option in client.options)
    return Case(
        KIND[client.kind],
        client.name,
        client.how,
        client.rule,
        client.also,
        options,
        incomplete=client.incomplete,
        source=source,
        side="client",
    )


def drill(one: Case) -> str:
    """The scenario for it: the rough one for whoever must show everything, or breaks what only trouble shows."""
    rough = one.kind in ("plain", "variant") or one.source == "recovery.py"
    return str(ROUGH if rough else FAIR)
