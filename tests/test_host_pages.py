"""Walking a listing: it may shift under the walk, be one page only, or never end; each order is brought once."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from selfship.client import Caller
from selfship.exchanges import Exchange
from selfship.host import MOST_PAGES, MOST_STALE, Host
from tests.sample_run import Wire


class Listing:
    """Answers one page after the other, the last for ever."""

    def __init__(self, pages: Sequence[str]) -> None:
        self.pages, self.wire = list(pages), Wire()

    def call(self, operation: str, *, params: dict[str, Any], step: str) -> Exchange:
        page = self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]
        orders = [{"id": one, "orderStatus": params["orderStatus"]} for one in page]
        return self.wire.send(operation, None, 200, orders, step=step)


HOST = cast(
    Host,
    SimpleNamespace(
        first_page=1,
        _page=lambda status, *_, **__: {"params": {"orderStatus": status}, "step": "listing"},
        profile=SimpleNamespace(switches=SimpleNamespace(page_size=2)),
    ),
)


@pytest.mark.parametrize(
    ("pages", "brought", "calls"),
    [
        (["ab", "cd", ""], ["ab", "cd"], 3),
        (["ab", "cd", "cd"], ["ab", "cd"], 3),
        (["ab"], ["ab"], 2),
        ([""], [], 1),
        (["ab", "ba", "cd", ""], ["ab", "cd"], 4),
        (["ab", "bc", "cd", "d", ""], ["ab", "c", "d"], 5),
        (["ab", *["ba", "ab"] * 9], ["ab"], MOST_STALE + 2),
    ],
    ids=["ends", "last-page-again", "no-pages", "empty", "shifted-whole", "shifted", "in-circles"],
)
def test_every_order_of_a_listing_is_brought_once(pages: list[str], brought: list[str], calls: int) -> None:
    listing = Listing(pages)

    found = Host.pages(HOST, cast(Caller, listing), "PROCESSING")

    assert ["".join(view.id for view in page) for page in found] == brought
    assert len(listing.wire.exchanges) == calls < MOST_PAGES
