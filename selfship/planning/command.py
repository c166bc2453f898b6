"""`selfship plan`, from its options to what it prints."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from selfship import orders_file, permission, session
from selfship.errors import UsageError
from selfship.planning import plan, rehearsal, show, twin
from selfship.planning.survey import survey
from selfship.preflight import Stop
from selfship.profile import configured
from selfship.run import Config, Run

BROKEN = 1


def run(options: Mapping[str, Any], base: Path, pytest_main: rehearsal.PytestMain) -> int:
    """Reads the host, rehearses, prints the plan; the exit status. UsageError for what cannot work."""
    for name in ("host", "profile"):
        if isinstance(options.get(name), tuple):
            raise UsageError(f"A plan is for one host: run `selfship plan` once for each --{name}.")
    profile = configured(options, os.environ, base)
    permission.check_hours(profile, datetime.now(UTC))
    permission.check_touch(profile)
    orders = orders_file.load(base / options["orders"]) if options.get("orders") else {}
    with ExitStack() as stack:
        target, credentials = session.target(profile, options, stack)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="selfship-plan-")))
        permitted = bool(target.touch or orders or target.loopback)
        reader = Run(Config(target, credentials, folder, orders=orders, read_only=True))
        with _waiting(f"Reading {target.url}"):
            try:
                found = survey(reader, orders, named=permitted)
            finally:
                reader.end()
        if isinstance(found, Stop):
            click.echo(f"{target.url} cannot be judged, whatever its orders: {found.message} ({found.rule}).")
            return BROKEN
        double = twin.write(folder, found, target, at_hand=reader.host.at_hand)
        with _waiting("Rehearsing the run on a twin of the host"):
            rehearsed = rehearsal.rehearse(double, options, credentials, folder, pytest_main)
    made = plan.made(found, rehearsed, target, permitted=permitted)
    if options.get("as_json"):
        click.echo(reader.recorder.redact(json.dumps(plan.to_json(made), indent=2, ensure_ascii=False)))
    else:
        show.show(made, Console(highlight=False), lambda text: _printable(reader.recorder.redact(text)))
    return 0


@contextmanager
def _waiting(what: str) -> Iterator[None]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(f"{what} …"):
        yield


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() or one == "\n" else " " for one in text)
