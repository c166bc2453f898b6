"""BAT: faults that show only where a request holds several items."""

from __future__ import annotations

from selfship.lifecycle import Event, State, cell
from selfship.mock.answers import Answer, Tally
from selfship.mock.conduct import Ruling
from selfship.mock.faults.fault import Fault, always, on, several, when
from selfship.mock.points import Ask, Hook, Point

_MIXED = "one item of the batch cannot be taken"


def _no_errors(tally: Tally, _: Ask) -> Tally:
    tally.errors = []
    return tally


def _all_successful(tally: Tally, ask: Ask) -> Tally:
    if tally.success and tally.failed:
        tally.success, tally.failed, tally.errors = ask.items, 0, []
    return tally


def _one_fewer_failure(tally: Tally, _: Ask) -> Tally:
    if tally.success and tally.failed:
        tally.success, tally.failed = tally.success + 1, tally.failed - 1
    return tally


def _stops_at_the_first_failure(ruling: Ruling, ask: Ask) -> Ruling:
    """What follows a refused item is counted and left undone."""
    if ask.scratch.get("failed") and ruling.counted:
        return Ruling(counted=True, applies=False)
    ask.scratch["failed"] = ask.scratch.get("failed") or not ruling.counted
    return ruling


def _siblings_lift(ruling: Ruling, ask: Ask) -> Ruling:
    """A refused item applies once another item of the request was taken."""
    if ruling.counted:
        ask.scratch["taken"] = True
        return ruling
    if ask.scratch.get("taken") and ask.order is not None and ask.event is not None:
        return Ruling(counted=False, applies=True, to=_target(ask.event), code=ruling.code, message=ruling.message)
    return ruling


def _target(event: Event) -> State | None:
    """Where the event leads in the one state where it is at home."""
    return next((entry.to for state in State if (entry := cell(state, event)).outcome == "accept"), None)


def _nameless(tally: Tally, _: Ask) -> Tally:
    tally.errors = [{"code": error["code"], "message": "refused"} for error in tally.errors]
    return tally


def _blames_the_first(tally: Tally, ask: Ask) -> Tally:
    tally.errors = [{**error, "orderId": ask.ids[0]} for error in tally.errors]
    return tally


def _says_success(answer: Answer, ask: Ask) -> Answer:
    if ask.envelope is not None:
        part = answer.content.get("meta", answer.content)
        part["status"] = "SUCCESS"
    return answer


def _seen_before(ask: Ask) -> bool:
    return ask.item.get("orderId") in ask.ids[: ask.index]


def _second_is_counted(ruling: Ruling, ask: Ask) -> Ruling:
    if not ruling.counted and _seen_before(ask) and ask.order is not None:
        return Ruling(counted=True, applies=False)
    return ruling


def _second_overwrites(ruling: Ruling, ask: Ask) -> Ruling:
    if not ruling.counted and _seen_before(ask) and ask.event is not None:
        return Ruling(counted=False, applies=True, to=_target(ask.event), code=ruling.code, message=ruling.message)
    return ruling


def _second_not_counted(tally: Tally, ask: Ask) -> Tally:
    again = len(ask.ids) - len(set(ask.ids))
    tally.payload -= again
    tally.failed = max(0, tally.failed - again)
    return tally


def _one_kind_only(ruling: Ruling, ask: Ask) -> Ruling:
    """Refuses whatever travels another way than the first item."""
    if ask.order is None:
        return ruling
    kind = ask.scratch.setdefault("kind", ask.order.is_return)
    if ruling.counted and ask.order.is_return is not kind:
        return Ruling(counted=False, applies=False, code="MIXED", message=_MIXED)
    return ruling


def _remembers_failures(counted: bool) -> Hook:
    """An order that failed within a batch is not let in again."""

    def hook(ruling: Ruling, ask: Ask) -> Ruling:
        failed: set[tuple[str, str]] = ask.memory.setdefault("failed in a batch", set())
        key = (ask.operation, str(ask.item.get("orderId")))
        if key in failed and ruling.counted:
            return Ruling(counted=counted, applies=False, code="FAILED_BEFORE", message="it failed before")
        if ask.items > 1 and not ruling.counted:
            failed.add(key)
        return ruling

    return hook


FAULTS = (
    Fault(
        "mixed_batch_counts_all",
        "BAT-1",
        "counts every item of a mixed batch of statuses as successful",
        Point.ENVELOPE,
        when(on("status"), _all_successful),
    ),
    Fault(
        "mixed_batch_counts_one_more",
        "BAT-1",
        "counts one of the failed items of a mixed batch as successful",
        Point.ENVELOPE,
        _one_fewer_failure,
    ),
    Fault(
        "batch_stops_at_a_failure",
        "BAT-1",
        "leaves undone what follows a refused item, and counts it as successful",
        Point.RULING,
        when(several(), _stops_at_the_first_failure),
        breaks_too=("BAT-4", "BAT-6"),
    ),
    Fault(
        "good_siblings_lift_the_bad",
        "BAT-1",
        "carries out a refused status where another item of the request was taken",
        Point.RULING,
        when(several("status"), _siblings_lift),
    ),
    Fault("errors_left_out", "BAT-2", "leaves errors empty whatever failed", Point.ENVELOPE, _no_errors),
    Fault(
        "errors_left_out_of_batches",
        "BAT-2",
        "leaves errors empty where a request holds several items",
        Point.ENVELOPE,
        when(several("awb", "status"), _no_errors),
    ),
    Fault("errors_name_no_order", "BAT-3", "names no order in its errors", Point.ENVELOPE, _nameless),
    Fault(
        "errors_name_the_first",
        "BAT-3",
        "names the first order of the request in every error",
        Point.ENVELOPE,
        _blames_the_first,
    ),
    Fault("one_bad_item_sinks_all", "BAT-4", "refuses a whole batch for one bad item", Point.WHOLE, always(True)),
    Fault(
        "one_bad_status_sinks_all",
        "BAT-4",
        "refuses a whole batch of statuses for one bad item",
        Point.WHOLE,
        when(on("status"), always(True)),
    ),
    Fault("always_says_success", "BAT-5", "says SUCCESS in every envelope", Point.ANSWER, _says_success),
    Fault(
        "repeated_order_is_counted",
        "BAT-6",
        "counts the refused second item of an order in one request as successful",
        Point.RULING,
        _second_is_counted,
        breaks_too=("BAT-1",),
    ),
    Fault(
        "repeated_order_overwrites",
        "BAT-6",
        "refuses the second item of an order in one request, and carries it out",
        Point.RULING,
        when(on("status"), _second_overwrites),
        breaks_too=("BAT-1",),
    ),
    Fault(
        "repeated_order_is_one_item",
        "BAT-6",
        "counts two items of one order in one request as one",
        Point.ENVELOPE,
        _second_not_counted,
        breaks_too=("CON-3",),
    ),
    Fault(
        "orders_and_returns_apart",
        "BAT-7",
        "refuses returns beside orders in one request, and orders beside returns",
        Point.RULING,
        _one_kind_only,
    ),
    Fault(
        "failed_items_stay_out",
        "BAT-8",
        "refuses an order that failed once in a batch, whatever is mended",
        Point.RULING,
        _remembers_failures(counted=False),
    ),
    Fault(
        "mended_items_are_dropped",
        "BAT-8",
        "counts an order that failed once in a batch, when mended, and drops it",
        Point.RULING,
        _remembers_failures(counted=True),
        breaks_too=("BAT-1",),
    ),
)
