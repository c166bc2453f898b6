"""`selfship referee`: puts a session together from the flags, serves it, and leaves its certificates."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from selfship import profile
from selfship.errors import BrokenKitError, UsageError
from selfship.mock.serve import address, listen
from selfship.referee import plan as plans
from selfship.referee import report
from selfship.referee.advice import advice
from selfship.referee.app import Referee
from selfship.referee.partner import Partner
from selfship.referee.plan import Plan
from selfship.referee.rules.ending import Ending
from selfship.referee.screen import Screen
from selfship.referee.server import Server
from selfship.referee.session import Session, open_folder, taken
from selfship.results import Results
from selfship.terminal import Terminal
from selfship.verdict import EXIT_STATUS, RunVerdict
from selfship.waiving import excusing
from selfship.waiving.file import Waiver, load_waivers

_WORST = tuple(
    EXIT_STATUS[one]
    for one in (RunVerdict.NONCONFORMING, RunVerdict.ERROR, RunVerdict.INCOMPLETE, RunVerdict.CONFORMING)
)


def run(options: Mapping[str, Any], environ: Mapping[str, str], base: Path) -> int:
    """Serves until the session ends; the exit status of its worst certificate. UsageError for what cannot work."""
    waivers = load_waivers(options["waivers"], base) if options["waivers"] else []
    # Listening first: where that fails, no folder is left that would seem to hold a session.
    listening = listen("127.0.0.1", options["port"])
    try:
        session = _session(options, environ, base)
    except UsageError:
        listening.close()
        raise
    url = address(listening)
    for partner in session.partners:
        partner.base = url
    screen = Screen(session, quiet=options["quiet"])

    referee = Referee(session.partners, url)

    def over() -> bool:
        screen.look()
        return referee.broken is not None or session.over()

    server = Server(referee, lambda: _announce(session, url, screen), over)
    try:
        server.run(sockets=[listening])
    finally:
        screen.end()
    try:
        if referee.broken is not None:
            raise referee.broken
        return _conclude(session, url, waivers, quiet=options["quiet"])
    except (OSError, sqlite3.Error) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise BrokenKitError(
            f"The session cannot be written ({reason}): make room, then take it up again with --session "
            f"{session.folder}; nothing is lost."
        ) from problem
    finally:
        session.close()


def _session(options: Mapping[str, Any], environ: Mapping[str, str], base: Path) -> Session:
    if options["session"]:
        folder = base / options["session"].expanduser()
        plan = open_folder(folder)
        _for_one(plan, options)
        return Session(plan, folder, environ, idle=options["idle"])
    plan = plans.load(options["scenario"], base)
    _for_one(plan, options)
    if options["profile"]:
        plan = plans.under(plan, asdict(profile.load(options["profile"], base).switches))
    folder = base / options["out"].expanduser() if options["out"] else _folder(base, plan)
    if taken(folder):
        raise UsageError(f"{folder} holds a session already: take it up with --session, or name another --out.")
    return Session(plan, folder, environ, idle=options["idle"])


def _for_one(plan: Plan, options: Mapping[str, Any]) -> None:
    """UsageError for waivers of a session with several partners: what one is excused, another may have to keep."""
    if options["waivers"] and len(plan.partners) > 1:
        raise UsageError("--waivers excuses one client: referee each partner that has some in a session of its own.")


def _folder(base: Path, plan: Plan) -> Path:
    return base / "reports" / f"{datetime.now():%Y%m%d-%H%M%S}-referee-{plan.name}"  # noqa: DTZ005 - a person reads it


def _announce(session: Session, url: str, screen: Screen) -> None:
    click.echo(f"Referee: {url} (scenario {session.plan.name})")
    sys.stdout.flush()
    screen.begin(url)


def _conclude(session: Session, url: str, waivers: Sequence[Waiver], *, quiet: bool) -> int:
    statuses = []
    for partner in session.partners:
        found = _results(session, partner, url, waivers)
        certificate = report.write(found, partner.journal.exchanges, session.reports(partner))
        Terminal(quiet=quiet).finish(found, certificate)
        statuses.append(excusing.exit_status(found))
    return next(status for status in _WORST if status in statuses)


def _results(session: Session, partner: Partner, url: str, waivers: Sequence[Waiver]) -> Results:
    ending = Ending(session.ended, partner.world.standings(), advice(partner))
    profile = {
        "name": session.plan.name,
        "partner": partner.own.name,
        "edition": session.plan.edition,
        "credit_note": session.plan.credit_note,
        "rto_acceptance": session.plan.rto_acceptance,
        "auth": session.plan.auth,
        "poll_interval": session.plan.poll_interval,
        "page_size": session.plan.page_size,
    }
    run = {"id": session.folder.name, "started": session.started, "wall_s": round(session.seconds, 3)}
    target = {"url": url, "profile": profile}
    return report.results(
        partner.judge.memory, ending, partner.journal.exchanges, run=run, target=target, waivers=waivers
    )
