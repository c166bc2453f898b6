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

if TYPE_CHECKING:
    from selfship.proving.report import Proof

SCHEMA = "selfship-recorded-proof/1"
FILE = paths.FIXTURES / "proof.json"


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

    def rate(self, level: str) -> float | None:
        """The share of the faults of "must" or "should" that were killed, None where there is none."""
        faults, killed = self.figures[f"{level}_faults"], self.figures[f"{level}_killed"]
        return killed / faults if faults and killed is not None else None

    @property
    def sentence(self) -> str:
        """The kill rate as a certificate says it."""
        figures = self.figures
        return (
            f"{figures['must_killed']} of {figures['must_faults']} seeded faults against a MUST are caught, "
            f"{figures['should_killed']} of {figures['should_faults']} against a SHOULD; "
            f"{figures['accused_variants']} of {figures['variants']} conforming variants are accused of a broken MUST"
        )


def present() -> dict[str, str]:
    """The digests of the kit as it is now: rules, suites with their scenarios, judge, mock."""
    return {
        "version": __version__,
        "requirements_digest": requirements.digest(),
        "suites_digest": judging.suites_digest(),
        "judge_digest": digests.judge(),
        "mock_digest": digests.whole_mock(),
    }


def recorded(path: Path | None = None) -> Recorded | None:
    """The proof on record in `path` (FILE), stale or not; None where there is none that can be read."""
    try:
        found = json.loads((path or FILE).read_text(encoding="utf-8"))
        if found["schema"] != SCHEMA:
            return None
        kit = found["kit"]
        return Recorded(found["figures"], found["recorded"], found["kill_table"], kit["version"], kit != present())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def record(found: Proof, kill_table: Mapping[str, Any], path: Path | None = None) -> None:
    """Puts a whole proof on record in `path` (FILE). OSError where it cannot be written."""
    from selfship.run import write_json

    write_json(
        path or FILE,
        {
            "schema": SCHEMA,
            "recorded": found.started,
            "kit": kill_table["kit"],
            "kill_table": kill_table["digest"],
            "figures": kill_table["figures"],
        },
    )
