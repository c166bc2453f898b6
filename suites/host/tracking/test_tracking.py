"""Courier Details and Track Shipment."""

from typing import Any

import pytest

from selfship import answers, expect
from selfship.exchanges import Exchange
from selfship.scenario import Recording
from selfship.scenarios.tracking import said


def entry_of(exchange: Exchange, order_id: str) -> dict[str, Any] | None:
    entries = exchange.json if isinstance(exchange.json, list) else []
    if isinstance(exchange.json, dict):
        entries = next((v for v in exchange.json.values() if isinstance(v, list)), [])
    return next((one for one in entries if isinstance(one, dict) and one.get("orderId") == order_id), None)


@pytest.mark.requirement("COU-1")
@pytest.mark.parametrize("way", ["forward", "return"])
def test_courier_details_show_awb_and_courier(stepwise: Recording, return_journey: Recording, way: str) -> None:
    """Courier Details answers an entry for the order, with its AWB and its courier once Update AWB was accepted."""
    recording = stepwise if way == "forward" else return_journey
    exchange = expect.served(recording, "courierDetails")
    awb, courier, order_id = recording.kept["awb"], recording.kept["courier"], recording.orders[0]
    expect.that(exchange.ok, f"courier details were answered HTTP {exchange.status}", [exchange.seq])
    entry = entry_of(exchange, order_id)
    expect.that(entry is not None, f"courier details have no entry for {order_id}", [exchange.seq])
    found = entry or {}
    awbs = found.get("awbNumber")
    expect.that(
        awb in (awbs if isinstance(awbs, list) else [awbs]),
        f"courier details show awbNumber {awbs!r}, sent was {awb}",
        [exchange.seq],
    )
    expect.that(
        found.get("courierName") == courier,
        f"courier details show courierName {found.get('courierName')!r}, sent was {courier!r}",
        [exchange.seq],
    )


def finds(recording: Recording, name: str, courier: str, *marks: str | None) -> None:
    exchange = expect.served(recording, name)
    words = set(answers.texts(exchange.json))
    told = courier in words or any(mark in words for mark in marks if mark)
    good = exchange.ok and not _is_error(exchange) and told
    expect.that(good, f"{exchange.step} did not find the shipment: {answers.says(exchange)}", [exchange.seq])


def _is_error(exchange: Exchange) -> bool:
    body = exchange.json
    if not isinstance(body, dict):
        return False
    said_no = str(body.get("status", "")).lower().replace(" ", "_") in ("error", "failed", "failure", "not_found")
    return said_no or body.get("success") is False


@pytest.mark.requirement("TRK-1")
@pytest.mark.parametrize("name", ["by id", "by awb"], ids=("by-shipment-id", "by-awb-number"))
def test_track_finds_a_forward_shipment(tracked: Recording, name: str) -> None:
    """Track finds a forward shipment by its id and by its AWB."""
    expect.ready(tracked)
    ids, awbs = tracked.kept.get("ids", (None,)), tracked.kept.get("awbs", (None,))
    finds(tracked, name, "Alpha Courier", ids[0], awbs[0])


@pytest.mark.requirement("TRK-1")
@pytest.mark.parametrize("name", ["by id", "by awb"], ids=("by-shipment-id", "by-awb-number"))
def test_track_finds_a_return(tracked_return: Recording, name: str) -> None:
    """Track finds a return by its id and by its AWB."""
    finds(tracked_return, name, "Charlie Courier", tracked_return.kept.get("awb"), *tracked_return.orders)


@pytest.mark.requirement("COU-1")
def test_courier_details_have_an_entry_for_each_order(tracked: Recording) -> None:
    """Courier Details of several orders answers an entry for each, with its AWB."""
    exchange = expect.served(tracked, "both couriers")
    for order, awb in tracked.kept["sent"]:
        entry = entry_of(exchange, order) or {}
        found = entry.get("awbNumber")
        good = awb in (found if isinstance(found, list) else [found])
        expect.that(good, f"courier details of three orders show {found!r} for {order}, sent was {awb}", [exchange.seq])


@pytest.mark.requirement("TRK-2")
@pytest.mark.parametrize("name", ["both", "both ways"], ids=["two-orders", "an-order-and-a-return"])
def test_shipment_id_wins_over_awb_number(tracked: Recording, name: str) -> None:
    """With a shipment_id and an awb_number of two shipments, Track answers the one of the shipment_id."""
    both = expect.served(tracked, name)
    by_id = expect.served(tracked, "by id")
    if not by_id.ok or "Alpha Courier" not in set(answers.texts(by_id.json)):
        raise expect.BlockedError("TRK-1", "Track by shipment_id does not show the courier", [by_id.seq])
    expect.that(
        both.ok and "Alpha Courier" in set(answers.texts(both.json)) and not _by_awb(both),
        f"with both given, Track did not answer the shipment of the shipment_id: {answers.says(both)}",
        [both.seq],
    )


def _by_awb(both: Exchange) -> bool:
    """Whether Track, given the ids of one shipment and the AWB of another, answered the other."""
    return not set(answers.texts(both.json)).isdisjoint(("Bravo Courier", "Delta Courier"))


NOBODYS = ("neither", "unknown id", "unknown awb", "unknown id, known awb")
"""What Track is asked for that is no shipment. With both given the id wins (TRK-2), so an unknown one finds nothing."""


@pytest.mark.requirement("TRK-3")
@pytest.mark.parametrize("name", NOBODYS, ids=lambda name: name.replace(",", "").replace(" ", "-"))
def test_track_never_shows_another_shipment(tracked: Recording, name: str) -> None:
    """Track with neither, or with an unknown one, is refused or says error."""
    exchange = expect.served(tracked, name)
    served = tracked.kept["by id"]
    if name == NOBODYS[-1] and _by_awb(expect.served(tracked, "both")):
        raise expect.BlockedError("TRK-2", "Track goes by the awb_number where both are given", [exchange.seq])
    empty = exchange.ok and not _tells(exchange)
    good = 400 <= (exchange.status or 0) < 500 or _is_error(exchange) or empty
    expect.that(good, f"{exchange.step} was answered like a shipment: {answers.says(exchange)}", [exchange.seq])
    if not served.ok:
        raise expect.BlockedError("TRK-1", "Track never found a shipment, so its refusal proves nothing", [served.seq])


def _tells(exchange: Exchange) -> bool:
    """Whether a Track answer holds anything about a shipment."""
    body = exchange.json
    data = body.get("data", body) if isinstance(body, dict) else body
    return bool(data)


@pytest.mark.requirement("TRK-4")
@pytest.mark.parametrize("way", ["forward", "return"])
@pytest.mark.parametrize("by", ["", " by awb"], ids=["by-shipment-id", "by-awb-number"])
def test_track_follows_the_shipment(tracked: Recording, tracked_return: Recording, way: str, by: str) -> None:
    """After a delivery Track no longer says what it said before, asked by the id or by the AWB."""
    recording = tracked if way == "forward" else tracked_return
    before, after = expect.served(recording, f"before{by}"), expect.served(recording, f"after{by}")
    if not before.ok:
        raise expect.BlockedError("TRK-1", "Track did not find the shipment before its delivery", [before.seq])
    expect.that(
        after.ok and said(after.json) != said(before.json),
        "Track says the same after the delivery as before",
        [after.seq, before.seq],
    )
