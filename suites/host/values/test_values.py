"""Items with a defect, and bodies that are no list of items."""

from collections.abc import Callable

import pytest

from selfship import expect
from selfship.answers import Kind, read
from selfship.exchanges import Exchange
from selfship.host import Host
from selfship.lifecycle import Event
from selfship.operations import BULK, OPERATIONS
from selfship.run import Run
from selfship.scenario import Recording, Step
from selfship.scenarios.values import FIRST_AWBS, META, NOT_JSON, PLACES, REQUIRED, called

Control = Callable[[Event], Step | None]

WITHOUT = [
    pytest.param(state, event, name, id=f"{event}-without-{name}")
    for state, events in PLACES.items()
    for event in events
    for name in REQUIRED[event]
]
HOWS = ("of the wrong type", "empty", "null")
WHERE = [pytest.param(state, event, id=f"{event}-in-{state}") for state, events in PLACES.items() for event in events]
DISTORTED = [
    pytest.param(state, event, f"{name} {how}", id=f"{event}-{name}-{how.replace(' ', '-')}")
    for state, events in PLACES.items()
    for event in events
    for name in REQUIRED[event]
    for how in HOWS
]

ON_THE_WAY = [
    ("ndr_first_attempt", Event.DELIVERY_DONE),
    ("rto_after_auto", Event.RTO_BAG_DELIVERED),
    ("return_with_reason", Event.RETURN_BAG_IN_TRANSIT),
    ("return_with_reason", Event.RETURN_BAG_DELIVERED),
]
"""Where a status is sent with meta, on the way."""


@pytest.mark.requirement("VAL-1")
@pytest.mark.parametrize(("defects", "event", "name"), WITHOUT, indirect=["defects"])
def test_item_without_a_required_field_is_refused(
    defects: Recording, event: Event, name: str, control: Control
) -> None:
    """An item without a required field is refused."""
    refused(defects, event, f"{called(event)} without {name}", control)


@pytest.mark.requirement("VAL-1")
@pytest.mark.parametrize(("event", "name"), [(event, name) for event in FIRST_AWBS for name in REQUIRED[event]])
def test_update_awb_without_a_required_field_is_refused(
    awb_defects: Recording, event: Event, name: str, control: Control
) -> None:
    """Update AWB without a required field is refused, of an order that has no AWB yet."""
    refused(awb_defects, event, f"{called(event)} without {name}", control)


def refused(recording: Recording, event: Event, name: str, control: Control) -> None:
    seen = control(event)
    expect.refused(expect.step(recording, name), seen)


@pytest.mark.requirement("VAL-2")
@pytest.mark.parametrize(("defects", "event", "what"), DISTORTED, indirect=["defects"])
def test_item_with_a_wrong_or_empty_field_is_refused(
    defects: Recording, event: Event, what: str, control: Control
) -> None:
    """A field of the wrong type, or a required string that is empty, is refused."""
    refused(defects, event, f"{called(event)} with {what}", control)


@pytest.mark.requirement("VAL-2")
@pytest.mark.control(Event.AWB)
@pytest.mark.parametrize("what", [f"{name} {how}" for name in REQUIRED[Event.AWB] for how in HOWS])
def test_update_awb_with_a_wrong_or_empty_field_is_refused(awb_defects: Recording, what: str, control: Control) -> None:
    """A field of Update AWB of the wrong type, or empty, is refused, of an order that has no AWB yet."""
    refused(awb_defects, Event.AWB, f"{called(Event.AWB)} with {what}", control)


def served(run: Run, operation: str, exchange: Exchange) -> None:
    """The control: the operation was answered 2xx to a good body."""
    if not any(one.operation == operation and one.ok for one in run.exchanges()):
        if operation == "invoiceUpdate" and run.host.switches().invoices_alone:
            raise expect.NotApplicableError("the host makes its invoices and credit notes by itself")
        raise expect.BlockedError("CON-1", f"{operation} was never answered 2xx", [exchange.seq])


