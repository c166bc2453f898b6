"""From a session, or a recording, to its results and its files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from selfship import __version__, certificate, har, judging, paths, requirements
from selfship.certificate import junit
from selfship.exchanges import Exchange, curl
from selfship.proving import record
from selfship.referee import excused
from selfship.referee.journal import moment
from selfship.referee.rules.ending import Ending, rows
from selfship.referee.rules.memory import Memory
from selfship.results import RequirementResult, Results
from selfship.run import write_json
from selfship.verdict import of_run
from selfship.waiving.file import Waiver

Exchanges = Callable[[], Iterable[Exchange]]
"""Reads every exchange from the first: they are not kept in memory."""


def results(
    memory: Memory,
    ending: Ending,
    exchanges: Exchanges,
    *,
    run: dict[str, Any],
    target: dict[str, Any],
    waivers: Sequence[Waiver] = (),
) -> Results:
    """What a session, or a recording, has shown. `run`: id, start (seconds of the epoch) and duration.

    A waiver counts on the day of the judging: a recording may be old.
    """
    lines = _lines(rows(memory, ending, lambda _: None), exchanges)
    today = datetime.now(UTC).date()
    found, accounts = excused.under(rows(memory, ending, lines.get), waivers, today, memory.counted)
    return Results(
        kit={
            "version": __version__,
            "requirements_digest": requirements.digest(),
            "suites_digest": judge_digest(),
            **record.told("client"),
        },
        run={**run, "started": moment(run["started"]), "requests": memory.calls, "narrowed": False, "seed": 0},
        target={**target, "role": "client"},
        verdict=of_run(((row.level, row.verdict) for row in found), narrowed=False),
        requirements=found,
        fix_first=judging.fix_first(found),
        waivers=accounts,
    )


def write(found: Results, exchanges: Exchanges, folder: Path) -> Path:
    """Writes results, HAR, JUnit and certificate to `folder`; the certificate's path. OSError where it cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "results.json", found.to_json())
    har.write(exchanges(), folder / "exchanges.har", started=str(found.run["started"]))
    junit.write(found, folder / "junit.xml")
    certificate.write(found, _evidence(found, exchanges), folder / "certificate.html")
    certificate.accompany(found, folder)
    return folder / "certificate.html"


def _lines(found: Iterable[RequirementResult], exchanges: Exchanges) -> dict[int, str]:
    """Of each exchange that shows a breach, the line that repeats it."""
    wanted = {finding.exchanges[0] for row in found for finding in row.findings if finding.exchanges}
    return {one.seq: curl(one) for one in exchanges() if one.seq in wanted} if wanted else {}


def _evidence(found: Results, exchanges: Exchanges) -> list[Exchange]:
    """The exchanges that the certificate speaks of, and no others: a session may have more than fit into memory."""
    wanted = {seq for row in found.requirements for finding in row.findings for seq in finding.exchanges}
    wanted |= {seq for row in found.requirements for evidence in row.evidence for seq in evidence.exchanges}
    return [one for one in exchanges() if one.seq in wanted] if wanted else []


def judge_digest() -> str:
    """`sha256:` and the digest of everything that judges a client."""
    digest = hashlib.sha256()
    for path in sorted((paths.PACKAGE / "referee" / "rules").glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return "sha256:" + digest.hexdigest()
