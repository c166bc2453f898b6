"""Keeps what a run records as it happens: a header, then a line for each scenario that came to its end."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from selfship import __version__, requirements, secrecy
from selfship.exchanges import Redactor
from selfship.host import Host
from selfship.itinerary import Key
from selfship.lifecycle import Event
from selfship.profile import Profile
from selfship.proving import digests
from selfship.resuming.codec import UnknownError, encode
from selfship.resuming.head import FILE
from selfship.scenario import Recording

__all__ = ["FILE", "Keeper", "header"]


def header(profile: Profile, seed: int, *, embedded: bool) -> dict[str, Any]:
    """What a run must have in common with the one that it goes on with."""
    return {
        "url": profile.url,
        "embedded": embedded,
        "kit": {"version": __version__, "judge": digests.judge(), "requirements": requirements.digest()},
        "profile": {
            "name": profile.name,
            "location": profile.location,
            "other_location": profile.other_location,
            "channel": profile.channel,
            **asdict(profile.switches),
        },
        "seed": seed,
    }


class Keeper:
    """Writes recordings to `path`. Safe to use from any thread; what it cannot write is left out, and played again."""

    def __init__(self, path: Path, head: Mapping[str, Any], redact: Redactor) -> None:
        self._redact = redact
        self._lock = threading.Lock()
        self._path = path
        self._file: TextIO | None = path.open("w", encoding="utf-8")
        self._told: set[Event] = set()
        self._write({"run": head})

    def keep(self, key: Key, recording: Recording, host: Host) -> None:
        """Keeps a recording that tells all that its scenario can tell, and what is known of the host by now."""
        if recording.crashed or recording.missing or recording.lost:
            return
        accepted = {event: step for event, step in list(host.accepted.items()) if event not in self._told}
        try:
            known = {**state(host), "accepted": encode(accepted)}
            line = {"key": encode(key), "recording": encode(recording), "host": known}
        except UnknownError:
            return
        if self._write(line):
            self._told.update(accepted)

    def _write(self, line: Mapping[str, Any]) -> bool:
        text = self._redact(json.dumps(line, separators=(",", ":")))
        with self._lock:
            if self._file is None or secrecy.held(text) is not None:
                return False
            self._file.write(text + "\n")
            self._file.flush()
            return True

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                # What a full disk does not take was said when it was written.
                with suppress(OSError):
                    self._file.close()
                self._file = None

    def drop(self) -> None:
        """Removes the file: the run came to its end, and nobody needs to go on with it."""
        self.close()
        self._path.unlink(missing_ok=True)


def state(host: Host) -> dict[str, Any]:
    """What a run has found out about its host, but for the steps that it accepted: each line tells the new ones."""
    return {
        "detected": dict(host.detected),
        "dialect": [[row.id, row.question, row.observed, list(row.exchanges)] for row in list(host.dialect.values())],
        "needed_settle": host.needed_settle,
        "awb_shown": host.awb_shown,
        "instability": list(host.wire.instability),
    }
