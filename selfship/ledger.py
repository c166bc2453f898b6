"""The residue ledger: every order that a run writes to, written down before the write leaves.

`residue.jsonl` in the run's folder has a line for each write about to be sent and for each change that a read then
shows, so that a run that was killed leaves as much as one that ended. Decides nothing about orders.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from selfship import orders, residue
from selfship.exchanges import Exchange
from selfship.residue import Shown
from selfship.results import Residue

FILE = "residue.jsonl"


@dataclass
class _Entry:
    before: Shown | None
    after: Shown | None
    scenarios: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    seen_since: bool = False


class Ledger:
    """Safe to use from any thread. Lines that the file holds already, of a run that was interrupted, stand."""

    def __init__(self, path: Path | None, redact: Callable[[str], str] = str, earlier: Path | None = None) -> None:
        """`earlier`: the folder of the run that this one goes on from; what that left behind is this run's to tell."""
        self._redact = redact
        self._entries: dict[str, _Entry] = {}
        self._shown: dict[str, Shown] = {}
        self._lock = threading.Lock()
        if earlier is not None and path is not None and (earlier / FILE).is_file():
            shutil.copyfile(earlier / FILE, path)
        if path is not None and path.is_file():
            for line in lines(path):
                self._take(line)
        self._path = path
        self._file: TextIO | None = None

    def writing(self, ids: Iterable[str], write: str, scenario: str, step: str) -> None:
        """These orders are about to be written to. OSError where it cannot be put down: then nothing may be sent."""
        with self._lock:
            for order in sorted(ids):
                shown = self._shown.get(order)
                self._put({"order": order, "write": write, "scenario": scenario, "step": step, "shown": _plain(shown)})

    def saw(self, exchange: Exchange) -> None:
        """Takes note of every order that a read shows; of one that was written to, where it shows another face."""
        if exchange.operation != "shipment":
            return
        with self._lock:
            for view in orders.views(exchange):
                shown = Shown(view.status, view.awbs, view.courier, view.journey)
                known, self._shown[view.id] = self._shown.get(view.id), shown
                entry = self._entries.get(view.id)
                if entry is None:
                    continue
                if shown != known or entry.after is None:
                    needed = residue.needs(entry.before, shown)
                    self._put({"order": view.id, "shown": _plain(shown), "needs": needed})
                entry.seen_since = True

    def rows(self) -> list[Residue]:
        """Each order that was written to, those first that somebody has to see to."""
        with self._lock:
            found = [_row(order, entry) for order, entry in self._entries.items()]
        return sorted(found, key=residue.in_need_first)

    def close(self) -> None:
        if self._file:
            # What a full disk does not take was said when it was written.
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _put(self, line: dict[str, Any]) -> None:
        self._take(line)
        if self._file is None and self._path is not None:
            # Only a run that writes has such a file.
            self._file = self._path.open("a", encoding="utf-8")
        if self._file is not None:
            stamped = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **line}
            self._file.write(self._redact(json.dumps(stamped, ensure_ascii=False)) + "\n")
            self._file.flush()

    def _take(self, line: Mapping[str, Any]) -> None:
        """Enters a line, whether it is being written or was read from the file."""
        order, shown = line["order"], _shown(line["shown"])
        if "write" not in line:
            if order in self._entries:
                self._entries[order].after, self._entries[order].seen_since = shown, True
            return
        entry = self._entries.setdefault(order, _Entry(shown, shown))
        entry.seen_since = False
        if line["scenario"] not in entry.scenarios:
            entry.scenarios.append(line["scenario"])
        entry.writes.append(line["write"])


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a ledger; one that was cut short when its run was killed is left out. OSError."""
    found = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and {"order", "shown"} <= set(line):
            found.append(line)
    return found


def joined(folders: Iterable[Path], to: Path) -> None:
    """Writes one ledger in the order of time, out of those of runs side by side; none where none of them wrote.

    OSError.
    """
    found = [line for folder in folders if (folder / FILE).is_file() for line in lines(folder / FILE)]
    if found:
        found.sort(key=lambda line: str(line.get("at")))
        to.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in found), encoding="utf-8")


def _row(order: str, entry: _Entry) -> Residue:
    needed = residue.needs(entry.before, entry.after)
    if not entry.seen_since and not residue.is_over(needed):
        needed += " (it was not read after the last write)"
    counted = {write: entry.writes.count(write) for write in dict.fromkeys(entry.writes)}
    return Residue(order, _plain(entry.before), _plain(entry.after), tuple(entry.scenarios), counted, needed)


def _plain(shown: Shown | None) -> dict[str, Any] | None:
    return None if shown is None else {**vars(shown)}


def _shown(plain: Mapping[str, Any] | None) -> Shown | None:
    if plain is None:
        return None
    return Shown(plain["status"], tuple(plain["awbs"]), plain["courier"], plain["journey"])
