"""Batches in which not every item is good."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from selfship import answers, expect
from selfship.answers import Kind
from selfship.exchanges import Exchange
from selfship.host import Host
from selfship.lifecycle import Event
from selfship.operations import WRITES
from selfship.orders import View
from selfship.scenario import Recording, Step
from selfship.scenarios.limits import Bulk

Control = Callable[[Event], Step | None]
Mixed = Callable[[str, Event], Bulk]
Batches = dict[str, Recording]
FORWARD = (
    Event.CONFIRM, Event.INVOICE, Event.AWB, Event.PACK, Event.DISPATCH, Event.BAG_PICKED, Event.DELIVERY_DONE
)  # fmt: skip
BACK = (Event.AWB, Event.RETURN_BAG_IN_TRANSIT, Event.RETURN_BAG_DELIVERED, Event.ACCEPT_RETURN)
MIXED = [
    *[("batch_forward", event) for event in FORWARD],
    *[("batch_returns", event) for event in BACK],
    ("batch_cancel", Event.CANCEL),
]
IDS = [f"{event}-{where.removeprefix('batch_')}" for where, event in MIXED]


@pytest.fixture
def batches(batch_forward: Recording, batch_returns: Recording, batch_cancel: Recording) -> dict[str, Recording]:
    return {one.scenario: one for one in (batch_forward, batch_returns, batch_cancel)}


@pytest.fixture
def mixed(batches: Batches, control: Control, host: Host) -> Mixed:
    """The batch of an event in which one order is unknown; what keeps it from being judged is raised."""

    def find(where: str, event: Event) -> Bulk:
        expect.works_alone(event, control(event))
        recording = batches[where]
        if f"{event.value} mixed" not in recording.kept:
            expect.whole(recording)
            stopped = recording.kept.get("stopped")
            if stopped is not None:
                raise expect.BlockedError(
                    "BAT-1", f"the batch of {stopped.value} before did not take all its orders along"
                )
            raise expect.NotApplicableError("the host does this by itself")
        found: Bulk = recording.kept[f"{event.value} mixed"]
        readable(found.exchange, found.answer)
        shows_awbs(event, host, found)
        return found

    return find


def shows_awbs(event: Event, host: Host, bulk: Bulk) -> None:
    if event is Event.AWB and not host.awb_shown:
        raise expect.BlockedError("FET-12", "no order ever showed an AWB that was sent", bulk.evidence)


def not_invoiced_meanwhile(event: Event, batch: Bulk, host: Host) -> None:
    """More orders are invoiced than the answer counts: a host that invoices by itself may have come first."""
    if event is Event.INVOICE and host.switch("invoicing") == "auto" and len(batch.taken or []) > batch.answer.success:
        raise expect.NotApplicableError("the host may have invoiced by itself meanwhile")


def readable(exchange: Exchange, answer: answers.Answer) -> None:
    if answer.kind is Kind.NO_ANSWER:
        raise expect.BlockedError(expect.NO_ANSWER, f"{exchange.step} was not answered", [exchange.seq])
    if answer.kind is Kind.SERVER_ERROR:
        raise expect.BlockedError("CON-8", f"{exchange.step}: HTTP {exchange.status}", [exchange.seq])
    if answer.kind is Kind.UNREADABLE:
        raise expect.BlockedError(
            answer.broken or "CON-2", f"{exchange.step}: the answer cannot be read", [exchange.seq]
        )


@pytest.mark.requirement("BAT-1")
@pytest.mark.parametrize(("where", "event"), MIXED, ids=IDS)
def test_counts_of_a_mixed_batch_are_true(mixed: Mixed, batches: Batches, where: str, event: Event, host: Host) -> None:
    """Items counted successful took effect, items counted failed are unchanged."""
    batch = mixed(where, event)
    not_invoiced_meanwhile(event, batch, host)
    again = batches[where].kept.get(f"{event.value} again")
    if batch.taken is not None:
        taken = len(batch.taken)
    elif again is not None:
        # What is taken alone afterwards had not been taken in the batch.
        taken = len(again) - sum(answer.accepted for _, answer in again)
    else:
        taken = batch.answer.success
    expect.that(
        taken == batch.answer.success,
        f"a batch of {event.value} with one unknown order counted {batch.answer.success} successful, "
        f"{taken} took effect",
        batch.evidence,
    )


@pytest.mark.requirement("FWD-10")
@pytest.mark.control(Event.INVOICE)
def test_orders_of_a_batch_show_each_its_own_invoice_number(
    batch_forward: Recording, control: Control, host: Host
) -> None:
    """After one Update Invoice for several orders each shows the number that was sent for it."""
    if "invoiced" not in expect.whole(batch_forward).kept or host.switch("invoicing") == "auto":
        raise expect.NotApplicableError("the host invoices by itself")
    expect.works_alone(Event.INVOICE, control(Event.INVOICE))
    not_invoiced_meanwhile(Event.INVOICE, batch_forward.kept[f"{Event.INVOICE} mixed"], host)
    sent = [(number, view) for number, view in batch_forward.kept["invoiced"] if number]
    if not sent:
        raise expect.BlockedError("BAT-1", "no order of the batch was seen to be invoiced")
    for number, view in sent:
        shown = view.invoice_number if view else None
        words = f"one Update Invoice for several orders: sent {number}, shown {shown}"
        expect.that(shown == number, words, [view.seq] if view else ())


@pytest.mark.requirement("BAT-4")
@pytest.mark.parametrize(("where", "event"), MIXED, ids=IDS)
def test_bad_item_does_not_sink_its_siblings(mixed: Mixed, host: Host, where: str, event: Event) -> None:
    """One bad item does not sink its good siblings."""
    batch = mixed(where, event)
    not_invoiced_meanwhile(event, batch, host)
    expect.that(
        batch.answer.success >= len(batch.sent),
        f"a batch of {event.value} with one unknown order: {batch.answer.success} of {len(batch.sent)} good items "
        "were taken",
        batch.evidence,
    )


@pytest.mark.requirement("BAT-3")
@pytest.mark.parametrize(("where", "event"), MIXED, ids=IDS)
def test_error_names_its_order(mixed: Mixed, batches: Batches, where: str, event: Event) -> None:
    """Each error names the orderId that it is about."""
    batch = mixed(where, event)
    stranger = batches[where].kept[f"{event.value} stranger"]
    body = batch.exchange.json
    if batch.answer.success > len(batch.sent):
        raise expect.BlockedError("BAT-1", "the unknown order was counted as successful", batch.evidence)
    named = any(stranger in word for word in answers.texts(body)) if body is not None else False
    expect.that(
        named, f"the errors of a batch of {event.value} do not name the unknown order {stranger}", batch.evidence
    )


def envelopes(traffic: Sequence[Exchange], operation: str) -> Iterator[tuple[Exchange, answers.Envelope]]:
    for one in traffic:
        if one.operation == operation and one.ok:
            found = answers.envelope(one)
            if found is not None and found.success is not None and found.failed is not None:
                yield one, found


@pytest.mark.requirement("BAT-2")
@pytest.mark.parametrize("operation", WRITES)
def test_failures_come_with_errors(traffic: list[Exchange], operation: str, batch_of_strangers: Recording) -> None:
    """errors is not empty when the failed count is above 0."""
    judged = [(one, found) for one, found in envelopes(traffic, operation) if (found.failed or 0) > 0]
    if not judged:
        raise expect.NotApplicableError("every refusal was an HTTP error")
    bad = [one for one, found in judged if not found.errors]
    words = f"{len(bad)} of {len(judged)} envelopes of {operation} count failures and have no errors"
    expect.that(not bad, words, [one.seq for one in bad[:4]] or [one.seq for one, _ in judged[:4]])


@pytest.mark.requirement("BAT-5")
@pytest.mark.parametrize("operation", WRITES)
def test_nothing_succeeded_is_not_called_success(
    traffic: list[Exchange], operation: str, batch_of_strangers: Recording
) -> None:
    """The envelope does not say SUCCESS when nothing succeeded."""
    judged = [
        (one, found) for one, found in envelopes(traffic, operation) if found.success == 0 and (found.failed or 0) > 0
    ]
    if not judged:
        raise expect.NotApplicableError("every refusal was an HTTP error")
    bad = [one for one, found in judged if str(found.status).upper() == "SUCCESS"]
    words = f"{len(bad)} of {len(judged)} envelopes of {operation} say SUCCESS though nothing succeeded"
    expect.that(not bad, words, [one.seq for one in bad[:4]] or [one.seq for one, _ in judged[:4]])


def counts_two(exchange: Exchange, answer: answers.Answer) -> None:
    """An order that stands twice counts twice."""
    off = answer.kind is Kind.UNREADABLE and answer.broken == "CON-3"
    words = f"one order twice in a request was counted {answer.success} + {answer.failed}, 2 items were sent"
    expect.that(not off, words, [exchange.seq])
    readable(exchange, answer)


@pytest.mark.requirement("BAT-6")
@pytest.mark.control(Event.AWB)
def test_order_twice_in_a_request_shows_the_awb_counted(
    batch_two_awbs: Recording, control: Control, host: Host
) -> None:
    """An order that stands twice in Update AWB shows the AWB of the last item that was counted successful."""
    expect.works_alone(Event.AWB, control(Event.AWB))
    exchange, answer, items, after = expect.whole(batch_two_awbs).kept["twice"]
    counts_two(exchange, answer)
    if after is None or not host.awb_shown:
        raise expect.BlockedError("FET-12", "no order ever showed an AWB that was sent", [exchange.seq])
    first, second = (item["awbNumber"] for item in items)
    ends: list[tuple[str, ...]] = [[()], [(first,), (second,)], [(second,)]][answer.success]
    expect.that(
        after.awbs in ends,
        f"one order twice in Update AWB: {answer.success} counted successful, the order shows {list(after.awbs)}",
        [exchange.seq, after.seq],
    )


@pytest.mark.requirement("BAT-6")
@pytest.mark.control(Event.DELIVERY_DONE, Event.RTO_BAG_DELIVERED)
def test_order_twice_in_a_request_ends_only_once(batch_twice_the_same: Recording, control: Control) -> None:
    """An order that stands twice in a request, to be delivered and returned, ends where the counts say."""
    expect.works_alone(Event.DELIVERY_DONE, control(Event.DELIVERY_DONE))
    expect.works_alone(Event.RTO_BAG_DELIVERED, control(Event.RTO_BAG_DELIVERED))
    exchange, answer, before, after = expect.whole(batch_twice_the_same).kept["twice"]
    counts_two(exchange, answer)
    if before is None or after is None:
        raise expect.BlockedError("FET-1", "the order could not be read", [exchange.seq])
    shown = after.status
    ends = {0: (before.status,), 1: ("DELIVERED", "RETURN_DELIVERED", "RETURN_ACCEPTED", "RETURN_COMPLETED")}
    expect.that(
        shown in ends.get(answer.success, ()),
        f"delivery_done and rto_bag_delivered of one order in one request: {answer.success} counted successful, "
        f"the order shows {shown}",
        [exchange.seq, after.seq],
    )


@pytest.mark.requirement("BAT-6")
@pytest.mark.control(Event.BAG_PICKED, Event.DELIVERY_DONE)
def test_order_twice_in_a_request_moves_as_counted(batch_twice_in_order: Recording, control: Control) -> None:
    """An order that stands twice in a request, to be picked and delivered, is where the counted items lead."""
    expect.works_alone(Event.BAG_PICKED, control(Event.BAG_PICKED))
    expect.works_alone(Event.DELIVERY_DONE, control(Event.DELIVERY_DONE))
    exchange, answer, before, after = expect.whole(batch_twice_in_order).kept["twice"]
    counts_two(exchange, answer)
    if before is None or after is None:
        raise expect.BlockedError("FET-1", "the order could not be read", [exchange.seq])
    ends = {0: before.status, 1: "TRANSIT", 2: "DELIVERED"}
    expect.that(
        after.status == ends.get(answer.success),
        f"bag_picked and delivery_done of one order in one request: {answer.success} counted successful, "
        f"the order shows {after.status}",
        [exchange.seq, after.seq],
    )


@pytest.mark.requirement("BAT-6")
@pytest.mark.control(Event.DELIVERY_DONE)
def test_refused_second_item_of_an_order_changes_nothing(batch_second_illegal: Recording, control: Control) -> None:
    """An order that stands twice in a request, the second time with a status it cannot take, stays delivered."""
    expect.works_alone(Event.DELIVERY_DONE, control(Event.DELIVERY_DONE))
    exchange, answer, before, after = expect.whole(batch_second_illegal).kept["twice"]
    counts_two(exchange, answer)
    if before is None or after is None:
        raise expect.BlockedError("FET-1", "the order could not be read", [exchange.seq])
    expect.that(
        after.status == {0: before.status, 1: "DELIVERED"}.get(answer.success),
        f"delivery_done and return_bag_delivered of one order in one request: {answer.success} counted successful, "
        f"the order shows {after.status}",
        [exchange.seq, after.seq],
    )


def of_couriers(recording: Recording, control: Control) -> tuple[Exchange, list[dict[str, Any]], list[View]]:
    for event in (Event.AWB, Event.AUTO_DISPATCH):
        expect.works_alone(event, control(event))
    exchange, answer, items, shown = expect.whole(recording).kept["sent"]
    readable(exchange, answer)
    if not answer.accepted:
        raise expect.BlockedError("BAT-1", "three good items in one Update AWB were not all taken", [exchange.seq])
    if None in shown:
        raise expect.BlockedError("FET-1", "an order of the batch could not be read", [exchange.seq])
    return exchange, items, shown


@pytest.mark.requirement("FET-12")
@pytest.mark.control(Event.AWB, Event.AUTO_DISPATCH)
def test_orders_of_a_batch_show_each_its_own_courier(batch_of_couriers: Recording, control: Control) -> None:
    """After one Update AWB for several orders each shows its own AWB and its own courier."""
    exchange, items, shown = of_couriers(batch_of_couriers, control)
    # What is wrong with the auto-dispatched order alone is no matter of the batch: AUT-1 says what it records.
    for item, view in sorted(zip(items, shown, strict=True), key=lambda one: one[0]["autoDispatch"] is True):
        good = item["awbNumber"] in view.awbs and view.courier == item["courierName"]
        words = f"sent {item['awbNumber']} by {item['courierName']}, shown {list(view.awbs)} by {view.courier}"
        if not good:
            raise expect.CheckFailedError(
                f"one Update AWB for three orders: {words}",
                [exchange.seq, view.seq],
                rule="AUT-1" if item["autoDispatch"] is True else None,
            )
    expect.that(shown, "no order was read", [exchange.seq, *(view.seq for view in shown)])


@pytest.mark.requirement("AUT-1")
@pytest.mark.control(Event.AWB, Event.AUTO_DISPATCH)
def test_auto_dispatch_holds_for_its_own_item_alone(batch_of_couriers: Recording, control: Control) -> None:
    """In one Update AWB for several orders autoDispatch moves those whose items say so, and no other."""
    exchange, _, shown = of_couriers(batch_of_couriers, control)
    statuses = [view.status for view in shown]
    words = f"of three items the first says autoDispatch; the orders show {', '.join(map(str, statuses))}"
    expect.that(statuses == ["TRANSIT", "PROCESSING", "PROCESSING"], words, [exchange.seq, shown[1].seq])


@pytest.mark.requirement("VAL-1")
@pytest.mark.control(Event.AWB)
def test_item_does_not_inherit_a_field_from_its_neighbour(batch_mended: Recording, control: Control) -> None:
    """An item without courierName is refused behind items that have one, too."""
    expect.works_alone(Event.AWB, control(Event.AWB))
    expect.whole(batch_mended)
    first: Bulk = batch_mended.kept["first"]
    readable(first.exchange, first.answer)
    words = "an item without courierName was taken behind one that has it"
    expect.that(not batch_mended.kept["inherited"], words, first.evidence)


@pytest.mark.requirement("BAT-7")
@pytest.mark.control(Event.AWB)
def test_orders_and_returns_share_a_request(
    batch_both_ways: Recording, return_journey: Recording, control: Control, host: Host
) -> None:
    """A forward order and a return may share an Update AWB request."""
    expect.works_alone(Event.AWB, control(Event.AWB))
    expect.accepted(expect.step(return_journey, "awb"))
    shared: Bulk = expect.whole(batch_both_ways).kept["shared"]
    readable(shared.exchange, shared.answer)
    shows_awbs(Event.AWB, host, shared)
    expect.that(
        shared.answer.accepted and len(shared.taken or []) == 2,
        f"an order and a return in one Update AWB: {shared.answer.success} of 2 were taken",
        shared.evidence,
    )


@pytest.mark.requirement("BAT-8")
@pytest.mark.control(Event.AWB)
def test_failed_items_are_accepted_once_mended(batch_mended: Recording, control: Control, host: Host) -> None:
    """Resending just the failed items, mended, is accepted."""
    expect.works_alone(Event.AWB, control(Event.AWB))
    expect.whole(batch_mended)
    first: Bulk = batch_mended.kept["first"]
    resent: Bulk = batch_mended.kept["resent"]
    readable(first.exchange, first.answer)
    readable(resent.exchange, resent.answer)
    shows_awbs(Event.AWB, host, first)
    if first.answer.failed == 0:
        raise expect.BlockedError("VAL-1", "the item without awbNumber was taken", first.evidence)
    expect.that(
        resent.answer.accepted and set(resent.taken or []) == set(resent.sent),
        f"{len(resent.sent)} failed items were sent again, mended: {resent.answer.success} were taken",
        resent.evidence,
    )


@pytest.mark.requirement("BAT-8")
@pytest.mark.control(Event.DISPATCH)
def test_order_dispatched_too_early_is_accepted_once_packed(
    batch_dispatched_early: Recording, control: Control
) -> None:
    """What failed because it was not packed yet is dispatched by the same request once it is."""
    expect.works_alone(Event.DISPATCH, control(Event.DISPATCH))
    kept = expect.whole(batch_dispatched_early).kept
    readable(*kept["first"])
    if "resent" not in kept:
        raise expect.BlockedError("STA-8", "an order that was not packed was dispatched", [kept["first"][0].seq])
    exchange, answer = kept["resent"]
    readable(exchange, answer)
    words = f"items that failed for want of packing were dispatched again once packed: {answer.success} were taken"
    expect.that(answer.accepted, words, [kept["first"][0].seq, exchange.seq])
