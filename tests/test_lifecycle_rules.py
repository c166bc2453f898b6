"""What the lifecycle table refuses, leaves unchanged or only observes, rule by rule: no more, no less.

The sets below are read from the rules, never from the table.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import product

import pytest

from selfship import lifecycle
from selfship.lifecycle import AUTOMATIC, FORWARD_STATUSES, RETURN_STATUSES, STATUSES, TABLE, Event, State

S, E = State, Event

# In order. The two states that a host leaves by itself stand apart: there a rule may be stated, but nothing is certain.
BEFORE_INVOICE = [S.PLACED, S.BAG_CONFIRMED]
BEFORE_PICKED = [*BEFORE_INVOICE, S.DP_ASSIGNED, S.BAG_PACKED, S.HANDED_OVER_TO_DG]
ATTEMPTS = [S.OUT_FOR_DELIVERY, S.DELIVERY_ATTEMPT_FAILED, S.DELIVERY_REATTEMPT_REQUESTED]
FORWARD = [*BEFORE_PICKED, S.BAG_PICKED, *ATTEMPTS, S.DELIVERY_DONE, S.RTO_BAG_DELIVERED, S.RTO_BAG_ACCEPTED]
INVOICED = FORWARD[2:]
PACKED = FORWARD[3:]
RETURN_BEFORE_ACCEPTANCE = [S.RETURN_DP_ASSIGNED, S.RETURN_BAG_IN_TRANSIT, S.RETURN_BAG_DELIVERED]
RETURN = [*RETURN_BEFORE_ACCEPTANCE, S.RETURN_ACCEPTED]
RETURN_ENDS = [S.RETURN_BAG_DELIVERED, S.RETURN_ACCEPTED, S.CREDIT_NOTE_GENERATED]
ENDS = [S.DELIVERY_DONE, S.RTO_BAG_DELIVERED, S.RTO_BAG_ACCEPTED, *RETURN_ENDS]
LIVE = [*FORWARD, *RETURN, S.CREDIT_NOTE_GENERATED]
AWB = (E.AWB, E.AUTO_DISPATCH)

Cells = set[tuple[State, Event]]


def cross(states: Collection[State], events: Collection[Event]) -> Cells:
    return set(product(states, events))


REFUSED: dict[str, Cells] = {
    "STA-1": cross(BEFORE_PICKED, (E.DELIVERY_DONE, E.RTO_BAG_DELIVERED))
    | {(S.RETURN_DP_ASSIGNED, E.RETURN_BAG_DELIVERED)},
    "STA-2": cross(ATTEMPTS, [E.BAG_PICKED]) | cross(RETURN_ENDS, [E.RETURN_BAG_IN_TRANSIT]),
    "STA-3": {(state, status) for state, status in product(ENDS, STATUSES) if state.value != status.value},
    "STA-4": cross(FORWARD, RETURN_STATUSES) | cross(RETURN, FORWARD_STATUSES),
    "STA-6": cross([*BEFORE_INVOICE, S.CANCELLED], STATUSES),
    "STA-7": cross({*LIVE, S.CANCELLED} - {S.DP_ASSIGNED, S.RETURN_DP_ASSIGNED}, AWB),
    "STA-8": cross(set(LIVE) - {S.DP_ASSIGNED}, [E.PACK]) | cross(set(LIVE) - {S.BAG_PACKED}, [E.DISPATCH]),
    "STA-9": cross({S.PLACED, *INVOICED}, [E.INVOICE]),
    "STA-10": cross([S.CANCELLED], (E.CONFIRM, E.INVOICE, E.PACK, E.DISPATCH)),
    "STA-11": cross(PACKED, [E.CANCEL]) | cross({S.BAG_INVOICED, *INVOICED}, [E.CANCEL_SOME]),
    "RET-8": cross([*RETURN_BEFORE_ACCEPTANCE, S.CREDIT_NOTE_GENERATED], [E.CREDIT_NOTE]),
    "RET-9": cross(RETURN_BEFORE_ACCEPTANCE[:2], [E.ACCEPT_RETURN]),
}

# What a rule covers by its words, though a table without it would not be wrong: an order on its way may become an RTO.
MAY_REFUSE: Cells = cross([S.BAG_PICKED, *ATTEMPTS], [E.ACCEPT_RETURN])

CODES = {
    E.INVOICE: {S.PLACED: "IN403", **dict.fromkeys(INVOICED, "IN453"), S.CANCELLED: "IN401"},
    E.PACK: {**dict.fromkeys(LIVE, "CR400"), S.CANCELLED: "CR401"},
    E.DISPATCH: {**dict.fromkeys(LIVE, "D400"), S.CANCELLED: "D401"},
    E.CONFIRM: {S.CANCELLED: "O400"},
}


@pytest.mark.parametrize("rule", REFUSED)
def test_what_a_rule_refuses_is_refused_and_laid_at_it(rule: str) -> None:
    for state, event in REFUSED[rule]:
        cell = lifecycle.cell(state, event)
        assert cell.outcome == "refuse", f"{state} × {event}"
        assert rule in cell.rules, f"{state} × {event}"


def test_nothing_is_refused_that_no_rule_refuses() -> None:
    by_rules = set().union(*REFUSED.values()) | MAY_REFUSE
    by_table = {
        (state, event)
        for state, event, cell in lifecycle.cells()
        if cell.outcome == "refuse" and state not in AUTOMATIC
    }

    assert by_table - by_rules == set()


def test_a_refusal_is_first_laid_at_a_rule_that_speaks_of_it() -> None:
    for state, event, cell in lifecycle.cells():
        if cell.outcome == "refuse" and state not in AUTOMATIC and (state, event) not in MAY_REFUSE:
            assert (state, event) in REFUSED[cell.rules[0]], f"{state} × {event} at {cell.rules[0]}"


def test_each_documented_code_stands_at_its_refusal() -> None:
    for state, event, cell in lifecycle.cells():
        if cell.outcome == "refuse" and state not in AUTOMATIC:
            assert cell.code == CODES.get(event, {}).get(state), f"{state} × {event}"


def test_just_these_leave_the_order_unchanged() -> None:
    found = {(state, event, cell.rule) for state, event, cell in lifecycle.cells() if cell.outcome == "unchanged"}
    confirmed = {(state, E.CONFIRM, "STA-14") for state in [*FORWARD[1:], S.BAG_INVOICED]}

    assert found == confirmed | {(S.RETURN_DP_ASSIGNED, E.AUTO_DISPATCH, "AUT-3")}


def test_the_current_status_again_is_only_observed() -> None:
    for status in STATUSES:
        cell = lifecycle.cell(State(status.value), status)
        assert (cell.outcome, cell.rule) == ("observe", "STA-13"), status


def test_what_the_documents_leave_open_is_only_observed() -> None:
    assert lifecycle.cell(S.DP_ASSIGNED, E.BAG_PICKED) == lifecycle.observe("FWD-8")
    assert lifecycle.cell(S.RTO_BAG_DELIVERED, E.CREDIT_NOTE) == lifecycle.observe("RET-8")
    assert lifecycle.cell(S.DELIVERY_ATTEMPT_FAILED, E.DELIVERY_DONE) == lifecycle.observe("NDR-4")
    for state in ATTEMPTS:
        assert lifecycle.cell(state, E.RTO_BAG_DELIVERED) == lifecycle.observe("NDR-4")
    for state in (S.BAG_INVOICED, S.DP_ASSIGNED):
        assert lifecycle.cell(state, E.CANCEL) == lifecycle.observe("STA-11")
    for state in BEFORE_INVOICE:
        assert lifecycle.cell(state, E.CANCEL_SOME) == lifecycle.observe("STA-11")


def test_optional_steps_out_of_their_order_are_only_observed() -> None:
    for state in (S.BAG_PICKED, *ATTEMPTS):
        for event in lifecycle.NDR_EVENTS:
            cell = lifecycle.cell(state, event)
            if cell.outcome != "accept":
                again = state.value == event.value
                assert cell == lifecycle.observe("STA-13" if again else "NDR-4"), f"{state} × {event}"


def test_a_state_that_the_host_leaves_by_itself_accepts_nothing() -> None:
    for state in AUTOMATIC:
        assert not [event for event, cell in TABLE[state].items() if cell.outcome == "accept"], state
