"""Random walks: what they draw, what they judge, and that they find and shorten what a host does wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selfship import expect, lifecycle, requirements
from selfship.lifecycle import Event, State
from selfship.mock.faults import catalogue
from selfship.mock.settings import MockSettings
from selfship.scenario import Recording
from selfship.scenarios.walks import LANES
from selfship.supply import NoSupplyError, Supply
from selfship.telling import check_of
from selfship.verdict import Verdict
from selfship.walking.breach import Breach
from selfship.walking.model import Model, Reading
from selfship.walking.plans import CALLS, ORDERS, Plan
from selfship.walking.search import Search
from selfship.walking.walker import Walker
from tests.played import run_on, suite, verdict_of

S, E = State, Event
MANUAL = {"invoicing": "manual", "credit_note": "manual", "rto_acceptance": "explicit"}
ADVICE = frozenset(one.id for one in requirements.load().values() if one.level != "MUST")
READING = Reading("extended", MANUAL, ADVICE)
ALL = [("walk", lane) for lane in LANES]
JUDGING = suite("walks/test_walks.py")
Wrong = Callable[[Model, Event], bool]


def judged(recording: Recording) -> BaseException | None:
    return verdict_of(JUDGING.test_random_walk_keeps_to_the_lifecycle, recording)


def walked_by(wrong: Wrong) -> tuple[Callable[[Plan], Breach | None], list[Plan]]:
    """A walk on a host of the mind: it keeps to the table but where `wrong` says so."""
    walks: list[Plan] = []

    def walk(plan: Plan) -> Breach | None:
        walks.append(plan)
        models = [Model(state) for state in plan.starts]
        for at, call in enumerate(plan.calls, 1):
            for number, event in call:
                model = models[number]
                cell = model.cell(event, READING)
                if cell.outcome != "observe" and wrong(model, event):
                    return Breach(cell.rule or "", event.value, (), (), at=at, batch=len(call) > 1)
                if cell.outcome == "accept":
                    model.take(event, cell, READING)
                model.lost = model.lost or cell.outcome == "observe"
        return None

    return walk, walks


# What the rules say on the way


def led(start: State, *events: Event, reading: Reading = READING) -> Model:
    model = Model(start)
    for event in events:
        model.take(event, model.cell(event, reading), reading)
    return model


def test_order_is_led_as_the_table_says() -> None:
    model = led(S.PLACED, E.CONFIRM, E.INVOICE, E.AWB, E.PACK)

    assert (model.state, model.awb, model.lost) == (S.BAG_PACKED, True, False)
    assert model.cell(E.DELIVERY_DONE, READING) == lifecycle.cell(S.BAG_PACKED, E.DELIVERY_DONE)


@pytest.mark.parametrize(
    ("model", "event"),
    [
        (led(S.DP_ASSIGNED), E.PACK),
        (led(S.DP_ASSIGNED, E.AWB), E.AWB),
        (led(S.DP_ASSIGNED, E.AWB), E.AUTO_DISPATCH),
        (led(S.RETURN_DP_ASSIGNED), E.RETURN_BAG_IN_TRANSIT),
        (led(S.RETURN_DP_ASSIGNED), E.ACCEPT_RETURN),
        (Model(S.CREDIT_NOTE_GENERATED, history=[E.RTO_BAG_DELIVERED]), E.CREDIT_NOTE),
        (Model(S.BAG_PICKED, lost=True), E.AWB),
    ],
    ids=[
        "pack, no AWB",
        "second AWB",
        "late autoDispatch",
        "transit, no AWB",
        "advice",
        "second note of an RTO",
        "lost",
    ],
)
def test_where_the_rules_are_silent_nothing_is_judged(model: Model, event: Event) -> None:
    assert model.cell(event, READING).outcome == "observe"


def test_a_second_credit_note_of_a_return_is_judged() -> None:
    assert Model(S.CREDIT_NOTE_GENERATED).cell(E.CREDIT_NOTE, READING).outcome == "refuse"


def test_what_the_host_does_by_itself_is_foreseen_and_what_nobody_knows_is_not() -> None:
    automatic = Reading("extended", {**MANUAL, "credit_note": "auto"}, ADVICE)
    unknown = Reading("extended", {**MANUAL, "invoicing": None}, ADVICE)

    assert led(S.RETURN_BAG_DELIVERED, E.ACCEPT_RETURN, reading=automatic).state is S.CREDIT_NOTE_GENERATED
    assert led(S.PLACED, E.CONFIRM, reading=unknown).lost


def test_steps_of_the_extended_edition_are_judged_there_alone() -> None:
    for edition, outcome in (("extended", "accept"), ("strict", "observe"), (None, "observe")):
        assert Model(S.BAG_PICKED).cell(E.OUT_FOR_DELIVERY, Reading(edition, MANUAL)).outcome == outcome


@pytest.mark.parametrize(
    ("model", "event", "rule"),
    [
        (led(S.DP_ASSIGNED, E.AUTO_DISPATCH), E.DELIVERY_DONE, "AUT-2"),
        (led(S.DP_ASSIGNED, E.AUTO_DISPATCH), E.RTO_BAG_DELIVERED, "RTO-1"),
        (Model(S.RETURN_DP_ASSIGNED, history=[E.AUTO_DISPATCH]), E.RETURN_BAG_DELIVERED, "AUT-3"),
        (led(S.DP_ASSIGNED, E.AWB, E.PACK, E.DISPATCH, E.BAG_PICKED), E.DELIVERY_DONE, "FWD-7"),
        (led(S.PLACED, E.CONFIRM, E.INVOICE), E.AWB, "FWD-2"),
        (led(S.PLACED, E.CONFIRM, E.INVOICE), E.DISPATCH, "STA-8"),
    ],
)
def test_a_rule_that_speaks_of_the_way_is_named(model: Model, event: Event, rule: str) -> None:
    assert model.broken_rule(event, model.cell(event, READING))[0] == rule


# What is drawn


def drawn(seed: int) -> list[Plan]:
    walk, walks = walked_by(lambda *_: False)
    Search(walk, examples=3, budget=0).run(READING, seed)
    return walks


def test_a_seed_always_draws_the_same_walks() -> None:
    assert drawn(1) == drawn(1) != drawn(2)
    assert len(drawn(1)) == 3


def test_walks_mix_states_events_and_batches() -> None:
    plans = [plan for seed in range(12) for plan in drawn(seed)]
    calls = [call for plan in plans for call in plan.calls]

    assert {len(plan.starts) for plan in plans} <= set(range(1, ORDERS + 1))
    assert max(len(plan.calls) for plan in plans) <= CALLS
    assert {len(call) for call in calls} == {1, 2, 3}
    assert all(len({number for number, _ in call}) == len(call) for call in calls)
    assert len({event for call in calls for _, event in call}) >= 15


# How a breach is made short


@pytest.mark.parametrize(
    ("wrong", "length"),
    [
        (lambda model, event: (model.state, event) == (S.RETURN_DP_ASSIGNED, E.RETURN_BAG_DELIVERED), 1),
        (lambda model, event: (model.state, event) == (S.BAG_PACKED, E.DISPATCH), 3),
        (lambda model, event: event is E.INVOICE and model.state is S.DP_ASSIGNED, 1),
    ],
    ids=["at once", "third step", "after invoicing"],
)
def test_shortest_walk_is_found(wrong: Wrong, length: int) -> None:
    found = 0
    for seed in range(30):
        walk, _ = walked_by(wrong)
        search = Search(walk, examples=2, budget=40)
        search.run(READING, seed)
        if search.best:
            found += 1
            assert len(search.best[0].calls) == length
            assert len(search.best[0].starts) == 1
    assert found >= 3


def test_no_walk_is_walked_twice_and_the_budget_holds() -> None:
    walk, walks = walked_by(lambda model, event: event is E.AWB and model.state is S.DP_ASSIGNED)

    search = Search(walk, examples=1, budget=5)
    search.run(READING, 3)

    assert search.best is not None
    assert len(walks) == len(set(walks)) == search.walked <= 1 + 5


def test_when_orders_run_out_the_shortest_so_far_stands() -> None:
    walk, walks = walked_by(lambda model, event: event is E.AWB and model.state is S.DP_ASSIGNED)

    def scarce(plan: Plan) -> Breach | None:
        if len(walks) == 2:
            raise LookupError("no more orders")
        return walk(plan)

    search = Search(scarce, examples=1, budget=50)
    assert search.run(READING, 3) is not None
    assert search.exhausted == "no more orders"


def test_another_fault_on_the_way_does_not_take_its_place() -> None:
    def wrong(model: Model, event: Event) -> bool:
        return event is E.DISPATCH and model.state is S.DP_ASSIGNED

    walk, _ = walked_by(wrong)

    def two_faults(plan: Plan) -> Breach | None:
        breach = walk(plan)
        # As soon as the walk gets shorter, the host does something else wrong.
        return breach and (breach if len(plan.calls) > 3 else Breach("XXX-1", "another", (), (), at=breach.at))

    for seed in range(20):
        search = Search(two_faults, examples=2, budget=40)
        breach = search.run(READING, seed)
        if search.best and search.walked > search.shrinks and breach and breach.rule != "XXX-1":
            assert len(search.best[0].calls) >= 1
            return
    pytest.fail("no walk met the fault")


# On a host


SETTINGS: dict[str, tuple[MockSettings, dict[str, Any]]] = {
    "plain": (MockSettings(), {}),
    "late": (MockSettings(settle=0.3), {}),
    "strict": (MockSettings(edition="strict"), {"edition": "strict"}),
    "automatic": (
        MockSettings(invoicing="auto", credit_note="auto", rto_acceptance="auto"),
        {"invoicing": "auto", "credit_note": "auto", "rto_acceptance": "auto"},
    ),
    "unknown": (MockSettings(), dict.fromkeys((*MANUAL, "edition"))),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_conforming_host_keeps_to_the_table(tmp_path: Path, name: str) -> None:
    settings, switches = SETTINGS[name]
    # Lateness is paid for with time: two lanes show it.
    keys = ALL[:2] if name == "late" else ALL
    with run_on(tmp_path, keys, settings, **switches) as (_, recordings):
        said = [judged(recording) for recording in recordings]

    assert [verdict for verdict in said if not isinstance(verdict, expect.NotApplicableError | None)] == []
    walkers: list[Walker] = [recording.kept["walker"] for recording in recordings]
    assert sum(bool(walker.taken and walker.refused) for walker in walkers) > len(keys) // 2


FAULTS = (
    "order_takes_return_delivery",
    "dispatch_unpacked",
    "invoice_twice",
    "rto_after_delivery",
    "return_takes_bag_picked",
)


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found_laid_at_its_rule_and_told_as_a_list_of_calls(tmp_path: Path, fault: str) -> None:
    rule = next(one.rule for one in catalogue() if one.name == fault)
    with run_on(tmp_path, ALL, MockSettings(faults=(fault,))) as (run, recordings):
        found = [verdict for recording in recordings if (verdict := judged(recording))]
        exchanges = run.exchanges()

    assert found
    for verdict in found:
        assert isinstance(verdict, expect.CheckFailedError)
        assert verdict.rule == rule
        assert verdict.cell is not None
        assert "1. P" in verdict.message
        first = exchanges[verdict.exchanges[0] - 1]
        assert first.scenario.startswith("walk[")


def test_refusal_that_applies_later_is_seen_at_the_end(tmp_path: Path) -> None:
    with run_on(tmp_path, ALL, MockSettings(faults=("refused_invoice_applies",), settle=0.05)) as (_, recordings):
        found = [verdict for recording in recordings if (verdict := judged(recording))]

    assert [verdict.rule for verdict in found if isinstance(verdict, expect.CheckFailedError)]


def test_operation_without_a_route_is_no_refusal(tmp_path: Path) -> None:
    with run_on(tmp_path, ALL, MockSettings(faults=("dispatch_has_no_route",))) as (_, recordings):
        said = [judged(recording) for recording in recordings]

    assert not [verdict for verdict in said if isinstance(verdict, expect.CheckFailedError)]


def test_host_with_few_orders_is_left_alone(tmp_path: Path) -> None:
    from selfship.mock.serve import build

    few = build(MockSettings(), population="scarce")
    with run_on(tmp_path, ALL[:1], app=few) as (run, recordings):
        verdict = judged(recordings[0])
        leased = dict(run.host.supply.leased)

    assert isinstance(verdict, expect.NotApplicableError)
    assert leased == {}


# What it rests on


def _listed(count: int) -> Supply:
    from selfship.orders import view

    raw = [
        {"id": f"{number:020}", "orderStatus": "PROCESSING", "is_self_ship": True, "lockStatus": False, "awbNumber": []}
        for number in range(count)
    ]
    found = [one for order in raw if (one := view(order, 1))]
    return Supply(lambda status, _: iter(found if status == "PROCESSING" else []))


def test_only_what_can_be_spared_is_taken() -> None:
    from selfship.supply import Need

    supply = _listed(6)

    assert supply.spare(S.DP_ASSIGNED, 2, "walk", leaving=5) == []
    assert [order.id[-1] for order in supply.spare(S.DP_ASSIGNED, 2, "walk", leaving=4)] == ["0", "1"]
    assert supply.spare(S.DP_ASSIGNED, 1, "walk", leaving=4) == []
    # What was left is all there still.
    assert len(supply.lease(Need(S.DP_ASSIGNED, 4), "another")) == 4
    with pytest.raises(NoSupplyError):
        supply.lease(Need(S.DP_ASSIGNED), "another")


def test_what_others_are_still_to_draw_is_not_spared() -> None:
    from selfship.supply import Need

    supply = _listed(6)
    supply.awaited = {"late": Counter({S.DP_ASSIGNED: 4}), "other": Counter({S.PLACED: 9})}

    assert supply.spare(S.DP_ASSIGNED, 2, "walk", leaving=1) == []
    supply.lease(Need(S.DP_ASSIGNED, 3), "late")
    assert len(supply.spare(S.DP_ASSIGNED, 2, "walk", leaving=1)) == 2


def test_a_check_that_names_a_rule_fails_at_that_rule(request: pytest.FixtureRequest) -> None:
    error = expect.CheckFailedError("words", [1], rule="RTO-2", cell=(S.PLACED, E.PACK))

    check = check_of(request.node, "STA-2", error)

    assert (check.requirement, check.verdict, check.cell) == ("RTO-2", Verdict.WARN, (S.PLACED, E.PACK))
