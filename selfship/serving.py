"""`selfship mock`: puts a mock host together from flags, profile and environment, and says how to reach it.

Prints the names of the variables that hold its credentials, never their values; without any it takes credentials
that everybody knows, which is fine for a host that listens on this machine alone.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import click

from selfship.credentials import Credentials, Secrets
from selfship.errors import UsageError
from selfship.mock.faults import catalogue
from selfship.mock.null import NULL_HOSTS
from selfship.mock.serve import serve, serve_app
from selfship.mock.settings import MockSettings, from_profile
from selfship.mock.variants import variants
from selfship.nearest import hint
from selfship.profile import Profile, load

DEMO = Credentials(username="demo", password="demo", other_username="demo-other", other_password="demo-other")  # noqa: S106 - meant to be known


def run(options: Mapping[str, Any], environ: Mapping[str, str]) -> int:
    """Serves until it is told to stop. UsageError for a name that does not exist, or a port that is taken."""
    profile = load(options["profile"])
    given = Credentials.read(Secrets(), environ)
    _whole(given)
    announce = _announcement(profile, given)
    if options["until_stdin_closes"]:
        threading.Thread(target=_end_with_stdin, name="until-stdin-closes", daemon=True).start()
    if options["null"]:
        serve_app(_null_host(options), port=options["port"], announce=announce)
        return 0
    serve(
        settings(profile, given, options),
        port=options["port"],
        state=options["state"],
        population=options["population"] or str(profile.mock.get("population", "full")),
        announce=announce,
    )
    return 0


def show_names() -> int:
    """Prints what `--fault`, `--variant` and `--null` take, one a line."""
    for fault in catalogue():
        click.echo(f"--fault {fault.name}: {fault.rule}, {fault.how}")
    for variant in variants():
        click.echo(f"--variant {variant.name}: {variant.how}")
    for null in NULL_HOSTS.values():
        click.echo(f"--null {null.name}: {null.how}")
    return 0


def settings(profile: Profile, given: Credentials, options: Mapping[str, Any]) -> MockSettings:
    """What the mock is told: the profile's readings, the flags, and the environment's credentials or the demo's."""
    latency = options["latency"]
    return from_profile(
        {"switches": asdict(profile.switches), "mock": profile.mock},
        username=given.username or DEMO.username,
        password=given.password or DEMO.password,
        other_username=given.other_username or DEMO.other_username,
        other_password=given.other_password or DEMO.other_password,
        latency=None if latency is None else latency / 1000,
        faults=options["fault"] or None,
        variants=options["variant"] or None,
    )


def _whole(given: Credentials) -> None:
    """UsageError where half of a pair is set: the other half would silently be the demo's."""
    names = given.names
    for user, password in (("username", "password"), ("other_username", "other_password")):
        if (getattr(given, user) is None) != (getattr(given, password) is None):
            pair = f"{getattr(names, user)} and {getattr(names, password)}"
            raise UsageError(f"Set both {pair} for the mock, or neither: then it takes the demo's.")


def _null_host(options: Mapping[str, Any]) -> Any:
    name = options["null"]
    if name not in NULL_HOSTS:
        raise UsageError(f"There is no null host {name!r} ({', '.join(NULL_HOSTS)}){hint(name, NULL_HOSTS)}")
    for other in ("fault", "variant", "state", "population", "latency"):
        if options[other]:
            raise UsageError(f"A null host answers everything alike: leave out --{other}, or --null.")
    return NULL_HOSTS[name]


def _end_with_stdin() -> None:
    # Not through sys.stdin: its lock, held here, would spoil the interpreter's end.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _announcement(profile: Profile, given: Credentials) -> Callable[[str], None]:
    own, demo = given.names, DEMO
    if given.can_log_in:
        user, password, main = f"${own.username}", f"${own.password}", f"in {own.username} and {own.password}"
    else:
        user, password, main = f"{demo.username}", f"{demo.password}", "user name demo, password demo"
    other = (
        f"in {own.other_username} and {own.other_password}"
        if given.has_other
        else f"user name {demo.other_username}, password {demo.other_password}"
    )
    location = profile.location or "BLR-01"

    def announce(url: str) -> None:
        set_up = "" if given.can_log_in else f"{own.username}={user} {own.password}={password} "
        click.echo(f"Konnect mock on {url} (Ctrl-C stops it)")
        click.echo(f"Credentials: {main}; those of the second location: {other}.")
        click.echo(f'Try it:      curl "{url}/aggregator/v1/token?username={user}&password={password}"')
        click.echo(f"Certify it:  {set_up}selfship certify --host {url} --location {location}")

    return announce
