"""Whether a run may call a host at all, and what it may write to there: decided before the first request."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from selfship.errors import UsageError
from selfship.profile import Profile


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
