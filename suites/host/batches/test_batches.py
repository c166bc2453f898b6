"""Batches in which not every item is good."""

from collections.abc import Iterator, Sequence

import pytest

from selfship import answers, expect
from selfship.answers import Kind
from selfship.exchanges import Exchange
from selfship.operations import WRITES
from selfship.scenario import Recording
from selfship.scenarios.limits import Bulk

MIXED = [
    *[
        ("batch_forward", name)
        for name in ("confirm", "invoice", "awb", "pack", "dispatch", "bag_picked", "delivery_done")
    ],
    *[("batch_returns", name) for name in ("awb", "return_bag_in_transit", "return_bag_delivered", "accept_return")],
    ("batch_cancel", "cancel"),
]
IDS = [f"{name}-{where.removeprefix('batch_')}" for where, name in MIXED]


@pytest.fixture
def batches(batch_forward: Recording, batch_returns: Recording, batch_cancel: Recording) -> dict[str, Recording]:
    return {one.scenario: one for one in (batch_forward, batch_returns, batch_cancel)}


def mixed(batches: dict[str, Recording], where: str, name: str) -> Bulk:
    recording = batches[where]
    if f"{name} mixed" not in recording.kept:
        expect.whole(recording)
        raise expect.NotApplicableError("the host does this by itself")
    found: Bulk = recording.kept[f"{name} mixed"]
    readable(found.exchange, found.answer)
    return found


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
@pytest.mark.parametrize(("where", "name"), MIXED, ids=IDS)
def test_counts_of_a_mixed_batch_are_true(batches: dict[str, Recording], where: str, name: str) -> None:
    """Items counted successful took effect, items counted failed are unchanged."""
    batch = mixed(batches, where, name)
    again = batches[where].kept.get(f"{name} again")
    if batch.taken is not None:
        taken = len(batch.taken)
    elif again is not None:
        # What is taken alone afterwards had not been taken in the batch.
        taken = len(again) - sum(answer.accepted for _, answer in again)
    else:
        taken = batch.answer.success
    expect.that(
        taken == batch.answer.success,
        f"a batch of {name} with one unknown order counted {batch.answer.success} successful, {taken} took effect",
        batch.evidence,
    )


@pytest.mark.requirement("BAT-4")
@pytest.mark.parametrize(("where", "name"), MIXED, ids=IDS)
def test_bad_item_does_not_sink_its_siblings(batches: dict[str, Recording], where: str, name: str) -> None:
    """One bad item does not sink its good siblings."""
    batch = mixed(batches, where, name)
    expect.that(
        batch.answer.success == len(batch.sent),
        f"a batch of {name} with one unknown order: {batch.answer.success} of {len(batch.sent)} good items were taken",
        batch.evidence,
    )


@pytest.mark.requirement("BAT-3")
@pytest.mark.parametrize(("where", "name"), MIXED, ids=IDS)
def test_error_names_its_order(batches: dict[str, Recording], where: str, name: str) -> None:
    """Each error names the orderId that it is about."""
    batch = mixed(batches, where, name)
    stranger = batches[where].kept[f"{name} stranger"]
    body = batch.exchange.json
    named = any(stranger in word for word in answers.texts(body)) if body is not None else False
    expect.that(named, f"the errors of a batch of {name} do not name the unknown order {stranger}", batch.evidence)


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


@pytest.mark.requirement("BAT-6")
def test_order_twice_in_a_request_ends_only_once(batch_twice_the_same: Recording) -> None:
    """An order that stands twice in a request, to be delivered and returned, ends where the counts say."""
    exchange, answer, before, after = expect.whole(batch_twice_the_same).kept["twice"]
    readable(exchange, answer)
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
def test_order_twice_in_a_request_moves_as_counted(batch_twice_in_order: Recording) -> None:
    """An order that stands twice in a request, to be picked and delivered, is where the counted items lead."""
    exchange, answer, before, after = expect.whole(batch_twice_in_order).kept["twice"]
    readable(exchange, answer)
    if before is None or after is None:
        raise expect.BlockedError("FET-1", "the order could not be read", [exchange.seq])
    ends = {0: before.status, 1: "TRANSIT", 2: "DELIVERED"}
    expect.that(
        after.status == ends.get(answer.success),
        f"bag_picked and delivery_done of one order in one request: {answer.success} counted successful, "
        f"the order shows {after.status}",
        [exchange.seq, after.seq],
    )


@pytest.mark.requirement("BAT-7")
def test_orders_and_returns_share_a_request(batch_both_ways: Recording) -> None:
    """A forward order and a return may share an Update AWB request."""
    shared: Bulk = expect.whole(batch_both_ways).kept["shared"]
    readable(shared.exchange, shared.answer)
    expect.that(
        shared.answer.accepted and len(shared.taken or []) == 2,
        f"an order and a return in one Update AWB: {shared.answer.success} of 2 were taken",
        shared.evidence,
    )


@pytest.mark.requirement("BAT-8")
def test_failed_items_are_accepted_once_mended(batch_mended: Recording) -> None:
    """Resending just the failed items, mended, is accepted."""
    expect.whole(batch_mended)
    first: Bulk = batch_mended.kept["first"]
    resent: Bulk = batch_mended.kept["resent"]
    readable(first.exchange, first.answer)
    readable(resent.exchange, resent.answer)
    if first.answer.failed == 0:
        raise expect.BlockedError("VAL-1", "the item without awbNumber was taken", first.evidence)
    expect.that(
        resent.answer.accepted and set(resent.taken or []) == set(resent.sent),
        f"{len(resent.sent)} failed items were sent again, mended: {resent.answer.success} were taken",
        resent.evidence,
    )
