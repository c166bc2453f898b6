"""LIM: faults of the 20-item limit, for all operations or for one alone."""

from __future__ import annotations

from typing import Any

from selfship.mock.answers import Answer, Tally, bad_request
from selfship.mock.answers import envelope as enveloped
from selfship.mock.conduct import Ruling
from selfship.mock.faults.fault import Fault, When, always, both, on, when
from selfship.mock.points import Ask, Hook, Point
from selfship.operations import BULK, MAX_ITEMS, OPERATIONS, WRITES

_OVER = MAX_ITEMS + 1


def _last_of_20(ask: Ask) -> bool:
    return ask.items == MAX_ITEMS and ask.index == MAX_ITEMS - 1


def _past_20(ask: Ask) -> bool:
    return ask.index >= MAX_ITEMS


def _counted(test: When) -> Hook:
    def hook(ruling: Ruling, ask: Ask) -> Ruling:
        return Ruling(counted=True, applies=False) if ruling.counted and test(ask) else ruling

    return hook


def _refused(test: When) -> Hook:
    def hook(ruling: Ruling, ask: Ask) -> Ruling:
        if ruling.counted and test(ask):
            return Ruling(counted=False, applies=False, code="TOO_MANY", message="at most 20 items in one request")
        return ruling

    return hook


def _cut(body: Any, _: Ask) -> Any:
    return body[:MAX_ITEMS] if isinstance(body, list) else body


def _notes_emptiness(body: Any, ask: Ask) -> Any:
    ask.scratch["empty"] = body == []
    return body


def _empty_is_one_success(answer: Answer, ask: Ask) -> Answer:
    if not ask.scratch.get("empty") or not OPERATIONS[ask.operation].writes:
        return answer
    return Answer(200, enveloped(ask.operation, Tally(payload=1, success=1)))


def _second_full_batch(ask: Ask) -> bool:
    """Decided with the first item of a request, and kept for the rest of it."""
    if ask.items != MAX_ITEMS:
        return False
    if "second" not in ask.scratch:
        name = f"full {ask.operation}"
        ask.scratch["second"] = ask.memory.get(name, False)
        ask.memory[name] = not ask.scratch["second"]
    return bool(ask.scratch["second"])


def _no_second_full_batch(body: Any, ask: Ask) -> Any:
    ask.ids = tuple(str(place) for place in range(len(body))) if isinstance(body, list) else ()
    ask.scratch["refused"] = _second_full_batch(ask)
    return [] if ask.scratch["refused"] else body


def _says_too_many(answer: Answer, ask: Ask) -> Answer:
    return bad_request("at most 20 items") if ask.scratch.get("refused") else answer


def _takes_21(operation: str) -> Fault:
    how = f"takes 21 items in {operation}"
    return Fault(
        f"{operation.lower()}_takes_21",
        "LIM-2",
        how,
        Point.LIMIT,
        when(on(operation), always(_OVER)),
        breaks_too=("LIM-3",),
    )


def _takes_19(operation: str) -> Fault:
    how = f"takes no more than 19 items in {operation}"
    return Fault(f"{operation.lower()}_takes_19", "LIM-1", how, Point.LIMIT, when(on(operation), always(MAX_ITEMS - 1)))


def _drops_the_last(operation: str) -> Fault:
    how = f"counts the last of 20 items in {operation} as successful and drops it"
    name = f"{operation.lower()}_drops_the_twentieth"
    return Fault(name, "LIM-1", how, Point.RULING, when(on(operation), _counted(_last_of_20)), breaks_too=("BAT-1",))


def _cuts(operation: str) -> Fault:
    how = f"cuts {operation} to 20 items and says nothing of the rest"
    return Fault(
        f"{operation.lower()}_cuts_to_20", "LIM-2", how, Point.BODY, when(on(operation), _cut), breaks_too=("LIM-3",)
    )


FAULTS = (
    *(_takes_19(operation) for operation in ("confirm", "courierDetails", "labels")),
    *(_drops_the_last(operation) for operation in WRITES),
    *(_takes_21(operation) for operation in BULK),
    _cuts("dispatch"),
    _cuts("awb"),
    Fault(
        "status_counts_the_rest",
        "LIM-2",
        "takes 21 statuses, counts them all and applies 20",
        Point.LIMIT,
        when(on("status"), always(_OVER)),
        ((Point.RULING, when(on("status"), _counted(_past_20))),),
        breaks_too=("LIM-3", "BAT-1"),
    ),
    Fault(
        "status_has_no_limit",
        "LIM-2",
        "takes any number of statuses",
        Point.LIMIT,
        when(on("status"), always(10_000)),
        breaks_too=("LIM-3",),
    ),
    Fault(
        "first_20_of_21_apply",
        "LIM-3",
        "applies the first 20 of 21 items and counts the last as failed",
        Point.LIMIT,
        always(_OVER),
        ((Point.RULING, _refused(_past_20)),),
    ),
    Fault(
        "empty_batch_counts_one",
        "LIM-4",
        "counts an empty array as one success",
        Point.BODY,
        _notes_emptiness,
        ((Point.ANSWER, _empty_is_one_success),),
    ),
    Fault(
        "second_full_batch_refused",
        "LIM-5",
        "refuses every second request that holds 20 items",
        Point.BODY,
        when(on(*WRITES), _no_second_full_batch),
        ((Point.ANSWER, _says_too_many),),
        breaks_too=("LIM-1",),
    ),
    Fault(
        "second_full_batch_dropped",
        "LIM-5",
        "counts the items of every second request that holds 20, and drops them",
        Point.RULING,
        _counted(both(on("awb", "status", "confirm"), _second_full_batch)),
        breaks_too=("LIM-1", "BAT-1"),
    ),
)
