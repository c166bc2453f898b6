"""Which host the mock plays: the readings of the documents, its pace, its credentials and its seeded faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from selfship.errors import UsageError

Manner = Literal["manual", "auto"]

LOCATION = "BLR-01"
"""The location that a run certifies."""
OTHER_LOCATION = "DEL-02"
LOCATIONS = (LOCATION, OTHER_LOCATION)


@dataclass(frozen=True)
class MockSettings:
    """`settle`, `automatic`, `token_ttl` and `latency` are seconds; `rate` is requests per second, 0 for no limit.

    `settle`: how long an accepted write stays invisible and without effect. `automatic`: how long after that the
    host's own steps take. `page_size` caps what a listing is asked for; `first_page` numbers the first page.
    The main credentials cover both locations where `auth` is company, else the first; the others only the second.
    """

    edition: Literal["strict", "extended"] = "extended"
    invoicing: Manner = "manual"
    credit_note: Manner = "manual"
    rto_acceptance: Literal["explicit", "auto"] = "explicit"
    auth: Literal["company", "location"] = "company"
    settle: float = 0.0
    automatic: float = 0.0
    rate: float = 0.0
    page_size: int = 100
    first_page: int = 1
    token_ttl: float = 3600.0
    latency: float = 0.0
    faults: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    username: str = "selfship-blr"
    password: str = "blr-password"
    other_username: str = "selfship-del"
    other_password: str = "del-password"


def from_profile(profile: Mapping[str, Any], **overrides: Any) -> MockSettings:
    """The settings of a profile's `[switches]` and `[mock]` tables, the second and then `overrides` prevailing.

    A switch that the profile leaves open, or that only concerns the run, keeps the mock's own value.
    UsageError names a key of `[mock]` that is unknown, or a value of the wrong kind.
    """
    known = {field.name for field in fields(MockSettings)}
    own = {key: value for key, value in profile.get("mock", {}).items() if key != "population"}
    if strange := sorted(set(own) - known):
        raise UsageError(f"[mock] has no key {strange[0]!r}; use one of {', '.join(sorted(known))}.")
    chosen = {key: value for key, value in profile.get("switches", {}).items() if key in known - {"settle", "rate"}}
    # In [switches] these two say how long the run waits and how fast it asks: not what the mock does.
    chosen |= own | overrides
    return MockSettings(**{key: _checked(key, value) for key, value in chosen.items() if value is not None})


def _checked(key: str, value: Any) -> Any:
    wanted = get_type_hints(MockSettings)[key]
    if choices := get_args(wanted):
        if choices[-1] is Ellipsis:
            if isinstance(value, str) or not isinstance(value, Iterable):
                raise UsageError(f"[mock] {key} must be a list of names.")
            return tuple(value)
        if value not in choices:
            raise UsageError(f"{key} = {value!r} is unknown; use {' or '.join(map(repr, choices))}.")
        return value
    kinds = (int, float) if wanted is float else (wanted,)
    if not isinstance(value, kinds) or isinstance(value, bool) or (not isinstance(value, str) and value < 0):
        raise UsageError(f"{key} = {value!r} must be a {'text' if wanted is str else 'number, 0 or above'}.")
    return wanted(value)
