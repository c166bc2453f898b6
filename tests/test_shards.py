"""A run in parts: nobody is left out, no scenario is played twice for nothing, no order belongs to two."""

from __future__ import annotations

from collections import Counter

import pytest

from selfship import shards
from selfship.errors import UsageError
from selfship.lifecycle import State
from selfship.scenario import SCENARIOS
from selfship.scenarios import CONTROLS
from selfship.shards import Kind, Shard, Wanted, kind_of, parted

SHARED = frozenset(CONTROLS.values())
CHECKS = [
    Wanted(f"{which.key(param)} {number}", ((which.name, param),), (("stepwise", None),))
    for which in SCENARIOS.values()
    for param in which.params or (None,)
    for number in range(2)
] + [Wanted("all traffic", (), (("auto", None),), everywhere=True)]


def of(number: int, count: int) -> set[str]:
    return parted(CHECKS, Shard(number, count), SHARED)[0]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_check_is_some_shards_and_only_one(count: int) -> None:
    times = Counter(one for number in range(1, count + 1) for one in of(number, count))
    assert times.pop("all traffic") == count
    assert set(times) == {check.id for check in CHECKS} - {"all traffic"}
    assert set(times.values()) == {1}


def test_checks_of_one_scenario_stay_together() -> None:
    for mine in (of(1, 3), of(2, 3), of(3, 3)):
        names = Counter(one.rpartition(" ")[0] for one in mine - {"all traffic"})
        assert set(names.values()) <= {2}


def test_no_shard_is_idle() -> None:
    assert min(len(of(number, 4)) for number in range(1, 5)) > 10


@pytest.mark.parametrize("kind", [Kind(back=False), Kind(back=True)])
def test_every_order_is_some_shards_and_only_one(kind: Kind) -> None:
    holders = [parted(CHECKS, Shard(number, 3), SHARED)[1] for number in range(1, 4)]
    ids = [str(17708318940301766054 + number) for number in range(500)]
    assert {sum(holds(kind, one) for holds in holders) for one in ids} == {1}
    assert all(any(holds(kind, one) for one in ids) for holds in holders)


def test_rare_orders_are_those_of_the_shard_that_needs_them() -> None:
    kind = Kind(back=True, self_ship=False)
    needing = {"not_self_ship_return_awb 0", "not_self_ship_return_status 0"}
    for number in range(1, 5):
        mine, holds = parted(CHECKS, Shard(number, 4), SHARED)
        assert holds(kind, "17708318940301766054") is (needing <= mine)
        assert needing <= mine or not needing & mine


def test_orders_that_somebody_named_are_dealt_out_too() -> None:
    _, holds = parted(CHECKS, Shard(1, 2), SHARED)
    ids = [str(number) for number in range(100)]
    mine = shards.given({State.PLACED: ids, State.RETURN_DP_ASSIGNED: ids}, holds)
    assert mine[State.PLACED] == [one for one in ids if holds(kind_of("CREATED"), one)]
    assert 0 < len(mine[State.PLACED]) < 100


@pytest.mark.parametrize("text", ["", "3", "0/2", "3/2", "a/b", "1/1000", "-1/2"])
def test_what_is_no_shard_is_said_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="write the number of the part"):
        Shard.read(text)


def test_a_shard_is_read_as_it_is_written() -> None:
    assert str(Shard.read(" 2 / 4 ")) == "2/4"
