"""`selfship merge RUN RUN…`: reads the shards, joins them, writes the run's files, says the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from selfship import archive, certificate, har, ledger, outcome
from selfship.certificate import junit
from selfship.errors import UsageError
from selfship.merging import joining
from selfship.run import write_json
from selfship.terminal import Terminal
from selfship.waiving import excusing


def run(named: Sequence[Path], out: Path | None, base: Path, *, quiet: bool) -> int:
    """The exit status, as that of a run. UsageError where the runs are no shards of one, or `out` cannot be written."""
    shards = [archive.open_run(one, base) for one in named]
    url = str(shards[0].results.target["url"])
    folder = base / out.expanduser() if out else outcome.folder(base, url, datetime.now())  # noqa: DTZ005 - the user's clock names it
    if any(folder.resolve() == one.folder.resolve() for one in shards):
        raise UsageError(f"--out {out} is one of the shards, which stay as they are: give another folder.")
    outcome.refuse_taken(folder)
    results, exchanges = joining.join(shards, folder.name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / archive.RESULTS, results.to_json())
        har.write(exchanges, folder / archive.EXCHANGES, started=str(results.run["started"]))
        junit.write(results, folder / "junit.xml")
        ledger.joined((one.folder for one in shards), folder / ledger.FILE)
        certificate.write(results, exchanges, folder / "certificate.html")
        certificate.accompany(results, folder)
    except OSError as problem:
        raise UsageError(f"{folder} cannot be written ({problem.strerror}): name another one with --out.") from None
    Terminal(quiet=quiet).finish(results, folder / "certificate.html")
    return excusing.exit_status(results)
