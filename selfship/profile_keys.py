"""The keys of a profile file, and what each may hold: one table, and the sentences about what does not fit it.

Knows the file's text, so that a sentence can name the line. Never repeats a value that may be a secret.
"""

from __future__ import annotations

import math
import re
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selfship import hours
from selfship.errors import UsageError
from selfship.nearest import either, hint, nearest


@dataclass(frozen=True)
class Key:
    """What a value must be, in words and as a test. `words`: the values allowed, where they can be listed."""

    wants: str
    fits: Callable[[Any], bool]
    words: Callable[[], Iterable[str]] = tuple


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_url(value: Any) -> bool:
    """An http or https address with a host, and nothing that could hide a secret."""
    if not isinstance(value, str) or not re.fullmatch(r"https?://\S+", value, re.IGNORECASE):
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and "@" not in parts.netloc and not parts.query and not parts.fragment


def unfit(value: str) -> str:
    """What an address lacks, as the end of a sentence; nothing of it that may be a secret is repeated."""
    if not value.strip():
        return ", and it is empty"
    if re.fullmatch(r"[A-Za-z0-9.-]+(:\d{1,5})?(/[\w./-]*)?", value):
        return f": write https://{value} or http://{value}"
    port = re.fullmatch(r"https?://[^/@?#]*:(\d+)/?", value)
    return f", and {port[1]} is no port" if port and not 0 < int(port[1]) < 65536 else ""


def _choice(*words: str) -> Key:
    return Key(either(words), lambda value: value in words, lambda: words)


TEXT = Key("a string in quotes, not empty", lambda v: isinstance(v, str) and bool(v.strip()))
URL = Key("an http(s) address without user, password or query", is_url)
SECONDS = Key("a number of seconds, 0 or more", lambda v: is_number(v) and v >= 0)
TIMEOUT = Key("a number of seconds above 0", lambda v: is_number(v) and v > 0)
RATE = Key("a number of requests a second, 0 for no limit", lambda v: is_number(v) and v >= 0)
COUNT = Key("a whole number from 1 to 500", lambda v: isinstance(v, int) and not isinstance(v, bool) and 1 <= v <= 500)
TEXTS = Key("a list of strings in quotes", lambda v: isinstance(v, list) and all(isinstance(x, str) and x for x in v))
ORDERS = Key("a list of order ids in quotes, since 20 digits do not survive as a number", TEXTS.fits)
VARIABLE = Key(
    "the name of an environment variable in capitals, never the secret itself",
    lambda v: isinstance(v, str) and re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", v) is not None,
)

HOURS = Key('two times of the day that differ, as "21:00-06:00"', hours.is_span)
ZONE = Key(
    'a time zone, as "Asia/Kolkata" or "+05:30"',
    lambda value: hours.zone(value) is not None,
    # Empty on a machine without a database of zones: there only offsets are known.
    lambda: sorted(zoneinfo.available_timezones()),
)

KEYS: Mapping[str, Mapping[str, Key]] = {
    "": {"name": TEXT, "url": URL, "location": TEXT, "other_location": TEXT, "channel": TEXT},
    "switches": {
        "edition": _choice("strict", "extended"),
        "invoicing": _choice("manual", "auto"),
        "credit_note": _choice("manual", "auto"),
        "rto_acceptance": _choice("explicit", "auto"),
        "auth": _choice("company", "location"),
        "settle": SECONDS,
        "rate": RATE,
        "page_size": COUNT,
    },
    "limits": {"concurrency": COUNT, "timeout": TIMEOUT, "hours": HOURS, "time_zone": ZONE},
    "secrets": dict.fromkeys(("token", "username", "password", "other_username", "other_password"), VARIABLE),
    "foreign": {"orders": ORDERS},
    "touch": {"orders": ORDERS, "channels": TEXTS, "locations": TEXTS},
}
FREE = ("mock",)
"""Tables whose keys belong to somebody else."""

_SECRET_KEY = re.compile(r"(^|[_-])(token|password|passwd|username|secret|api[_-]?key|authorization)$", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"^(ey[A-Za-z0-9_-]{10,}|Bearer\s)")


@dataclass(frozen=True)
class ProfileText:
    """A profile file as it was read: `path` as the user knows it, and the text, to find lines in."""

    path: Path
    text: str

    def line(self, table: str, key: str) -> int:
        """The line that sets `key` of `table` ('' is the top of the file), counted from 1."""
        current, header = "", 1
        dotted = re.escape(f"{table}.{key}" if table else key)
        for number, line in enumerate(self.text.splitlines(), start=1):
            if opened := re.match(r"\s*\[+\s*([^\[\]]+?)\s*\]", line):
                current = opened[1].strip("\"'")
                header = number if current == (table or key) else header
            elif (current == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line)) or (
                current == "" and re.match(rf"\s*{dotted}\s*=", line)
            ):
                return number
        return header

    def error(self, table: str, key: str, sentence: str) -> UsageError:
        return UsageError(f"{self.path}, line {self.line(table, key)}: {sentence}")


def check(source: ProfileText, data: Mapping[str, Any]) -> None:
    """UsageError, one sentence, for the first key, type or value of `data` that a profile cannot have."""
    for table, key, value in _leaves(data):
        _refuse_secret(source, table, key, value)
    for table, key, value in _settings(source, data):
        rule = KEYS[table].get(key)
        name = f"{table}.{key}" if table else key
        if rule is None:
            known = [*KEYS[table], *(k for k in (*KEYS, *FREE) if k and not table)]
            elsewhere = {one: place for place in KEYS for one in KEYS[place] if place != table}
            end = hint(key, known) if key not in elsewhere else f": it belongs {_below(elsewhere[key])}."
            if end == "." and (near := nearest(key, elsewhere)):
                end = f"; did you mean {near!r}, {_below(elsewhere[near])}?"
            raise source.error(table, key, f"{name} is not a key of a profile{end}")
        if not rule.fits(value):
            raise source.error(table, key, _misfit(name, rule, value, hide=table == "secrets" or rule is URL))


def _below(table: str) -> str:
    return f"under [{table}]" if table else "at the top, before any [table]"


def _misfit(name: str, rule: Key, value: Any, *, hide: bool) -> str:
    if hide:
        return f"{name} must be {rule.wants}."
    shown = f"'{value}'" if isinstance(value, str) else str(value)
    return f"{name} must be {rule.wants}, not {shown[:60]}{hint(str(value), rule.words())}"


def _settings(source: ProfileText, data: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(table, key, value) of all that the kit itself reads."""
    for key, value in data.items():
        if key not in KEYS and key not in FREE:
            yield "", key, value
        elif key and not isinstance(value, dict):
            raise source.error("", key, f"{key} must be a table: write [{key}] on a line of its own.")
        elif key in KEYS:
            yield from ((key, name, item) for name, item in value.items())


def _leaves(data: Mapping[str, Any], table: str = "") -> Iterator[tuple[str, str, Any]]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{table}.{key}" if table else key)
        else:
            yield table, key, value


def _refuse_secret(source: ProfileText, table: str, key: str, value: Any) -> None:
    if table == "secrets" and key in KEYS["secrets"]:
        return
    if isinstance(value, str) and (_SECRET_KEY.search(key) or _SECRET_VALUE.match(value)):
        name = f"{table}.{key}" if table else key
        raise source.error(
            table,
            key,
            f"{name} looks like a secret, and a profile holds none: put it into an environment variable "
            "and name that variable under [secrets].",
        )
