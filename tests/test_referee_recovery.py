"""What a client does after something went wrong: the right ways accuse nobody, each wrong one its own rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.refereed import Client, Live, judged

ORDERS = """
poll_interval = 2.0
[[order]]
expect = "delivered"
count = 3
"""


@contextmanager
def going_wrong(folder: Path, *faults: str) -> Iterator[tuple[Live, Client, list[str]]]:
    """A referee at which these things go wrong, a client that has read its orders, and their ids."""
    told = ORDERS + "".join(f"[[fault]]\n{fault}\n" for fault in faults)
    with judged(told, folder) as live:
        client = live.client()
        yield live, client, [order["id"] for order in client.orders("PROCESSING")]


def awbs(client: Client, orders: list[str]) -> list[str]:
    """Sends an AWB for each of `orders` in one request; those that were refused."""
    items = [
        {"orderId": one, "awbNumber": f"AWB-{one}", "courierName": "Courier", "autoDispatch": False} for one in orders
    ]
    said = client.put("awb", *items)
    return [each["orderId"] for each in said.json["data"]["errors"]] if said.status == 200 else []


def pack(client: Client, *orders: str) -> None:
    client.post("pack", *[{"orderId": one} for one in orders])


# AGG-11


def test_the_failed_items_alone_may_be_sent_again(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "fail_item"\non = "awb"') as (live, client, orders):
        failed = awbs(client, orders)
        awbs(client, failed)

        assert len(failed) == 1
        assert live.red("stopped") == set()
        assert live.verdicts()["AGG-11"] == "pass"


def test_a_whole_batch_sent_again_after_a_part_failed_is_a_breach(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "fail_item"\non = "awb"') as (live, client, orders):
        awbs(client, orders)
        awbs(client, orders)

        assert live.red("stopped") == {"AGG-11"}


def test_what_is_refused_may_be_given_up(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "fail_item"\non = "awb"\norder = 1\ntimes = 99') as (live, client, orders):
        awbs(client, orders)
        for one in orders[1:]:
            client.awb(one, f"AWB-{one}", auto=True)
            client.status(one, "delivery_done")

        assert live.red("idle") == set()


def test_a_refused_item_sent_again_at_once_and_for_ever_is_a_loop(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "fail_item"\non = "awb"\ntimes = 99') as (live, client, orders):
        for _ in range(8):
            awbs(client, orders[:1])

        assert live.red("stopped") == {"AGG-11"}


def test_a_refused_item_tried_at_each_poll_is_no_loop(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "fail_item"\non = "awb"\ntimes = 99') as (live, client, orders):
        for _ in range(8):
            live.later(2)
            awbs(client, orders[:1])

        assert live.red("stopped") == set()


# AGG-12


def test_after_429_the_time_that_it_names_must_pass(tmp_path: Path) -> None:
    for waited, broken in ((0.95, set()), (0.5, {"AGG-12"})):
        fault = 'do = "too_many"\non = "awb"\nretry_after = 1'
        with going_wrong(tmp_path / str(waited), fault) as (live, client, orders):
            awbs(client, orders)
            live.later(waited)
            awbs(client, orders)

            assert live.red("stopped") == broken


def test_another_call_within_the_time_that_a_429_names_is_as_bad_as_the_same(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "too_many"\non = "awb"') as (live, client, orders):
        awbs(client, orders)
        client.orders("TRANSIT")

        assert live.red("stopped") == {"AGG-12"}


def test_after_503_the_same_call_at_once_is_a_breach_and_later_is_not(tmp_path: Path) -> None:
    for waited, broken in ((0.5, set()), (0.01, {"AGG-12"})):
        with going_wrong(tmp_path / str(waited), 'do = "unavailable"\non = "awb"') as (live, client, orders):
            awbs(client, orders)
            live.later(waited)
            awbs(client, orders)

            assert live.red("stopped") == broken
            assert live.verdicts()["AGG-12"] == ("fail" if broken else "pass")


def test_a_429_that_nothing_followed_shows_nothing(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "too_many"\non = "awb"') as (live, client, orders):
        awbs(client, orders)

        assert live.verdicts()["AGG-12"] == "not_testable"


# AGG-13


def test_an_expired_token_is_replaced(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "expire_token"\non = "awb"') as (live, client, orders):
        awbs(client, orders)
        client.log_in()
        awbs(client, orders)

        assert live.red("stopped") == set()
        assert live.verdicts()["AGG-13"] == "pass"


def test_an_expired_token_sent_again_and_again_is_a_breach(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "expire_token"\non = "awb"') as (live, client, orders):
        for _ in range(6):
            awbs(client, orders)

        assert live.red("stopped") == {"AGG-13"}


def test_a_client_that_ends_with_its_token_does_not_go_on(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "expire_token"\non = "awb"\nnth = 2') as (live, client, orders):
        awbs(client, orders)
        awbs(client, orders)

        assert live.red("stopped") == set()
        assert live.red("idle") == {"AGG-13"}


# AGG-14


def test_after_a_time_out_exactly_the_same_may_come_again(tmp_path: Path) -> None:
    for when in ("timeout_before", "timeout_after"):
        with going_wrong(tmp_path / when, f'do = "{when}"\non = "awb"') as (live, client, orders):
            awbs(client, orders)
            awbs(client, orders)

            assert live.red("stopped") == set()
            assert live.verdicts()["AGG-14"] == "pass"


def test_after_a_time_out_a_second_awb_is_a_breach_of_that_rule_alone(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "timeout_after"\non = "awb"') as (live, client, orders):
        client.awb(orders[0], "AWB-1")
        client.awb(orders[0], "AWB-2")

        assert live.red("stopped") == {"AGG-14"}


def test_after_a_read_that_shows_no_awb_the_first_was_lost_and_another_is_no_second(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "timeout_before"\non = "awb"') as (live, client, orders):
        client.awb(orders[0], "AWB-1")
        client.orders("PROCESSING")
        client.awb(orders[0], "AWB-2")

        assert live.red("stopped") == set()


def test_after_a_time_out_the_next_step_without_a_read_is_a_breach(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "timeout_after"\non = "pack"') as (live, client, orders):
        awbs(client, orders)
        pack(client, *orders)
        client.post("dispatch", {"orderId": orders[0]})

        assert live.red("stopped") == {"AGG-14"}


def test_after_a_time_out_and_a_read_the_next_step_may_come(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "timeout_after"\non = "pack"') as (live, client, orders):
        awbs(client, orders)
        pack(client, *orders)
        client.get(f"/oms/v3/shipment?orderId={orders[0]}")
        client.post("dispatch", {"orderId": orders[0]})

        assert live.red("stopped") == set()


# AGG-15


def test_a_listing_asked_for_again_too_soon_is_noted_and_in_time_is_not(tmp_path: Path) -> None:
    with going_wrong(tmp_path) as (live, client, _):
        live.later(2)
        client.orders("PROCESSING")
        assert live.verdicts("stopped")["AGG-15"] == "pass"

        live.later(0.5)
        client.orders("PROCESSING")
        assert live.red("stopped") == {"AGG-15"}


def test_a_listing_after_a_write_is_no_poll(tmp_path: Path) -> None:
    with going_wrong(tmp_path) as (live, client, orders):
        live.later(0.1)
        awbs(client, orders)
        client.orders("PROCESSING")

        assert live.red("stopped") == set()


# What a late host shows


def test_a_client_that_is_shown_an_old_state_is_not_accused_of_believing_it(tmp_path: Path) -> None:
    with going_wrong(tmp_path, 'do = "late_state"\non = "awb"\nreads = 3') as (live, client, orders):
        client.awb(orders[0], "AWB-1", auto=True)
        assert [one["orderStatus"] for one in client.orders("PROCESSING") if one["id"] == orders[0]] == ["PROCESSING"]
        client.awb(orders[0], "AWB-1", auto=True)

        assert live.red("stopped") == set()
