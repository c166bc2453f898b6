"""One run against one host: its folder, its recorder, its host and the scenarios that it plays.

Scenarios start on a pool, the longest first, as soon as it is known which the selected tests need; a test waits for
its own recording only. Without a pool a scenario is played when a test first asks for it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from selfship import ledger, outcome, scenarios, secrecy, shards
from selfship.allotment import allot, awaited
from selfship.client import Wire
from selfship.errors import UsageError
from selfship.exchanges import Exchange, Recorder, Redactor
from selfship.flow import Flow
from selfship.guard import Guard
from selfship.host import Host
from selfship.itinerary import Key, needs_of
from selfship.ledger import Ledger
from selfship.lifecycle import State
from selfship.orders import View
from selfship.pace import LATE_NEARBY_S, LATE_S, Interrupted, Pace
from selfship.preflight import Stop, preflight
from selfship.profile import Credentials, Profile
from selfship.relay import Relay
from selfship.resuming import keeping
from selfship.resuming.earlier import Earlier
from selfship.resuming.keeping import Keeper
from selfship.routing import Allotment, Ask, Turn, turn_of
from selfship.scenario import SCENARIOS, Recording, run_scenario
from selfship.shards import Holds
from selfship.supply import Provisioner, Supply
from selfship.tokens import TokenSource

SWITCHES = ("invoicing", "credit_note", "rto_acceptance")
assert scenarios.CONTROLS  # registers every scenario

JOURNAL = "exchanges.jsonl"
"""Each exchange as it happens; replaced by the HAR once the run has ended."""
PER_SECOND, PER_SECOND_ELSEWHERE = 1200.0, 320.0
"""Requests a second that a run goes up to by itself: what a host on this machine gives, what a guest may ask for."""
AGAIN = ", tried again"
"""Marks what belongs to a second try."""
CALM_S = 60.0
"""So long at most the other scenarios wait for those that want nothing written meanwhile."""
TRIES_AFTER_LOSS = 3
AGAIN_AFTER_LOSS = ", once more after a lost answer"


@dataclass(frozen=True)
class Config:
    """All that a run is told. `out` exists; `seed` is for generated data; of `read_only` see `selfship.guard`."""

    profile: Profile
    credentials: Credentials
    out: Path
    seed: int = 0
    orders: Mapping[State, list[str]] = field(default_factory=dict)
    provision: Provisioner | None = None
    holds: Holds | None = None
    """Which orders are this run's, where it is one of several shards."""
    read_only: bool = False
    embedded: bool = False
    earlier: Earlier | None = None
    """The run that this one goes on with."""


