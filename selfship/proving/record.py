"""The kill rate of this version of the kit, as a proof of it was recorded: what each certificate shows.

It is written by `selfship prove --record`, never by hand. It speaks for the kit whose digests it carries; of another
kit it is stale, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfship import __version__, judging, paths, requirements
from selfship.proving import digests
from selfship.proving.sides import WORDS, Side

if TYPE_CHECKING:
    from selfship.proving.report import Proof

SCHEMA = "selfship-recorded-proof/1"
FILE = paths.FIXTURES / "proof.json"
CLIENTS_FILE = paths.FIXTURES / "proof-clients.json"


@dataclass(frozen=True)
class Recorded:
    """A recorded proof. `kill_table` is the digest of the kill table that it sums up; `recorded` is RFC 3339.

    `stale`: suites, rules, kit or mock have changed since.
    """

    figures: Mapping[str, int | None]
    recorded: str
    kill_table: str
    version: str
    stale: bool
    side: Side = "host"

    def rate(self, level: str) -> float | None:
        """The share of the faults of "must" or "should" that were killed, None where there is none."""
        faults, killed = self.figures[f"{level}_faults"], self.figures[f"{level}_killed"]
        return killed / faults if faults and killed is not None else None

    @property
    def sentence(self) -> str:
        """The kill rate as a certificate says it."""
        figures, words = self.figures, WORDS[self.side]
        return (
            f"{figures['must_killed']} of {figures['must_faults']} {words.bad}s against a MUST are caught, "
            f"{figures['should_killed']} of {figures['should_faults']} against a SHOULD; "
            f"{figures['accused_variants']} of {figures['variants']} {words.odd.lower()} are accused of a broken MUST"
        )


def present(side: Side = "host") -> dict[str, str]:
    """The digests of the kit as it is now: rules, suites with scenarios, judge, mock; or of what judges clients."""
    if side == "client":
        return {
            "version": __version__,
            "requirements_digest": requirements.digest(),
            "referee_digest": digests.referee(),
            "mock_digest": digests.plain_mock(),
            "clients_digest": digests.all_clients(),
        }
    return {
        "version": __version__,
        "requirements_digest": requirements.digest(),
        "suites_digest": judging.suites_digest(),
        "judge_digest": digests.judge(),
        "mock_digest": digests.whole_mock(),
    }


def _file(side: Side) -> Path:
    return FILE if side == "host" else CLIENTS_FILE


def recorded(path: Path | None = None, side: Side = "host") -> Recorded | None:
    """The proof on record in `path` (the side's own), stale or not; None where there is none that can be read."""
    try:
        found = json.loads((path or _file(side)).read_text(encoding="utf-8"))
        if found["schema"] != SCHEMA:
            return None
        kit = found["kit"]
        stale = kit != present(side)
        return Recorded(found["figures"], found["recorded"], found["kill_table"], kit["version"], stale, side)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def told(side: Side = "host") -> dict[str, Any]:
    """What results say of their kit as `kit.kill_rate`; empty where there is no proof on record."""
    found = recorded(side=side)
    if found is None:
        return {}
    kept = {"sentence": found.sentence, "recorded": found.recorded, "kill_table": found.kill_table}
    return {"kill_rate": {**kept, "stale": found.stale}}


def record(found: Proof, kill_table: Mapping[str, Any], path: Path | None = None) -> None:
    """Puts a whole proof on record in `path` (its side's own). OSError where it cannot be written."""
    from selfship.run import write_json

    write_json(
        path or _file(found.table.side),
        {
            "schema": SCHEMA,
            "recorded": found.started,
            "kit": kill_table["kit"],
            "kill_table": kill_table["digest"],
            "figures": kill_table["figures"],
        },
    )
