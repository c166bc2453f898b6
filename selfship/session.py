"""From options and environment to a run that is ready to begin, and from a run that has ended to its files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from selfship import (
    __version__,
    certificate,
    found_out,
    frugality,
    har,
    judging,
    orders_file,
    outcome,
    patience,
    permission,
    reference,
    requirements,
    secrecy,
)
from selfship.credentials import Credentials
from selfship.embedded import embedded_host
from selfship.errors import LeakError, UsageError
from selfship.judging import Bench, Check
from selfship.profile import Profile, configured, resolve
from selfship.proving import record
from selfship.provision import Provision
from selfship.results import RequirementResult, Results
from selfship.resuming import keeping
from selfship.resuming.earlier import load
from selfship.run import Config, Run, write_json
from selfship.shards import Holds
from selfship.verdict import Verdict, of_run
from selfship.waiving import excusing
from selfship.waiving.file import Waiver


def open_run(options: Mapping[str, Any], base: Path, stack: ExitStack, holds: Holds | None = None) -> Run:
    """The run that the options ask for; the embedded mock, where it is meant, lives as long as `stack`.

    `holds`: which orders are its own, where it is a shard. Relative paths are taken from `base`. UsageError for
    whatever does not fit.
    """
    profile = configured(options, os.environ, base)
    permission.check(profile, options)
    orders = orders_file.load(base / options["orders"]) if options.get("orders") else {}
    provision = Provision(options["provision"], secrets=profile.secrets) if options.get("provision") else None
    embedded = profile.url is None
    profile, credentials = target(profile, options, stack)
    out = base / options["out"] if options.get("out") else _folder(base, options, profile.url)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"{out} cannot be made ({problem.strerror}): name another folder with --out.") from None
    secrecy.say_openly(profile.url, profile.name, profile.location, profile.other_location)
    seed = int(options.get("seed") or 0)
    earlier = load(base / options["resume"]) if options.get("resume") else None
    if earlier:
        if earlier.folder.resolve() == out.resolve():
            raise UsageError("--out must be another folder than that of --resume: what is kept there stays as it is.")
        earlier.refuse_unlike(keeping.header(profile, seed, embedded=embedded))
    return Run(Config(profile, credentials, out, seed, orders, provision, holds, embedded=embedded, earlier=earlier))


def target(profile: Profile, options: Mapping[str, Any], stack: ExitStack) -> tuple[Profile, Credentials]:
    """The host that is meant, and its credentials; where the profile names none, an embedded mock, started for it."""
    if profile.url is not None:
        return profile, Credentials.read(profile.secrets, os.environ).required()
    host = stack.enter_context(embedded_host(options.get("profile") or os.environ.get("SELFSHIP_PROFILE") or "mock"))
    resolved = resolve(host.profile, {**options, "host": None}, os.environ)
    return replace(resolved, touch=profile.touch), host.credentials


def _folder(base: Path, options: Mapping[str, Any], url: str | None) -> Path:
    return outcome.folder(base, options.get("host") and url, now())


def judged(run: Run, bench: Bench) -> list[Check]:
    """The checks, each failure laid at one rule."""
    table = [one for one in requirements.load().values() if one.side == "host"]
    levels = {one.id: one.level for one in table if not (one.edition and run.host.switch("edition") == "strict")}
    return judging.laid(bench.checks, run.recordings(), levels, run.exchanges())


def rows(run: Run, bench: Bench, checks: Sequence[Check]) -> list[RequirementResult]:
    """The row of each requirement of a host."""
    table = [one for one in requirements.load().values() if one.side == "host"]
    return judging.rows(table, checks, run.recordings(), run.exchanges(), bench.stability)


def conclude(run: Run, bench: Bench, *, narrowed: bool, waivers: Sequence[Waiver] = ()) -> Results:
    """The results of a run that has ended, under the waivers that were given for it."""
    recordings, exchanges = run.recordings(), run.exchanges()
    laid, today = judged(run, bench), run.started.date()
    checks = excusing.excused(laid, waivers, today)
    found = rows(run, bench, checks)
    if run.stop:
        _stopped(run, found)
    profile = run.config.profile
    switches = {name: run.host.switch(name) for name in found_out.SWITCHES}
    return Results(
        kit={
            "version": __version__,
            "requirements_digest": requirements.digest(),
            "suites_digest": judging.suites_digest(),
            # A lean run may be part of the very proof that would be told of.
            **({} if outcome.lean() else record.told()),
        },
        run={
            "id": run.config.out.name,
            "started": run.started.astimezone(UTC).isoformat(timespec="milliseconds"),
            "wall_s": round(run.seconds, 3),
            "requests": run.requests,
            "narrowed": narrowed,
            "seed": run.config.seed,
            "orders": len(run.host.supply.leased),
            "pace": patience.seen(run.host),
            **_resumed(run),
            "frugality": frugality.of_run(
                checks, found, recordings, len(run.host.supply.leased), shared=run.allotment.shared
            ),
            "concurrency": run.pace.concurrency,
        },
        target={
            "url": profile.url,
            "role": "host",
            **({"embedded": True} if run.config.embedded else {}),
            "profile": {
                "name": profile.name,
                "location": profile.location,
                "other_location": profile.other_location,
                **switches,
                "settle": profile.switches.settle,
                "rate": profile.switches.rate,
                "page_size": profile.switches.page_size,
                "detected": dict(run.host.detected),
                "settle_seen": round(run.host.needed_settle, 3),
                **({"may_touch": str(profile.touch)} if profile.touch else {}),
            },
        },
        verdict=of_run(((row.level, row.verdict) for row in found), narrowed=narrowed),
        requirements=found,
        dialect=sorted(
            [*run.host.dialect.values(), *found_out.observations(run.host.detected)],
            key=lambda row: (row.id, row.question),
        ),
        latency_ms=judging.latency(exchanges),
        matrix=judging.matrix(checks, recordings),
        fix_first=judging.fix_first(found),
        instability=list(run.host.wire.instability),
        summary=_unfinished(run),
        residue=run.ledger.rows() if run.ledger else [],
        waivers=excusing.accounts(laid, waivers, today, narrowed=narrowed),
    )


def _unfinished(run: Run) -> str:
    """One sentence for a run that was stopped before its end: why, and how to go on."""
    if not run.unfinished:
        return ""
    why = run.host.wire.presence.gone or "The run was stopped before its end."
    return why if run.config.embedded else f"{why} `selfship certify --resume {run.config.out}` goes on with it."


def _resumed(run: Run) -> dict[str, Any]:
    earlier = run.config.earlier
    if earlier is None:
        return {}
    told = {"from": earlier.folder.name, "at": run.started.astimezone(UTC).isoformat(timespec="milliseconds")}
    return {"resumed": {**told, "scenarios": len(earlier.recordings), "requests": len(earlier.exchanges)}}


def _stopped(run: Run, found: list[Any]) -> None:
    """Nothing but the pre-flight's finding was judged: all else rests on it."""
    from selfship.exchanges import curl
    from selfship.results import Finding

    stop = run.stop
    if stop is None:
        return
    exchange = run.exchanges()[stop.exchange - 1]
    for row in found:
        own = row.id == stop.rule
        verdict = Verdict.FAIL if own else Verdict.BLOCKED
        message = stop.message if own else f"The pre-flight stopped the run: {stop.message}"
        row.verdict, row.evidence = verdict, []
        row.findings = [
            Finding(
                "pre-flight",
                verdict,
                message,
                (stop.exchange,),
                curl(exchange) if own else None,
                None if own else stop.rule,
            )
        ]


