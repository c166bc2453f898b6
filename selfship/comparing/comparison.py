"""A comparison as data: every form of it is made from this."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from selfship.archive import Archived
from selfship.comparing import around, likeness, rules
from selfship.comparing.around import Answer, Slower
from selfship.comparing.rules import Change, Kind
from selfship.errors import UsageError
from selfship.exchanges import Exchange
from selfship.results import Results
from selfship.verdict import RunVerdict

SCHEMA = "selfship-comparison/1"


@dataclass(frozen=True)
class Side:
    """One of the two runs, as a reader tells them apart."""

    id: str
    started: str
    url: str
    verdict: RunVerdict
    kit: str


@dataclass(frozen=True)
class Comparison:
    """What changed. `unlike`: why the runs should not be compared, where somebody wanted it all the same."""

    old: Side
    new: Side
    unlike: list[str]
    notes: list[str]
    changes: list[Change]
    latency: list[Slower]
    dialect: list[Answer]
    answers: list[Answer]

    @property
    def regressions(self) -> list[Change]:
        return self.of(Kind.REGRESSION)

    def of(self, kind: Kind) -> list[Change]:
        return [one for one in self.changes if one.kind is kind]

    @property
    def headline(self) -> str:
        """The comparison in one sentence."""
        counted = Counter(one.kind for one in self.changes)
        parts = [f"{counted[kind]} {_NOUNS[kind][counted[kind] != 1]}" for kind in Kind if counted[kind]]
        news, latencies = len(self.dialect) + len(self.answers), len(self.latency)
        parts += [f"{news} other answer{'s' if news > 1 else ''}"] if news else []
        parts += [f"{latencies} latenc{'ies' if latencies > 1 else 'y'} changed"] if latencies else []
        if not parts:
            return "Nothing changed between the two runs."
        return f"{'; '.join(parts)}." if counted[Kind.REGRESSION] else f"No regression; {'; '.join(parts)}."

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        found = asdict(self)
        return {"schema": SCHEMA, "regressions": [one.id for one in self.regressions], "noise": around.NOISE, **found}


_NOUNS = {
    Kind.REGRESSION: ("regression", "regressions"),
    Kind.STILL_FAILING: ("rule still failing", "rules still failing"),
    Kind.NEWLY_WAIVED: ("rule newly broken and waived", "rules newly broken and waived"),
    Kind.FIXED: ("rule fixed", "rules fixed"),
    Kind.NO_LONGER_TESTED: ("rule no longer tested", "rules no longer tested"),
    Kind.NEWLY_TESTED: ("rule newly tested", "rules newly tested"),
    Kind.INCONCLUSIVE: ("rule inconclusive", "rules inconclusive"),
}


def compare(old: Archived, new: Archived, *, anyway: bool = False) -> Comparison:
    """What changed from one run to another. UsageError where they are runs of different things, and not `anyway`."""
    if not anyway:
        refuse_unlike(old.results, new.results)
    return of(old.results, new.results, exchanges(old), exchanges(new))


def refuse_unlike(old: Results, new: Results) -> None:
    """UsageError, one sentence, where the runs judge different things."""
    if reasons := likeness.unlike(old, new):
        raise UsageError(
            f"These runs are not of the same thing: {'; '.join(reasons)}. `selfship compare --anyway` compares them "
            "all the same."
        )


def of(old: Results, new: Results, was: Sequence[Exchange], now: Sequence[Exchange]) -> Comparison:
    """What changed, whatever the runs are; the exchanges may be empty."""
    latencies = around.latency(old, new)
    return Comparison(
        _side(old),
        _side(new),
        likeness.unlike(old, new),
        likeness.circumstances(old, new) + around.latency_notes(old, new, latencies),
        rules.changes(old, new),
        latencies,
        around.dialect(old.dialect, new.dialect),
        around.statuses(was, now) if was and now else [],
    )


def exchanges(run: Archived) -> list[Exchange]:
    """Those of a run's HAR; none where the HAR was not kept: rules are compared without it."""
    try:
        return run.exchanges()
    except UsageError:
        return []


def _side(results: Results) -> Side:
    return Side(
        str(results.run.get("id", "")),
        str(results.run.get("started", "")),
        str(results.target.get("url", "")),
        results.verdict,
        str(results.kit.get("version", "")),
    )