class Run:
    """A run, from its first request to its last."""

    def __init__(self, config: Config) -> None:
        profile, credentials = config.profile, config.credentials
        if not profile.url:
            raise UsageError("No host to certify: name its address with --host URL.")
        self.config = config
        self.started = datetime.now(UTC)
        self.clock = time.monotonic()
        redact = Redactor(credentials.secrets())
        self.recorder = Recorder(redact, config.out / JOURNAL)
        earlier = config.earlier
        if earlier:
            self.recorder.take_over(earlier.exchanges)
            earlier.hand_over(config.out)
        before = config.earlier.folder if config.earlier else None
        self.ledger = None if outcome.lean() else Ledger(config.out / ledger.FILE, redact, before)
        late_s = LATE_NEARBY_S if profile.loopback else LATE_S
        self.pace = Pace(profile.limits.concurrency, profile.switches.rate, late_s=late_s)
        wire = Wire(
            profile.url,
            self.recorder,
            self.pace,
            timeout_s=profile.limits.timeout,
            hours=profile.limits.open_hours,
            guard=Guard(read_only=config.read_only),
            ledger=self.ledger,
        )
        other = None
        if credentials.has_other:
            other = TokenSource(
                "SELFSHIP_OTHER_TOKEN",
                username=credentials.other_username or "",
                password=credentials.other_password or "",
            )
        tokens = TokenSource(
            "SELFSHIP_TOKEN",
            given=credentials.token,
            username=credentials.username or "",
            password=credentials.password or "",
        )
        self.host = Host(wire, profile, tokens, other, seed=config.seed)
        self.host.supply = Supply(
            self._listed,
            given=shards.given(config.orders, config.holds) if config.holds else config.orders,
            provision=config.provision,
            excluded=frozenset(profile.foreign) | (earlier.touched if earlier else frozenset()),
            permits=self.host.may_touch,
            lend=wire.guard.lend,
        )
        # A lean run is one of hundreds: its verdict is all that is asked for.
        self.host.tries_again = not outcome.lean()
        self.stop: Stop | None = None
        self.asks: list[Ask] = []
        self.allotment = Allotment()
        self._futures: dict[Key, Future[Recording]] = {}
        self._played: dict[Key, Recording] = dict(earlier.recordings) if earlier else {}
        if earlier:
            earlier.restore(self.host)
        self.unfinished = False
        """Whether it was stopped before its end: then another run can go on with it."""
        head = keeping.header(profile, config.seed, embedded=config.embedded)
        self.keeper = None if outcome.lean() else Keeper(config.out / keeping.FILE, head, redact)
        for key, recording in self._played.items():
            self._keep(key, recording)
        self._instead: Mapping[Key, Recording] = {}
        self._pool: ThreadPoolExecutor | None = None

    def begin(self, keys: Iterable[Key] = ()) -> Stop | None:
        """The pre-flight. UsageError where the run cannot be; a Stop where the host cannot be judged any further.

        `keys`: the scenarios that will be played. What they import is imported while the host answers.
        """
        for module in {SCENARIOS[name].imports for name, _ in keys} - {""}:
            threading.Thread(target=import_module, args=(module,), daemon=True).start()
        self.stop = preflight(self.host)
        near = self.config.profile.loopback
        self.pace.widen(self.config.profile.limits.widest, PER_SECOND if near else PER_SECOND_ELSEWHERE)
        return self.stop

    def _listed(self, status: str, other: bool) -> Iterator[View | None]:
        """What the supply draws from: of a shard, only its own orders."""
        holds = self.config.holds
        for view in self.host.list_free(status, other):
            if view is None:
                yield None
                continue
            kind = shards.kind_of(status, self_ship=view.self_ship is not False, other=other)
            if holds is None or holds(kind, view.id):
                yield view

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.clock

    @property
    def requests(self) -> int:
        return len(self.recorder.exchanges)

    @property
    def played(self) -> tuple[int, int]:
        """Scenarios that have ended, and all that were started or asked for."""
        done = sum(future.done() for future in self._futures.values())
        return done + len(self._played), len(self._futures) + len(self._played)

    def start(self, keys: Iterable[Key], asks: Sequence[Ask] = ()) -> None:
        """Starts these scenarios on a pool. `asks`: what the checks rest on, for a host that has too few orders.

        With orders in plenty the longest start first; else orders are shared out, and go from one to the next.
        """
        left, known = set(keys) - set(self._played), frozenset(self.host.accepted)
        self.asks = [replace(ask, keys=ask.keys - set(self._played), controls=ask.controls - known) for ask in asks]
        # Half of what may be in flight: many a scenario sends several requests at a time, and where more are played
        # than are answered at once, the longest, which the run's end waits for, are held up by all the others.
        workers = max(self.config.profile.limits.concurrency, self.pace.concurrency // 2)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="scenario")
        keys = sorted(left, key=turn_of)
        calm = [key for key in keys if SCENARIOS[key[0]].calm]
        self._submit(calm)
        # Stock is taken meanwhile: that writes nothing either.
        self.allotment = plan = self._allotted(keys)
        wait([self._futures[key] for key in calm], timeout=CALM_S)
        self._futures |= {turn.key: Future() for turn in plan.turns if turn.during is not None}
        relay = Relay(plan, self.host, self._play, self._futures)
        self._submit(sorted(plan.free, key=lambda key: -SCENARIOS[key[0]].weight))
        for turn in relay.carriers():
            begin = Future[list[Future[Recording]]]()
            self._futures[turn.key] = self._pool.submit(self._carry, relay, turn, begin)
            begin.set_result(relay.queue(turn, self._futures[turn.key]))
        self._submit(plan.lacking)

    def _submit(self, keys: Iterable[Key]) -> None:
        """Starts scenarios that take orders of their own, or none."""
        if self._pool:
            pool = self._pool
            self._futures |= {key: pool.submit(self._play, key) for key in keys if key not in self._futures}

    def _allotted(self, keys: list[Key]) -> Allotment:
        """Who gets which order. Where a command makes them there are always enough."""
        if self.config.provision is not None or not any(needs_of(key) for key in keys):
            return Allotment(free=tuple(keys))
        switches = {name: self.host.switch(name) for name in ("edition", *SWITCHES)}
        try:
            stock = self.host.supply.stock(other=self.host.other_tokens is not None)
        except Interrupted:
            # Stopped while it took stock: each scenario says so for itself.
            return Allotment(free=tuple(keys))
        plan = allot(stock, self.asks, switches, keys)
        drawn = awaited(stock, plan.free)
        self.host.supply.awaited = {SCENARIOS[name].key(param): draws for (name, param), draws in drawn.items()}
        return plan

    def _carry(self, relay: Relay, turn: Turn, begin: Future[list[Future[Recording]]]) -> Recording:
        for earlier in begin.result():
            earlier.exception()
        return relay.carry(turn)

    def recording(self, name: str, param: Any = None) -> Recording:
        """What scenario `name` left; waits for it, or plays it now."""
        key = (name, param)
        if key in self._instead:
            return self._instead[key]
        if key in self._futures:
            return self._futures[key].result()
        if key not in self._played:
            self._played[key] = self._play(key)
        return self._played[key]

    def recordings(self) -> list[Recording]:
        """Every recording of the run so far, those under way waited for."""
        return [one.result() for one in self._futures.values() if not one.cancelled()] + list(self._played.values())

    def quietly(self, name: str, param: Any = None, *, note: str = "alone") -> Recording:
        """Plays scenario `name` once more, with nothing else of the run under way; the first such recording stands.

        Another `note` has it played another time. It must change nothing. On a host at hand its other parameters are
        played beside it: they are asked for next.
        """
        if self._instead:
            return self._play((name, param), note=AGAIN)
        if (f"{name}, {note}", param) not in self._played:
            self.recordings()
            others = [key for key in self._futures if key[0] == name and key[1] != param] if self.host.at_hand else []
            keys = [(name, param), *others]
            with ThreadPoolExecutor(len(keys), thread_name_prefix="alone") as pool:
                for (_, other), recording in zip(keys, pool.map(self._play, keys), strict=True):
                    self._played[f"{name}, {note}", other] = recording
        return self._played[f"{name}, {note}", param]

    def known(self) -> dict[str, Key]:
        """Every scenario that was played, by the name under which its exchanges are recorded."""
        return {
            SCENARIOS[name].key(param): (name, param)
            for name, param in (*self._futures, *self._played)
            if name in SCENARIOS
        }

    def play_again(self, keys: Sequence[Key], until: float) -> dict[Key, Recording]:
        """These scenarios once more, side by side on what orders are left; none starts after `until` (monotonic)."""

        def one(key: Key) -> Recording | None:
            return None if time.monotonic() > until else self._play(key, note=AGAIN)

        workers = max(1, min(len(keys), self.pace.concurrency))
        with ThreadPoolExecutor(workers, thread_name_prefix="again") as pool:
            try:
                played = list(pool.map(one, keys))
            except BaseException:
                # Ctrl-C: those that play now give up at their next pause, instead of being waited for.
                self.pace.stop()
                raise
        return {key: recording for key, recording in zip(keys, played, strict=True) if recording is not None}

    @contextmanager
    def instead(self, recordings: Mapping[Key, Recording]) -> Iterator[None]:
        """Within the block, judgements get these recordings in place of the run's own, and their traffic alone."""
        self._instead = recordings
        try:
            yield
        finally:
            self._instead = {}

    def shows_now(self, order_id: str) -> str | None:
        """The status that a read by id shows now, for a judgement that wants to be sure before it accuses."""
        view = self.view_now(order_id)
        return view.status if view else None

    def view_now(self, order_id: str) -> View | None:
        """The order as a read by id shows it now."""
        return Flow(self.host, "a second look").read(order_id)

    def exchanges(self) -> list[Exchange]:
        known = self.recorder.exchanges
        if self._instead:
            seqs = sorted({seq for one in self._instead.values() for seq in one.exchanges})
            return [known[seq - 1] for seq in seqs]
        return list(known)

    def _play(self, key: Key, prepare: Callable[[Flow], None] | None = None, note: str = "") -> Recording:
        name, param = key
        which = SCENARIOS[name]
        flow = Flow(self.host, which.key(param), note)
        if prepare is not None:
            prepare(flow)
        began = time.monotonic()
        try:
            recording = run_scenario(which, param, flow)
            if recording.missing and self.pace.stopped:
                # What nobody could look for any more is not lacking.
                raise Interrupted
            for _ in range(TRIES_AFTER_LOSS if prepare is None and not note else 0):
                if not recording.lost:
                    break
                # What one lost answer leaves unknown, other orders can tell.
                fresh = self._play(key, note=AGAIN_AFTER_LOSS)
                if fresh.missing:
                    break
                recording = fresh
            if not note:
                self._keep(key, recording)
            return recording
        except Interrupted as exc:
            flow.recording.crashed = exc
            return flow.recording
        finally:
            flow.recording.seconds = time.monotonic() - began
            self.host.supply.awaited.pop(flow.name, None)

    def _keep(self, key: Key, recording: Recording) -> None:
        if self.keeper:
            self.keeper.keep(key, recording, self.host)

    def end(self) -> None:
        """Stops what still runs and closes the journal; what has been recorded stays."""
        self.pace.stop()
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self.host.wire.connections.close()
        for future in self._futures.values():
            # Whoever was to meet an order on its way, and the way was never begun.
            future.cancel()
        self.recorder.close()
        if self.keeper:
            self.keeper.close()
        if self.ledger:
            self.ledger.close()

    def drop_journal(self) -> None:
        """Removes the journal, once the HAR holds all of it; and the recordings, unless another run may need them."""
        if self.keeper and not self.unfinished:
            self.keeper.drop()
        (self.config.out / JOURNAL).unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Writes JSON so that a reader never finds half a file. LeakError, and no file, where it holds a secret."""
    draft = path.with_suffix(path.suffix + ".part")
    text = json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n"
    secrecy.refuse(path.name, text)
    # A host may have sent half of a surrogate pair: that must not cost the results.
    draft.write_text(text, encoding="utf-8", errors="replace")
    draft.replace(path)
