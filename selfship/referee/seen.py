"""What the referee's pages and its terminal show of one partner: as data, from the session as it stands."""

from __future__ import annotations

from typing import Any

from selfship.lifecycle import JOURNEY_OF, Event, Journey
from selfship.mock.order import Order
from selfship.referee.advice import advice
from selfship.referee.partner import Partner
from selfship.referee.rules.ending import Ending, Standing, rows
from selfship.verdict import Verdict

STEPS: dict[str, tuple[Event, ...]] = {
    "forward": (Event.AWB, Event.PACK, Event.DISPATCH, Event.BAG_PICKED, Event.DELIVERY_DONE),
    "rto": (Event.AWB, Event.PACK, Event.DISPATCH, Event.BAG_PICKED, Event.RTO_BAG_DELIVERED, Event.CREDIT_NOTE),
    "return": (
        Event.AWB,
        Event.RETURN_BAG_IN_TRANSIT,
        Event.RETURN_BAG_DELIVERED,
        Event.ACCEPT_RETURN,
        Event.CREDIT_NOTE,
    ),
}
"""The steps of each journey, as the page draws them."""
_NOT_STEPS = ("made", "unlocked", "automatic")


def expected(partner: Partner) -> dict[str, Any]:
    """What the client is to do: the same for programs as the page shows to people."""
    plan = partner.plan
    return {
        "scenario": plan.name,
        "about": plan.about,
        "partner": partner.own.name,
        "poll_interval": plan.poll_interval,
        "credit_note": plan.credit_note,
        "rto_acceptance": plan.rto_acceptance,
        "edition": plan.edition,
        "auth": plan.auth,
        "locations": list(plan.locations),
        "page_size": plan.page_size,
        "finished": partner.finished_at is not None,
        "orders": [_expected(partner, one) for one in partner.world.standings()],
    }


def _expected(partner: Partner, one: Standing) -> dict[str, Any]:
    order = partner.world.store.get(one.id)
    return {
        "number": one.number,
        "id": one.id if one.appeared else None,
        "kind": one.kind,
        "expect": one.expect if one.self_ship else None,
        "is_self_ship": one.self_ship,
        "appeared": one.appeared,
        "location": order.location if order else None,
        "locked": order.locked if order else None,
        "state": one.state.value if one.appeared else None,
        "ended": one.ended,
    }


def seen(partner: Partner) -> dict[str, Any]:
    """What the client has done so far, and how each rule stands."""
    standings = partner.world.standings()
    found = rows(partner.judge.memory, Ending("running", standings, advice(partner)), lambda _: None)
    return {
        "scenario": partner.plan.name,
        "partner": partner.own.name,
        "calls": partner.journal.count,
        "listings": partner.progress.listings,
        "ended": partner.progress.ended,
        "given": sum(one.given for one in standings),
        "finished": partner.finished_at is not None,
        "faults_left": len(partner.schedule.left),
        "orders": [_seen(partner, one) for one in standings],
        "rules": [
            {
                "id": row.id,
                "level": row.level,
                "verdict": row.verdict.value,
                "statement": row.statement,
                "count": row.requests,
                "says": next((f.message for f in row.findings), ""),
                "advice": next((f.advice for f in row.findings if f.advice), None),
            }
            for row in found
        ],
    }


def _seen(partner: Partner, one: Standing) -> dict[str, Any]:
    order = partner.world.store.get(one.id)
    broke = sorted(partner.judge.memory.orders[one.id].broke) if one.id in partner.judge.memory.orders else []
    return {
        **_expected(partner, one),
        "awb": order.awb if order else "",
        "courier": order.courier if order else "",
        "steps": _steps(order, one) if order else [],
        "broke": broke,
    }


def _steps(order: Order, one: Standing) -> list[dict[str, Any]]:
    """The steps of the order's journey, each with when it was taken, None where it has not been yet."""
    taken = {event: at for at, event, _ in _after_making(order)}
    rto = one.expect == "rto" or any(JOURNEY_OF[state] is Journey.RTO for _, _, state in _after_making(order))
    wanted = STEPS["rto" if rto and not order.is_return else one.kind]
    if Event.AUTO_DISPATCH in taken and not order.is_return:
        wanted = (Event.AUTO_DISPATCH, *(step for step in wanted if step not in _BY_AUTO))
    more = [name for name in taken if name not in wanted and name not in _NOT_STEPS]
    return [{"event": str(step), "at": taken.get(step)} for step in (*wanted, *more)]


_BY_AUTO = (Event.AWB, Event.PACK, Event.DISPATCH, Event.BAG_PICKED)


def _after_making(order: Order) -> list[Any]:
    made = max((n for n, step in enumerate(order.history) if step[1] == "made"), default=-1)
    return order.history[made + 1 :]


def loud(verdict: Verdict) -> bool:
    return verdict in (Verdict.FAIL, Verdict.WARN)
