"""A scenario of the referee: which orders there are, when they appear, how they must end, and what goes wrong when.

Read from a TOML file of `fixtures/scenarios/` or of the user's. Nothing in it goes by the clock alone: what happens
is counted in what the client does. Knows no host and no client.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from selfship import paths
from selfship.errors import UsageError
from selfship.nearest import either, hint
from selfship.operations import OPERATIONS, WRITES

SCENARIOS = paths.FIXTURES / "scenarios"
Kind = Literal["forward", "return"]
Expect = Literal["delivered", "rto", "returned"]
Start = Literal["placed", "dp_assigned"]
Do = Literal[
    "too_many", "unavailable", "timeout_before", "timeout_after", "fail_item", "expire_token", "slow", "repeat_page",
    "late_state",
]  # fmt: skip
KINDS_OF_CALL: Mapping[str, tuple[str, ...]] = {
    "any": tuple(name for name in OPERATIONS if name != "token"),
    "read": ("shipment", "info", "courierDetails", "track"),
    "listing": ("shipment",),
    "write": WRITES,
    **{name: (name,) for name in OPERATIONS if name != "token"},
}
"""What `on` of a fault may say, and the operations that it means; a listing is a read by status."""


@dataclass(frozen=True)
class When:
    """So far into the session; all that is given must hold. Zeros: from the start.

    `listings`: reads by status that were answered. `calls`: calls of any kind. `accepted`: items that the host took.
    `ended`: orders that have ended as they must. `repeats`: how often one listing was asked for again since the last
    write: the client polls and has nothing to do.
    """

    listings: int = 0
    calls: int = 0
    accepted: int = 0
    ended: int = 0
    repeats: int = 0


@dataclass(frozen=True)
class OrderPlan:
    """`count` orders alike, and how each must end. With `self_ship` false it is a decoy that must be left alone.

    `start`, of a forward order: the state that it appears in; a placed one must be confirmed and invoiced first.
    `unlock`: it is locked at first, at least until the client has seen it so. `hopeless`: the host refuses every status
    of it; the client gives it up, or tries now and then, and it need not end.
    """

    kind: Kind = "forward"
    expect: Expect | None = None
    count: int = 1
    self_ship: bool = True
    location: str = ""
    appear: When = When()
    unlock: When | None = None
    hopeless: bool = False
    start: Start = "dp_assigned"

    @property
    def given(self) -> bool:
        """Whether the client must bring it to its end."""
        return self.self_ship and not self.hopeless

    @property
    def locked(self) -> bool:
        """Whether it is locked when it appears."""
        return self.unlock is not None


@dataclass(frozen=True)
class FaultPlan:
    """One thing that goes wrong: on the `nth` call of the kind `on`, or the first such call after that; `times` over.

    `order` counts only calls that name the order of that number (1 is the first of the scenario). `seconds`: how long a
    slow answer takes, or how long a call hangs before its connection is dropped. `retry_after`: whole seconds.
    `reads`: how many reads of an order still show its old state.
    """

    do: Do
    on: str = "any"
    nth: int = 1
    order: int | None = None
    times: int = 1
    retry_after: int = 1
    seconds: float = 2.0
    reads: int = 2


@dataclass(frozen=True)
class PartnerPlan:
    """Who is refereed. The credentials are in the environment, under the names that stand here."""

    name: str = "client"
    username: str = "SELFSHIP_USERNAME"
    password: str = "SELFSHIP_PASSWORD"


@dataclass(frozen=True)
class Plan:
    """A whole scenario. `poll_interval`, `grace` and `token_ttl` are seconds; `page_size` is the most a page holds.

    `grace`: how long the client must be quiet, once every order has ended, until the session ends.
    """

    name: str
    about: str = ""
    poll_interval: float = 1.0
    grace: float = 1.0
    page_size: int = 100
    token_ttl: float = 3600.0
    edition: Literal["strict", "extended"] = "extended"
    credit_note: Literal["manual", "auto"] = "manual"
    rto_acceptance: Literal["explicit", "auto"] = "auto"
    auth: Literal["company", "location"] = "location"
    locations: tuple[str, ...] = ("BLR-01",)
    orders: tuple[OrderPlan, ...] = ()
    faults: tuple[FaultPlan, ...] = ()
    partners: tuple[PartnerPlan, ...] = (PartnerPlan(),)
    text: str = field(default="", repr=False, compare=False)
    """The file as it was: a session keeps it, so that it can be resumed by itself."""


def names() -> list[str]:
    """The scenarios that come with the kit."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def load(name: str, base: Path) -> Plan:
    """The scenario of that name, or of that file (relative to `base`). UsageError for whatever is wrong with it."""
    path = SCENARIOS / f"{name}.toml"
    if name.endswith(".toml") or "/" in name:
        path = base / Path(name).expanduser()
    elif name not in names():
        raise UsageError(f"There is no scenario {name!r} ({', '.join(names())}){hint(name, names())}")
    try:
        return read(path.read_text(encoding="utf-8"), path.stem)
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise UsageError(f"The scenario {path} cannot be read ({reason}): name a TOML file.") from None


