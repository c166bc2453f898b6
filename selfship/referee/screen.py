"""What a person sees in the terminal while a session runs: how far each order is, and which rules are broken."""

from __future__ import annotations

import sys
from collections import Counter

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from selfship.referee.pages import PREFIX
from selfship.referee.partner import Partner
from selfship.referee.seen import seen
from selfship.referee.session import Session

ORDERS_SHOWN = 25
REFRESH = 4
"""Times a second."""


class Screen:
    """A live table on a terminal; lines where the output goes elsewhere; nothing but the address where it is quiet."""

    def __init__(self, session: Session, *, quiet: bool) -> None:
        self._session, self._quiet = session, quiet
        self._console = Console(highlight=False)
        self._live: Live | None = None

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

    def end(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _shown(self) -> Group:
        return Group(*(part for partner in self._session.partners for part in _of(partner)))


def _how_to_call(partner: Partner, url: str, *, alone: bool) -> list[str]:
    own = partner.own
    demo = " (demo and demo)" if alone and partner.tokens.credential.username == "demo" else ""
    who = "" if alone else f" of {own.name}"
    return [
        f"Credentials{who}: user name and password of {own.username} and {own.password}{demo}.",
        f"Watch{who}: {url}{PREFIX}/?key={partner.key}",
    ]


def _of(partner: Partner) -> list[Table | Text]:
    now = seen(partner)
    table = Table(box=None, pad_edge=False)
    for name in ("", "order", "kind", "to end as", "stands at", ""):
        table.add_column(name)
    shown = [order for order in now["orders"] if order["appeared"]]
    for order in shown[:ORDERS_SHOWN]:
        mark = "✓" if order["ended"] else "✕" if order["broke"] else "·"
        wanted = order["expect"] or "leave it alone"
        table.add_row(mark, order["id"], order["kind"], wanted, order["state"], " ".join(order["broke"]))
    if len(shown) > ORDERS_SHOWN:
        table.add_row("", f"and {len(shown) - ORDERS_SHOWN} more")
    rules = Counter(rule["verdict"] for rule in now["rules"])
    broken = ", ".join(rule["id"] for rule in now["rules"] if rule["verdict"] in ("fail", "warn"))
    line = f"{now['calls']} calls · {now['ended']} of {now['given']} orders ended · {rules['pass']} rules shown to hold"
    return [
        Text(f"\n{now['partner']}", style="bold"),
        table,
        Text(line),
        Text(f"broken: {broken}", "red") if broken else Text(),
    ]
