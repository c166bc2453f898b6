"""INF: faults of the short read of orders and returns."""

from __future__ import annotations

from selfship.lifecycle import State
from selfship.mock.answers import Answer
from selfship.mock.faults.fault import Fault, always, both, on, state, when
from selfship.mock.faults.reading import asks_for, by_id, lists_something, no_filter
from selfship.mock.points import Ask, Point

S = State


def _only_location(ask: Ask) -> bool:
    return no_filter(ask) and "locationCode" in ask.query


def _empty_info_of_returns(answer: Answer, ask: Ask) -> Answer:
    if (
        answer.status == 200
        and by_id(ask)
        and any(order["orderType"] == "return" for order in answer.content["orders"])
    ):
        answer.content["orders"] = []
    return answer


FAULTS = (
    Fault(
        "info_of_returns_is_empty",
        "INF-1",
        "answers /info by the id of a return with no order",
        Point.ANSWER,
        when(on("info"), _empty_info_of_returns),
    ),
    Fault(
        "info_lists_other_statuses",
        "INF-1",
        "lists confirmed orders in /info under CREATED too",
        Point.MATCHES,
        when(both(on("info"), asks_for("CREATED"), state(S.BAG_CONFIRMED, S.CANCELLED)), always(True)),
    ),
    Fault(
        "info_inverts_lock",
        "INF-2",
        "shows the opposite lockStatus in /info",
        Point.INFO,
        lambda shown, _: {**shown, "lockStatus": not shown["lockStatus"]},
    ),
    Fault(
        "info_lags_after_packing",
        "INF-2",
        "shows a packed order as PROCESSING in /info",
        Point.STATUS,
        when(both(on("info"), state(S.BAG_PACKED, S.HANDED_OVER_TO_DG)), always("PROCESSING")),
    ),
    Fault(
        "info_never_says_delivered",
        "INF-2",
        "shows a delivered order as TRANSIT in /info",
        Point.STATUS,
        when(both(on("info"), state(S.DELIVERY_DONE)), always("TRANSIT")),
    ),
    Fault(
        "info_without_filter_lists",
        "INF-3",
        "lists orders in /info where nothing is asked for",
        Point.QUERY,
        when(both(on("info"), no_filter), lists_something),
    ),
    Fault(
        "info_lists_a_location",
        "INF-3",
        "lists orders in /info where only the location is given",
        Point.QUERY,
        when(both(on("info"), _only_location), lists_something),
    ),
)
