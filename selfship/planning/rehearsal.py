"""The run that `selfship certify` would be, played on the host's twin in this process: its results, and how it went.

The suites, the allotment, the supply: everything is the run's own. Only the host is another.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfship import certification, outcome
from selfship.client import Caller, Wire
from selfship.credentials import Credentials
from selfship.embedded import EmbeddedHost, embedded_host
from selfship.errors import BrokenKitError
from selfship.exchanges import Recorder, Redactor
from selfship.guard import Guard
from selfship.itinerary import Key, needs_of
from selfship.pace import Pace
from selfship.planning.twin import Twin
from selfship.results import Results
from selfship.supply import Need
from selfship.tokens import TokenSource
from selfship.verdict import Verdict

PytestMain = Callable[..., Any]
LEAN = "SELFSHIP_LEAN"


@dataclass(frozen=True)
class Lack:
    """Orders that a scenario would have to do without, and the requirements that are not testable by that."""

    need: Need
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class Rehearsal:
    """`wanted`: what the selected scenarios ask for, each on its own. `longest`: requests of the longest scenario.

    `orders`: how many the run would spend.
    """

    results: Results
    wanted: tuple[Need, ...]
    lacks: tuple[Lack, ...]
    requests: int
    longest: int
    orders: int
    seconds: float


class _Watcher:
    """A pytest plugin that keeps the run which the session drove, and what it was asked to play."""

    def __init__(self) -> None:
        self.driving: Any = None
        self.keys: set[Key] = set()

    def pytest_collection_finish(self, session: Any) -> None:
        from selfship import plugin

        self.driving = session.config.stash[plugin.DRIVING]
        self.keys = {key for item in session.items if plugin.of_suites(item) for key in plugin.needed(item)}


def rehearse(
    twin: Twin, options: Mapping[str, Any], credentials: Credentials, folder: Path, pytest_main: PytestMain
) -> Rehearsal:
    """Plays the run on the twin. `options`: which checks. `credentials`: the real ones, whose kind the twin's have."""
    with embedded_host(twin.profile, population=str(twin.population)) as host:
        environ = _environment(host, credentials)
        with _standing(environ):
            chosen: dict[str, Any] = {name: options.get(name) for name in ("requirement", "suite", "keyword")}
            chosen |= {"host": host.url, "profile": str(twin.profile), "out": folder / "run", "quiet": True}
            chosen |= {"orders": twin.orders, "requirement": chosen["requirement"] or ()}
            arguments = certification.prepare({**chosen, "suite": chosen["suite"] or ()}, os.environ, folder)
            watcher, witness = _Watcher(), certification.Witness()
            witness.status(pytest_main(arguments, plugins=[witness, watcher]))
    if outcome.last is None or outcome.last.results_path is None or watcher.driving is None:
        raise BrokenKitError("The rehearsal left no results: run `selfship certify` on the mock to see why.")
    results = Results.from_json(json.loads(outcome.last.results_path.read_text(encoding="utf-8")))
    return _told(results, watcher)


def _told(results: Results, watcher: _Watcher) -> Rehearsal:
    run = watcher.driving.run
    by_scenario: dict[str, set[str]] = defaultdict(set)
    for check in watcher.driving.bench.checks:
        if check.verdict is Verdict.NOT_TESTABLE:
            for scenario in check.rests_on:
                by_scenario[scenario].add(check.requirement)
    missing = {one.scenario: one.missing for one in run.recordings() if one.missing is not None}
    lacks = (Lack(lack.need, tuple(sorted(by_scenario[name]))) for name, lack in sorted(missing.items()))
    calls = Counter(one.scenario for one in run.exchanges())
    return Rehearsal(
        results=results,
        wanted=tuple(need for key in watcher.keys for need in needs_of(key)),
        lacks=tuple(lack for lack in lacks if lack.requirements),
        requests=len(run.exchanges()),
        longest=max(calls.values(), default=0),
        orders=len(run.host.supply.leased),
        seconds=float(results.run.get("wall_s", 0.0)),
    )


def _environment(host: EmbeddedHost, real: Credentials) -> dict[str, str]:
    """Ours, with the twin's secrets in place of the host's: of the same kinds, and no more of them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SELFSHIP_")}
    names, twins = host.credentials.names, host.credentials
    if real.can_log_in:
        kept |= {names.username: twins.username or "", names.password: twins.password or ""}
    if real.token is not None:
        kept[names.token] = _token(host)
    if real.has_other:
        kept |= {names.other_username: twins.other_username or "", names.other_password: twins.other_password or ""}
    return {**kept, LEAN: "1"}


def _token(host: EmbeddedHost) -> str:
    own = host.credentials
    wire = Wire(host.url, Recorder(Redactor(own.secrets())), Pace(1), timeout_s=10, guard=Guard(read_only=True))
    source = TokenSource(own.names.token, username=own.username or "", password=own.password or "")
    try:
        return source.current(Caller(wire, source, "plan")) or ""
    finally:
        wire.connections.close()


@contextmanager
def _standing(environ: Mapping[str, str]) -> Iterator[None]:
    """The process as a lean run wants it, and afterwards as it was."""
    before, folder, started = dict(os.environ), Path.cwd(), outcome.started_in
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir(folder)
        outcome.started_in = started


def is_judged(verdict: Verdict) -> bool:
    """Whether a requirement of that verdict was judged, or seen, at least in a run that ended well."""
    return verdict in (Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.OBSERVED, Verdict.WAIVED)
