"""How to reach a host, and which reading of the documents it follows.

A profile is a TOML file; a run overrides it by environment variables, and those by options. `None` in a switch means
"not given": the run finds out and records it. What the keys may hold is `profile_keys`'s business, secrets are
`credentials`'.
"""

from __future__ import annotations

import ipaddress
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from selfship import paths
from selfship.credentials import Credentials, Secrets
from selfship.errors import UsageError
from selfship.hours import Hours
from selfship.nearest import hint
from selfship.profile_keys import COUNT, RATE, SECONDS, TIMEOUT, URL, Key, ProfileText, check, unfit
from selfship.textfile import text_of
from selfship.touch import Touch, read

__all__ = ["Credentials", "Limits", "Profile", "Secrets", "Switches", "Touch", "configured", "load", "resolve"]


@dataclass(frozen=True)
class Switches:
    """Which reading of the documents applies ("Editions and profile switches" of the rules).

    `settle`: seconds until a change is visible. `rate`: requests a second, 0 is no limit.
    """

    edition: Literal["strict", "extended"] | None = None
    invoicing: Literal["manual", "auto"] | None = None
    credit_note: Literal["manual", "auto"] | None = None
    rto_acceptance: Literal["explicit", "auto"] | None = None
    auth: Literal["company", "location"] | None = None
    settle: float = 10.0
    rate: float = 0.0
    page_size: int = 100

    @property
    def invoices_alone(self) -> bool:
        """Whether the host makes every invoice and credit note by itself: then no Update Invoice need be taken."""
        return self.invoicing == self.credit_note == "auto"


@dataclass(frozen=True)
class Limits:
    """How hard the kit may press. `concurrency` 0 is settled by `resolve`; `timeout`: seconds for one request.

    `widest`: how far a run may widen the concurrency by itself on a host that takes its time; 0 where somebody gave it.

    `hours`: when the host may be called, as `21:00-06:00`, by the clock of `time_zone`; empty: at any time.
    """

    concurrency: int = 0
    timeout: float = 15.0
    hours: str = ""
    time_zone: str = ""
    widest: int = 0

    @property
    def open_hours(self) -> Hours | None:
        return Hours.read(self.hours, self.time_zone) if self.hours else None


@dataclass(frozen=True)
class Profile:
    """A host as the run sees it. `foreign`: order ids that the credentials do not cover.

    `mock` is read by the embedded mock alone.
    """

    name: str = ""
    url: str | None = None
    location: str | None = None
    other_location: str | None = None
    channel: str | None = None
    switches: Switches = Switches()
    limits: Limits = Limits()
    secrets: Secrets = field(default_factory=Secrets)
    foreign: tuple[str, ...] = ()
    touch: Touch = field(default_factory=Touch)
    mock: Mapping[str, Any] = field(default_factory=dict)

    @property
    def loopback(self) -> bool:
        """Whether the host is on this machine."""
        return self.url is not None and is_loopback(self.url)


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def load(name_or_path: str | Path, base: Path | None = None) -> Profile:
    """The profile in a file (relative to `base`, else to the working directory), or that of `fixtures/hosts` so named.

    UsageError, one sentence with file and line, for whatever does not fit.
    """
    source = _read(name_or_path, base)
    try:
        data = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as problem:
        raise syntax_error(source, problem) from None
    check(source, data)
    switches, limits = _floats(data.get("switches", {})), _floats(data.get("limits", {}))
    plain = {key: data[key] for key in ("location", "other_location", "channel") if key in data}
    profile = Profile(
        name=data.get("name", source.path.stem),
        url=_trimmed(data.get("url")),
        **plain,
        switches=Switches(**switches),
        limits=Limits(**limits),
        secrets=Secrets(**data.get("secrets", {})),
        foreign=tuple(data.get("foreign", {}).get("orders", ())),
        touch=Touch(**{key: tuple(value) for key, value in data.get("touch", {}).items()}),
        mock=data.get("mock", {}),
    )
    if profile.location and profile.location == profile.other_location:
        raise source.error("", "other_location", "other_location must differ from location, or be left out.")
    if profile.limits.hours and not profile.limits.time_zone:
        raise source.error("limits", "hours", 'limits.hours needs limits.time_zone beside it, as "Asia/Kolkata".')
    return profile


def known() -> list[str]:
    """The names that `load` takes without a path."""
    return sorted(path.stem for path in paths.HOSTS.glob("*.toml"))


def is_path(name_or_path: str | Path) -> bool:
    """Whether `load` takes it for a file of the user's: it ends in .toml or has a slash."""
    path = Path(name_or_path)
    return path.suffix.lower() == ".toml" or len(path.parts) > 1


def _read(name_or_path: str | Path, base: Path | None) -> ProfileText:
    own = is_path(name_or_path)
    path = Path(name_or_path).expanduser() if own else paths.HOSTS / f"{name_or_path}.toml"
    if not own and not path.is_file():
        name, names = str(name_or_path), known()
        raise UsageError(
            f"There is no profile {name!r} (the kit has {', '.join(names)}; a file of yours ends in .toml)"
            f"{hint(name, names)}"
        )
    return ProfileText(path, text_of(path, "profile file", base))


