"""The lifecycle table is closed and reachable, and what it accepts is what the rules ask."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from selfship import lifecycle, ways
from selfship.lifecycle import AUTOMATIC, ENDINGS, EVENTS, STATUSES, SWITCHED, TABLE, Event, Journey, State
from selfship.operations import OPERATIONS

S, E = State, Event

# What a conforming host must take, read from the rules and not from the table: state, event, next state, rule.
ACCEPTED = {
    (S.PLACED, E.CONFIRM, S.BAG_CONFIRMED, "FWD-1"),
    (S.PLACED, E.CANCEL, S.CANCELLED, "STA-11"),
    (S.BAG_CONFIRMED, E.INVOICE, S.BAG_INVOICED, "FWD-2"),
    (S.BAG_CONFIRMED, E.CANCEL, S.CANCELLED, "STA-11"),
    (S.DP_ASSIGNED, E.AWB, S.DP_ASSIGNED, "FWD-3"),
    (S.DP_ASSIGNED, E.AUTO_DISPATCH, S.BAG_PICKED, "AUT-1"),
    (S.DP_ASSIGNED, E.PACK, S.BAG_PACKED, "FWD-4"),
    (S.BAG_PACKED, E.DISPATCH, S.HANDED_OVER_TO_DG, "FWD-5"),
    (S.HANDED_OVER_TO_DG, E.BAG_PICKED, S.BAG_PICKED, "FWD-6"),
    (S.BAG_PICKED, E.DELIVERY_DONE, S.DELIVERY_DONE, "FWD-7"),
    (S.BAG_PICKED, E.RTO_BAG_DELIVERED, S.RTO_BAG_DELIVERED, "RTO-1"),
    (S.BAG_PICKED, E.OUT_FOR_DELIVERY, S.OUT_FOR_DELIVERY, "NDR-1"),
    (S.OUT_FOR_DELIVERY, E.DELIVERY_ATTEMPT_FAILED, S.DELIVERY_ATTEMPT_FAILED, "NDR-2"),
    (S.OUT_FOR_DELIVERY, E.DELIVERY_DONE, S.DELIVERY_DONE, "NDR-3"),
    (S.DELIVERY_ATTEMPT_FAILED, E.DELIVERY_REATTEMPT_REQUESTED, S.DELIVERY_REATTEMPT_REQUESTED, "NDR-2"),
    (S.DELIVERY_REATTEMPT_REQUESTED, E.OUT_FOR_DELIVERY, S.OUT_FOR_DELIVERY, "NDR-2"),
    (S.DELIVERY_REATTEMPT_REQUESTED, E.DELIVERY_DONE, S.DELIVERY_DONE, "NDR-3"),
    (S.RTO_BAG_DELIVERED, E.ACCEPT_RETURN, S.RTO_BAG_ACCEPTED, "RTO-2"),
    (S.RTO_BAG_ACCEPTED, E.CREDIT_NOTE, S.CREDIT_NOTE_GENERATED, "RTO-3"),
    (S.RETURN_DP_ASSIGNED, E.AWB, S.RETURN_DP_ASSIGNED, "RET-1"),
    (S.RETURN_DP_ASSIGNED, E.RETURN_BAG_IN_TRANSIT, S.RETURN_BAG_IN_TRANSIT, "RET-2"),
    (S.RETURN_BAG_IN_TRANSIT, E.RETURN_BAG_DELIVERED, S.RETURN_BAG_DELIVERED, "RET-3"),
    (S.RETURN_BAG_DELIVERED, E.ACCEPT_RETURN, S.RETURN_ACCEPTED, "RET-4"),
    (S.RETURN_ACCEPTED, E.CREDIT_NOTE, S.CREDIT_NOTE_GENERATED, "RET-5"),
}

# The table at the head of the rules. `*` marks "or a status of its own".
COARSE = """
placed                        CREATED
bag_confirmed                 CONFIRMED
bag_invoiced                  PROCESSING
dp_assigned                   PROCESSING
bag_packed                    COMPLETED
handed_over_to_dg             COMPLETED TRANSIT
bag_picked                    TRANSIT
out_for_delivery              TRANSIT *
delivery_attempt_failed       TRANSIT *
delivery_reattempt_requested  TRANSIT *
delivery_done                 DELIVERED
rto_bag_delivered             RETURN_DELIVERED
rto_bag_accepted              RETURN_ACCEPTED RETURN_COMPLETED
return_initiated              RETURN_PROCESSING
return_dp_assigned            RETURN_PROCESSING
return_bag_in_transit         RETURN_PROCESSING *
return_bag_delivered          RETURN_DELIVERED
return_accepted               RETURN_ACCEPTED RETURN_COMPLETED
credit_note_generated         CREDIT_NOTE_GENERATED
cancelled                     CANCELLED RETURN_DELIVERED
"""


def after(state: State, events: Iterable[Event]) -> State:
    """Where the accepted events lead, in order."""
    state, awb = AUTOMATIC.get(state, state), False
    for event in events:
        cell = lifecycle.cell(state, event)
        assert cell.outcome == "accept", f"{state} × {event}"
        assert cell.to is not None
        assert awb or not cell.needs_awb, f"{state} × {event} without an AWB"
        awb = awb or event in (E.AWB, E.AUTO_DISPATCH)
        state = AUTOMATIC.get(cell.to, cell.to)
    return state


# The shape of the table.


def test_every_state_has_a_row_and_every_event_a_carrier() -> None:
    assert set(TABLE) == set(State)
    assert set(EVENTS) == set(Event)
    for info in EVENTS.values():
        assert OPERATIONS[info.operation].writes
        assert info.journeys


def test_only_what_is_accepted_has_a_target() -> None:
    for state, event, cell in lifecycle.cells():
        assert (cell.outcome == "accept") == (cell.to is not None), f"{state} × {event}"
        assert cell.outcome == "accept" or not cell.needs_awb, f"{state} × {event}"
        assert cell.outcome == "refuse" or cell.code is None, f"{state} × {event}"
        assert cell.rules, f"{state} × {event}"
        assert len(set(cell.rules)) == len(cell.rules), f"{state} × {event}"


def test_what_is_accepted_is_just_what_the_rules_ask() -> None:
    found = {(state, event, cell.to, cell.rule) for state, event, cell in lifecycle.cells() if cell.outcome == "accept"}

    assert found == ACCEPTED


def test_a_cell_that_no_row_lists_is_silent() -> None:
    assert lifecycle.cell(S.PLACED, E.CREDIT_NOTE) is lifecycle.SILENT
    assert lifecycle.SILENT.outcome == "observe"
    assert lifecycle.SILENT.rule is None


def test_cells_walks_the_whole_table() -> None:
    walked = {(state, event): cell for state, event, cell in lifecycle.cells()}

    assert walked == {(state, event): cell for state, row in TABLE.items() for event, cell in row.items()}


def test_every_state_is_reached_from_a_new_order_or_a_new_return() -> None:
    reached = {S.PLACED, S.RETURN_INITIATED}
    while True:
        steps = {cell.to for state in reached for cell in TABLE[state].values() if cell.to}
        steps |= {AUTOMATIC[state] for state in reached & AUTOMATIC.keys()}
        if steps <= reached:
            break
        reached |= steps

    assert reached == set(State)


def test_nothing_leaves_an_ending() -> None:
    assert {S.DELIVERY_DONE, S.CREDIT_NOTE_GENERATED, S.CANCELLED} == ENDINGS
    for state in ENDINGS:
        assert not [event for event, cell in TABLE[state].items() if cell.to], state
        assert state not in AUTOMATIC.keys() | SWITCHED.keys()


def test_every_other_state_has_a_way_on() -> None:
    for state in set(State) - ENDINGS:
        onward = {cell.to for cell in TABLE[state].values() if cell.to} - {state}
        assert onward or state in AUTOMATIC, state


def test_the_table_imports_nothing_of_ours() -> None:
    source = Path(lifecycle.__file__).read_text("utf-8")
    modules = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }

    assert modules <= {"__future__", "collections", "dataclasses", "enum", "typing"}


def test_the_awb_is_first_needed_by_pack_and_by_the_returns_first_step() -> None:
    needing = {(state, event) for state, event, cell in lifecycle.cells() if cell.needs_awb}

    assert needing == {(S.DP_ASSIGNED, E.PACK), (S.RETURN_DP_ASSIGNED, E.RETURN_BAG_IN_TRANSIT)}


# Statuses, switches, journeys.


def test_the_status_values_carry_their_wire_names() -> None:
    assert [status.value for status in STATUSES] == [
        "bag_picked",
        "out_for_delivery",
        "delivery_attempt_failed",
        "delivery_reattempt_requested",
        "delivery_done",
        "rto_bag_delivered",
        "return_bag_in_transit",
        "return_bag_delivered",
    ]
    assert {EVENTS[status].operation for status in STATUSES} == {"status"}
    assert {event for event in Event if EVENTS[event].operation == "status"} == set(STATUSES)


def test_the_coarse_statuses_are_those_of_the_rules() -> None:
    rows = {line.split()[0]: line.split()[1:] for line in COARSE.strip().splitlines()}

    assert {state.value: [*names] for state, names in lifecycle.COARSE.items()} == {
        state: [name for name in names if name != "*"] for state, names in rows.items()
    }
    assert {state.value for state in lifecycle.OWN_STATUS} == {state for state, names in rows.items() if "*" in names}
    assert {name for names in rows.values() for name in names} - {"*"} == lifecycle.KNOWN_COARSE


def test_a_host_moves_on_by_itself_only_where_a_caller_also_could() -> None:
    for state, (switch, then) in SWITCHED.items():
        assert switch in ("invoicing", "rto_acceptance", "credit_note")
        assert then in {cell.to for cell in TABLE[state].values()}, state
    assert not AUTOMATIC.keys() & SWITCHED.keys()


def test_automatic_steps_end() -> None:
    moves = {**AUTOMATIC, **{state: then for state, (_, then) in SWITCHED.items()}}
    for start in moves:
        seen, state = {start}, start
        while state in moves:
            state = moves[state]
            assert state not in seen, start
            seen.add(state)


def test_an_accepted_event_belongs_to_its_states_journey() -> None:
    for state, event, cell in lifecycle.cells():
        if cell.to:
            assert lifecycle.JOURNEY_OF[state] in EVENTS[event].journeys, f"{state} × {event}"


# Paths.

BY_HAND = tuple(event for event in Event if event is not E.AUTO_DISPATCH)


def test_the_forward_path() -> None:
    assert ways.path(S.PLACED, S.DELIVERY_DONE, via=BY_HAND) == (
        E.CONFIRM,
        E.INVOICE,
        E.AWB,
        E.PACK,
        E.DISPATCH,
        E.BAG_PICKED,
        E.DELIVERY_DONE,
    )


def test_auto_dispatch_is_the_short_way() -> None:
    assert ways.path(S.DP_ASSIGNED, S.DELIVERY_DONE) == (E.AUTO_DISPATCH, E.DELIVERY_DONE)


def test_the_return_path() -> None:
    assert ways.path(S.RETURN_INITIATED, S.CREDIT_NOTE_GENERATED) == (
        E.AWB,
        E.RETURN_BAG_IN_TRANSIT,
        E.RETURN_BAG_DELIVERED,
        E.ACCEPT_RETURN,
        E.CREDIT_NOTE,
    )


def test_a_state_that_is_passed_by_itself_needs_no_event() -> None:
    assert ways.path(S.BAG_CONFIRMED, S.BAG_INVOICED) == (E.INVOICE,)
    assert ways.path(S.BAG_INVOICED, S.DP_ASSIGNED) == ()


def test_there_is_no_way_back_and_none_between_journeys() -> None:
    assert ways.path(S.BAG_PICKED, S.DP_ASSIGNED) is None
    assert ways.path(S.DELIVERY_DONE, S.RTO_BAG_DELIVERED) is None
    assert ways.path(S.PLACED, S.RETURN_DP_ASSIGNED) is None


def test_every_path_can_be_walked() -> None:
    for start in State:
        for goal in State:
            for via in ((), BY_HAND):
                events = ways.path(start, goal, via=via)
                if events is not None:
                    assert after(start, events) == AUTOMATIC.get(goal, goal), f"{start} to {goal}"


def test_every_state_of_a_journey_has_a_path_from_its_beginning() -> None:
    begin = {Journey.FORWARD: S.PLACED, Journey.RTO: S.PLACED, Journey.RETURN: S.RETURN_INITIATED}
    for state in State:
        assert ways.path(begin[lifecycle.JOURNEY_OF[state]], state, via=BY_HAND) is not None, state
