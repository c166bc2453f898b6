"""A waiver file: what it may say, and one sentence for each mistake, with its line and the nearest right word."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from selfship import requirements
from selfship.errors import UsageError
from selfship.nearest import hint
from selfship.profile import syntax_error
from selfship.profile_keys import TEXT, Key, ProfileText
from selfship.textfile import text_of

CHECK = Key("the id of a check, in which * stands for anything", TEXT.fits)
DATE = Key("a date without quotes, such as 2026-12-31", lambda v: isinstance(v, date) and not isinstance(v, datetime))
NEEDED: Mapping[str, Key] = {"owner": TEXT, "reason": TEXT, "expires": DATE, "ticket": TEXT}
KEYS: Mapping[str, Key] = {"requirement": TEXT, "check": CHECK, **NEEDED}
TABLE = "waiver"


@dataclass(frozen=True)
class Waiver:
    """Excuses the failures of a requirement, or of the checks whose id fits, up to and including the day `expires`."""

    owner: str
    reason: str
    expires: date
    ticket: str
    requirement: str | None = None
    check: str | None = None

    @property
    def name(self) -> str:
        """What it excuses: a requirement's id or a check's, for a sentence."""
        return self.requirement or self.check or ""

    def names(self, requirement: str, check: str) -> bool:
        """Whether it speaks of this check of this requirement."""
        if self.requirement:
            return self.requirement == requirement
        # Not fnmatch: the brackets of a check's parameters stand for themselves.
        pattern = ".*".join(re.escape(part) for part in (self.check or "").split("*"))
        return bool(re.fullmatch(pattern, check, re.DOTALL))


@dataclass(frozen=True)
class _Text(ProfileText):
    """The file as it was read; finds a line of one of its `[[waiver]]` tables, counted from 0."""

    def at(self, place: int, key: str) -> int:
        seen, header = -1, 1
        for number, line in enumerate(self.text.splitlines(), start=1):
            if re.match(r"\s*\[", line):
                seen += 1
                header = number if seen == place else header
            elif seen == place and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line):
                return number
        return header

    def wrong(self, place: int, key: str, sentence: str) -> UsageError:
        return UsageError(f"{self.path}, line {self.at(place, key)}: {sentence}")


def load_waivers(path: Path, base: Path | None = None) -> list[Waiver]:
    """The waivers of a file (relative to `base`). UsageError, one sentence with its line, for what does not fit."""
    source = _Text(path, text_of(path, "waiver file", base))
    try:
        data = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as problem:
        raise syntax_error(source, problem) from None
    for key in data:
        if key != TABLE:
            raise source.error("", key, f"{key} is not a key of a waiver file{hint(key, [TABLE])}")
    rows = data.get(TABLE, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise source.error("", TABLE, "each waiver is a table of its own: write [[waiver]] on a line before its keys.")
    return [_waiver(source, place, row) for place, row in enumerate(rows)]


def refuse_unknown_checks(waivers: Sequence[Waiver], checks: Sequence[str]) -> None:
    """UsageError for a waiver that names a check which is none of `checks`: it would excuse nothing, unseen."""
    for waiver in waivers:
        if waiver.check and waiver.check.startswith("suites/") and not any(waiver.names("", one) for one in checks):
            near = [one.split("[")[0] if "[" not in waiver.check else one for one in checks]
            raise UsageError(f"No check fits the waiver of {waiver.check}{hint(waiver.check, near)}")


def _waiver(source: _Text, place: int, row: Mapping[str, Any]) -> Waiver:
    for key, value in row.items():
        if key not in KEYS:
            raise source.wrong(place, key, f"{key} is not a key of a waiver{hint(key, KEYS)}")
        if not KEYS[key].fits(value):
            raise source.wrong(place, key, f"{key} must be {KEYS[key].wants}, not {str(value)[:60]!r}.")
    if ("requirement" in row) == ("check" in row):
        raise source.wrong(place, "requirement", "a waiver names either a requirement or a check: give one of them.")
    if "requirement" in row:
        _known(source, place, row["requirement"])
    if missing := next((key for key in NEEDED if key not in row), None):
        raise source.wrong(place, missing, f"this waiver has no {missing}: give {NEEDED[missing].wants}.")
    return Waiver(**row)


def _known(source: _Text, place: int, name: str) -> None:
    table = requirements.load()
    if name not in table:
        raise source.wrong(place, "requirement", f"there is no requirement {name!r}{hint(name, table)}")
    if table[name].level == "OBSERVE":
        raise source.wrong(place, "requirement", f"{name} is only observed and cannot fail: leave this waiver out.")