def syntax_error(source: ProfileText, problem: tomllib.TOMLDecodeError) -> UsageError:
    """One sentence about a file that is not TOML, with its line."""
    place = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)", str(problem))
    line = place[1] if place and place[1] else len(source.text.splitlines())
    said = str(problem)[: place.start()] if place else str(problem)
    column = f" at column {place[2]}" if place and place[2] else ""
    return UsageError(f"{source.path}, line {line}: this is not TOML{column}: {said[:1].lower()}{said[1:]}.")


def _floats(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: float(value) if key in ("settle", "rate", "timeout") else value for key, value in table.items()}


def _trimmed(url: str | None) -> str | None:
    return url.rstrip("/") if url else url


def _number(kind: Callable[[str], Any]) -> Callable[[Any], Any]:
    def parse(value: Any) -> Any:
        try:
            number = kind(str(value).strip())
        except ValueError:
            return math.nan
        return number

    return parse


_SETTABLE: Mapping[str, tuple[str, str, Key, Callable[[Any], Any]]] = {
    # option: its variable, its place in the profile, what it must be, how to read it
    "host": ("SELFSHIP_HOST", "url", URL, lambda value: str(value).strip()),
    "location": ("SELFSHIP_LOCATION", "location", Key("a location's code", bool), str),
    "other_location": ("SELFSHIP_OTHER_LOCATION", "other_location", Key("a location's code", bool), str),
    "settle": ("SELFSHIP_SETTLE", "switches.settle", SECONDS, _number(float)),
    "rate": ("SELFSHIP_RATE", "switches.rate", RATE, _number(float)),
    "concurrency": ("SELFSHIP_CONCURRENCY", "limits.concurrency", COUNT, _number(int)),
    "timeout": ("SELFSHIP_TIMEOUT", "limits.timeout", TIMEOUT, _number(float)),
}


def _given(options: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Place in the profile to value, of what options or environment give; UsageError names the one that is wrong."""
    found: dict[str, Any] = {}
    for option, (variable, place, key, parse) in _SETTABLE.items():
        raw, said = options.get(option), f"--{option.replace('_', '-')}"
        if raw is None:
            raw, said = environ.get(variable) or None, variable
        if raw is None:
            continue
        value = parse(raw)
        if not key.fits(value):
            shown = unfit(value) if key is URL else f", not '{raw}'"
            raise UsageError(f"{said} must be {key.wants}{shown}.")
        found[place] = value
    return found


def resolve(profile: Profile, options: Mapping[str, Any], environ: Mapping[str, str]) -> Profile:
    """`profile` under the environment's variables, under the options; an option that is None was not given.

    Options: host, location, other_location, settle, rate, concurrency, timeout. Concurrency, where nobody gives it,
    is 32 on this machine and 16 elsewhere, and wider where answers take long.
    """
    given = _given(options, environ)
    url = _trimmed(given.get("url", profile.url))
    switches = {key: given[f"switches.{key}"] for key in ("settle", "rate") if f"switches.{key}" in given}
    limits = {key: given[f"limits.{key}"] for key in ("concurrency", "timeout") if f"limits.{key}" in given}
    if not (limits.get("concurrency") or profile.limits.concurrency):
        near = url is None or is_loopback(url)
        limits["concurrency"], limits["widest"] = (32, 128) if near else (16, 48)
    resolved = replace(
        profile,
        name=profile.name or (urlsplit(url).netloc if url else "mock"),
        url=url,
        location=given.get("location", profile.location),
        other_location=given.get("other_location", profile.other_location),
        switches=replace(profile.switches, **switches),
        limits=replace(profile.limits, **limits),
    )
    if resolved.location and resolved.location == resolved.other_location:
        raise UsageError("--other-location must differ from --location: leave it out if there is only one.")
    return resolved


def _refuse_empty(environ: Mapping[str, str]) -> None:
    """UsageError where a variable was to name the host and is empty: the mock's certificate would be taken for its."""
    for variable in ("SELFSHIP_HOST", "SELFSHIP_PROFILE"):
        if variable in environ:
            raise UsageError(
                f"{variable} is set and empty: give it a value, or unset it where the embedded mock is meant."
            )


def configured(options: Mapping[str, Any], environ: Mapping[str, str], base: Path | None = None) -> Profile:
    """The profile that a run asks for, resolved. Its `url` is None where the embedded mock is meant.

    `--profile`, else SELFSHIP_PROFILE; without either, an open profile for a given host and `mock` for none. What
    `--touch` names takes the place of what the profile names.
    """
    name = options.get("profile")
    if name is not None and not str(name).strip():
        raise UsageError("--profile is empty: name a profile, or leave it out.")
    name = name or environ.get("SELFSHIP_PROFILE")
    found = resolve(load(name, base) if name else Profile(), options, environ)
    if not (name or found.url):
        _refuse_empty(environ)
        found = resolve(load("mock"), options, environ)
    given = options.get("touch")
    return replace(found, touch=read(given, base or Path.cwd())) if given else found
