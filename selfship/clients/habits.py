"""Clients that conform, each in its own way; and clients that do next to nothing, whom no rule may praise."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from selfship.clients.hooks import Aggregator, Client
from selfship.clients.wire import body, without


def sends_the_same(client: Aggregator) -> None:
    """After a silence the very same write again, unread: the other way that the rules allow."""

    def read_back(_: Any, batch: Any, __: Any) -> Any:
        client.unsure.update((order["id"], place) for order, place in batch)
        return SimpleNamespace(accepted=[], refused={})

    client.read_back = read_back


def reads_only(client: Aggregator) -> None:
    client.is_ours = lambda _: False


def logs_in_only(client: Aggregator) -> None:
    def sweep(_: Any) -> int:
        client.konnect.renew()
        return 0

    client.sweep = sweep


def silent(client: Aggregator) -> None:
    client.sweep = lambda _: 0


def reads_one_status(client: Aggregator) -> None:
    client.sweep = lambda locations: client.work([("DELIVERED", locations[0])])


HABITS: tuple[Client, ...] = (
    Client("stepwise", "habit", "AWB, pack, dispatch, bag_picked, each on its own", options=("--batch=20",)),
    Client("auto_dispatch", "habit", "hands over by autoDispatch", options=("--auto-dispatch",)),
    Client("one_at_a_time", "habit", "sends every order alone", options=("--batch=1",)),
    Client("batches_of_seven", "habit", "sends seven orders at a time", options=("--batch=7",)),
    Client("slow_poller", "habit", "polls a third as often as it may", options=("--poll={slow}",)),
    Client(
        "returns_first", "habit", "begins with the returns and ends with the new orders", options=("--returns-first",)
    ),
    Client(
        "gathers", "habit", "reads everything, then writes; orders and returns share requests", options=("--gather",)
    ),
    Client("reports_attempts", "habit", "reports a first attempt to deliver that failed", options=("--attempts",)),
    Client(
        "auto_with_attempts",
        "habit",
        "autoDispatch, then attempts, all gathered",
        options=("--auto-dispatch", "--attempts", "--gather"),
    ),
    Client("small_pages", "habit", "asks for three orders a page", options=("--page-size=3",)),
    Client(
        "no_auto_dispatch",
        "habit",
        "leaves autoDispatch out until it is refused: the documents disagree on it",
        hook=body("awb", without("autoDispatch")),
    ),
    Client("sends_the_same_again", "habit", "sends the very same again where no answer came", hook=sends_the_same),
)
NULLS: tuple[Client, ...] = (
    Client("silent", "null", "never calls", hook=silent),
    Client("logs_in_only", "null", "asks for tokens and nothing else", hook=logs_in_only),
    Client("reads_only", "null", "polls as it should and never writes", hook=reads_only),
    Client("reads_one_status", "null", "asks for delivered orders only", hook=reads_one_status),
)
PLAIN = Client("plain", "plain", "the example aggregator as it is")
