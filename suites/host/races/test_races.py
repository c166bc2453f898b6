"""Requests that overlap: one winner, and nothing lost."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from selfship import expect
from selfship.answers import Answer, Kind
from selfship.exchanges import Exchange
from selfship.host import Host
from selfship.lifecycle import Event
from selfship.orders import View
from selfship.scenario import Recording, Step

Control = Callable[[Event], Step | None]
ENDINGS = (Event.DELIVERY_DONE, Event.RTO_BAG_DELIVERED)
DELIVERED, RETURNED = "DELIVERED", ("RETURN_DELIVERED", "RETURN_ACCEPTED", "RETURN_COMPLETED", "CREDIT_NOTE_GENERATED")


def overlapped(*answered: Exchange) -> bool:
    """Whether any two of the requests were under way at the same time."""
    spans = sorted((datetime.fromisoformat(one.started), one.elapsed_ms) for one in answered)
    return any(start + timedelta(milliseconds=took) > later for (start, took), (later, _) in itertools.pairwise(spans))


def truly(rounds: list[list[Exchange]]) -> None:
    """Requests that never overlapped prove nothing of races."""
    if not any(overlapped(*one) for one in rounds):
        raise expect.NotTestableError("The requests did not overlap: allow more than one at a time (--concurrency).")


def readable(*answered: tuple[Exchange, Answer]) -> None:
    for exchange, answer in answered:
        if answer.kind is Kind.SERVER_ERROR:
            raise expect.BlockedError("CON-8", f"{exchange.step}: HTTP {exchange.status}", [exchange.seq])
        if answer.kind in (Kind.NO_ANSWER, Kind.PUT_OFF):
            raise expect.BlockedError(expect.NO_ANSWER, f"{exchange.step} was not answered", [exchange.seq])
        if answer.kind is Kind.UNREADABLE:
            raise expect.BlockedError(answer.broken or "CON-2", f"{exchange.step}: unreadable", [exchange.seq])


@pytest.mark.requirement("RAC-1")
@pytest.mark.control(*ENDINGS)
def test_one_of_two_endings_wins(race_to_the_end: Recording, control: Control) -> None:
    """delivery_done and rto_bag_delivered pushed at once on one order: exactly one wins, and the order shows it."""
    for event in ENDINGS:
        expect.works_alone(event, control(event))
    rounds = expect.whole(race_to_the_end).kept["rounds"]
    truly([[first[0], second[0]] for _, first, second, _ in rounds])
    for order, first, second, view in rounds:
        readable(first, second)
        evidence = [first[0].seq, second[0].seq, *([view.seq] if view else [])]
        winners = first[1].success + second[1].success
        expect.that(
            winners == 1,
            f"delivery_done and rto_bag_delivered at once on {order}: {winners} of 2 were accepted",
            evidence,
        )
        agrees = view is None or (view.status == DELIVERED if first[1].success else view.status in RETURNED)
        won = "delivery_done" if first[1].success else "rto_bag_delivered"
        expect.that(agrees, f"{won} won, but the order shows {view.status if view else None}", evidence)


@pytest.mark.requirement("RAC-1")
@pytest.mark.control(*ENDINGS)
def test_one_of_two_overlapping_batches_wins_the_shared_order(race_of_batches: Recording, control: Control) -> None:
    """Two batches that overlap in one order: exactly one of them wins it, and the order shows which."""
    for event in ENDINGS:
        expect.works_alone(event, control(event))
    rounds = expect.whole(race_of_batches).kept["rounds"]
    truly([[first[0], second[0]] for _, first, second, _ in rounds])
    for _, first, second, views in rounds:
        readable(first, second)
        shared: View | None = views[1]
        evidence = [first[0].seq, second[0].seq, *([shared.seq] if shared else [])]
        if None in views:
            raise expect.BlockedError("FET-1", "an order of the race could not be read", evidence)
        left, middle, right = (view.status for view in views)
        ended = middle == DELIVERED or middle in RETURNED
        expect.that(ended, f"two overlapping batches ended their shared order; it shows {middle}", evidence)
        delivered = (left == DELIVERED) + (middle == DELIVERED)
        returned = (middle in RETURNED) + (right in RETURNED)
        expect.that(
            first[1].success + second[1].success <= 3,
            f"two batches that share an order counted {first[1].success} and {second[1].success} items of 2 successful",
            evidence,
        )
        expect.that(
            (delivered, returned) == (first[1].success, second[1].success),
            f"two overlapping batches counted {first[1].success} and {second[1].success} successes, "
            f"the orders show {left}, {middle}, {right}",
            evidence,
        )


@pytest.mark.requirement("RAC-2")
@pytest.mark.control(Event.AUTO_DISPATCH)
def test_parallel_requests_all_take_effect(side_by_side: Recording, control: Control, host: Host) -> None:
    """Requests on different orders, sent at the same moment, all take effect."""
    expect.works_alone(Event.AUTO_DISPATCH, control(Event.AUTO_DISPATCH))
    sent = expect.whole(side_by_side).kept["all"]
    truly([[exchange for _, _, exchange, _, _ in sent]])
    for order, awb, exchange, answer, view in sent:
        readable((exchange, answer))
        evidence = [exchange.seq, *([view.seq] if view else [])]
        expect.that(answer.accepted, f"Update AWB of {order}, one of several at once, was not accepted", evidence)
        if view is None:
            raise expect.BlockedError("FET-1", "an order of the race could not be read", evidence)
        took = view.status == "TRANSIT" and (awb in view.awbs or not host.awb_shown)
        expect.that(took, f"{order} shows {view.status} and {list(view.awbs)} after Update AWB with {awb}", evidence)
