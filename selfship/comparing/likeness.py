"""Whether two runs can be held against each other, and what of their circumstances a reader must know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from selfship.results import Results
from selfship.verdict import Verdict

SWITCHES = ("edition", "invoicing", "credit_note", "rto_acceptance", "auth")


def unlike(old: Results, new: Results) -> list[str]:
    """Why these two are runs of different things, a clause each; empty where they are alike."""
    reasons = []
    was, now = (str(one.target.get("role", "host")) for one in (old, new))
    if was != now:
        reasons.append(f"one judges a {was}, the other a {now}")
    before, after = _profile(old), _profile(new)
    names = [profile_name(one) for one in (old, new)]
    if all(names) and names[0] != names[1]:
        reasons.append(f"their profiles are {names[0]} and {names[1]}")
    reasons += [
        f"{switch} is {before[switch]} in the old one and {after[switch]} in the new one"
        for switch in SWITCHES
        if None not in (pair := (before.get(switch), after.get(switch))) and pair[0] != pair[1]
    ]
    reasons += _other_rules(old, new)
    return reasons + _other_scope(old, new)


def circumstances(old: Results, new: Results) -> list[str]:
    """What is not the same and does not keep the runs from being compared: a sentence each."""
    notes = []
    if old.kit.get("version") != new.kit.get("version"):
        notes.append(f"The kit changed: version {old.kit.get('version')} then, {new.kit.get('version')} now.")
    elif old.kit.get("suites_digest") != new.kit.get("suites_digest"):
        notes.append("The kit changed: its suites are not the same in the two runs.")
    if old.kit.get("requirements_digest") != new.kit.get("requirements_digest"):
        notes.append("The kit's table of requirements is not the same in the two runs.")
    if old.target.get("url") != new.target.get("url"):
        notes.append(f"The address is another: {old.target.get('url')} then, {new.target.get('url')} now.")
    for name in ("location", "other_location"):
        was, now = _profile(old).get(name), _profile(new).get(name)
        if was != now:
            notes.append(f"{name} is another: {was or 'none'} then, {now or 'none'} now.")
    if old.run.get("seed") != new.run.get("seed"):
        notes.append("The seeds differ, so the generated requests do.")
    return notes


def _profile(results: Results) -> Mapping[str, Any]:
    found = results.target.get("profile")
    return found if isinstance(found, Mapping) else {}


def profile_name(results: Results) -> str | None:
    """The name of the profile that was given; None where it is no more than the host's address."""
    name = _profile(results).get("name")
    return None if name in (None, "", urlsplit(str(results.target.get("url", ""))).netloc) else str(name)


def _other_rules(old: Results, new: Results) -> list[str]:
    before, after = ({row.id: (row.level, row.statement) for row in one.requirements} for one in (old, new))
    reasons = []
    if only := sorted(before.keys() ^ after.keys()):
        reasons.append(f"only one of them has {_some(only)}")
    if other := sorted(name for name in before.keys() & after.keys() if before[name] != after[name]):
        reasons.append(f"{_some(other)} {'says' if len(other) == 1 else 'say'} something else in the other run")
    return reasons


def _other_scope(old: Results, new: Results) -> list[str]:
    narrowed = [bool(one.run.get("narrowed")) for one in (old, new)]
    if narrowed[0] != narrowed[1]:
        return [f"the {'old' if narrowed[0] else 'new'} one was narrowed to some of its checks, the other was not"]
    if narrowed[0] and _selected(old) != _selected(new):
        return ["both were narrowed, but not to the same checks"]
    return []


def _selected(results: Results) -> set[str]:
    return {row.id for row in results.requirements if row.checks or row.verdict is not Verdict.NOT_TESTABLE}


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:6])
    return f"{shown} and {len(names) - 6} more" if len(names) > 6 else shown
