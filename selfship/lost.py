"""A write whose answer was lost: the order says what became of it. Nothing is sent again before that was looked at.

`Recording.lost` holds the writes of a scenario of which nobody knows yet. Where some are left, a run plays the
scenario once more on other orders, if there are any; else what rests on them is blocked, and no rule's failure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from selfship import orders
from selfship.answers import Answer, Kind
from selfship.exchanges import Exchange
from selfship.guard import named
from selfship.lifecycle import EVENTS, Event, State
from selfship.orders import View
from selfship.supply import Order
from selfship.ways import AWB_EVENTS

if TYPE_CHECKING:
    from selfship.flow import Flow
    from selfship.scenario import Step

Answered = tuple[Exchange, Answer]
TIMES = 3
"""How often, at most, one write is sent again, each time after the order was read."""
NOTE = "A connection was lost in the middle of a write; the order was read before anything was sent again"


def sent_again(
    flow: Flow, event: Event, order: Order, target: State, item: dict[str, Any], first: Answered
) -> Answered:
    """The answer that counts, for a documented step whose answer was lost.

    Where the order shows the step within settle, the lost one itself. Where it does not, the same request again: it
    was not applied. Where nothing can be seen either way, the same request again, byte for byte: a refusal then says
    that it was applied before, or that it is refused, so its answer stays lost until the next step tells.
    """
    wanted = item.get("awbNumber") if event in AWB_EVENTS else None
    visible = _visible(event, order.state, target)

    def shown(view: View) -> bool:
        return visible and orders.shows(view.status, target) and (wanted is None or wanted in view.awbs)

    exchange, answer = first
    for _ in range(TIMES):
        if answer.kind is not Kind.NO_ANSWER:
            break
        flow.host.wire.note(NOTE)
        view = flow.wait(order, shown)
        if view is None:
            break
        if shown(view):
            known(flow, exchange)
            break
        sent, answer = flow.write(EVENTS[event].operation, [item], step=f"{event.value}, again after a lost answer")
        if answer.refused and not visible:
            return exchange, Answer(Kind.NO_ANSWER, answer.items)
        known(flow, exchange)
        exchange = sent
    return exchange, answer


def _visible(event: Event | None, state: State | None, target: State) -> bool:
    return event in AWB_EVENTS or (state is not None and orders.tells_apart(state, target))


def known(flow: Flow, *exchanges: Exchange | int) -> None:
    """What became of these writes is known."""
    gone = {one if isinstance(one, int) else one.seq for one in exchanges}
    flow.recording.lost = [seq for seq in flow.recording.lost if seq not in gone]


def may_have_moved(step: Step, target: State) -> bool:
    """Whether a lost step may have been applied unseen, so that only the next one can tell."""
    return step.outcome == "no_answer" and not _visible(step.event, step.state, target)


def told_by(flow: Flow, lost: Step | None, step: Step) -> None:
    """The step after a lost one: taken, it shows that the lost one was applied; refused, it shows nothing."""
    if lost is None:
        return
    if step.outcome == "accepted":
        lost.outcome = "accepted"
        lost.message += "; the next documented step was taken, so it had been applied"
        known(flow, *lost.exchanges)
        if lost.event:
            flow.host.took(lost.event, lost)
    elif step.outcome == "refused":
        step.outcome = "no_answer"
        step.message = f"{step.name} was refused; the answer to {lost.name} before it was lost, which may be why"


def probed_again(
    flow: Flow, order: Order, before: View | None, send: Callable[[], Answered], first: Answered
) -> Answered:
    """The answer that counts, for a probe whose answer was lost: sent again where a look shows the order as it was."""
    exchange, answer = first
    for _ in range(TIMES):
        if answer.kind is not Kind.NO_ANSWER:
            break
        flow.host.wire.note(NOTE)
        flow.host.wire.pace.pause(flow.host.needed_settle * 1.5)
        now = flow.read(order)
        if before is None or now is None or not before.same_as(now):
            break
        known(flow, exchange)
        exchange, answer = send()
    return exchange, answer


def once_more(flow: Flow, operation: str, options: dict[str, Any], exchange: Exchange) -> Exchange:
    """The answer that counts, for a request that should change nothing and whose answer was lost.

    It is sent again, once every order that it names was read.
    """
    for _ in range(TIMES):
        if exchange.status is not None:
            break
        flow.host.wire.note(NOTE)
        flow.host.wire.pace.pause(flow.host.needed_settle * 1.5)
        for order in sorted(named((exchange.request_body or "").encode("utf-8", "surrogatepass"))):
            flow.read(order)
        known(flow, exchange)
        exchange = flow.call(operation, **options)
    return exchange
