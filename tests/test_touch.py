"""Of what a host lists, a run takes and writes to those orders alone that were named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from selfship import profile
from selfship.errors import UsageError
from selfship.guard import named
from selfship.lifecycle import State
from selfship.operations import OPERATIONS
from selfship.supply import Need, NoSupplyError
from selfship.touch import Touch, read
from tests.played import run_on


def test_an_order_is_named_by_id_or_by_channel_and_location() -> None:
    touch = Touch(orders=("7",), channels=("A", "B"), locations=("S",))

    assert touch.covers("7", "C", "T")
    assert touch.covers("8", "B", "S")
    # Both are named, so an order must be of both.
    assert not touch.covers("8", "B", "T")
    assert not touch.covers("8", "C", "S")
    assert not touch.covers("8", None, "S")
    assert Touch(locations=("S",)).covers("8", None, "S")


def test_where_nothing_is_named_nothing_is_covered() -> None:
    assert not Touch()
    assert not Touch().covers("7", "A", "S")
    assert not Touch(orders=("7",)).covers("8", "A", "S")


def test_the_option_takes_locations_channels_and_ids_also_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("# ours\n17708318940301766054\n\n17708318940301766055 # a return\n")
    (tmp_path / "orders.toml").write_text('placed = ["17708318940301766056"]\n')

    found = read(["location:S", "channel:Konnect Test", "order:1", "orders:ids.txt", "orders:orders.toml"], tmp_path)

    assert found.locations == ("S",)
    assert found.channels == ("Konnect Test",)
    assert found.orders == ("1", "17708318940301766054", "17708318940301766055", "17708318940301766056")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("everything", "--touch everything must be location:CODE, channel:NAME, order:ID or orders:FILE"),
        ("location:", "--touch location: must be"),
        ("chanel:A", "did you mean 'channel'?"),
        ("orders:prose.txt", "line 1: a line must hold a state and one id"),
    ],
)
def test_what_the_option_cannot_mean_is_one_sentence(tmp_path: Path, given: str, said: str) -> None:
    (tmp_path / "prose.txt").write_text("all of them please\n")

    with pytest.raises(UsageError) as caught:
        read([given], tmp_path)
    assert said in str(caught.value)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """From now on the mock counts as a host that is not on this machine."""
    monkeypatch.setattr(profile, "is_loopback", lambda _: False)
    return monkeypatch


def touching(patch: pytest.MonkeyPatch, touch: Touch) -> None:
    mock = replace(profile.load("mock"), touch=touch)
    patch.setattr("tests.played.load", lambda _: mock)


def test_elsewhere_an_order_that_nobody_named_is_never_lent(tmp_path: Path, elsewhere: pytest.MonkeyPatch) -> None:
    with run_on(tmp_path, [("stepwise", None), ("cancelled_whole", None)]) as (run, played):
        assert [type(one.missing) for one in played] == [NoSupplyError, NoSupplyError]
        assert "more are there that the run may not touch." in str(played[0].missing)
        assert not any(OPERATIONS[one.operation].writes for one in run.exchanges())


def test_elsewhere_only_orders_of_the_named_channel_are_written_to(
    tmp_path: Path, elsewhere: pytest.MonkeyPatch
) -> None:
    touching(elsewhere, Touch(channels=("FYND",), locations=("BLR-01",)))
    with run_on(tmp_path, [("stepwise", None), ("batch_forward", None), ("foreign_in_a_batch", None)]) as (run, played):
        assert (played[0].missing, played[1].missing) == (None, None)
        # It wants an order of the second location, and that one is not named.
        assert played[2].missing is not None
        assert {run.host.supply.leased[one] for one in run.host.supply.leased} >= {"stepwise", "batch_forward"}
        shown = {order["id"]: order for one in run.exchanges() for order in _objects(one.json)}
        lent = set(run.host.supply.leased)
        assert {shown[one]["orderingChannel"] for one in lent} == {"FYND"}
        written = {
            order
            for one in run.exchanges()
            if OPERATIONS[one.operation].writes
            for order in named((one.request_body or "").encode())
        }
        assert written & lent
        assert (written - lent).isdisjoint(shown)


def test_orders_that_were_handed_in_are_named_by_that(tmp_path: Path, elsewhere: pytest.MonkeyPatch) -> None:
    with run_on(tmp_path, []) as (run, _):
        view = next(view for view in run.host.list_free("CREATED", False) if view)
        assert not run.host.may_touch(view, False)
        run.host.supply._given = {State.PLACED: [view.id]}

        assert [one.id for one in run.host.supply.lease(Need(State.PLACED), "test")] == [view.id]
        with pytest.raises(NoSupplyError):
            run.host.supply.lease(Need(State.PLACED), "test")


def test_a_host_that_says_an_orders_location_is_believed(tmp_path: Path, elsewhere: pytest.MonkeyPatch) -> None:
    touching(elsewhere, Touch(locations=("BLR-01",)))
    with run_on(tmp_path, []) as (run, _):
        view = next(view for view in run.host.list_free("CREATED", False) if view)

        assert run.host.may_touch(view, False)
        assert not run.host.may_touch(view, True)
        assert not run.host.may_touch(replace(view, raw={**view.raw, "locationCode": "DEL-02"}), False)


def test_on_this_machine_all_may_be_touched_unless_some_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_on(tmp_path, []) as (run, _):
        view = next(view for view in run.host.list_free("CREATED", False) if view)
        assert run.host.may_touch(view, False)
    touching(monkeypatch, Touch(orders=("7",)))
    with run_on(tmp_path, []) as (run, _):
        assert not run.host.may_touch(view, False)


def _objects(body: object) -> list[dict[str, str]]:
    return [one for one in body if isinstance(one, dict) and "id" in one] if isinstance(body, list) else []
