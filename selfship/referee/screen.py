"""What a person sees in the terminal while a session runs: how far each order is, and which rules are broken."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from selfship.referee.pages import PREFIX
from selfship.referee.partner import Partner
from selfship.referee.seen import seen
from selfship.referee.session import Session

ORDERS_SHOWN = 20
REFRESH = 4
"""Times a second."""
Now = dict[str, Any]


class Screen:
    """A live table on a terminal; lines where the output goes elsewhere; nothing but the address where it is quiet."""

    def __init__(self, session: Session, *, quiet: bool) -> None:
        self._session, self._quiet = session, quiet
        self._console = Console(highlight=False)
        self._live: Live | None = None
        self._seen: list[Now] = []
        self._looked = 0.0

    def begin(self, url: str) -> None:
        """The session is served from now on: says how to call it, and where to watch."""
        if self._quiet:
            return
        for partner in self._session.partners:
            for line in _how_to_call(partner, url, alone=len(self._session.partners) == 1):
                self._console.print(Text(line), soft_wrap=True)
        sys.stdout.flush()
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._live = Live(
                get_renderable=self._shown, console=self._console, refresh_per_second=REFRESH, transient=True
            )
            self._live.start()

    def look(self) -> None:
        """Takes in how the session stands. Called by whoever serves it: the screen draws in a thread of its own."""
        now = time.monotonic()
        if self._live is not None and now - self._looked >= 1 / REFRESH:
            self._looked = now
            self._seen = [seen(partner) for partner in self._session.partners]

    def end(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _shown(self) -> Group:
        return Group(*(part for now in self._seen for part in _drawn(now)))


def _how_to_call(partner: Partner, url: str, *, alone: bool) -> list[str]:
    own = partner.own
    demo = " (demo and demo)" if alone and partner.tokens.credential.username == "demo" else ""
    who = "" if alone else f" of {own.name}"
    return [
        f"Credentials{who}: user name and password of {own.username} and {own.password}{demo}.",
        f"Watch{who}: {url}{PREFIX}/?key={partner.key}",
    ]


def _drawn(now: Now) -> list[Table | Text]:
    """One partner: the orders that are under way first, then those to come and those that have ended; no decoys."""
    table = Table(box=None, pad_edge=False)
    for name in ("", "order", "to end as", "journey", "stands at", ""):
        table.add_column(name, no_wrap=True)
    shown = sorted((order for order in now["orders"] if order["appeared"] and _matters(order)), key=_turn)
    for order in shown[:ORDERS_SHOWN]:
        mark = "✓" if order["ended"] else "✕" if order["broke"] else "·"
        journey = "".join("●" if step["at"] else "○" for step in order["steps"])
        table.add_row(mark, order["id"], order["expect"] or "–", journey, order["state"], " ".join(order["broke"]))
    if len(shown) > ORDERS_SHOWN:
        table.add_row("", f"and {len(shown) - ORDERS_SHOWN} more")
    held = Counter(rule["verdict"] for rule in now["rules"])["pass"]
    broken = ", ".join(rule["id"] for rule in now["rules"] if rule["verdict"] in ("fail", "warn"))
    line = Text(f"{now['calls']} calls · {now['ended']} of {now['given']} orders ended · {held} rules shown to hold")
    if broken:
        line.append(f" · broken: {broken}", style="red")
    return [Text(f"\n{now['partner']}", style="bold"), table, line]


def _matters(order: Now) -> bool:
    return bool(order["is_self_ship"] or order["broke"])


def _turn(order: Now) -> tuple[int, int]:
    under_way = any(step["at"] for step in order["steps"])
    return (2 if order["ended"] else 0 if under_way or order["broke"] else 1), order["number"]
