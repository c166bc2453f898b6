"""From what the judge remembers to a verdict for each rule, AGG-10 among them: did every order end as it must.

A rule passes only where its situation arose. Where it did not, the advice says what would make it arise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from selfship import requirements
from selfship.lifecycle import ENDINGS, State
from selfship.operations import OPERATIONS
from selfship.referee.rules.assumed import NEVER_RETRIED
from selfship.referee.rules.memory import Breach, Memory
from selfship.referee.rules.recovery import gave_up
from selfship.requirements import Requirement
from selfship.results import Evidence, Finding, RequirementResult
from selfship.verdict import Verdict

Reason = Literal["running", "finished", "idle", "stopped"]
GENERAL = ("AGG-1", "AGG-13", "AGG-16", "AGG-2", "AGG-3")
"""Rules of every call: who breaks them may get nowhere with any order."""
TITLES: Mapping[str, str] = {
    "AGG-1": "The token came in x-access-token and nowhere else.",
    "AGG-2": "Bodies fitted the contract, with ids as they were read.",
    "AGG-3": "No request held more than 20 items.",
    "AGG-4": "The decoys got neither AWB nor status.",
    "AGG-5": "Forward orders went by AWB, pack, dispatch and bag_picked, or by autoDispatch alone.",
    "AGG-6": "After autoDispatch no bag_picked came.",
    "AGG-7": "No status came that the order's state refuses.",
    "AGG-8": "Returns went by AWB, transit, delivery, acceptance and credit note.",
    "AGG-9": "RTOs went from bag_picked to rto_bag_delivered and the credit note.",
    "AGG-10": "Every order ended as it must.",
    "AGG-11": "What failed was sent again or given up, and what had succeeded was not.",
    "AGG-12": "After 429 and 503 the client waited.",
    "AGG-13": "After an expired token the client got a new one and went on.",
    "AGG-14": "After a time-out the client read the order first, or sent exactly the same.",
    "AGG-15": "Listings named a status and kept to the interval.",
    "AGG-16": "Reads named their location.",
    "AGG-17": "Locked orders were left alone.",
    "AGG-18": "Each order got one AWB.",
}


@dataclass(frozen=True)
class Standing:
    """Where one order of the session stands. `given`: the client must bring it to its end.

    `ended`: it has ended as it must; `over`: it is in a state from which nothing leads on; `locked`: it still is.
    """

    number: int
    id: str
    kind: str
    expect: str | None
    self_ship: bool
    appeared: bool
    state: State
    ended: bool
    given: bool = True
    locked: bool = False

    @property
    def over(self) -> bool:
        return self.state in ENDINGS


@dataclass(frozen=True)
class Ending:
    """How the session stands or ended. `standings` None: nobody knows which orders there are, as in a recording.

    `advice` has, for a rule whose situation did not arise, what would make it arise.
    """

    reason: Reason
    standings: Sequence[Standing] | None
    advice: Mapping[str, str]


@dataclass(frozen=True)
class _Untold:
    """A rule that was neither broken nor kept: why, and with which verdict."""

    verdict: Verdict
    message: str
    blocked_by: str | None = None


def rows(memory: Memory, ending: Ending, curl_of: Callable[[int], str | None]) -> list[RequirementResult]:
    """A row for each client rule. `curl_of` gives the line that repeats an exchange."""
    _stuck(memory, ending)
    complete(memory, ending)
    table = [one for one in requirements.load().values() if one.side == "client"]
    return [_row(one, memory, ending, curl_of) for one in table]


def _row(rule: Requirement, memory: Memory, ending: Ending, curl_of: Callable[[int], str | None]) -> RequirementResult:
    found = memory.of(rule.id)
    check = f"referee::{rule.id}"
    row = RequirementResult(
        rule.id, rule.level, rule.group, rule.statement, rule.source, Verdict.PASS, checks=found.held + found.broken
    )
    if found.broken:
        row.verdict = Verdict.FAIL if rule.level == "MUST" else Verdict.WARN
        row.findings = [_finding(breach, check, row.verdict, curl_of) for breach in found.breaches]
        if found.broken > len(found.breaches):
            row.findings[-1] = _more(row.findings[-1], found.broken - len(found.breaches))
    elif untold := _untold(rule.id, memory, ending):
        row.verdict, row.checks = untold.verdict, max(1, row.checks)
        advice = ending.advice.get(rule.id) if untold.verdict is Verdict.NOT_TESTABLE else None
        row.findings = [Finding(check, untold.verdict, untold.message, (), None, untold.blocked_by, advice)]
    else:
        row.evidence = [Evidence(check, TITLES[rule.id], tuple(found.seen))]
    row.orders = sum(1 for order in memory.orders.values() if order.touched)
    row.requests = found.held + found.broken
    return row


def _finding(breach: Breach, check: str, verdict: Verdict, curl_of: Callable[[int], str | None]) -> Finding:
    first = breach.exchanges[0] if breach.exchanges else None
    name = f"{check}[{breach.order}]" if breach.order else check
    return Finding(name, verdict, breach.message, breach.exchanges, curl_of(first) if first else None)


def _more(last: Finding, count: int) -> Finding:
    return Finding(last.check, last.verdict, f"{last.message} (and {count} more times)", last.exchanges, last.curl)


def _untold(rule: str, memory: Memory, ending: Ending) -> _Untold | None:
    """Why the rule is not shown to hold; None where it is."""
    special = {"AGG-4": _decoys, "AGG-6": _auto, "AGG-10": _orders, "AGG-16": _location, "AGG-17": _locks}.get(rule)
    if special:
        return special(memory, ending)
    return None if memory.of(rule).held else _not_shown(rule, memory)


def _not_shown(rule: str, memory: Memory, what: str = "") -> _Untold:
    general = next((name for name in GENERAL if memory.of(name).broken and name != rule), None)
    if general and not memory.of("AGG-5").held and not memory.of("AGG-8").held:
        return _Untold(Verdict.BLOCKED, f"The client got no further, for it broke {general}.", general)
    return _Untold(Verdict.NOT_TESTABLE, what or _NOT_ARISEN.get(rule, "The client has not shown it in this session."))


_NOT_ARISEN = {
    "AGG-1": "The client made no call with its token.",
    "AGG-2": "The client sent no body.",
    "AGG-3": "The client sent no list of items.",
    "AGG-5": "The client brought no forward order to bag_picked.",
    "AGG-7": "The client pushed no status that was taken.",
    "AGG-8": "The client completed no return.",
    "AGG-9": "The client completed no RTO.",
    "AGG-11": "No item of the client's was refused for a while and then taken.",
    "AGG-12": "The client called again after neither a 429 nor a 503.",
    "AGG-13": "No token of the client's expired while it was used.",
    "AGG-14": "No write of the client's was left without an answer and then followed up.",
    "AGG-15": "The client asked for no listing twice.",
    "AGG-18": "The client assigned no AWB.",
}


def _decoys(memory: Memory, _: Ending) -> _Untold | None:
    if not memory.of("AGG-7").held and not memory.of("AGG-18").held:
        return _not_shown("AGG-4", memory, "The client sent neither AWB nor status.")
    shown = [order for order in memory.orders.values() if order.self_ship is False]
    return (
        None
        if _hold(memory, "AGG-4", shown)
        else _not_shown("AGG-4", memory, "No order was shown that is not self-ship.")
    )


def _locks(memory: Memory, _: Ending) -> _Untold | None:
    if not memory.of("AGG-18").held:
        return _not_shown("AGG-17", memory, "The client wrote to no order.")
    shown = [order for order in memory.orders.values() if order.was_locked]
    return None if _hold(memory, "AGG-17", shown) else _not_shown("AGG-17", memory, "No order was shown locked.")


def _hold(memory: Memory, rule: str, orders: Sequence[object]) -> bool:
    memory.of(rule).held = len(orders)
    return bool(orders)


def _auto(memory: Memory, _: Ending) -> _Untold | None:
    if memory.of("AGG-6").held:
        return None
    if memory.of("AGG-5").held and not any(order.auto for order in memory.orders.values()):
        return _Untold(Verdict.NOT_APPLICABLE, "The client goes step by step and never uses autoDispatch.")
    return _not_shown("AGG-6", memory, "The client took no order beyond autoDispatch.")


def _location(memory: Memory, _: Ending) -> _Untold | None:
    if memory.of("AGG-16").held:
        return None
    if memory.terms.company is False:
        return _Untold(Verdict.NOT_APPLICABLE, "The credentials of this session cover one location.")
    if memory.terms.company is None:
        return _Untold(Verdict.NOT_TESTABLE, "The recording does not say whether the credentials are company-level.")
    return _not_shown("AGG-16", memory, "The client read no orders.")


# AGG-10


def complete(memory: Memory, ending: Ending) -> None:
    """Works AGG-10 out anew, from how the orders stand now."""
    found = memory.of("AGG-10")
    found.held, found.broken, found.seen, found.breaches = 0, 0, [], []
    if ending.standings is None:
        return
    for one in _given(ending.standings):
        if one.ended:
            memory.held("AGG-10")
        elif one.appeared and _is_forgotten(one, memory, ending):
            found.broken += 1
            found.breaches.append(Breach("AGG-10", _how_it_stands(one), (), one.id))


def _stuck(memory: Memory, ending: Ending) -> None:
    """AGG-13 of a client that ended where its token did, and AGG-12 of one that ended with a 503."""
    if memory.expired and ending.reason in ("idle", "finished") and not memory.of("AGG-13").broken:
        told = "The token expired, and the client neither asked for a new one nor went on."
        memory.broke(Breach("AGG-13", told, (memory.expired[0].seq,)))
    for rule in NEVER_RETRIED:
        _not_sent_again(rule, memory, ending)
    last = memory.last
    # Idle: since that answer there was no call at all.
    if last and last.exchange.status == 503 and ending.reason == "idle" and not memory.of("AGG-12").broken:
        told = f"{OPERATIONS[last.operation].label} was answered 503, and the client never called again: it must retry."
        memory.broke(Breach("AGG-12", told, (last.seq,)))


def _not_sent_again(rule: str, memory: Memory, ending: Ending) -> None:
    """Orders that never ended, for a write that a 401 or a 503 stopped was never sent again."""
    if memory.of(rule).broken or ending.reason not in ("idle", "finished"):
        return
    for one in _given(ending.standings or ()):
        assumed = memory.order(one.id).assumed if one.appeared and not one.ended else None
        if assumed and assumed.rule == rule:
            label = OPERATIONS[assumed.key[0]].label
            told = f"{label} {assumed.told} for order {one.id}, and was never sent again: the order was left in"
            memory.broke(Breach(rule, f"{told} {one.state}.", (assumed.seq,), one.id))


def _given(standings: Iterable[Standing]) -> list[Standing]:
    return [one for one in standings if one.given]


def _is_forgotten(one: Standing, memory: Memory, ending: Ending) -> bool:
    """Whether the client is to blame that an order has not ended as it must, and nothing else explains it."""
    order = memory.order(one.id)
    if one.over:
        return not order.broke
    if ending.reason not in ("idle", "finished") or not memory.of("AGG-18").held or one.locked:
        return False
    if gave_up(order) or order.broke:
        return False
    return _cause(memory) is None


def _cause(memory: Memory) -> str | None:
    return next((name for name in GENERAL if memory.of(name).broken), None)


def _how_it_stands(one: Standing) -> str:
    if one.over:
        return f"Order {one.id} (number {one.number}) ended in {one.state}; it was to end as {one.expect}."
    return f"Order {one.id} (number {one.number}) was left in {one.state}; it was to end as {one.expect}."


def _orders(memory: Memory, ending: Ending) -> _Untold | None:
    if ending.standings is None:
        return _Untold(Verdict.NOT_TESTABLE, "A recording does not say which orders the client was given.")
    given = _given(ending.standings)
    open_ones = [one for one in given if not one.ended]
    if not open_ones:
        return None
    broke = next((rule for one in open_ones for rule in memory.order(one.id).broke if rule != "AGG-10"), None)
    cause = broke or _cause(memory)
    if cause:
        return _Untold(
            Verdict.BLOCKED,
            f"{len(open_ones)} of {len(given)} orders did not end as they must, for the client broke {cause}.",
            cause,
        )
    if not memory.of("AGG-18").held:
        return _Untold(Verdict.NOT_TESTABLE, f"The client completed none of its {len(given)} orders.")
    return _Untold(Verdict.NOT_TESTABLE, f"{len(open_ones)} of {len(given)} orders had not ended when the session did.")
