"""Reading orders and returns: by id, by status, by page, channel, date and location."""

import itertools
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from selfship import orders
from selfship.exchanges import Exchange
from selfship.flow import Flow
from selfship.lifecycle import COARSE, Event, State
from selfship.orders import View
from selfship.pace import pauses
from selfship.probing import unknown_id
from selfship.scenario import scenario
from selfship.supply import Need, Order

LISTED_STATUSES = ("CREATED", "CONFIRMED", "PROCESSING", "COMPLETED", "TRANSIT", "DELIVERED", "CANCELLED")
RETURN_STATUSES = ("RETURN_PROCESSING", "RETURN_DELIVERED", "RETURN_ACCEPTED")
SMALL_PAGE = 7
NEAR = "read an id one digit away"
MOST_SMALL_PAGES, MOST_PAGES = 12, 10
MOST_MOVES = 4
"""How often an order is looked for where the host's own steps have taken it meanwhile."""
SIDE_BY_SIDE = 6
"""Pages of a listing that are asked for at the same time."""


def _listing(flow: Flow, status: str, **filters: Any) -> dict[str, Any]:
    return {"orderStatus": status, "pageNumber": flow.host.first_page, "pageSize": 50, **flow.host.located(), **filters}


@scenario(weight=4, calm=True)
def listings(flow: Flow) -> None:
    """A page of every coarse status, full and light."""
    asked: list[tuple[str, str, dict[str, Any]]] = []
    for status in (*LISTED_STATUSES, *RETURN_STATUSES):
        light = {"params": {"orderStatus": status, **flow.host.located()}, "step": f"info of {status}"}
        asked += [
            (status, "shipment", {"params": _listing(flow, status), "step": f"list {status}"}),
            (f"info {status}", "info", light),
        ]
    answered = flow.together([(operation, options) for _, operation, options in asked])
    flow.recording.kept.update(zip((name for name, _, _ in asked), answered, strict=True))


@scenario(Need(State.DP_ASSIGNED), Need(State.RETURN_DP_ASSIGNED), weight=12, walks=())
def by_id(flow: Flow, order: Order, back: Order) -> None:
    """An order and a return are read by id, full and light, and an unknown id is asked for."""
    kept = flow.recording.kept
    for name, one in (("order", order), ("return", back)):
        kept[f"{name} id"] = one.id
        kept[name] = flow.call("shipment", params=flow.host.by_id(one.id), step=f"read one {name}")
        kept[f"{name} info"] = flow.call("info", params=flow.host.by_id(one.id), step=f"info of one {name}")
    kept["bare"] = flow.call("shipment", params={"orderId": order.id}, step="read by orderId alone")
    kept["unknown id"] = unknown_id()
    kept["unknown"] = flow.call("shipment", params=flow.host.by_id(kept["unknown id"]), step="read an unknown id")
    kept["unknown info"] = flow.call("info", params=flow.host.by_id(kept["unknown id"]), step="info of an unknown id")
    kept["near id"] = f"{order.id[:-1] or 'x'}{(int(order.id[-1]) + 1) % 10 if order.id[-1:].isdigit() else 0}"
    kept["near"] = flow.call("shipment", params=flow.host.by_id(kept["near id"]), step=NEAR)
    kept["neither"] = flow.call("shipment", params=flow.host.located(), step="list with neither id nor status")
    kept["info neither"] = flow.call("info", params=flow.host.located(), step="info with neither id nor status")
    for operation in ("shipment", "info"):
        strange = {**flow.host.located(), "orderStatus": "NO_SUCH_STATUS"}
        flow.call(operation, params=strange, step=f"{operation} of a status that does not exist")
    kept["nothing"] = flow.call(
        "shipment", params=_listing(flow, "HANDED_OVER_TO_CUSTOMER"), step="list a status that nothing is in"
    )


def _walked(flow: Flow, status: str, start: int, most: Mapping[int, int]) -> dict[int, list[list[str]]]:
    """For each page size its pages up to the first empty one, `most[size]` at most.

    Some at a time, and all sizes beside each other: the quicker a walk, the less moves under it.
    """
    pages: dict[int, list[list[str]]] = {size: [] for size in most}
    ended = set[int]()
    for first in range(0, max(most.values()), SIDE_BY_SIDE):
        asked = [
            (size, start + number)
            for size in most
            if size not in ended
            for number in range(first, min(first + SIDE_BY_SIDE, most[size]))
        ]
        calls = [
            {"params": {**_listing(flow, status), "pageNumber": n, "pageSize": size}, "step": f"page {n} of {size}"}
            for size, n in asked
        ]
        for (size, _), exchange in zip(asked, flow.together([("shipment", one) for one in calls]), strict=True):
            page = [view.id for view in orders.views(exchange)]
            if not page:
                ended.add(size)
            elif size not in ended:
                pages[size].append(page)
        if not asked:
            break
    return pages


