"""What a scenario may ask of a client beyond the usual: orders that are only placed, and a host that is busy."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfship.errors import UsageError
from selfship.referee import plan
from selfship.referee.plan import SCENARIOS
from tests.refereed import Client, judged

PLACED = """
[[order]]
expect = "delivered"
start = "placed"
"""


def invoiced(client: Client, order: str) -> None:
    client.post("confirm", {"orderId": order})
    client.post("invoiceUpdate", {"orderId": order, "invoiceNumber": f"INV-{order}", "invoiceType": "sale"})


def test_a_placed_order_is_confirmed_and_invoiced_first(tmp_path: Path) -> None:
    with judged(PLACED, tmp_path) as live:
        client = live.client()
        (order,) = [one["id"] for one in client.orders("CREATED")]
        invoiced(client, order)
        client.deliver(order)

        assert live.red() == set()
        assert live.verdicts()["AGG-10"] == "pass"


def test_an_awb_before_the_invoice_breaks_the_order_of_steps(tmp_path: Path) -> None:
    with judged(PLACED, tmp_path) as live:
        client = live.client()
        (order,) = [one["id"] for one in client.orders("CREATED")]
        client.awb(order)
        invoiced(client, order)
        client.deliver(order)

        assert live.red() == {"AGG-5"}


BUSY = '[[order]]\nexpect = "delivered"\n[[fault]]\ndo = "unavailable"\non = "awb"'


@pytest.mark.parametrize("returns", [True, False])
def test_after_a_503_a_client_comes_back(tmp_path: Path, *, returns: bool) -> None:
    with judged(BUSY, tmp_path) as live:
        client = live.client()
        (order,) = [one["id"] for one in client.orders("PROCESSING")]
        client.awb(order)
        if returns:
            live.later(5)
            client.deliver(order)

        assert live.red("stopped") == set()
        assert live.red("idle") == (set() if returns else {"AGG-12"})


def test_what_succeeded_in_part_is_laid_at_the_resending_however_late_it_comes(tmp_path: Path) -> None:
    told = '[[order]]\nexpect = "delivered"\ncount = 2\n[[fault]]\ndo = "fail_item"\non = "awb"\norder = 2'
    with judged(told, tmp_path) as live:
        client = live.client()
        first, second = [one["id"] for one in client.orders("PROCESSING")]
        batch = [
            {"orderId": one, "awbNumber": f"AWB-{one}", "courierName": "Courier", "autoDispatch": False}
            for one in (first, second)
        ]
        client.put("awb", *batch)
        client.post("pack", {"orderId": first})
        client.put("awb", *batch)

        assert live.red("stopped") == {"AGG-11"}


def in_turn(client: Client, calls: int) -> None:
    """The same listing again and again, on two connections in turn, as a client with threads does."""
    for number in range(calls):
        client.connection = 1 + number % 2
        client.orders("PROCESSING" if number % 2 else "TRANSIT")


@pytest.mark.parametrize("parallel", [True, False])
def test_what_was_on_its_way_on_another_connection_is_held_against_nobody(tmp_path: Path, *, parallel: bool) -> None:
    told = '[[order]]\nexpect = "delivered"\n[[fault]]\ndo = "too_many"\non = "listing"\nnth = 5\n'
    with judged(told, tmp_path) as live:
        client = live.client()
        in_turn(client, 6) if parallel else [client.orders("PROCESSING" if n % 2 else "TRANSIT") for n in range(6)]

        assert live.red() - {"AGG-15"} == (set() if parallel else {"AGG-12"})


def test_the_first_listing_of_onboarding_tempts_to_a_request_of_21() -> None:
    told = plan.load("onboarding", Path("/"))
    first = [one for one in told.orders if one.kind == "forward" and one.self_ship and not one.locked]
    own = [one for one in first if one.appear == plan.When() and one.location in ("", None, told.locations[0])]

    assert sum(one.count for one in own) == 21


@pytest.mark.parametrize("parallel", [True, False])
def test_a_connection_for_each_call_may_be_one_of_several_at_once(tmp_path: Path, *, parallel: bool) -> None:
    told = '[[order]]\nexpect = "delivered"\ncount = 6\n[[fault]]\ndo = "expire_token"\non = "listing"\nnth = 2\n'
    told += '[[fault]]\ndo = "too_many"\non = "read"\nnth = 5\n'
    with judged(told, tmp_path) as live:
        client = live.client()
        orders = client.orders("PROCESSING")
        for number, order in enumerate([*orders, *orders[:2]]):
            client.connection += parallel
            client.get(f"/oms/v3/shipment?orderId={order['id']}" if number else "/oms/v3/shipment?orderStatus=TRANSIT")
        client.log_in()
        for order in orders:
            client.connection += parallel
            client.get(f"/oms/v3/shipment?orderId={order['id']}")

        assert live.red() - {"AGG-15"} == (set() if parallel else {"AGG-12", "AGG-13"})


def test_a_return_has_no_start_of_its_own() -> None:
    with pytest.raises(UsageError, match="leave out start"):
        plan.read('[[order]]\nkind = "return"\nexpect = "returned"\nstart = "placed"', "test")


@pytest.mark.parametrize("path", sorted(SCENARIOS.rglob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_that_comes_with_the_kit_can_be_read(path: Path) -> None:
    assert plan.load(str(path), Path("/")).orders
