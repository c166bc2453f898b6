"""Reading orders and returns: by id and by status."""

from typing import Any

import pytest

from selfship import expect
from selfship.exchanges import Exchange
from selfship.host import Host
from selfship.lifecycle import COARSE, State
from selfship.orders import View, objects, views
from selfship.run import Run
from selfship.scenario import Recording
from selfship.scenarios.reading import AGREEING, LEFT, LISTED_STATUSES, RETURN_STATUSES

MOST_SUSPECTS = 5


@pytest.mark.requirement("FET-1")
@pytest.mark.parametrize("name", ["order", "return"])
def test_order_id_reads_exactly_that_order(by_id: Recording, name: str) -> None:
    """orderId reads exactly that order, with no other filter than the location."""
    exchange = expect.served(by_id, name)
    wanted = by_id.kept[f"{name} id"]
    shown = [str(order.get("id")) for order in objects(exchange)]
    expect.that(shown == [wanted], f"orderId {wanted} reads {shown or f'HTTP {exchange.status}'}", [exchange.seq])


@pytest.mark.requirement("FET-2")
@pytest.mark.parametrize("status", [*LISTED_STATUSES, *RETURN_STATUSES])
def test_listing_shows_only_its_status(listings: Recording, traffic: list[Exchange], status: str) -> None:
    """orderStatus lists only orders with that status, on every page that this run has read."""
    pages = [one for one in traffic if one.operation == "shipment" and one.ok and lists(one) == status]
    if not any(objects(one) for one in pages):
        lists_something(listings)
        expect.seen.extend(one.seq for one in pages[:2])
        return
    others = {
        str(order.get("orderStatus")): one
        for one in pages
        for order in objects(one)
        if order.get("orderStatus") != status
    }
    evidence = [one.seq for one in others.values()] or [one.seq for one in pages[:4]]
    expect.that(not others, f"a listing of {status} shows orders in {', '.join(sorted(others))}", evidence)


def lists(exchange: Exchange) -> str | None:
    """The status that a listing was asked for; None for a read by id."""
    return None if "orderId" in exchange.query else exchange.query.get("orderStatus", [None])[0]


def lists_something(recording: Recording) -> None:
    """An empty listing proves nothing where no listing shows anything."""
    expect.whole(recording)
    if not any(objects(one) for name, one in recording.kept.items() if not name.startswith("info")):
        raise expect.NotTestableError("No listing shows an order: prepare orders in several states.")


@pytest.mark.requirement("FET-7")
@pytest.mark.parametrize("way", ["forward", "return"])
def test_order_says_whether_it_is_self_ship(listings: Recording, way: str) -> None:
    """Each order and each return says is_self_ship, a boolean."""
    statuses = RETURN_STATUSES if way == "return" else LISTED_STATUSES
    answered = [expect.served(listings, status) for status in statuses]
    shown = [(exchange, order) for exchange in answered for order in objects(exchange)]
    if not shown:
        raise expect.NotTestableError(f"No {way} order is listed: prepare one.")
    bad = [(exchange, order) for exchange, order in shown if not isinstance(order.get("is_self_ship"), bool)]
    words = f"order {bad[0][1].get('id')} says is_self_ship {bad[0][1].get('is_self_ship')!r}" if bad else ""
    expect.that(not bad, f"{words}, a boolean was expected", [exchange.seq for exchange, _ in (bad or shown)[:3]])


@pytest.mark.requirement("FET-7")
def test_every_order_read_says_whether_it_is_self_ship(traffic: list[Exchange]) -> None:
    """Whatever read shows an order, it says is_self_ship, a boolean."""
    judged = [one for one in traffic if one.operation == "shipment" and objects(one)]
    if not judged:
        raise expect.NotTestableError("No order was read: prepare one.")
    bad = [one for one in judged if any(not isinstance(o.get("is_self_ship"), bool) for o in objects(one))]
    words = f"{len(bad)} of {len(judged)} reads show an order without is_self_ship as a boolean"
    expect.that(not bad, words, [one.seq for one in (bad or judged)[:4]])


