"""`selfship judge`: the client rules on recorded traffic, with no server.

A recording is first put on disk as a journal, masked and in the order of its calls, and judged from there: it may be
larger than memory, and its entries may stand in any order.
"""

from __future__ import annotations

import json
import tempfile
import time
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selfship import outcome, profile
from selfship.errors import BrokenKitError, UsageError
from selfship.exchanges import Exchange
from selfship.referee import journal, report
from selfship.referee.calls import Call
from selfship.referee.inferring import Tracker
from selfship.referee.journal import Journal
from selfship.referee.recording import Counts, Heard, is_journal, read
from selfship.referee.rules.ending import Ending
from selfship.referee.rules.judge import Judge
from selfship.referee.rules.memory import Terms
from selfship.results import Results
from selfship.terminal import Terminal
from selfship.waiving import excusing
from selfship.waiving.file import Waiver, load_waivers

ADVICE = {
    "AGG-10": "Run the client against `selfship referee`: it knows which orders there are, and how each must end.",
    "AGG-15": "Say which interval the client was told, with --poll-interval, and record at least two polls.",
    "AGG-16": 'Say what the credentials cover, with a profile that has auth = "company" or "location".',
}
ELSE = "Record it, or run the client against `selfship referee --scenario onboarding`, where it arises."


def run(options: Mapping[str, Any], base: Path) -> int:
    """Judges one recording and leaves a certificate; the exit status. UsageError for what is no recording."""
    path = base / options["file"].expanduser()
    waivers = load_waivers(options["waivers"], base) if options["waivers"] else []
    out = base / options["out"].expanduser() if options["out"] else _folder(base, path)
    outcome.refuse_taken(out)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="selfship-judge-") as scratch:
            recorded = _recorded(path, options, Path(scratch))
            found = _judged(recorded, path, options, base, began, waivers)
            certificate = report.write(found, recorded.exchanges, out)
    except OSError as problem:
        raise BrokenKitError(f"The reports cannot be written to {out} ({problem.strerror or problem}).") from problem
    Terminal(quiet=options["quiet"]).finish(found, certificate)
    return excusing.exit_status(found)


def _folder(base: Path, path: Path) -> Path:
    return base / "reports" / f"{datetime.now():%Y%m%d-%H%M%S}-judge-{path.stem}"  # noqa: DTZ005 - a person reads it


@dataclass
class Recorded:
    """A recording as a journal on disk, with the place of each call in it. `timed`: every call says when it began."""

    path: Path
    counts: Counts = field(default_factory=Counts)
    hosts: set[str] = field(default_factory=set)
    places: array[int] = field(default_factory=lambda: array("Q"))
    begun: array[float] = field(default_factory=lambda: array("d"))
    timed: bool = True
    calls: Path | None = None

    def add(self, heard: Heard, place: int) -> None:
        self.hosts.add(heard.host)
        self.places.append(place)
        self.begun.append(heard.begun or 0.0)
        self.timed &= heard.begun is not None

    def exchanges(self) -> Iterator[Exchange]:
        assert self.calls is not None
        return journal.exchanges(self.calls)


def _recorded(path: Path, options: Mapping[str, Any], scratch: Path) -> Recorded:
    """Puts the calls of the API on disk. UsageError where there are none, or those of several hosts."""
    recorded = Recorded(path)
    if is_journal(path):
        recorded.calls = path
        return recorded
    wanted = options["host"] and urlsplit(options["host"]).netloc
    with (scratch / "heard.jsonl").open("wb+") as file:
        for heard in read(path, recorded.counts):
            if wanted and heard.host != wanted:
                continue
            recorded.add(heard, file.tell())
            file.write(json.dumps(_out(heard)).encode() + b"\n")
        _worth_judging(recorded, wanted)
        recorded.calls = scratch / "calls.jsonl"
        kept = Journal(recorded.calls)
        tracker = Tracker()
        order = sorted(range(len(recorded.places)), key=recorded.begun.__getitem__)
        for seq, number in enumerate(order if recorded.timed else range(len(order)), 1):
            file.seek(recorded.places[number])
            kept.add(tracker.call(_in(json.loads(file.readline())), seq))
        kept.close()
    return recorded


def _worth_judging(recorded: Recorded, wanted: str | None) -> None:
    counts, name = recorded.counts, recorded.path.name
    if recorded.places and len(recorded.hosts) == 1:
        return
    if recorded.places:
        hosts = ", ".join(sorted(recorded.hosts))
        raise UsageError(f"{name} holds calls to several hosts ({hosts}): name the one to judge with --host.")
    if wanted and counts.calls:
        raise UsageError(f"{name} holds no call to {wanted}: name another --host, or none.")
    told = f"{counts.others} calls of other APIs and {counts.unreadable} unreadable entries"
    raise UsageError(
        f"{name} holds no call of the self-ship API ({told}): record the traffic of the aggregator itself."
    )


def _out(heard: Heard) -> dict[str, Any]:
    return {**vars(heard), "answer": heard.answer.decode("latin-1")}


def _in(line: Mapping[str, Any]) -> Heard:
    pairs = {name: tuple((key, value) for key, value in line[name]) for name in ("headers", "answer_headers")}
    return Heard(**{**line, **pairs, "answer": line["answer"].encode("latin-1")})


def _judged(
    recorded: Recorded, path: Path, options: Mapping[str, Any], base: Path, began: float, waivers: Sequence[Waiver]
) -> Results:
    switches = profile.load(options["profile"], base).switches if options["profile"] else profile.Switches()
    terms = Terms(
        poll_interval=(options["poll_interval"] or 0.0) if recorded.timed else 0.0,
        company={"company": True, "location": False, None: None}[switches.auth],
        credit_note=switches.credit_note or "manual",
        edition=switches.edition or "extended",
        complete=False,
        timed=recorded.timed,
    )
    judge = Judge(terms)
    first: Call | None = None
    assert recorded.calls is not None
    for call in journal.read(recorded.calls):
        first = first or call
        judge.see(call)
    if first is None:
        raise UsageError(f"{path} holds no call: give the journal of a session that was called.")
    memory, counts = judge.memory, recorded.counts
    advice = dict.fromkeys((f"AGG-{number}" for number in range(1, 19)), ELSE) | ADVICE
    run_facts = {"id": path.stem, "started": first.begun, "wall_s": round(time.monotonic() - began, 3)}
    target = {
        "url": "{0.scheme}://{0.netloc}".format(urlsplit(first.exchange.url)),
        "profile": {
            "name": f"recording {path.name}",
            "edition": terms.edition,
            "entries": counts.entries,
            "unreadable_entries": counts.unreadable,
            "calls_of_others": counts.others,
        },
    }
    ending = Ending("stopped", None, advice)
    return report.results(memory, ending, recorded.exchanges, run=run_facts, target=target, waivers=waivers)
