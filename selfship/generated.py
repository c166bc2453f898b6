"""Requests made by schemathesis from the contract: what one is, where the fixed ones lie, which orders they name.

A certification sends the cases of `fixtures/generated/cases.json`: made once for the contract as it stands, so that
every run of a version sends the same. `--seed` draws more of them (see `generating`). Sends nothing itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from selfship import contract, guard, paths
from selfship.errors import BrokenKitError
from selfship.operations import OPERATIONS

CASES = paths.FIXTURES / "generated" / "cases.json"
PLACEHOLDERS = ("17000000000000000001", "17000000000000000002", "0")
"""The orders of the contract's examples, and the shortest name: these stand for an order, real or unknown."""
EXAMPLE_LOCATION = "BLR-01"
ID_FIELDS = ("orderId", "shipment_id")
MOST_OF_TOKEN = 2
"""Wrong credentials are sent this often at most: a host may lock an account."""


@dataclass(frozen=True)
class Case:
    """One request. `good`: it fits the contract. `body` is JSON, `raw` what is not; both None: no body at all."""

    operation: str
    about: str
    good: bool
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    has_body: bool = False
    raw: bytes | None = None

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"about": self.about, "good": self.good}
        found |= {name: dict(value) for name in ("query", "headers") if (value := getattr(self, name))}
        if self.raw is not None:
            found["raw"] = base64.b64encode(self.raw).decode()
        elif self.has_body:
            found["body"] = self.body
        return found

    @classmethod
    def from_json(cls, operation: str, row: Mapping[str, Any]) -> Case:
        """KeyError or TypeError where the row is not a case."""
        return cls(
            operation,
            row["about"],
            row["good"],
            row.get("query", {}),
            row.get("headers", {}),
            row.get("body"),
            "body" in row,
            base64.b64decode(row["raw"]) if "raw" in row else None,
        )

    def options(self, ids: Iterator[str], located: Mapping[str, Any]) -> dict[str, Any]:
        """How `Caller.call` sends it. Each place that stands for an order gets the next of `ids`.

        `located`: the location as reads of the host need it: in place of the example's, and where a good read has none.
        """
        query = {name: _aimed(value, ids, name) for name, value in self.query.items()}
        if query.get("locationCode") == EXAMPLE_LOCATION or (self.good and query and "locationCode" not in query):
            query = {name: value for name, value in query.items() if name != "locationCode"} | dict(located)
        found: dict[str, Any] = {"step": f"generated: {self.about}"}
        found |= {"params": {name: _in_a_query(value) for name, value in query.items()}} if query else {}
        found |= {"headers": dict(self.headers)} if self.headers else {}
        if self.raw is None and not self.has_body:
            return found
        own = self.raw if self.raw is not None else json.dumps(self.body).encode()
        sent = self.raw if self.raw is not None else json.dumps(_aimed(self.body, ids)).encode()
        for name in guard.named(own) & guard.named(sent):
            # Drawn from the contract alone: an order of that name was never seen anywhere.
            guard.made_up(name)
        return {**found, "raw": sent}


def _aimed(value: Any, ids: Iterator[str], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _aimed(inner, ids, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_aimed(inner, ids) for inner in value]
    return next(ids) if name in ID_FIELDS and value in PLACEHOLDERS else value


def _in_a_query(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def fingerprint() -> str:
    """A digest of what the contract says of requests: cases are made of that alone."""
    parts: dict[str, Any] = {}
    for name, operation in OPERATIONS.items():
        entry = contract.operation(name)
        body = entry.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        parts[name] = [operation.label, entry.get("parameters", []), body]
    document = contract.load()["components"]
    parts["components"] = [document["parameters"], document["schemas"]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def fixed() -> Mapping[str, tuple[Case, ...]]:
    """The cases that every certification sends, by operation, the telling ones first. BrokenKitError without them."""
    try:
        rows = json.loads(CASES.read_bytes())["cases"]
        return {name: tuple(Case.from_json(name, row) for row in rows[name]) for name in OPERATIONS}
    except (OSError, ValueError, LookupError, TypeError) as problem:
        reason = " ".join(str(problem).split())
        raise BrokenKitError(f"The generated cases cannot be read ({reason}): install the kit again.") from problem


def cases(operation: str, seed: int, edition: contract.Edition, most: int) -> tuple[Case, ...]:
    """At most `most` cases of an operation: the fixed ones; with a `seed`, newly drawn ones before them."""
    most = min(most, MOST_OF_TOKEN) if operation == "token" else most
    if not seed or operation == "token":
        return fixed()[operation][:most]
    # Schemathesis takes a while to import, and longer to draw: only a run that explores pays for it.
    from selfship import generating

    drawn = generating.drawn(operation, seed, edition, most // 2)
    return (*drawn, *fixed()[operation])[:most]