@pytest.mark.requirement("VAL-3")
@pytest.mark.aided("stepwise", "tracked")
@pytest.mark.parametrize("operation", [*BULK, "track"])
@pytest.mark.parametrize("how", list(NOT_JSON), ids=lambda how: how.replace(" ", "-"))
def test_body_that_is_not_json_is_refused(
    broken_bodies: Recording, stepwise: Recording, tracked: Recording, operation: str, how: str, run: Run
) -> None:
    """A body that is not JSON is refused with 4xx."""
    if operation == "track" and how == "empty":
        raise expect.NotApplicableError("Track without anything may say error in its answer (TRK-3)")
    exchange: Exchange = expect.whole(broken_bodies).kept[f"{operation} {how}"]
    if exchange.status is None:
        raise expect.BlockedError(expect.NO_ANSWER, f"{exchange.step} was not answered", [exchange.seq])
    if exchange.status >= 500:
        raise expect.BlockedError("CON-8", f"{exchange.step}: HTTP {exchange.status}", [exchange.seq])
    expect.that(400 <= exchange.status < 500, f"{exchange.step} was answered HTTP {exchange.status}", [exchange.seq])
    served(run, operation, exchange)


@pytest.mark.requirement("VAL-3")
@pytest.mark.parametrize(("defects", "event"), WHERE, indirect=["defects"])
def test_good_items_with_a_word_behind_are_refused(defects: Recording, event: Event, control: Control) -> None:
    """A body that begins as good JSON and goes on with something else is refused, and changes nothing."""
    refused(defects, event, f"{called(event)}, good JSON with a word behind it", control)


@pytest.mark.requirement("VAL-3")
@pytest.mark.parametrize("event", FIRST_AWBS)
def test_good_update_awb_with_a_word_behind_is_refused(awb_defects: Recording, event: Event, control: Control) -> None:
    """An Update AWB that begins as good JSON and goes on with something else is refused, and changes nothing."""
    refused(awb_defects, event, f"{called(event)}, good JSON with a word behind it", control)


@pytest.mark.requirement("VAL-4")
@pytest.mark.parametrize("operation", BULK)
def test_body_that_is_not_an_array_is_refused(broken_bodies: Recording, operation: str) -> None:
    """A body that is a single item and not an array is refused."""
    if expect.whole(broken_bodies).spared:
        raise expect.NotTestableError(broken_bodies.spared)
    exchange: Exchange = broken_bodies.kept[f"{operation} not array"]
    if exchange.status is None:
        raise expect.BlockedError(expect.NO_ANSWER, f"{exchange.step} was not answered", [exchange.seq])
    if exchange.status >= 500:
        raise expect.BlockedError("CON-8", f"{exchange.step}: HTTP {exchange.status}", [exchange.seq])
    refused = 400 <= exchange.status < 500
    if OPERATIONS[operation].writes:
        answer = read(exchange, 1)
        refused = refused or answer.kind is Kind.REFUSED
    expect.that(refused, f"{exchange.step} was answered HTTP {exchange.status}", [exchange.seq])


@pytest.mark.requirement("VAL-5")
def test_meta_is_optional(stepwise: Recording) -> None:
    """A status without meta is accepted."""
    expect.accepted(expect.step(stepwise, "bag_picked"))


@pytest.mark.requirement("VAL-5")
@pytest.mark.parametrize(("way", "event"), ON_THE_WAY, ids=[f"{event}" for _, event in ON_THE_WAY])
def test_meta_is_accepted_on_every_journey(
    ndr_first_attempt: Recording,
    rto_after_auto: Recording,
    return_with_reason: Recording,
    way: str,
    event: Event,
    host: Host,
) -> None:
    """A status of a delivery, an RTO or a return is accepted with documented fields of meta."""
    if way == "ndr_first_attempt" and host.switch("edition") == "strict":
        raise expect.NotApplicableError("the strict edition of the documents has no such step")
    played = {one.scenario: one for one in (ndr_first_attempt, rto_after_auto, return_with_reason)}
    expect.accepted(expect.step(played[way], event.value))


@pytest.mark.requirement("VAL-5")
@pytest.mark.control(Event.BAG_PICKED)
@pytest.mark.parametrize("meta", list(META), indirect=True)
def test_documented_field_of_meta_is_accepted(meta: Recording, control: Control) -> None:
    """A status with a documented field of meta, or with all of them, is accepted."""
    expect.works_alone(Event.BAG_PICKED, control(Event.BAG_PICKED))
    expect.accepted(expect.step(meta, "bag_picked with meta"))
