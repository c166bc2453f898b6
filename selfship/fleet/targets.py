"""Which hosts a command names, and with what each is certified: checked for all before the first is called."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selfship import permission
from selfship.credentials import Credentials, Secrets
from selfship.errors import UsageError
from selfship.profile import Profile, configured, is_path

MOST = 32
NOT_FOR_SEVERAL = ("baseline", "resume", "shard")
"""Options that speak of one run."""
OWN = ("host", "profile", "out", "quiet")


@dataclass(frozen=True)
class Target:
    """One host: its name (and folder), the options of its run, and the variables that hold its secrets."""

    name: str
    arguments: tuple[str, ...]
    url: str | None
    secrets: Secrets

    def environ(self, everybody: Sequence[Target], environ: Mapping[str, str]) -> dict[str, str]:
        """The environment of its run: without the secrets of other hosts."""
        foreign = {name for one in everybody for name in one.secrets.names()} - set(self.secrets.names())
        return {name: value for name, value in environ.items() if name not in foreign}


def named(options: Mapping[str, Any], environ: Mapping[str, str], base: Path) -> list[Target]:
    """The hosts that the options name. UsageError where one of them cannot be certified as it is named."""
    hosts, profiles = _several(options["host"]), _several(options["profile"])
    if len(hosts) > 1 and len(profiles) > 1:
        raise UsageError("Several --host and several --profile at once: put each address into its profile (url).")
    if len(profiles) > 1 and (hosts or environ.get("SELFSHIP_HOST")):
        raise UsageError("With several profiles each names its own host (url): leave out --host and SELFSHIP_HOST.")
    for option in NOT_FOR_SEVERAL:
        if options.get(option):
            raise UsageError(f"--{option} speaks of one run: certify the hosts one by one.")
    pairs = [(host, next(iter(profiles), None)) for host in hosts] if len(hosts) > 1 else [(None, p) for p in profiles]
    if len(pairs) > MOST:
        raise UsageError(f"{len(pairs)} hosts at once are too many for one machine: name at most {MOST}.")
    if len(set(pairs)) < len(pairs):
        raise UsageError("A host is named twice: its runs would write to the same orders.")
    shared = _shared(options)
    found: list[Target] = []
    for host, profile in pairs:
        one = {**options, "host": host, "profile": profile}
        resolved = _checked(one, environ, base, host or str(profile))
        name = _name(host, profile, {target.name for target in found})
        own = [f"--host={host}"] if host else []
        own += [f"--profile={profile}"] if profile else []
        found.append(Target(name, (*own, *shared), resolved.url, resolved.secrets))
    _refuse_the_same(found)
    return found


def _several(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,) if value else ()


def _checked(options: Mapping[str, Any], environ: Mapping[str, str], base: Path, name: str) -> Profile:
    try:
        resolved = configured(options, environ, base)
        permission.check(resolved, options)
        if resolved.url is not None:
            Credentials.read(resolved.secrets, environ).required()
    except UsageError as problem:
        raise UsageError(f"{name}: {problem}") from None
    return resolved


def _refuse_the_same(targets: Sequence[Target]) -> None:
    seen: dict[str, str] = {}
    for one in targets:
        if one.url is not None and one.url in seen:
            raise UsageError(f"{seen[one.url]} and {one.name} are one host: its runs would write to the same orders.")
        seen.setdefault(one.url or "", one.name)


def _name(host: str | None, profile: str | None, taken: set[str]) -> str:
    given = urlsplit(host).netloc if host else Path(str(profile)).stem if is_path(str(profile)) else str(profile)
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", given).strip(".-") or "host"
    number = 2
    unique = name
    while unique in taken:
        unique, number = f"{name}-{number}", number + 1
    return unique


def _shared(options: Mapping[str, Any]) -> list[str]:
    """The options that each run gets as they were given. Paths stay: the runs start in the same folder."""
    found: list[str] = []
    for name, value in options.items():
        if name in OWN or value in (None, (), False):
            continue
        flag = "-k" if name == "keyword" else f"--{name.replace('_', '-')}"
        values = value if isinstance(value, tuple) else (value,)
        for one in values:
            found += [flag] if one is True else [flag, os.fspath(one) if isinstance(one, Path) else str(one)]
    return found
