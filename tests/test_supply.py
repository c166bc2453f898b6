"""Orders are leased once, from the nearest state, and only where a listing leaves no doubt what they are."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from selfship.errors import UsageError
from selfship.lifecycle import Journey, State
from selfship.orders import View, view
from selfship.supply import Need, NoSupplyError, Order, Supply

S = State


def order(number: int | str, status: str, **fields: Any) -> View:
    found = view({"id": f"{status}-{number}", "orderStatus": status, "is_self_ship": True, **fields}, 1)
    assert found is not None
    return found


class Shop:
    """A host's listings; remembers which were asked for, and how far they were read."""

    def __init__(self, *orders: View, elsewhere: tuple[View, ...] = ()) -> None:
        self.orders = {False: orders, True: elsewhere}
        self.asked: list[tuple[str, bool]] = []
        self.read = 0

    def list(self, status: str, other: bool) -> Iterator[View]:
        self.asked.append((status, other))
        for one in self.orders[other]:
            if one.status == status or one.raw.get("strays"):
                self.read += 1
                yield one


def supply(*orders: View, **options: Any) -> Supply:
    return Supply(Shop(*orders).list, **options)


def ids(orders: list[Order]) -> list[str]:
    return [one.id for one in orders]


def test_an_order_is_given_out_once_however_many_ask() -> None:
    found = supply(*(order(number, "CREATED") for number in range(48)))
    leased: list[str] = []
    lock, gate = threading.Lock(), threading.Barrier(8)

    def ask(name: str) -> None:
        gate.wait(10)
        for _ in range(3):
            got = found.lease(Need(S.PLACED, 2), name)
            with lock:
                leased.extend(ids(got))

    threads = [threading.Thread(target=ask, args=(f"scenario {n}",), daemon=True) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(leased) == 48
    assert set(Counter(leased).values()) == {1}
    assert set(found.leased) == set(leased)


def test_an_order_that_is_there_is_taken_as_it_is() -> None:
    found = supply(order(1, "CREATED"), order(1, "CONFIRMED"), order(1, "PROCESSING"))
    (got,) = found.lease(Need(S.BAG_CONFIRMED), "forward")
    assert (got.id, got.state) == ("CONFIRMED-1", S.BAG_CONFIRMED)
    assert found.leased == {"CONFIRMED-1": "forward"}


def test_what_is_not_there_is_walked_to_from_the_nearest_state() -> None:
    shop = (order(1, "CREATED"), order(1, "CONFIRMED"), order(1, "PROCESSING"))
    found = supply(*shop)
    starts = [found.lease(Need(S.BAG_PACKED), "x")[0].state for _ in range(3)]
    assert starts == [S.DP_ASSIGNED, S.BAG_CONFIRMED, S.PLACED]
    with pytest.raises(NoSupplyError, match="Prepare one order in bag_packed; 0 found"):
        found.lease(Need(S.BAG_PACKED), "x")


def test_no_forward_order_is_walked_to_a_return() -> None:
    found = supply(order(1, "CREATED"), order(1, "DELIVERED"), order(1, "PROCESSING"))
    with pytest.raises(NoSupplyError, match="one return in return_accepted"):
        found.lease(Need(S.RETURN_ACCEPTED), "x")


@pytest.mark.parametrize(
    "unfit",
    [
        order(1, "CREATED", lockStatus=True),
        order(1, "CREATED", is_self_ship=False),
        order(1, "CREATED", is_self_ship="true"),
        order(1, "TRANSIT", strays=True),
    ],
    ids=["locked", "not self-ship", "unflagged", "wrong status"],
)
def test_what_is_in_doubt_is_never_drawn(unfit: View) -> None:
    with pytest.raises(NoSupplyError) as told:
        supply(unfit).lease(Need(S.PLACED), "x")
    assert told.value.unflagged == (unfit.self_ship is None)
    assert ids(supply(unfit, order(2, "CREATED")).lease(Need(S.PLACED), "x")) == ["CREATED-2"]


def test_an_order_with_an_awb_is_no_fresh_dp_assigned() -> None:
    found = supply(order(1, "PROCESSING", awbNumber="A1"), order(2, "PROCESSING"))
    (got,) = found.lease(Need(S.DP_ASSIGNED), "x")
    assert (got.id, got.seen) == ("PROCESSING-2", False)
    with pytest.raises(NoSupplyError):
        found.lease(Need(S.DP_ASSIGNED), "x")


def test_orders_that_are_not_self_ship_are_drawn_only_where_asked() -> None:
    found = supply(order(1, "CREATED"), order(2, "CREATED", is_self_ship=False))
    assert ids(found.lease(Need(S.PLACED, self_ship=False), "x")) == ["CREATED-2"]
    with pytest.raises(NoSupplyError, match="not self-ship"):
        found.lease(Need(S.BAG_PACKED, self_ship=False), "x")


def test_an_order_that_can_be_divided() -> None:
    two = [{"id": "a", "quantity": 1}, {"id": "b", "quantity": 1}]
    shop = (
        order(1, "CREATED", orderItems=two[:1]),
        order(2, "CREATED", orderItems=two),
        order(3, "CREATED", orderItems=[{"id": "a", "quantity": 3}]),
    )
    found = supply(*shop, given={S.PLACED: ["given"]})
    got = found.lease(Need(S.PLACED, 2, divisible=True), "x")
    assert ids(got) == ["CREATED-2", "CREATED-3"]
    assert all(one.divisible for one in got)
    assert not Order("given", S.PLACED).divisible


def test_the_other_location_has_a_listing_of_its_own() -> None:
    shop = Shop(order("here", "CREATED"), elsewhere=(order("there", "CREATED"),))
    found = Supply(shop.list, given={S.PLACED: ["given"]})
    (got,) = found.lease(Need(S.PLACED, other_location=True), "x")
    assert (got.id, got.other_location) == ("CREATED-there", True)
    assert shop.asked == [("CREATED", True)]


def test_what_must_be_walked_is_not_taken_from_a_listing() -> None:
    found = supply(order(1, "CONFIRMED"), order(1, "CREATED"))
    (got,) = found.lease(Need(S.BAG_CONFIRMED, walked=True), "x")
    assert (got.id, got.state) == ("CREATED-1", S.PLACED)
    with pytest.raises(NoSupplyError):
        found.lease(Need(S.BAG_CONFIRMED, walked=True), "x")


def test_given_orders_come_first_and_excluded_ones_never() -> None:
    shop = Shop(order(1, "CREATED"), order(2, "CREATED"))
    found = Supply(shop.list, given={S.PLACED: ["mine", "CREATED-1"]}, excluded=frozenset({"CREATED-2"}))
    assert ids(found.lease(Need(S.PLACED), "a")) == ["mine"]
    assert shop.read == 0
    assert ids(found.lease(Need(S.PLACED), "b")) == ["CREATED-1"]
    with pytest.raises(NoSupplyError):
        found.lease(Need(S.PLACED), "c")


def test_what_did_not_suffice_is_given_back() -> None:
    found = supply(order(1, "CREATED"), order(2, "CREATED"), given={S.PLACED: ["mine"]})
    with pytest.raises(NoSupplyError, match="Prepare 4 orders in placed; 3 found") as told:
        found.lease(Need(S.PLACED, 4), "greedy")
    assert (told.value.found, found.leased) == (3, {})
    assert sorted(ids(found.lease(Need(S.PLACED, 3), "modest"))) == ["CREATED-1", "CREATED-2", "mine"]


def test_spare_orders_never_cost_another_its_own() -> None:
    found = supply(*(order(number, "CREATED") for number in range(4)))
    assert found.spare(S.PLACED, 2, "extra", leaving=3) == []
    assert ids(found.spare(S.PLACED, 1, "extra", leaving=3)) == ["CREATED-0"]
    assert ids(found.lease(Need(S.PLACED, 3), "x")) == ["CREATED-1", "CREATED-2", "CREATED-3"]
    assert found.spare(S.BAG_PACKED, 1, "extra", leaving=0) == []


def test_the_users_command_makes_what_is_missing() -> None:
    asked: list[tuple[State, int, Journey]] = []

    def make(state: State, count: int, journey: Journey) -> list[str]:
        asked.append((state, count, journey))
        return [f"made-{number}" for number in range(count)]

    found = supply(given={S.RETURN_DP_ASSIGNED: ["mine"]}, provision=make)
    assert ids(found.lease(Need(S.RETURN_DP_ASSIGNED, 3), "x")) == ["mine", "made-0", "made-1"]
    assert asked == [(S.RETURN_DP_ASSIGNED, 2, Journey.RETURN)]


def test_a_command_that_broke_is_not_called_again_and_the_advice_says_why() -> None:
    calls: list[State] = []

    def make(state: State, count: int, journey: Journey) -> list[str]:
        calls.append(state)
        raise UsageError("make-orders ended with status 1: mend it.")

    found = supply(order(1, "CREATED"), provision=make)
    assert ids(found.lease(Need(S.PLACED), "x")) == ["CREATED-1"]
    with pytest.raises(NoSupplyError, match=r"0 found free\. make-orders ended with status 1: mend it\."):
        found.lease(Need(S.PLACED), "y")
    assert calls == [S.PLACED]
