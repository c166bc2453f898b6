"""What a run may write to: named in the profile's [touch], or by `--touch`. Knows no host and asks none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from selfship import orders_file
from selfship.errors import UsageError
from selfship.nearest import hint
from selfship.textfile import text_of

KINDS = ("location", "channel", "order", "orders")


@dataclass(frozen=True)
class Touch:
    """Orders by id; beside them every order of these channels at these locations, whichever of the two are named."""

    orders: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.orders or self.channels or self.locations)

    def covers(self, order_id: str, channel: str | None, location: str | None) -> bool:
        """Whether such an order may be written to. `location`: the one that it was listed for."""
        if order_id in self.orders:
            return True
        if not (self.channels or self.locations):
            return False
        return (not self.channels or channel in self.channels) and (not self.locations or location in self.locations)

    def __str__(self) -> str:
        parts = [f"{len(self.orders)} orders by id"] if self.orders else []
        of = [f"channel {one}" for one in self.channels] + [f"location {one}" for one in self.locations]
        return "; ".join([*parts, *([", ".join(of)] if of else [])])


def read(given: Sequence[str], base: Path) -> Touch:
    """What `--touch` was given, each as `KIND:VALUE`; files are relative to `base`. UsageError where one is wrong."""
    found = Touch()
    for one in given:
        kind, _, value = one.partition(":")
        value = value.strip()
        if kind not in KINDS or not value:
            raise UsageError(
                f"--touch {one} must be location:CODE, channel:NAME, order:ID or orders:FILE{hint(kind, KINDS)}"
            )
        if kind == "orders":
            found = replace(found, orders=(*found.orders, *_ids(base / Path(value).expanduser())))
        else:
            name = f"{kind}s"
            found = replace(found, **{name: (*getattr(found, name), value)})
    return found


def _ids(path: Path) -> list[str]:
    """The ids of a file that has one a line, or that is an orders file. UsageError where it is neither."""
    lines = [line.split("#", 1)[0].split() for line in text_of(path, "orders file").splitlines()]
    words = [line for line in lines if line]
    if words and all(len(line) == 1 and re.fullmatch(r"[\w-]+", line[0]) for line in words):
        return [word for (word,) in words]
    return [order for orders in orders_file.load(path).values() for order in orders]