@pytest.mark.requirement("FET-8")
@pytest.mark.parametrize("name", ["unknown", "unknown info"], ids=("shipment", "info"))
def test_unknown_id_reads_no_order(by_id: Recording, name: str) -> None:
    """An unknown orderId never reads another order."""
    exchange = expect.served(by_id, name)
    good = expect.served(by_id, "order")
    shown = [view.id for view in views(exchange)]
    expect.that(not shown, f"the unknown orderId {by_id.kept['unknown id']} reads {shown[:3]}", [exchange.seq])
    if not objects(good):
        raise expect.BlockedError("FET-1", "no known orderId was read either", [good.seq])


@pytest.mark.requirement("FET-8")
def test_id_one_digit_away_reads_no_other_order(by_id: Recording) -> None:
    """An orderId that differs from a known one in its last digit never reads that order."""
    exchange = expect.served(by_id, "near")
    wanted = by_id.kept["near id"]
    others = [view.id for view in views(exchange) if view.id != wanted]
    expect.that(not others, f"orderId {wanted} reads {others[:1]}", [exchange.seq])


@pytest.mark.requirement("FET-9")
def test_read_without_id_and_status_is_refused(by_id: Recording) -> None:
    """A read with neither orderId nor orderStatus is refused."""
    exchange = expect.served(by_id, "neither")
    refused = 400 <= (exchange.status or 0) < 500
    expect.that(refused, f"a read with neither was answered HTTP {exchange.status}", [exchange.seq])


@pytest.mark.requirement("INF-3")
def test_info_without_id_and_status_is_refused(by_id: Recording) -> None:
    """/shipment/info with neither orderId nor orderStatus is refused."""
    exchange = expect.served(by_id, "info neither")
    served = expect.served(by_id, "order info")
    refused = 400 <= (exchange.status or 0) < 500
    expect.that(refused, f"/shipment/info with neither was answered HTTP {exchange.status}", [exchange.seq])
    if not served.ok:
        raise expect.BlockedError("INF-1", "/shipment/info was never served", [served.seq])


@pytest.mark.requirement("INF-1")
@pytest.mark.parametrize("name", ["order", "return"])
def test_info_by_id_answers_that_order(by_id: Recording, name: str) -> None:
    """/shipment/info by orderId answers that order."""
    exchange = expect.served(by_id, f"{name} info")
    shown = [str(order.get("id", order.get("orderId"))) for order in objects(exchange)]
    wanted = by_id.kept[f"{name} id"]
    expect.that(shown == [wanted], f"/shipment/info of {wanted} shows {shown or exchange.status}", [exchange.seq])


@pytest.mark.requirement("INF-1")
@pytest.mark.parametrize("status", [*LISTED_STATUSES, *RETURN_STATUSES])
def test_info_by_status_shows_only_that_status(listings: Recording, status: str) -> None:
    """/shipment/info by orderStatus shows only orders of that status."""
    exchange = expect.served(listings, f"info {status}")
    others = sorted({str(one.status) for one in views(exchange) if one.status not in (None, status)})
    expect.that(not others, f"/shipment/info of {status} shows orders in {', '.join(others)}", [exchange.seq])


def in_both(recording: Recording, run: Run) -> list[tuple[str, View, dict[str, Any]]]:
    """The orders that /shipment/info lists and /shipment shows, too: under which status, and what each says.

    Where the listings have none in common, a few are read by their ids.
    """
    kept_all = expect.whole(recording).kept
    statuses = (*LISTED_STATUSES, *RETURN_STATUSES)
    shown = {view.id: view for status in statuses for view in views(kept_all[status])}
    told = ((status, one) for status in statuses for one in objects(kept_all[f"info {status}"]))
    named = [(status, str(one.get("id", one.get("orderId"))), one) for status, one in told]
    if not any(name in shown for _, name, _ in named):
        shown = {name: view for _, name, _ in named[:MOST_SUSPECTS] if (view := run.view_now(name))}
    return [(status, shown[name], one) for status, name, one in named if name in shown]


