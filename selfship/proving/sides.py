"""The two sides that are proven, and how a kill table speaks of each: hosts, which the suites judge, and clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["host", "client"]


@dataclass(frozen=True)
class Words:
    """`judge` is who judges, `bad` one with something wrong, `odd` one that conforms in its own way."""

    side: Side
    judge: str
    bad: str
    row: str
    odd: str
    variants: str
    null: str

    @property
    def nulls(self) -> str:
        """The key of the null ones in a kill table."""
        return f"null_{self.side}s"


WORDS: dict[Side, Words] = {
    "host": Words(
        "host",
        "the suites",
        "seeded fault",
        "a host with one fault",
        "Conforming variants",
        "Hosts that do things another way and conform: none may be accused of a broken MUST.",
        "Hosts that know nothing and answer everything alike: none may be praised for a MUST that it does not keep.",
    ),
    "client": Words(
        "client",
        "the referee",
        "bad client",
        "a client that breaks one rule",
        "Conforming clients",
        "Clients with other habits that conform: none may be accused of a broken MUST.",
        "Clients that do next to nothing: none may be praised for a MUST that it was never put to.",
    ),
}
