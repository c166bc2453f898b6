"""The catalogue of seeded faults, gathered from one file for each part of the host that can go wrong."""

from __future__ import annotations

from collections.abc import Iterable

from selfship.errors import UsageError
from selfship.mock.faults import (
    auth,
    batches,
    documents,
    info,
    journeys,
    limits,
    races,
    reading,
    returns,
    second_reader,
    second_reader_writes,
    third_reader,
    tracking,
    transitions,
    unsteady,
    values,
    wire,
)
from selfship.mock.faults.fault import Fault
from selfship.mock.points import Hook, Point
from selfship.nearest import hint

GROUPS = {
    "wire": wire.FAULTS,
    "auth": auth.FAULTS,
    "reading": reading.FAULTS,
    "info": info.FAULTS,
    "tracking": tracking.FAULTS,
    "journeys": journeys.FAULTS,
    "returns": returns.FAULTS,
    "transitions": transitions.FAULTS,
    "limits": limits.FAULTS,
    "batches": batches.FAULTS,
    "values": values.FAULTS,
    "documents": documents.FAULTS,
    "races": races.FAULTS,
    "unsteady": unsteady.FAULTS,
    "second_reader": second_reader.FAULTS,
    "second_reader_writes": second_reader_writes.FAULTS,
    "third_reader": third_reader.FAULTS,
}
_ALL: tuple[Fault, ...] = tuple(fault for faults in GROUPS.values() for fault in faults)


def catalogue() -> tuple[Fault, ...]:
    """Every fault, group by group."""
    return _ALL


def select(names: Iterable[str]) -> list[tuple[Point, Hook]]:
    """The hooks of the faults named. UsageError names the nearest right name of an unknown one."""
    known = {fault.name: fault for fault in _ALL}
    hooks: list[tuple[Point, Hook]] = []
    for name in names:
        if name not in known:
            raise UsageError(f"There is no fault {name!r}: `selfship mock --list` names them{hint(name, known)}")
        hooks += known[name].hooks
    return hooks