@pytest.mark.requirement("INF-1")
def test_info_lists_no_order_under_a_status_that_it_does_not_show(listings: Recording, run: Run) -> None:
    """What /shipment/info lists under a status shows that status in /shipment."""
    both = in_both(listings, run)
    if any(view.status not in (None, status) for status, view, _ in both):
        # The run moves orders between two reads: what looks wrong is looked at again in peace.
        both = in_both(run.quietly("listings"), run)
    if not both:
        raise expect.NotTestableError("No order is listed by /shipment and by /shipment/info: prepare some.")
    strays = [(status, view) for status, view, _ in both if view.status not in (None, status)]
    still = [(status, view) for status, view in strays[:MOST_SUSPECTS] if run.shows_now(view.id) == view.status]
    words = f"/shipment/info of {still[0][0]} lists {still[0][1].id}, which shows {still[0][1].status}" if still else ""
    expect.that(not still, words, [view.seq for _, view in still or strays])


@pytest.mark.requirement("INF-1")
@pytest.mark.parametrize("agreement", list(LEFT), indirect=True)
def test_info_lists_no_order_under_a_status_that_it_has_left(agreement: Recording) -> None:
    """/shipment/info by orderStatus does not list an order that has moved on, once the settle time is over."""
    expect.whole(agreement)
    if "left" not in agreement.kept:
        raise expect.NotTestableError("The order never showed another status than the one that it had before.")
    exchange = expect.served(agreement, "left")
    listed = agreement.kept["id"] in [one.id for one in views(exchange)]
    expect.that(
        not listed, f"{exchange.step} of a status that {agreement.kept['id']} has left lists it", [exchange.seq]
    )


@pytest.mark.requirement("INF-2")
def test_info_says_of_a_locked_order_that_it_is_locked(listings: Recording, run: Run) -> None:
    """/shipment/info says the same lockStatus of every order that both list, locked ones among them."""
    both = in_both(listings, run)
    if any(differ_on_the_lock(view, one) for _, view, one in both):
        both = in_both(run.quietly("listings"), run)
    if not any("lockStatus" in one for _, _, one in both):
        raise expect.NotTestableError("No order with a lockStatus is listed by /shipment and by /shipment/info.")
    bad = [(view, one) for _, view, one in both if differ_on_the_lock(view, one)]
    words = (
        f"/shipment/info says lockStatus {bad[0][1]['lockStatus']!r} of {bad[0][0].id}, /shipment {bad[0][0].locked!r}"
        if bad
        else ""
    )
    expect.that(not bad, words, [view.seq for view, _ in bad[:3]] or [view.seq for _, view, _ in both[:3]])


def differ_on_the_lock(view: View, told: dict[str, Any]) -> bool:
    return "lockStatus" in told and isinstance(view.raw.get("lockStatus"), bool) and told["lockStatus"] != view.locked


@pytest.mark.requirement("INF-2")
@pytest.mark.parametrize("agreement", AGREEING, indirect=True)
def test_info_agrees_with_the_read_by_id(agreement: Recording) -> None:
    """/shipment/info agrees with /shipment on status and lockStatus, and still does once the order has moved on."""
    expect.whole(agreement)
    agree(expect.served(agreement, "info"), agreement.kept["again"])
    if "info later" in agreement.kept:
        agree(expect.served(agreement, "info later"), agreement.kept["later"])


def agree(info: Exchange, view: View | None) -> None:
    if view is None:
        raise expect.BlockedError("FET-1", "the order could not be read by its id")
    found = next((one for one in objects(info) if str(one.get("id", one.get("orderId"))) == view.id), None)
    if found is None:
        raise expect.BlockedError("INF-1", "/shipment/info does not show the order", [info.seq])
    if "orderStatus" not in found and "lockStatus" not in found:
        raise expect.NotTestableError("/shipment/info shows neither orderStatus nor lockStatus under these names.")
    for name, mine in (("orderStatus", view.status), ("lockStatus", view.locked)):
        if name in found:
            expect.that(
                found[name] == mine,
                f"/shipment/info says {name} {found[name]!r}, /shipment says {mine!r}",
                [info.seq, view.seq],
            )


