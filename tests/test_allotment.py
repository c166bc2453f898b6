"""Who gets which order: nothing changes with orders in plenty; with few of them each walks its whole journey."""

from __future__ import annotations

import pytest

from selfship import scenarios
from selfship.allotment import Allotment, Ask, Kind, allot, forecast, spent
from selfship.itinerary import Key, Place, joined, needs_of, steps
from selfship.lifecycle import Event, State
from selfship.scenario import SCENARIOS

S, E = State, Event
assert scenarios.CONTROLS

ONE_EACH = {Kind(S.DP_ASSIGNED): 1, Kind(S.RETURN_DP_ASSIGNED): 1}


def asks(*keys: Key, level: str = "MUST") -> list[Ask]:
    """A requirement of its own for each scenario."""
    return [Ask(f"R-{number}", level, frozenset({key})) for number, key in enumerate(keys)]


def every(level: str = "MUST") -> list[Ask]:
    keys = [(which.name, param) for which in SCENARIOS.values() for param in which.params or (None,)]
    return asks(*keys, level=level)


def turns(plan: Allotment, slot: int) -> list[Key]:
    return [turn.key for turn in plan.turns if slot in turn.slots]


def test_with_orders_in_plenty_everybody_has_orders_of_their_own() -> None:
    plan = allot({Kind(S.DP_ASSIGNED): 10}, asks(("stepwise", None), ("ndr", None), ("rto", None)))
    assert not plan.shared
    assert set(plan.free) == {("stepwise", None), ("ndr", None), ("rto", None)}
    assert spent(plan) == 3


def test_one_order_walks_its_journey_and_meets_on_its_way_those_who_only_probe() -> None:
    rows = [("matrix", state) for state in (S.DP_ASSIGNED, S.BAG_PACKED, S.HANDED_OVER_TO_DG, S.BAG_PICKED)]
    plan = allot({Kind(S.DP_ASSIGNED): 1}, asks(("stepwise", None), *rows))
    assert plan.played == {("stepwise", None), *rows}
    on_the_way = [turn.key for turn in plan.turns if turn.during == ("stepwise", None)]
    assert on_the_way == rows[:3]
    assert turns(plan, 0)[-1] == rows[3]
    assert spent(plan) == 1


def test_a_journey_goes_on_where_another_has_led_the_order() -> None:
    plan = allot({Kind(S.DP_ASSIGNED): 1}, asks(("stepwise", None), ("ndr", None), ("matrix", S.DELIVERY_DONE)))
    assert [turn.key for turn in plan.turns] == [("stepwise", None), ("ndr", None), ("matrix", S.DELIVERY_DONE)]


def test_an_order_ends_once_and_the_end_that_judges_most_is_chosen() -> None:
    more = [("matrix", S.RTO_BAG_DELIVERED), ("matrix", S.RTO_BAG_ACCEPTED)]
    plan = allot({Kind(S.DP_ASSIGNED): 1}, asks(("delivered", None), ("rto", None), *more))
    assert ("rto", None) in plan.played
    assert ("delivered", None) in plan.lacking


def test_what_spends_its_orders_comes_last_or_not_at_all() -> None:
    plan = allot({Kind(S.DP_ASSIGNED): 1}, asks(("stepwise", None), ("batch_twice_the_same", None)))
    assert turns(plan, 0) == [("stepwise", None), ("batch_twice_the_same", None)]


def test_readers_of_two_orders_cost_neither() -> None:
    plan = allot(ONE_EACH, asks(("by_id", None), ("stepwise", None), ("return_journey", None)))
    assert plan.turns[0].key == ("by_id", None)
    assert not plan.lacking
    assert spent(plan) == 2


def test_advice_is_left_out_where_the_order_has_further_to_go() -> None:
    plan = allot({Kind(S.DP_ASSIGNED): 1}, asks(("stepwise", None), ("defects", S.BAG_PACKED)))
    assert {turn.key: turn.gentle for turn in plan.turns} == {
        ("stepwise", None): False,
        ("defects", S.BAG_PACKED): True,
    }
    advice = [Ask("VAL-2", "SHOULD", frozenset({("defects", S.BAG_PACKED)}))]
    assert forecast(plan, advice).checks == 0
    spare = allot({Kind(S.DP_ASSIGNED): 3}, [*asks(("stepwise", None), ("auto", None), ("rto", None)), *advice])
    (turn,) = (turn for turn in spare.turns if turn.key == ("defects", S.BAG_PACKED))
    assert not turn.gentle