PAGED = ("CREATED", "PROCESSING", "RETURN_PROCESSING")


@scenario(params=PAGED, weight=3, calm=True)
def paging(flow: Flow, status: str) -> None:
    """A listing is walked page by page, in two sizes."""
    kept = flow.recording.kept
    asked = [{**_listing(flow, "CREATED"), "pageNumber": number, "pageSize": SMALL_PAGE} for number in (0, 1)]
    answered = flow.together([("shipment", {"params": params}) for params in asked])
    zero, one = ([view.id for view in orders.views(exchange)] for exchange in answered)
    kept["first pages"] = (zero, one)
    start = 0 if zero and zero != one else 1
    flow.host.observe(
        "FET-3",
        "What is the number of the first page?",
        "0" if start == 0 else "1" if not zero else "0 and 1 show the same page",
        len(flow.caller.wire.recorder.exchanges),
    )
    most = {SMALL_PAGE: MOST_SMALL_PAGES, 50: MOST_PAGES}
    for size, pages in _walked(flow, status, start, most).items():
        kept[size], kept[f"{size} whole"] = pages, len(pages) < most[size]
    # In pages of one no page is a part page: what stands right behind the whole walk was lost by it.
    behind = {**_listing(flow, status), "pageNumber": start + sum(map(len, kept[50])), "pageSize": 1}
    kept["behind"] = [
        view.id for view in orders.views(flow.call("shipment", params=behind, step="the order behind the last page"))
    ]


def _all(flow: Flow, status: str, **more: Any) -> list[View]:
    """Every order of a listing, up to some hundreds."""
    pages = flow.host.pages(flow.caller, status, size=100, ahead=flow.host.ahead, **more)
    return list(itertools.islice((view for page in pages for view in page), 400))


