"""What a run saw of its host's pace: how fast it went, what held it back, how late changes showed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from selfship.host import Host


def seen(host: Host) -> dict[str, Any]:
    """For `results.json`: figures, and under `said` the sentences that a person reads."""
    pace, presence = host.wire.pace, host.wire.presence
    return {
        "in_flight": pace.most,
        "fewest_in_flight": pace.fewest,
        "fastest": pace.fastest,
        "rate": round(pace.rate, 1),
        "throttled": pace.throttled,
        "settle_needed": round(host.needed_settle, 3),
        "away_s": round(presence.away_s, 1),
        "said": list(_sentences(host)),
    }


def _sentences(host: Host) -> Iterator[str]:
    pace, presence = host.wire.pace, host.wire.presence
    yield f"At most {_count(pace.most, 'request')} in flight, {_count(pace.fastest, 'answer')} in the busiest second."
    if pace.throttled:
        times = _count(pace.throttled, "time")
        yield f"The host answered 429 {times}; the run kept to {pace.rate:.3g} requests a second."
    if pace.fewest < pace.concurrency:
        few = _count(pace.fewest, "request")
        yield f"Answers came late under load, or 503: at times only {few} were let in flight."
    if host.needed_settle:
        late = f"up to {host.needed_settle:.1f} s after they were accepted"
        yield f"Changes showed {late}; {host.settle:g} s are allowed."
    if presence.away_s >= 1:
        yield f"For {presence.away_s:.0f} s nothing was heard of the host."
    if presence.gone:
        yield presence.gone


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
