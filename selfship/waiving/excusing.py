"""What waivers do to the checks of a run that has ended.

A broken rule that a waiver names becomes `waived`, with who answers for it. What a broken rule keeps from being judged
stays blocked: it was not shown to hold. A waiver past its day excuses nothing; one that excuses nothing, though all
that it names was judged, is stale. Both fail the gate, so that waivers do not pile up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from selfship.certificate.reason import LAPSED
from selfship.judging import Check
from selfship.results import Results, Waived
from selfship.verdict import EXIT_STATUS, RunVerdict, Verdict
from selfship.waiving.file import Waiver

BROKEN = (Verdict.FAIL, Verdict.WARN)
UNJUDGED = (Verdict.ERROR, Verdict.BLOCKED, Verdict.NOT_TESTABLE)
GATE_FAILED = EXIT_STATUS[RunVerdict.NONCONFORMING]


def in_force(waivers: Iterable[Waiver], requirement: str, check: str, today: date) -> Waiver | None:
    """The waiver that excuses a failure of this check today, if there is one."""
    return next((one for one in waivers if one.expires >= today and one.names(requirement, check)), None)


def excused(checks: Sequence[Check], waivers: Sequence[Waiver], today: date) -> list[Check]:
    """The checks, those that broke and that a waiver names as `waived`."""
    found = []
    for check in checks:
        waiver = in_force(waivers, check.requirement, check.id, today) if check.verdict in BROKEN else None
        found.append(_excuse(check, waiver) if waiver else check)
    return found


def _excuse(check: Check, waiver: Waiver) -> Check:
    message = check.message.rstrip()
    stop = "" if message.endswith((".", "!", "?")) else "."
    return replace(check, verdict=Verdict.WAIVED, message=f"{message or check.title}{stop} {by_whom(waiver)}")


def by_whom(waiver: Waiver) -> str:
    """Who answers for a failure, until when and why, in a sentence."""
    return f"Waived by {waiver.owner} until {waiver.expires} ({waiver.ticket}): {waiver.reason.rstrip('. ')}."


def accounts(checks: Sequence[Check], waivers: Sequence[Waiver], today: date, *, narrowed: bool) -> list[Waived]:
    """What became of each waiver; `checks` as they were before any was excused."""
    return [_account(waiver, checks, waivers, today, narrowed=narrowed) for waiver in waivers]


def _account(
    waiver: Waiver, checks: Sequence[Check], waivers: Sequence[Waiver], today: date, *, narrowed: bool
) -> Waived:
    own = [check for check in checks if waiver.names(check.requirement, check.id)]
    broken = [check for check in own if check.verdict in BROKEN]
    covers = [one.id for one in broken if in_force(waivers, one.requirement, one.id, today) is waiver]
    status, words = _status(waiver, own, broken, today, narrowed=narrowed)
    return Waived(
        waiver.requirement,
        waiver.check,
        waiver.owner,
        waiver.reason,
        waiver.expires.isoformat(),
        waiver.ticket,
        status,
        words,
        tuple(dict.fromkeys(covers)),
    )


def _status(
    waiver: Waiver, own: Sequence[Check], broken: Sequence[Check], today: date, *, narrowed: bool
) -> tuple[str, str]:
    name, owner = waiver.name, waiver.owner
    if waiver.expires < today:
        left = "what it excused is still broken" if broken else "nothing that it excused is broken now"
        ended = f"The waiver of {name} expired on {waiver.expires}"
        return "expired", f"{ended}; {left}: {owner} renews it or takes it out."
    if broken:
        how_many = f"{len(broken)} checks are" if len(broken) > 1 else "1 check is"
        return "applied", f"{how_many} excused until {waiver.expires}."
    if narrowed or not own or any(check.verdict in UNJUDGED for check in own):
        return "untried", f"Not all that the waiver of {name} names was judged in this run."
    return "stale", f"The waiver of {name} is stale, all that it excused passes now: {owner} takes it out."


def lapsed(results: Results) -> list[Waived]:
    """The waivers that fail the gate."""
    return [one for one in results.waivers if one.status in LAPSED]


def exit_status(results: Results) -> int:
    """Of a run with its waivers: a lapsed one fails the gate of a run that nothing worse is said of."""
    status = EXIT_STATUS[results.verdict]
    return GATE_FAILED if lapsed(results) and results.verdict is not RunVerdict.ERROR else status
