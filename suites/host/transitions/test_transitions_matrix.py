"""The state × event matrix: every event that must be refused, in every state that can be reached."""

import re
from collections.abc import Callable

import pytest

from selfship import answers, expect, lifecycle
from selfship.host import Host
from selfship.lifecycle import NDR_EVENTS, Event, State
from selfship.run import Run
from selfship.scenario import Recording, Step
from selfship.scenarios.matrix import CURRENT_BY_ITSELF, IN_ENUM_STATES, ROWS, WAYS

Control = Callable[[Event], Step | None]
NDR_STATES = {State(event.value) for event in NDR_EVENTS}

CELLS = [
    pytest.param(state, event, marks=pytest.mark.requirement(cell.rule), id=f"{state}-{event}")
    for state, event, cell in lifecycle.cells()
    if cell.outcome in ("refuse", "unchanged") and state in ROWS and cell.rule != "AUT-3"
]


def applies(host: Host, state: State, event: Event | None = None) -> None:
    """The strict edition has no NDR steps: cells with them do not apply there."""
    if host.switch("edition") == "strict" and (state in NDR_STATES or event in NDR_EVENTS):
        raise expect.NotApplicableError("the strict edition of the documents has no such step")


@pytest.mark.parametrize(("matrix", "event"), CELLS, indirect=["matrix"])
def test_event_is_refused_in_state(
    matrix: Recording, event: Event, control: Control, host: Host, request: pytest.FixtureRequest
) -> None:
    """An event that does not fit the state of an order is refused, and the order stays as it was."""
    state = request.node.callspec.params["matrix"]
    control_step = control(event)
    applies(host, state, event)
    if (state, event) in CURRENT_BY_ITSELF and event.value not in expect.whole(matrix).steps:
        raise expect.NotApplicableError("the host moved on by itself: this is still the last status that was pushed")
    if event is Event.CANCEL_SOME and event.value not in expect.whole(matrix).steps:
        raise expect.NotTestableError("Prepare orders with two lines, or a quantity above 1.")
    step = expect.step(matrix, event.value)
    harmless = lifecycle.cell(state, event).outcome == "unchanged"
    expect.refused(step, control_step, needs_control=not harmless)


@pytest.mark.requirement("FWD-10")
@pytest.mark.control(Event.INVOICE)
@pytest.mark.parametrize("matrix", [State.DP_ASSIGNED, State.BAG_PACKED], indirect=True)
def test_refused_invoice_leaves_the_number(matrix: Recording, control: Control) -> None:
    """Where a second Update Invoice is refused, the order still shows the number of the first."""
    step = expect.refused(expect.step(matrix, Event.INVOICE.value), control(Event.INVOICE))
    if step.before is None or step.after is None or not step.before.invoice_number:
        raise expect.NotTestableError("The order showed no invoiceNumber before: prepare one that was invoiced.")
    shown, was = step.after.invoice_number, step.before.invoice_number
    words = f"invoiceNumber went from {was} to {shown}, though the second Update Invoice was refused"
    expect.that(shown == was, words, step.exchanges)


@pytest.mark.requirement("STA-5")
@pytest.mark.control(Event.BAG_PICKED, Event.RETURN_BAG_IN_TRANSIT)
@pytest.mark.parametrize("outside_the_enum", IN_ENUM_STATES, indirect=True)
def test_value_outside_the_enum_is_refused(
    outside_the_enum: Recording, control: Control, request: pytest.FixtureRequest
) -> None:
    """A status that no document lists is refused, though the order is ready for its next one."""
    state = request.node.callspec.params["outside_the_enum"]
    event = Event.BAG_PICKED if state is State.HANDED_OVER_TO_DG else Event.RETURN_BAG_IN_TRANSIT
    steps = [step for step in expect.whole(outside_the_enum).steps.values() if step.name.startswith("orderStatus")]
    expect.that(steps, "no value was tried")
    for step in steps:
        expect.refused(step, control(event))


CODES = [
    (State.PLACED, Event.INVOICE),
    (State.DP_ASSIGNED, Event.INVOICE),
    (State.PLACED, Event.PACK),
    (State.DP_ASSIGNED, Event.DISPATCH),
    (State.CANCELLED, Event.CONFIRM),
    (State.CANCELLED, Event.INVOICE),
    (State.CANCELLED, Event.PACK),
    (State.CANCELLED, Event.DISPATCH),
]


@pytest.mark.requirement("STA-12")
@pytest.mark.parametrize(
    ("matrix", "event"),
    [pytest.param(s, e, id=f"{s}-{e}-{lifecycle.cell(s, e).code}") for s, e in CODES],
    indirect=["matrix"],
)
def test_refusal_carries_its_documented_code(
    matrix: Recording, event: Event, run: Run, control: Control, request: pytest.FixtureRequest
) -> None:
    """A refusal for which the documents name a code carries that code in its body."""
    state = request.node.callspec.params["matrix"]
    cell = lifecycle.cell(state, event)
    seen = control(event)
    step = expect.step(matrix, event.value)
    if step.outcome in ("accepted", "applied"):
        raise expect.BlockedError(cell.rule or "", step.message, step.exchanges)
    expect.refused(step, seen)
    exchange = run.exchanges()[step.exchanges[0] - 1]
    code = re.compile(rf"\b{cell.code}\b")
    carried = any(code.search(text) for text in answers.texts(exchange.json))
    expect.that(
        carried, f"{event.value} in {state.value} was refused without the documented code {cell.code}", step.exchanges
    )


OTHER_WAYS = [
    pytest.param(way, event, marks=pytest.mark.requirement(cell.rule), id=f"{way.replace(' ', '-')}-{event}")
    for way, (at, _) in WAYS.items()
    for state, event, cell in lifecycle.cells()
    if state is at and cell.outcome in ("refuse", "unchanged") and event is not Event.CANCEL_SOME
]


@pytest.mark.parametrize(("by_another_way", "event"), OTHER_WAYS, indirect=["by_another_way"])
def test_event_is_refused_whichever_way_the_order_came(
    by_another_way: Recording, event: Event, control: Control, host: Host, request: pytest.FixtureRequest
) -> None:
    """What must be refused in a state is refused whichever way the order came there."""
    state, _ = WAYS[request.node.callspec.params["by_another_way"]]
    seen = control(event)
    applies(host, state, event)
    harmless = lifecycle.cell(state, event).outcome == "unchanged"
    expect.refused(expect.step(by_another_way, event.value), seen, needs_control=not harmless)