def test_a_return_never_meets_those_who_wait_for_an_order() -> None:
    assert joined(Place(S.DP_ASSIGNED, (E.AWB,)), ("matrix", S.RETURN_DP_ASSIGNED)) is None
    assert steps(Place(S.RETURN_DP_ASSIGNED, (E.AWB,)), ("matrix", S.RETURN_DP_ASSIGNED)) == ()


def test_an_order_that_carries_an_awb_starts_no_journey_that_wants_to_give_it_one() -> None:
    assert steps(Place(S.DP_ASSIGNED, (E.AWB,)), ("stepwise", None)) is None
    assert steps(Place(S.DP_ASSIGNED), ("stepwise", None)) == (E.AWB, E.PACK, E.DISPATCH, E.BAG_PICKED)


def test_what_the_host_does_by_itself_is_nobodys_to_wait_for() -> None:
    wanted = asks(("intake", None), ("matrix", S.BAG_CONFIRMED))
    assert ("matrix", S.BAG_CONFIRMED) in allot({Kind(S.PLACED): 1}, wanted).played
    plan = allot({Kind(S.PLACED): 1}, wanted, {"invoicing": "auto"})
    assert set(plan.lacking) == {("matrix", S.BAG_CONFIRMED)}


def test_a_lack_of_returns_changes_nothing_for_orders() -> None:
    plan = allot({Kind(S.DP_ASSIGNED): 5}, asks(("stepwise", None), ("ndr", None), ("return_journey", None)))
    assert set(plan.free) == {("stepwise", None), ("ndr", None)}
    assert set(plan.lacking) == {("return_journey", None)}


def test_the_same_stock_gives_the_same_plan() -> None:
    stock = {Kind(S.PLACED): 2, Kind(S.DP_ASSIGNED, divisible=True): 2, Kind(S.DP_ASSIGNED): 3, **ONE_EACH}
    assert allot(stock, every()) == allot(dict(reversed(stock.items())), list(reversed(every())))


@pytest.mark.parametrize("count", [0, 1, 3, 12])
def test_a_plan_uses_no_order_that_is_not_there_and_serves_nobody_twice(count: int) -> None:
    stock = {Kind(S.PLACED): count, Kind(S.DP_ASSIGNED): count, Kind(S.RETURN_DP_ASSIGNED): count}
    plan = allot(stock, every())
    for kind in {*plan.orders, *stock}:
        assert plan.orders.count(kind) <= stock[kind]
    served = [turn.key for turn in plan.turns] + list(plan.free)
    assert len(served) == len(set(served))
    assert not set(served) & set(plan.lacking)
    carriers = {turn.key for turn in plan.turns if turn.during is None}
    assert {turn.during for turn in plan.turns} - {None} <= carriers
    assert all(len(turn.slots) == sum(need.count for need in needs_of(turn.key)) for turn in plan.turns)


def test_more_orders_never_judge_less() -> None:
    wanted = every()
    judged = [
        len(forecast(allot({Kind(S.DP_ASSIGNED): count, Kind(S.RETURN_DP_ASSIGNED): 2}, wanted), wanted).whole)
        for count in (0, 1, 2, 4, 8)
    ]
    assert judged == sorted(judged)
    assert judged[0] < judged[-1]


def test_a_check_is_foreseen_only_with_its_control() -> None:
    wanted = [
        Ask("STA-1", "MUST", frozenset({("matrix", S.DP_ASSIGNED)}), frozenset({E.DELIVERY_DONE})),
        *asks(("matrix", S.DP_ASSIGNED)),
    ]
    alone = forecast(allot({Kind(S.DP_ASSIGNED): 1}, wanted), wanted)
    assert "STA-1" not in alone.whole
    both = [*wanted, *asks(("delivered", None))]
    assert "STA-1" in forecast(allot({Kind(S.DP_ASSIGNED): 1}, both), both).whole
