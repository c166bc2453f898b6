"""What must hold of a recording, each with its sentence. Judgements call these; only what they raise is a verdict.

CheckFailedError       the host broke the rule
BlockedError           something that the check rests on broke; names it
NotTestableError       what the check needs is not there; says what to prepare
NotApplicableError     the profile, or the host, has no such capability
"""

from __future__ import annotations

from collections.abc import Sequence

from selfship.answers import Kind
from selfship.exchanges import Exchange
from selfship.lifecycle import Event, State
from selfship.pace import Interrupted
from selfship.scenario import Recording, Step


class CheckFailedError(AssertionError):
    """`rule`: the requirement that was broken, where it is another than the check's mark; `cell`: of the table."""

    def __init__(
        self,
        message: str,
        exchanges: Sequence[int] = (),
        *,
        rule: str | None = None,
        cell: tuple[State, Event] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.exchanges, self.rule, self.cell = message, tuple(exchanges), rule, cell


class BlockedError(Exception):
    """`by`: the requirement whose failure explains it."""

    def __init__(self, by: str, message: str, exchanges: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.by, self.message, self.exchanges = by, message, tuple(exchanges)


class NotTestableError(Exception):
    def __init__(self, advice: str) -> None:
        super().__init__(advice)
        self.advice = advice


class NotApplicableError(Exception):
    pass


VERDICTS = (CheckFailedError, BlockedError, NotTestableError, NotApplicableError, Interrupted)
"""What a judgement raises to say what it found."""

seen: list[int] = []
"""The exchanges that the judgement under way has looked at: its evidence if it passes. The plugin empties it."""

under: list[str] = []
"""The requirements that the judgement under way is about. The plugin sets them."""

NO_ANSWER = "no answer"
"""Blocks a check whose request was never answered: inconclusive, and no rule's failure."""


def that(holds: object, message: str, exchanges: Sequence[int] = ()) -> None:
    """`message`, unless it holds: who did what, and what was expected."""
    __tracebackhide__ = True
    seen.extend(exchanges)
    if not holds:
        raise CheckFailedError(message, exchanges)


def step(recording: Recording, name: str) -> Step:
    """The step `name` of a scenario; where it was not reached, what kept the scenario from it is raised."""
    __tracebackhide__ = True
    ready(recording)
    if name in recording.steps:
        return recording.steps[name]
    if recording.broken:
        broken = recording.broken
        raise BlockedError(
            _blame(broken), f"{recording.scenario} broke off at {broken.name}: {broken.message}", broken.exchanges
        )
    if recording.missing:
        raise missing(recording)
    if recording.spared:
        raise NotTestableError(recording.spared)
    raise KeyError(f"{recording.scenario} has no step {name!r}")


def whole(recording: Recording) -> Recording:
    """The recording, if its scenario came to its end."""
    __tracebackhide__ = True
    ready(recording)
    if recording.missing:
        raise missing(recording)
    if recording.broken:
        broken = recording.broken
        raise BlockedError(
            _blame(broken), f"{recording.scenario} broke off at {broken.name}: {broken.message}", broken.exchanges
        )
    return recording


def served(recording: Recording, name: str) -> Exchange:
    """The answer that a scenario kept as `name`; blocked where it was not served at all."""
    __tracebackhide__ = True
    if name not in recording.kept:
        whole(recording)
    exchange: Exchange = recording.kept[name]
    if exchange.status is None:
        raise BlockedError(NO_ANSWER, f"{exchange.step} was not answered", [exchange.seq])
    if exchange.status >= 500:
        raise BlockedError("CON-8", f"{exchange.step}: HTTP {exchange.status}", [exchange.seq])
    return exchange


def ready(recording: Recording) -> None:
    """Raises what the kit itself did wrong while it played the scenario."""
    if isinstance(recording.crashed, Interrupted):
        # A new one each time: an exception that is raised again grows.
        raise Interrupted
    if recording.crashed:
        raise recording.crashed
    if recording.passed_by:
        raise NotApplicableError(str(recording.passed_by))


def missing(recording: Recording) -> Exception:
    lack = recording.missing
    if lack is None:
        return KeyError(recording.scenario)
    if lack.unflagged and lack.need.self_ship:
        return BlockedError("FET-7", f"{lack.unflagged} orders that would do do not say is_self_ship as a boolean")
    return NotTestableError(str(lack))


def _blame(broken: Step) -> str:
    if broken.outcome == "no_answer":
        return NO_ANSWER
    return {"server_error": "CON-8", "no_route": "CON-1"}.get(broken.outcome, broken.rule)


def accepted(done: Step) -> Step:
    """The step was taken, and the host shows it (see "accepted" in the rules)."""
    __tracebackhide__ = True
    seen.extend(done.exchanges)
    if done.outcome == "automatic":
        raise NotApplicableError("the host does this by itself")
    if done.outcome == "accepted":
        return done
    if done.outcome == "no_answer":
        raise BlockedError(NO_ANSWER, done.message, done.exchanges)
    if done.outcome in ("server_error", "no_route"):
        raise BlockedError(_blame(done), done.message, done.exchanges)
    if done.rule and under and done.rule not in under:
        raise BlockedError(done.rule, done.message, done.exchanges)
    raise CheckFailedError(done.message, done.exchanges)


def refused(done: Step, control: Step | None, *, needs_control: bool = True) -> Step:
    """The request was refused and changed nothing, and the same request without its defect is accepted (`control`)."""
    __tracebackhide__ = True
    seen.extend(done.exchanges)
    if done.outcome in ("accepted", "applied", "unclear_changed"):
        raise CheckFailedError(done.message, done.exchanges)
    if done.outcome == Kind.SERVER_ERROR.value:
        raise BlockedError("CON-8", done.message, done.exchanges)
    if done.outcome in (Kind.NO_ANSWER.value, Kind.PUT_OFF.value):
        raise BlockedError(NO_ANSWER, done.message, done.exchanges)
    if done.outcome == Kind.UNREADABLE.value:
        by = (done.answer.broken if done.answer else None) or "CON-2"
        raise BlockedError(by, done.message, done.exchanges)
    if done.outcome == "spoiled":
        raise BlockedError(done.message.rsplit("(", 1)[-1].rstrip(")") or done.rule, done.message, done.exchanges)
    if done.outcome != "refused":
        raise CheckFailedError(done.message, done.exchanges)
    if needs_control and control is None:
        event = done.event.value if done.event else done.name
        raise BlockedError(
            _rule_of(done.event) or done.rule,
            f"{done.name} was refused, but {event} was never accepted in this run, so the refusal proves nothing",
            done.exchanges,
        )
    if control is not None:
        seen.extend(control.exchanges[:1])
    return done


def works_alone(event: Event, control: Step | None) -> None:
    """What holds of many is judged only where the event is accepted of one: else that is what broke."""
    __tracebackhide__ = True
    if control is None:
        rule = _rule_of(event) or NO_ANSWER
        raise BlockedError(rule, f"{event.value} was never accepted in this run, not even alone")


def _rule_of(event: Event | None) -> str | None:
    from selfship import lifecycle

    return next((cell.rule for _, at, cell in lifecycle.cells() if at is event and cell.outcome == "accept"), None)
