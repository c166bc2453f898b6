"""Whether a run may call a host at all, and what it may write to there: decided before the first request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from selfship.errors import UsageError
from selfship.profile import Profile


def check(profile: Profile, options: Mapping[str, Any]) -> None:
    """UsageError where the run that the options ask for must not be."""
    check_hours(profile, datetime.now(UTC))
    check_touch(profile)
    named = bool(options.get("orders") or options.get("provision"))
    check_writes(profile, orders_named=named, production=options.get("i_know_this_is_production"))


def check_hours(profile: Profile, now: datetime) -> None:
    """UsageError outside the hours in which the profile allows calls. `now` knows its zone."""
    hours = profile.limits.open_hours
    if hours is None or hours.open_at(now):
        return
    opens = hours.opens_after(now)
    left = opens - now
    raise UsageError(
        f"The profile allows calls to {host_of(profile)} in the hours {hours.name} only: run it in "
        f"{_span(left)}, or change limits.hours."
    )


def host_of(profile: Profile) -> str:
    return (urlsplit(profile.url or "").hostname or "").rstrip(".").lower()


def _span(left: timedelta) -> str:
    minutes = max(1, round(left.total_seconds() / 60))
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


SANDBOX = {
    "uat", "sandbox", "sand", "sbx", "staging", "stage", "stg", "test", "tests", "testing", "dev", "develop",
    "development", "qa", "demo", "mock", "preprod", "pre", "non", "nonprod", "sit", "preview", "local", "internal",
}  # fmt: skip
"""Words in a host's name that say that it is no production host."""
PRODUCTION = {"prod", "production", "prd", "live", "api"}
OF_FYND = "fynd.com"
PRODUCTION_SUFFIX = "extensions.fynd.com"
"""Of the documents' pattern for production, {aggregator}.extensions.fynd.com."""


def looks_like_production(host: str) -> bool:
    """Whether a host's name is that of a production host, as far as a name can tell. An address has no name."""
    if re.fullmatch(r"[\d.]+|.*:.*", host):
        return False
    words = {word.rstrip("0123456789") for word in re.split(r"[._-]", host)}
    below = f".{host}"
    if below.endswith(f".{PRODUCTION_SUFFIX}"):
        # Here only a label of its own counts: an aggregator may have any name.
        return not {"uat", "sandbox", "staging"} & set(host.split("."))
    if words & SANDBOX:
        return False
    return below.endswith(f".{OF_FYND}") or bool(words & PRODUCTION)


def check_writes(profile: Profile, *, orders_named: bool, production: str | None) -> None:
    """UsageError where a run must not write to the host: nobody named what, or it looks like production.

    `orders_named`: the user handed in orders, or a command that makes them. `production`: the name that the user
    repeated to say that production is meant.
    """
    if profile.loopback or profile.url is None:
        return
    host = host_of(profile)
    if production is not None and production.rstrip(".").lower() != host:
        raise UsageError(f"--i-know-this-is-production must repeat the name of the host, {host}, letter by letter.")
    if production is None and looks_like_production(host):
        raise UsageError(
            f"{host} looks like a production host, and a run confirms, ships, returns and cancels what it finds: "
            f"certify a sandbox, or add --i-know-this-is-production {host}."
        )
    if not (profile.touch or orders_named):
        where = profile.location or "CODE"
        raise UsageError(
            f"{host} is not on this machine, and nothing says what a run may write to there: add --touch "
            f"location:{where} (or channel:NAME, orders:FILE), or a [touch] table to the profile; `selfship plan` "
            "only reads, and needs neither."
        )


def check_touch(profile: Profile) -> None:
    """UsageError where no order could ever be at a location that may be touched."""
    known = [code for code in (profile.location, profile.other_location) if code]
    for code in profile.touch.locations:
        if code not in known:
            told = f"the run knows {' and '.join(known)}" if known else "the run knows none"
            raise UsageError(f"Location {code} may be touched, but {told}: name it with --location {code}.")
