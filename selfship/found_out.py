"""What a profile left open and a run found out: as rows of the dialect, and as lines to paste into the profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from selfship.results import Observation

SWITCHES: Mapping[str, tuple[str, str]] = {
    "edition": ("NDR-1", "Which edition of the status values does the host follow?"),
    "invoicing": ("FWD-2", "Who invoices a confirmed order?"),
    "credit_note": ("RET-5", "Who makes the credit note of an accepted return?"),
    "rto_acceptance": ("RTO-2", "Is a delivered RTO accepted by itself?"),
    "auth": ("AUTH-5", "Do the credentials cover one location, or all of a company?"),
}
"""The switches that a run can find out, each with the rule that depends on it and its question."""


def observations(detected: Mapping[str, str]) -> Iterator[Observation]:
    """A row of the dialect for each switch that was found out."""
    for name, (rule, question) in SWITCHES.items():
        if name in detected:
            yield Observation(rule, question, f'{name} = "{detected[name]}", found out by this run')


def lines(profile: Mapping[str, Any]) -> list[str]:
    """Lines of TOML that pin down what this run found out, from `target.profile` of the results; [] for nothing.

    What is still open stands among them as a comment.
    """
    detected = profile.get("detected") or {}
    found = [f'{name} = "{detected[name]}"' for name in SWITCHES if name in detected]
    still_open = [name for name in SWITCHES if name not in detected and profile.get(name) is None]
    if not found:
        return []
    return ["[switches]", *found, *(f"# {name}: this run could not tell" for name in still_open)]