def read(text: str, name: str) -> Plan:
    """The scenario that `text` is, `name` where it has no name of its own. UsageError for whatever is wrong with it."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"The scenario {name} is not TOML ({problem}): mend that line.") from None
    orders = tuple(_order(row, place) for place, row in enumerate(_rows(document, "order"), 1))
    faults = tuple(_built(FaultPlan, row, f"[[fault]] number {n}") for n, row in enumerate(_rows(document, "fault"), 1))
    partners = [
        _built(PartnerPlan, row, f"[[partner]] number {n}") for n, row in enumerate(_rows(document, "partner"), 1)
    ]
    plan = _built(Plan, {"name": name, **document}, "The scenario", orders=orders, faults=faults, text=text)
    if partners:
        plan = _built(
            Plan,
            {"name": name, **document},
            "The scenario",
            orders=orders,
            faults=faults,
            text=text,
            partners=tuple(partners),
        )
    return _sound(plan)


def _rows(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    rows = document.pop(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError(f"`{key}` of the scenario must be tables: write [[{key}]].")
    return rows


def _order(row: dict[str, Any], place: int) -> OrderPlan:
    where = f"[[order]] number {place}"
    nested = {
        ours: _built(When, row.pop(key), f"{key} of {where}")
        for ours, key in (("appear", "appear_after"), ("unlock", "unlock_after"))
        if isinstance(row.get(key), dict)
    }
    plan: OrderPlan = _built(OrderPlan, row, where, **nested)
    if plan.self_ship and plan.expect is None:
        raise UsageError(f"{where} must say how it ends: write expect = {either(get_args(Expect))}.")
    if plan.expect is not None and (plan.kind == "return") != (plan.expect == "returned"):
        raise UsageError(f"{where}: a {plan.kind} cannot end as {plan.expect}; only a return is returned.")
    if plan.kind == "return" and plan.start != "dp_assigned":
        raise UsageError(f"{where}: a return always waits for its courier; leave out start.")
    return plan


def _built(kind: type[Any], row: dict[str, Any], where: str, **more: Any) -> Any:
    """An object of `kind` from a table of the file. UsageError names the key that is unknown, missing or wrong."""
    hints = get_type_hints(kind)
    known = {one.name: one for one in fields(kind) if one.name not in (*more, "text")}
    for key, value in row.items():
        if key not in known:
            raise UsageError(f"{where} has no key {key!r} ({', '.join(known)}){hint(key, known)}")
        if not _fits(value, hints[key]):
            raise UsageError(f"{where}: {key} = {value!r} cannot be; write {_wanted(hints[key])}.")
    for one in known.values():
        if one.default is MISSING and one.name not in row:
            raise UsageError(f"{where} has no `{one.name}`: write {one.name} = {_wanted(hints[one.name])}.")
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return kind(**given, **more)


def _fits(value: Any, wanted: Any) -> bool:
    choices = get_args(wanted)
    if get_origin(wanted) is Literal:
        return value in choices
    if choices and choices[-1] is Ellipsis:
        return isinstance(value, list) and bool(value) and all(isinstance(each, choices[0]) for each in value)
    if choices:
        return any(_fits(value, each) for each in choices)
    if wanted is bool or isinstance(value, bool):
        return wanted is bool and isinstance(value, bool)
    if wanted is float:
        return isinstance(value, int | float) and value >= 0
    return isinstance(value, wanted) and (not isinstance(value, int) or value >= 0)


def _wanted(kind: Any) -> str:
    choices = [each for each in get_args(kind) if each is not type(None)]
    if get_origin(kind) is Literal:
        return either(choices)
    if choices and choices[-1] is Ellipsis:
        return "a list of texts"
    if choices:
        return _wanted(choices[0])
    return {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}.get(kind, "a table")


def under(plan: Plan, switches: Mapping[str, Any]) -> Plan:
    """`plan` with the readings of a profile, as far as they are given. UsageError where they do not fit it."""
    own = {key: switches[key] for key in ("edition", "credit_note", "rto_acceptance") if switches.get(key)}
    return _sound(replace(plan, **own))


def _sound(plan: Plan) -> Plan:
    """`plan` as it is. UsageError where its parts do not fit together."""
    if plan.rto_acceptance == "explicit" and plan.credit_note == "auto":
        raise UsageError('rto_acceptance = "explicit" needs credit_note = "manual": nobody would accept the RTO.')
    if plan.auth == "location" and len(plan.locations) > 1:
        raise UsageError('Location-level credentials cover one location: write auth = "company", or one location.')
    if not any(order.self_ship for order in plan.orders):
        raise UsageError(f"The scenario {plan.name} gives the client no order: add [[order]] with self_ship = true.")
    if len({one.name for one in plan.partners}) < len(plan.partners):
        raise UsageError("Two partners of the scenario have the same name: give each its own.")
    for order in plan.orders:
        if order.location and order.location not in plan.locations:
            raise UsageError(f"An order is at {order.location!r}, which is not in locations = {list(plan.locations)}.")
    total = sum(order.count for order in plan.orders)
    for fault in plan.faults:
        if fault.on not in KINDS_OF_CALL:
            raise UsageError(f"A fault is on {fault.on!r} ({', '.join(KINDS_OF_CALL)}){hint(fault.on, KINDS_OF_CALL)}")
        if fault.order is not None and not 0 < fault.order <= total:
            raise UsageError(f"A fault is on order {fault.order}, and there are {total}: orders count from 1.")
    return plan
