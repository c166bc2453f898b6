"""When a host may be called: a span of the day in a time zone, as its owner names it (`limits.hours` of a profile)."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo

SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_OFFSET = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)")


def is_span(value: object) -> bool:
    """Whether it is two times of the day, such as `21:00-06:00`, that differ."""
    found = SPAN.fullmatch(value) if isinstance(value, str) else None
    return found is not None and found.groups()[:2] != found.groups()[2:]


def zone(name: object) -> tzinfo | None:
    """The time zone of that name, or of an offset such as `+05:30`; None where there is none on this machine."""
    if not isinstance(name, str):
        return None
    if name == "UTC":
        return UTC
    if offset := _OFFSET.fullmatch(name):
        ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(ahead if offset[1] == "+" else -ahead)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: the name of a folder of zones, such as "Asia".
        return None


@dataclass(frozen=True)
class Hours:
    """From `start` to `end` by the clock of `place`; where `end` is earlier, through midnight."""

    start: time
    end: time
    place: tzinfo
    name: str

    @classmethod
    def read(cls, span: str, zone_name: str) -> Hours:
        """ValueError where one of the two is wrong."""
        found, place = SPAN.fullmatch(span), zone(zone_name)
        if found is None or place is None:
            raise ValueError(f"{span} in {zone_name}")
        first, last = (time(int(found[n]), int(found[n + 1])) for n in (1, 3))
        return cls(first, last, place, f"{span} ({zone_name})")

    def open_at(self, moment: datetime) -> bool:
        """Whether the host may be called at `moment`, which knows its zone. The end itself is outside."""
        clock = moment.astimezone(self.place).time()
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def opens_after(self, moment: datetime) -> datetime:
        """The next start of the span, by the clock of its place."""
        there = moment.astimezone(self.place)
        opens = datetime.combine(there.date(), self.start, self.place)
        return opens if opens > there else datetime.combine(there.date() + timedelta(days=1), self.start, self.place)
