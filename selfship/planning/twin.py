"""The host's twin: the embedded mock, filled with orders like those that a survey saw, under ids of their own.

What the host shows is all that is known of an order: where states look alike, the first of them is taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from selfship import residue
from selfship.found_out import SWITCHES
from selfship.lifecycle import State
from selfship.orders import View
from selfship.planning.survey import Survey
from selfship.profile import Profile

HERE, THERE = "BLR-01", "DEL-02"
"""The mock's locations: they stand for the host's."""
NO_LIMIT = 1_000_000
"""Requests a second: a limit that never binds, and yet the twin is treated like a host that is not at hand."""
AWAITING_AWB = (State.DP_ASSIGNED, State.RETURN_DP_ASSIGNED)


@dataclass(frozen=True)
class Twin:
    """Files: profile and orders of the mock, and the orders file of the run on it, where there is one."""

    profile: Path
    population: Path
    orders: Path | None


def write(folder: Path, survey: Survey, profile: Profile, *, at_hand: bool) -> Twin:
    """Writes the twin's files into `folder`. `at_hand`: the host is, and so is its twin."""
    rows, touchable, handed_in = _rows(survey)
    population = folder / "orders.toml"
    population.write_text("orders = [\n" + "".join(f"  {_inline(row)},\n" for row in rows) + "]\n", encoding="utf-8")
    orders = None
    if handed_in:
        orders = folder / "handed-in.json"
        orders.write_text(json.dumps(handed_in), encoding="utf-8")
    twin = folder / "twin.toml"
    everything = len(touchable) == len(rows)
    twin.write_text(_profile(survey, profile, None if everything else touchable, at_hand=at_hand), encoding="utf-8")
    return Twin(twin, population, orders)


def state_of(view: View) -> State | None:
    """The state that an order is taken to be in, by what it shows; None where the documents know no such status."""
    return next(iter(residue.states(view.status, view.journey)), None)


def _rows(survey: Survey) -> tuple[list[dict[str, Any]], list[str], dict[str, list[str]]]:
    """The orders, the ids among them that may be touched, and those that were handed in, by state."""
    numbers = _ids()
    rows: list[dict[str, Any]] = []
    touchable: list[str] = []
    handed_in: dict[str, list[str]] = {}
    known = {order: (state, view) for state, ids in survey.given.items() for order, view in ids.items()}
    for one in survey.listed:
        state = state_of(one.view)
        # An order that does not say whether it is self-ship cannot be drawn, and its host breaks a rule by that.
        if one.view.id not in known and state is not None and one.view.self_ship is not None:
            rows.append(_row(next(numbers), state, one.view, other=one.other))
            touchable += [rows[-1]["id"]] if one.touchable else []
    for state, view in known.values():
        if view is not None:
            rows.append(_row(next(numbers), state, view, other=False))
            touchable.append(rows[-1]["id"])
            handed_in.setdefault(state.value, []).append(rows[-1]["id"])
    return rows, touchable, handed_in


def _ids() -> Iterator[str]:
    """Ids as the documents' own, in the order in which they are made, and none near another."""
    number = 0
    while True:
        number += 1
        yield f"{1_770_000_000_000 + 977 * number}{7_654_321 * number % 10**7:07}"


def _row(name: str, state: State, view: View, *, other: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": name,
        "state": state.value,
        "is_self_ship": view.self_ship is not False,
        "locked": view.locked,
        "location": THERE if other else HERE,
        "lines": max(1, len(view.lines)),
        "quantity": max((line.quantity for line in view.lines), default=1) if len(view.lines) < 2 else 1,
        "awb": state in AWAITING_AWB and bool(view.awbs),
    }
    if view.channel:
        row["channel"] = view.channel
    if state is State.CREDIT_NOTE_GENERATED:
        row["journey"] = "rto" if view.journey == "forward" else "return"
    if placed_at := _seconds(view.raw.get("orderDate")):
        row["placed_at"] = placed_at
    return row


def _seconds(date: object) -> float | None:
    try:
        moment = datetime.fromisoformat(str(date))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _profile(survey: Survey, profile: Profile, touchable: list[str] | None, *, at_hand: bool) -> str:
    tables: dict[str, dict[str, Any]] = {
        "": {"name": "twin", "location": HERE if profile.location else None},
        "switches": {
            **{name: getattr(profile.switches, name) for name in SWITCHES},
            "settle": 1.0,
            "rate": 0 if at_hand else NO_LIMIT,
            "page_size": profile.switches.page_size,
        },
        "limits": {"concurrency": profile.limits.concurrency},
        "mock": {"first_page": survey.first_page, **survey.detected},
    }
    if not profile.location:
        # It was read without a location: its credentials are of one.
        tables["mock"]["auth"] = "location"
    tables[""]["other_location"] = THERE if profile.other_location else None
    if touchable is not None:
        # Never an empty list: that would allow everything.
        tables["touch"] = {"orders": touchable or ["none"]}
    return "\n".join(_table(name, keys) for name, keys in tables.items())


def _table(name: str, keys: Mapping[str, Any]) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items() if value is not None]
    return "\n".join([*([f"[{name}]"] if name else []), *lines, ""])


def _inline(row: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in row.items()) + " }"