@scenario(weight=4, calm=True)
def filters(flow: Flow) -> None:
    """Listings of orders and returns are narrowed by ordering channel, those of orders by date as well."""
    kept = flow.recording.kept
    narrowed = []
    with ThreadPoolExecutor(len(FILTERED)) as pool:
        listed = list(pool.map(partial(_all, flow), FILTERED))
    for status, known in zip(FILTERED, listed, strict=True):
        kept[f"{status} all"] = known
        channels = kept[f"{status} channels"] = sorted({view.channel for view in known if view.channel})
        narrowed += [
            (f"{status} {channel}", f"list channel {channel}", _listing(flow, status, orderingChannel=channel))
            for channel in channels[:2]
        ]
        for channel in channels[:1]:
            second = _listing(flow, status, orderingChannel=channel, pageNumber=flow.host.first_page + 1, pageSize=2)
            narrowed.append((f"{status} {channel} later", f"list channel {channel}, the second page", second))
    answered = flow.together([("shipment", {"params": params, "step": step}) for _, step, params in narrowed])
    kept.update(zip((name for name, _, _ in narrowed), answered, strict=True))
    shown = (str(view.raw.get("orderDate"))[:10] for view in kept["PROCESSING all"])
    dates = sorted(day for day in shown if re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", day))
    if dates:
        start, end = dates[len(dates) // 4], dates[3 * len(dates) // 4]
        kept["range"] = (start, end)
        kept["dated"] = _all(flow, "PROCESSING", orderDateFrom=start, orderDateTo=end)


FILTERED = ("PROCESSING", "RETURN_PROCESSING")


@scenario(weight=6)
def locations(flow: Flow) -> None:
    """The same listings are asked for both locations."""
    profile = flow.host.profile
    for status in FILTERED:
        for name, code in (("own", profile.location), ("other", profile.other_location)):
            if code:
                params = {**_listing(flow, status), "locationCode": code}
                kept = flow.call("shipment", params=params, step=f"list {status} of the {name} location")
                flow.recording.kept[f"{status} {name}"] = kept


AGREEING = (
    State.PLACED,
    State.DP_ASSIGNED,
    State.BAG_PACKED,
    State.BAG_PICKED,
    State.DELIVERY_DONE,
    State.RTO_BAG_DELIVERED,
    State.CANCELLED,
    State.RETURN_DP_ASSIGNED,
    State.RETURN_BAG_DELIVERED,
    State.CREDIT_NOTE_GENERATED,
)


LED: dict[State, tuple[Event, ...]] = {
    State.DP_ASSIGNED: (Event.AWB,),
    State.RETURN_DP_ASSIGNED: (Event.AWB,),
    State.BAG_PICKED: (Event.DELIVERY_DONE,),
}
"""What an order is led through once it has been read."""
LEFT = {
    State.DELIVERY_DONE: "TRANSIT",
    State.RETURN_BAG_DELIVERED: "RETURN_PROCESSING",
    State.CREDIT_NOTE_GENERATED: "RETURN_DELIVERED",
}
"""A status that the order has had, and under which nothing lists it any more."""


@scenario(
    params=AGREEING,
    per_param=lambda state: (Need(state, walked=True),),
    weight=14,
    walks=lambda state: LED.get(state, ()),
)
def agreement(flow: Flow, state: State, order: Order) -> None:
    """An order that has just been moved is read by id, lightly, and in its listing."""
    view = flow.read(order)
    kept = flow.recording.kept
    kept["id"], kept["view"] = order.id, view
    status = view.status if view and view.status else ""
    for _ in range(MOST_MOVES):
        kept["info"] = _told(flow, order.id, status)
        kept["listed"] = _find(flow, order.id, status)
        now = kept["again"] = flow.read(order)
        if now is None or not now.status or now.status == status:
            break
        # The host has moved it on by itself: it is looked for where it went.
        status = now.status
    if state in LEFT and status not in ("", LEFT[state]):
        kept["left"] = flow.ask_read(
            "info",
            {"orderStatus": LEFT[state], **flow.host.located()},
            lambda views: all(view.id != order.id for view in views),
        )
    if state in (State.DP_ASSIGNED, State.RETURN_DP_ASSIGNED):
        flow.fire(Event.AWB, order)
        kept["listed with awb"] = _find(flow, order.id, status)
    if state is State.BAG_PICKED:
        flow.fire(Event.DELIVERY_DONE, order)
        kept["info later"] = _told(flow, order.id, "DELIVERED")
        kept["later"] = flow.read(order)


def _told(flow: Flow, order_id: str, status: str) -> Exchange:
    """What /info says of the order, asked again within settle until it says `status`."""
    return flow.ask_read(
        "info",
        flow.host.by_id(order_id),
        lambda views: any(view.id == order_id and view.status == status for view in views),
    )


def _find(flow: Flow, order_id: str, status: str) -> View | None:
    for pause in (*pauses(flow.host.settle), 0.0):
        for page in flow.host.pages(flow.caller, status, size=100):
            for view in page:
                if view.id == order_id:
                    return view
        flow.host.wire.pace.pause(pause)
    return None


@scenario(Need(State.DP_ASSIGNED), weight=6, walks=(Event.AUTO_DISPATCH, Event.RTO_BAG_DELIVERED))
def delivered_listing(flow: Flow, order: Order) -> None:
    """A return to origin is looked for in the listing of delivered returns."""
    flow.fire(Event.AUTO_DISPATCH, order)
    flow.fire(Event.RTO_BAG_DELIVERED, order)
    flow.recording.kept["id"] = order.id
    if order.state is State.RTO_BAG_DELIVERED:
        listed = _find(flow, order.id, "RETURN_DELIVERED")
        if listed is None and _accepted_by_itself(flow, order):
            return
        flow.recording.kept["listed"] = listed


def _accepted_by_itself(flow: Flow, order: Order) -> bool:
    """Whether the host, seen to deliver the RTO, has accepted it since: then that listing has lost it rightly."""
    now = flow.read(order)
    accepted = now is not None and now.status in (*COARSE[State.RTO_BAG_ACCEPTED], *COARSE[State.CREDIT_NOTE_GENERATED])
    if accepted:
        flow.host.detect("rto_acceptance", "auto")
    return accepted


@scenario(Need(State.RETURN_BAG_DELIVERED), weight=8, walks=())
def delivered_return_listing(flow: Flow, order: Order) -> None:
    """A delivered return is looked for in the listing of delivered returns."""
    flow.recording.kept["id"] = order.id
    flow.recording.kept["listed"] = _find(flow, order.id, "RETURN_DELIVERED")
