"""A client that the tests write call by call, and a referee for it to call: in a thread, with its session on disk."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

from selfship.mock.serve import address, listen
from selfship.referee import plan, report
from selfship.referee.advice import advice
from selfship.referee.app import Referee
from selfship.referee.partner import Partner
from selfship.referee.rules.ending import Ending, Reason
from selfship.referee.seen import expected
from selfship.referee.server import Server
from selfship.referee.session import Session
from selfship.referee.visit import Came
from selfship.results import Results

PATIENCE_S = 20.0
PARTNERS = """
[[partner]]
name = "north"
username = "NORTH_USER"
password = "NORTH_PASSWORD"
[[partner]]
name = "south"
username = "SOUTH_USER"
password = "SOUTH_PASSWORD"
"""
"""Two partners of a scenario, to be put behind it."""


@dataclass(frozen=True)
class Said:
    """What the referee answered; `status` 0 where it hung up."""

    status: int
    json: Any
    headers: Message


class Client:
    """Calls the referee as it is told, with a token that it gets when first needed. `direct`: without a network."""

    def __init__(self, url: str, username: str = "demo", password: str = "demo", direct: Partner | None = None) -> None:
        self.url, self._credentials, self._direct = url, {"username": username, "password": password}, direct
        self.token: str | None = None
        self.connection = 0

    def log_in(self) -> str:
        said = self.call("GET", f"/aggregator/v1/token?{urllib.parse.urlencode(self._credentials)}", token=None)
        self.token = str(said.json["access_token"])
        return self.token

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = "", headers: Mapping[str, str] = {}
    ) -> Said:
        own = self.token if token == "" else token
        sent = {"content-type": "application/json", **({"x-access-token": own} if own else {}), **headers}
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if self._direct:
            return _served(self._direct, method, path, data or b"", sent, self.connection)
        asked = urllib.request.Request(f"{self.url}{path}", data, sent, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
                return Said(answer.status, _json(answer.read()), answer.headers)
        except urllib.error.HTTPError as refused:
            with refused:
                return Said(refused.code, _json(refused.read()), refused.headers)
        except OSError:
            return Said(0, None, Message())

    def get(self, path: str) -> Any:
        return self.call("GET", path).json

    def orders(self, status: str, **query: str) -> list[dict[str, Any]]:
        if self.token is None:
            self.log_in()
        asked = urllib.parse.urlencode({"orderStatus": status, **query})
        found = self.get(f"/oms/v3/shipment?{asked}")
        return found if isinstance(found, list) else []

    def put(self, operation: str, *items: Mapping[str, Any]) -> Said:
        return self.call("PUT", f"/oms/v3/shipment/{operation}", list(items))

    def post(self, operation: str, *items: Mapping[str, Any]) -> Said:
        return self.call("POST", f"/oms/v3/shipment/{operation}", list(items))

    def awb(self, order: str, number: str = "AWB-1", *, auto: bool = False, courier: str = "Courier") -> Said:
        item = {"orderId": order, "awbNumber": number, "courierName": courier, "autoDispatch": auto}
        return self.put("awb", item)

    def status(self, order: str, value: str) -> Said:
        return self.put("status", {"orderId": order, "orderStatus": value})

    def deliver(self, order: str) -> None:
        self.awb(order, f"AWB-{order}", auto=True)
        self.status(order, "delivery_done")


def _served(partner: Partner, method: str, path: str, body: bytes, headers: Mapping[str, str], connection: int) -> Said:
    where, _, query = path.partition("?")
    if where == "/_referee/expected":
        return Said(200, expected(partner), Message())
    came = Came(method, where, query, f"http://referee{path}", tuple(headers.items()), body, connection)
    answer = asyncio.run(partner.serve(came, _hangs_up))
    if answer is None:
        return Said(0, None, Message())
    told = Message()
    for name, value in answer.headers.items():
        told[name] = value
    return Said(answer.status, _json(answer.raw()), told)


async def _hangs_up(_: float) -> bool:
    return False


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


class Live:
    """A referee that is served. `judged` is what its certificate would say, had the session ended for that reason."""

    def __init__(self, session: Session, url: str) -> None:
        self.session, self.url = session, url
        self.moved = 0.0
        self.referee: Referee

    @property
    def partner(self) -> Partner:
        return self.session.partners[0]

    def later(self, seconds: float) -> None:
        """Lets time pass, of a referee without a network: its clock stands still otherwise."""
        self.moved += seconds
        self.partner.now = lambda: 1_800_000_000.0 + self.moved

    def client(self) -> Client:
        return Client(self.url, direct=None if self.url.startswith("http:") else self.partner)

    def judged(self, reason: Reason = "idle", partner: Partner | None = None) -> Results:
        one = partner or self.partner
        ending = Ending(reason, one.world.standings(), advice(one))
        run = {"id": "test", "started": self.session.started, "wall_s": 1.0}
        return report.results(
            one.judge.memory, ending, one.journal.exchanges, run=run, target={"url": self.url, "profile": {}}
        )

    def verdicts(self, reason: Reason = "idle") -> dict[str, str]:
        return {row.id: row.verdict.value for row in self.judged(reason).requirements}

    def red(self, reason: Reason = "idle") -> set[str]:
        """The rules that are broken."""
        return {rule for rule, verdict in self.verdicts(reason).items() if verdict in ("fail", "warn")}


@contextmanager
def judged(scenario: str, folder: Path) -> Iterator[Live]:
    """The same without a network: calls go straight to the partner's session, and nobody waits for anything."""
    told = plan.read(scenario, "test") if "=" in scenario else plan.load(scenario, folder)
    session = Session(told, folder, {}, idle=60)
    try:
        live = Live(session, "direct")
        live.later(0)
        yield live
    finally:
        session.close()


@contextmanager
def refereed(scenario: str, folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[Live]:
    """A referee of `scenario` (TOML, or the name of one that comes with the kit) with its session in `folder`."""
    told = plan.read(scenario, "test") if "=" in scenario else plan.load(scenario, folder)
    session = Session(told, folder, environ or {}, idle=60)
    listening = listen("127.0.0.1", 0)
    url = address(listening)
    for partner in session.partners:
        partner.base = url
    started, over = threading.Event(), threading.Event()
    referee = Referee(session.partners, url)
    server = Server(referee, started.set, over.is_set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    assert started.wait(PATIENCE_S)
    try:
        live = Live(session, url)
        live.referee = referee
        yield live
    finally:
        over.set()
        thread.join(PATIENCE_S)
        session.close()