@pytest.mark.requirement("FET-11")
@pytest.mark.parametrize("agreement", AGREEING, indirect=True)
def test_listing_agrees_with_the_read_by_id(agreement: Recording) -> None:
    """The listing and the read by id agree on an order's status."""
    expect.whole(agreement)
    view, listed = agreement.kept["again"], agreement.kept["listed"]
    if view is None:
        raise expect.BlockedError("FET-1", "the order could not be read by its id")
    found: View | None = listed
    expect.that(
        found is not None, f"the order shows {view.status} by id and is not in the listing of {view.status}", [view.seq]
    )
    shown = found.status if found else None
    expect.that(
        shown == view.status,
        f"the order shows {view.status} by id and {shown} in a listing",
        [found.seq if found else 0],
    )


@pytest.mark.requirement("FET-10")
@pytest.mark.parametrize(
    "agreement", [State.DP_ASSIGNED, State.RETURN_DP_ASSIGNED], indirect=True, ids=("dp_assigned", "return_dp_assigned")
)
def test_waiting_orders_are_listed_where_documented(agreement: Recording, request: pytest.FixtureRequest) -> None:
    """Orders in dp_assigned are listed under PROCESSING, returns in return_dp_assigned under RETURN_PROCESSING."""
    expect.whole(agreement)
    status = COARSE[request.node.callspec.params["agreement"]][0]
    view = agreement.kept["view"]
    if view is None:
        raise expect.BlockedError("FET-1", "the order could not be read by its id")
    found = agreement.kept["listed"]
    listed = found is not None and view.status == status
    expect.that(listed, f"the order is not listed under {status}; by id it shows {view.status}", [view.seq])
    with_awb = agreement.kept["listed with awb"]
    expect.that(
        with_awb is not None, f"once it has its AWB the order is not listed under {status} any more", [view.seq]
    )


@pytest.mark.requirement("FET-10")
def test_delivered_rto_is_listed_under_return_delivered(delivered_listing: Recording, host: Host) -> None:
    """A delivered RTO is listed under RETURN_DELIVERED."""
    expect.whole(delivered_listing)
    if "listed" not in delivered_listing.kept:
        raise expect.NotApplicableError("the host accepts a delivered RTO by itself")
    seen(delivered_listing, "a delivered RTO")


@pytest.mark.requirement("FET-10")
def test_delivered_return_is_listed_under_return_delivered(delivered_return_listing: Recording) -> None:
    """A delivered return is listed under RETURN_DELIVERED."""
    expect.whole(delivered_return_listing)
    seen(delivered_return_listing, "a delivered return")


def seen(recording: Recording, what: str) -> None:
    listed: Any = recording.kept["listed"]
    evidence = [listed.seq] if listed else recording.exchanges[-1:]
    expect.that(listed is not None, f"{what} is not in the listing of RETURN_DELIVERED", evidence)


@pytest.mark.requirement("FET-12")
@pytest.mark.parametrize("way", ["forward", "return"])
def test_order_shows_its_awb_and_courier(stepwise: Recording, return_journey: Recording, way: str) -> None:
    """After Update AWB awbNumber contains the AWB and courierName is the courier that was sent."""
    recording = stepwise if way == "forward" else return_journey
    expect.accepted(expect.step(recording, "awb"))
    shown, awb, courier = recording.kept["shown"], recording.kept["awb"], recording.kept["courier"]
    if shown is None:
        raise expect.BlockedError("FET-1", "the order could not be read after Update AWB")
    expect.that(awb in shown.awbs, f"awbNumber is {list(shown.awbs)} after Update AWB with {awb}", [shown.seq])
    expect.that(
        shown.courier == courier, f"courierName is {shown.courier!r} after Update AWB with {courier!r}", [shown.seq]
    )
