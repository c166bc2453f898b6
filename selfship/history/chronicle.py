"""The runs of one host, in order: what each found, what changed since the one before, and where that leads.

A run is held against the latest earlier one that is a run of the same thing; one that was narrowed is shown and
decides nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfship.archive import Archived
from selfship.certificate.words import count, listed
from selfship.comparing import likeness, rules
from selfship.comparing.rules import Kind
from selfship.results import Results
from selfship.verdict import RunVerdict, Verdict

BROKEN = (Verdict.FAIL, Verdict.ERROR)
NOTED = (Verdict.FAIL, Verdict.ERROR, Verdict.WARN, Verdict.WAIVED)


@dataclass(frozen=True)
class Entry:
    """One run. `held` of `must`: the MUST rules shown to hold, and all. `before`: the start of what it is beside."""

    folder: Path
    results: Results
    held: int
    must: int
    regressions: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    before: str | None = None

    @property
    def started(self) -> str:
        return str(self.results.run.get("started", ""))

    @property
    def verdict(self) -> RunVerdict:
        return self.results.verdict

    @property
    def narrowed(self) -> bool:
        return bool(self.results.run.get("narrowed"))

    def having(self, *verdicts: Verdict) -> list[str]:
        """The rules with one of these verdicts."""
        return [row.id for row in self.results.requirements if row.verdict in verdicts]

    def verdict_of(self, rule: str) -> Verdict | None:
        return next((row.verdict for row in self.results.requirements if row.id == rule), None)

    def to_json(self) -> dict[str, Any]:
        run, kit = self.results.run, self.results.kit
        counts = Counter(row.verdict.value for row in self.results.requirements)
        return {
            "folder": str(self.folder),
            "id": run.get("id"),
            "started": self.started,
            "verdict": self.verdict.value,
            "narrowed": self.narrowed,
            "kit": kit.get("version"),
            "requests": run.get("requests"),
            "wall_s": run.get("wall_s"),
            "must_held": self.held,
            "must": self.must,
            "counts": dict(counts),
            "broken": self.having(*BROKEN),
            "compared_with": self.before,
            "regressions": list(self.regressions),
            "fixed": list(self.fixed),
        }


@dataclass(frozen=True)
class Host:
    """All runs of one host, or of one client, the oldest first."""

    name: str
    role: str
    entries: list[Entry]

    @property
    def rules(self) -> list[str]:
        """Every rule of its runs, in the order of the newest."""
        return list(dict.fromkeys(row.id for entry in reversed(self.entries) for row in entry.results.requirements))

    @property
    def trend(self) -> str:
        """Where it stands and since when, in a sentence or two."""
        whole = [one for one in self.entries if not one.narrowed]
        if not whole:
            return "No whole run so far: nothing is certified."
        last = whole[-1]
        same = _last_ones(whole, last.verdict)
        since = f", as in the last {len(same)} runs" if len(same) > 1 else ""
        parts = [f"{last.verdict.replace('_', ' ').capitalize()}{since}."]
        since_when: dict[str, list[str]] = defaultdict(list)
        for rule in last.having(*BROKEN):
            since_when[_since(whole, rule).started[:10]].append(rule)
        for day, broken in sorted(since_when.items()):
            parts.append(f"Broken since {day}: {listed(broken)}.")
        if len(whole) > 1:
            parts.append(_moved(whole[-2], last))
        return " ".join(part for part in parts if part)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "role": self.role,
            "trend": self.trend,
            "runs": [one.to_json() for one in self.entries],
            "rules": {
                rule: [verdict.value if (verdict := one.verdict_of(rule)) else None for one in self.entries]
                for rule in self.rules
            },
        }


def hosts(runs: Sequence[Archived]) -> list[Host]:
    """The hosts of these runs, which come the oldest first; by name."""
    by_name: dict[tuple[str, str], list[Archived]] = defaultdict(list)
    for run in runs:
        by_name[_name(run.results), str(run.results.target.get("role", "host"))].append(run)
    return [Host(*key, _entries(own)) for key, own in sorted(by_name.items())]


def _name(results: Results) -> str:
    """What makes runs those of one host: the profile's name or the address, and the location."""
    profile = results.target.get("profile")
    profile = profile if isinstance(profile, dict) else {}
    name = likeness.profile_name(results) or str(results.target.get("url", ""))
    return f"{name}, {profile['location']}" if profile.get("location") else name


def _entries(runs: Sequence[Archived]) -> list[Entry]:
    found: list[Entry] = []
    for run in runs:
        must = [row for row in run.results.requirements if row.level == "MUST" and row.verdict != "not_applicable"]
        entry = Entry(run.folder, run.results, sum(row.verdict is Verdict.PASS for row in must), len(must))
        found.append(_beside(entry, found))
    return found


def _beside(entry: Entry, earlier: Sequence[Entry]) -> Entry:
    """The entry with what changed since the latest earlier run of the same thing."""
    before = next((one for one in reversed(earlier) if not likeness.unlike(one.results, entry.results)), None)
    if before is None:
        return entry
    changes = rules.changes(before.results, entry.results)
    regressions, fixed = ([one.id for one in changes if one.kind is kind] for kind in (Kind.REGRESSION, Kind.FIXED))
    return Entry(entry.folder, entry.results, entry.held, entry.must, tuple(regressions), tuple(fixed), before.started)


def _last_ones(whole: Sequence[Entry], verdict: RunVerdict) -> list[Entry]:
    """The runs at the end that all have this verdict."""
    other = next((place for place, one in enumerate(reversed(whole)) if one.verdict is not verdict), len(whole))
    return list(whole[len(whole) - other :])


def _since(whole: Sequence[Entry], rule: str) -> Entry:
    """The first of the runs at the end in which the rule is broken."""
    first = whole[-1]
    for entry in reversed(whole):
        if entry.verdict_of(rule) not in BROKEN:
            break
        first = entry
    return first


def _moved(before: Entry, last: Entry) -> str:
    if last.held == before.held:
        return ""
    word, how_many = "more" if last.held > before.held else "fewer", abs(last.held - before.held)
    return f"{count(how_many, 'MUST rule')} {word} held than in the run before."
