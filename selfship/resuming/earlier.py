"""Reads the folder of a run that was stopped, for another to go on with it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfship import exchanges, har, ledger
from selfship.errors import UsageError
from selfship.exchanges import Exchange
from selfship.guard import named
from selfship.host import Host
from selfship.itinerary import Key
from selfship.operations import OPERATIONS
from selfship.results import Observation
from selfship.resuming.codec import Decoder
from selfship.resuming.head import FILE, line_of
from selfship.scenario import SCENARIOS, Recording

JOURNAL, HAR = "exchanges.jsonl", "exchanges.har"


@dataclass(frozen=True)
class Earlier:
    """What is left of a run: its exchanges, the recordings of what it played to the end, and what it knew of the host.

    `state`: as it was known last; `accepted`: the steps that it accepted, as they came. `touched`: orders that it wrote
    to, or may have; nobody is lent them again.
    """

    folder: Path
    head: Mapping[str, Any]
    exchanges: list[Exchange]
    recordings: dict[Key, Recording] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    accepted: tuple[Any, ...] = ()

    @property
    def touched(self) -> frozenset[str]:
        found: set[str] = set()
        for one in self.exchanges:
            if OPERATIONS[one.operation].writes and one.request_body:
                found |= named(one.request_body.encode("utf-8", "surrogatepass"))
        return frozenset(found)

    def refuse_unlike(self, head: Mapping[str, Any]) -> None:
        """UsageError, one sentence, where the run with the header `head` is no continuation of this one."""
        was = self.head
        if was.get("embedded") or head["embedded"]:
            raise UsageError(f"{self.folder}: its host was the embedded mock, which ended with it; certify again.")
        if was.get("url") != head["url"]:
            raise UsageError(f"{self.folder} is of another host, {was.get('url')}: resume it with that --host.")
        if was.get("kit") != head["kit"]:
            raise UsageError(f"{self.folder} was judged by another version of the kit: certify again without --resume.")
        given, now = was.get("profile") or {}, head["profile"]
        for name in now:
            if given.get(name) != now[name]:
                words = f"{name} was {given.get(name)}, is {now[name]}"
                raise UsageError(f"{self.folder} followed another profile ({words}): give the same options again.")
        if was.get("seed") != head["seed"]:
            raise UsageError(f"{self.folder} had --seed {was.get('seed')}: give the same.")

    def restore(self, host: Host) -> None:
        """Tells `host` what was known of it. UsageError where that cannot be read."""
        try:
            for name, value in self.state.get("detected", {}).items():
                host.detect(str(name), str(value))
            for rule, question, observed, seqs in self.state.get("dialect", []):
                host.dialect[rule, question] = Observation(rule, question, observed, tuple(seqs))
            for accepted in self.accepted:
                host.accepted.update(Decoder(self.exchanges)(accepted))
            host.needed_settle = float(self.state.get("needed_settle", 0.0))
            host.awb_shown = bool(self.state.get("awb_shown"))
            for sentence in self.state.get("instability", []):
                host.wire.note(str(sentence))
        except (ValueError, TypeError, AttributeError) as broken:
            raise _unreadable(self.folder, broken) from broken

    def hand_over(self, out: Path) -> None:
        """Puts the ledger of this run into the new folder, whose run goes on with it."""
        if (self.folder / ledger.FILE).is_file():
            shutil.copyfile(self.folder / ledger.FILE, out / ledger.FILE)


def load(folder: Path) -> Earlier:
    """The run in `folder`. UsageError where there is none that another could go on with."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
        known = _exchanges(folder)
    except FileNotFoundError as lack:
        raise UsageError(
            f"{folder} holds no run to go on with ({Path(str(lack.filename)).name} is not there): give the folder of a "
            "run that was stopped."
        ) from None
    except OSError as problem:
        raise UsageError(f"{folder} cannot be read ({problem.strerror}): check its permissions.") from None
    except (ValueError, KeyError, TypeError) as broken:
        raise _unreadable(folder, broken) from broken
    found = [line for line in map(line_of, lines) if line is not None]
    if not found or "run" not in found[0]:
        raise _unreadable(folder, "it has no header")
    recordings: dict[Key, Recording] = {}
    decode = Decoder(known)
    state: Mapping[str, Any] = {}
    accepted: tuple[Any, ...] = ()
    for line in found[1:]:
        try:
            key, recording = decode(line["key"]), decode(line["recording"])
        except (ValueError, KeyError, RecursionError) as broken:
            raise _unreadable(folder, broken) from broken
        if key[0] in SCENARIOS and isinstance(recording, Recording):
            recordings[key], state = recording, line.get("host") or state
            accepted += (state["accepted"],) if state.get("accepted") else ()
    return Earlier(folder, found[0]["run"], known, recordings, state, accepted)


def _exchanges(folder: Path) -> list[Exchange]:
    """The exchanges, numbered from 1: from the journal of a run that was killed, else from its HAR."""
    journal = folder / JOURNAL
    if journal.is_file():
        lines = filter(None, map(line_of, journal.read_text(encoding="utf-8").splitlines()))
        found = [exchanges.from_json(line) for line in lines]
    else:
        found = har.read(folder / HAR)
    if [one.seq for one in found] != list(range(1, len(found) + 1)):
        raise ValueError("its exchanges are not numbered in a row")
    return found


def _unreadable(folder: Path, why: object) -> UsageError:
    return UsageError(f"{folder} cannot be resumed ({str(why)[:120]}): certify again without --resume.")