def refer(run: Run, results: Results) -> None:
    """Puts to the mock what findings rest on, so that the certificate can show both answers. Not of a lean run.

    Whoever interrupts this gets the files at once, without it.
    """
    if not outcome.lean():
        with contextlib.suppress(KeyboardInterrupt):
            found = reference.references(results.requirements, run.exchanges(), results.target["profile"])
            results.reference = found


def write(run: Run, results: Results) -> Path:
    """Writes results, HAR and certificate, and drops the journal; the certificate's path. OSError where it cannot.

    Of a lean run only the results. LeakError where one of them would have held a secret: the others are written first.
    """
    out = run.config.out
    files: list[Callable[[], None]] = [lambda: write_json(out / "results.json", results.to_json())]
    if not outcome.lean():
        exchanges = run.exchanges()
        files += [
            lambda: har.write(exchanges, out / "exchanges.har", started=str(results.run["started"])),
            lambda: certificate.write(results, exchanges, out / "certificate.html"),
            lambda: certificate.accompany(results, out),
        ]
    leaks = []
    for put in files:
        try:
            put()
        except LeakError as leak:
            leaks.append(leak)
    if leaks:
        raise leaks[0]
    run.drop_journal()
    return out / ("results.json" if outcome.lean() else "certificate.html")


def now() -> datetime:
    """The time by the user's own clock, for the names of folders."""
    return datetime.now()  # noqa: DTZ005 - a person reads it
