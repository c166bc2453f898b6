"""The console command: reads the flags, calls what does the work, returns an exit status. Decides nothing else.

Heavy imports wait until a command needs them, so that `--help` is quick; pytest must not find the plugin imported.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from selfship import __version__, console
from selfship.errors import KitError, of_machine
from selfship.pace import Interrupted

INTERRUPTED = 130
Command = Callable[..., Any]


def _one_or_several(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> str | tuple[str, ...] | None:
    """None for nothing, the text of one, all of several."""
    return value if len(value) > 1 else next(iter(value), None)


def run_options(command: Command) -> Command:
    """The options that `certify` shares with `pytest suites`."""
    path = click.Path(path_type=Path)
    for option in reversed(
        [
            click.option(
                "--host",
                metavar="URL",
                multiple=True,
                callback=_one_or_several,
                help="The host to certify; without it, the embedded mock.",
            ),
            click.option(
                "--profile",
                metavar="FILE.toml|NAME",
                multiple=True,
                callback=_one_or_several,
                help="How to reach it and how it reads the documents. Several, of these or of --host: side by side.",
            ),
            click.option("--location", metavar="CODE", help="The location that is certified."),
            click.option("--other-location", metavar="CODE", help="A second one, for the rules that need two."),
            click.option("--out", metavar="DIR", type=path, help="Where the run's files go [reports/<time>-<host>]."),
            click.option("--requirement", metavar="ID", multiple=True, help="Only this requirement; repeatable."),
            click.option("--suite", metavar="NAME", multiple=True, help="Only this suite; repeatable."),
            click.option("-k", "keyword", metavar="EXPRESSION", help="Only the checks that match, as in pytest."),
            click.option("--orders", metavar="FILE", type=path, help="Orders by state: JSON, TOML, CSV or lines."),
            click.option("--provision", metavar="CMD", help="Command that makes orders: gets STATE COUNT JOURNEY."),
            click.option(
                "--touch",
                metavar="WHAT",
                multiple=True,
                help="What the run may write to on a host elsewhere: location:CODE, channel:NAME, order:ID or "
                "orders:FILE; repeatable.",
            ),
            click.option(
                "--i-know-this-is-production", metavar="HOSTNAME", help="Write to a host that looks like production."
            ),
            click.option("--concurrency", metavar="N", type=int, help="Requests at the same time."),
            click.option("--rate", metavar="N", type=float, help="Requests a second, 0 for no limit."),
            click.option("--settle", metavar="SECONDS", type=float, help="Until an accepted change is visible."),
            click.option("--timeout", metavar="SECONDS", type=float, help="How long one request may take."),
            click.option("--resume", metavar="RUN", type=path, help="Go on with the stopped run in this folder."),
            click.option("--shard", metavar="K/N", help="The K-th of N parts of a run; `selfship merge` joins them."),
            click.option("--seed", metavar="N", type=int, help="Explores other generated data than the fixed ones."),
            click.option("--baseline", metavar="RUN", type=path, help="An earlier run's folder, to compare with."),
            click.option("--waivers", metavar="FILE.toml", type=path, help="Failures that somebody answers for."),
            click.option("--sign", metavar="KEY", type=path, help="Sign the run with this private key."),
            click.option("--quiet", is_flag=True, help="Only the verdict, and where the certificate is."),
        ]
    ):
        command = option(command)
    return command


PLANNED = {
    *("host", "profile", "location", "other_location", "orders", "touch", "requirement", "suite", "keyword"),
    *("concurrency", "rate", "settle", "timeout"),
}
"""Which host, which orders, which checks, how fast: all else concerns a run that writes, or its reports."""


def plan_options(command: Command) -> Command:
    """Those of `run_options` that a plan has a use for."""
    # Click keeps the options of a command that is being decorated here.
    own = list(getattr(command, "__click_params__", ()))
    command = run_options(command)
    params = command.__click_params__  # type: ignore[attr-defined]
    params[:] = [one for one in params if one in own or one.name in PLANNED]
    return command


STATUSES = (
    "Ends with 0 conforming, 1 nonconforming, 2 wrong usage, 3 the kit broke, 4 incomplete, 130 interrupted. More: "
    "README.md."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=STATUSES)
@click.version_option(__version__, message="selfship %(version)s")
def cli() -> None:
    """Certifies hosts of Konnect's self-ship API, and the clients that call them."""


@cli.command(epilog=STATUSES)
@run_options
def certify(**options: Any) -> int:
    """Certify a host and write its certificate. Secrets come from the environment:
    SELFSHIP_TOKEN, or SELFSHIP_USERNAME and SELFSHIP_PASSWORD."""
    from selfship import certification, outcome

    if isinstance(options["host"], tuple) or isinstance(options["profile"], tuple):
        from selfship.fleet import command

        return command.run(options, os.environ, Path.cwd())
    arguments = certification.prepare(options, os.environ, Path.cwd())
    import pytest

    witness = certification.Witness()
    status = witness.status(pytest.main(arguments, plugins=[witness]))
    if outcome.last and outcome.last.closing and not options["quiet"]:
        click.echo(outcome.last.closing)
    return status


@cli.command()
@plan_options
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def plan(**options: Any) -> int:
    """Say what a run could judge on a host, what it lacks and what it would cost. Only reads."""
    import pytest

    from selfship.planning import command

    return command.run(options, Path.cwd(), pytest.main)


@cli.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--profile", metavar="FILE.toml|NAME", default="mock", show_default=True, help="Which host it plays.")
@click.option("--fault", metavar="NAME", multiple=True, help="A seeded fault; repeatable.")
@click.option("--variant", metavar="NAME", multiple=True, help="A conforming variant; repeatable.")
@click.option("--null", metavar="NAME", help="Answers everything alike.")
@click.option("--list", "listed", is_flag=True, help="Name the faults, the variants and the null hosts, and end.")
@click.option("--state", metavar="FILE", type=click.Path(path_type=Path), help="Keeps its orders across restarts.")
@click.option("--population", metavar="NAME", help="Which orders it starts with: full, few, scarce, tiny, empty.")
@click.option("--latency", metavar="MS", type=click.FloatRange(0), help="Every answer comes this much later.")
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
def mock(**options: Any) -> int:
    """Serve the embedded Konnect host on this machine."""
    from selfship import serving

    return serving.show_names() if options["listed"] else serving.run(options, os.environ)


@cli.command()
@click.option("--scenario", metavar="NAME|FILE.toml", default="basic", show_default=True, help="What the client meets.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Where the session's files go.")
@click.option("--session", metavar="DIR", type=click.Path(path_type=Path), help="Takes up the session of that folder.")
@click.option("--profile", metavar="FILE.toml|NAME", help="Whose reading of the documents the referee follows.")
@click.option(
    "--waivers", metavar="FILE.toml", type=click.Path(path_type=Path), help="Failures that somebody answers for."
)
@click.option("--idle", metavar="SECONDS", type=click.FloatRange(0.1), default=60, show_default=True)
@click.option("--quiet", is_flag=True, help="Only the address, the verdict and the certificate.")
def referee(**options: Any) -> int:
    """Serve the mock to a client, judge what it does, and write its certificate."""
    from selfship.referee import command

    return command.run(options, os.environ, Path.cwd())


@cli.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Where the whole run's files go.")
@click.option("--quiet", is_flag=True, help="Only the verdict, and where the certificate is.")
def merge(runs: tuple[Path, ...], out: Path | None, quiet: bool) -> int:
    """Join the shards of a run (`certify --shard K/N`) into one certificate."""
    from selfship.merging import command

    return command.run(runs, out, Path.cwd(), quiet=quiet)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Where the certificate goes.")
@click.option("--host", metavar="URL", help="Judges the calls to this host alone.")
@click.option("--profile", metavar="FILE.toml|NAME", help="Whose reading of the documents the client follows.")
@click.option(
    "--waivers", metavar="FILE.toml", type=click.Path(path_type=Path), help="Failures that somebody answers for."
)
@click.option("--poll-interval", metavar="SECONDS", type=click.FloatRange(0), help="The interval the client was told.")
@click.option("--quiet", is_flag=True, help="Only the verdict, and where the certificate is.")
def judge(**options: Any) -> int:
    """Judge a client by recorded traffic: a HAR, or what a run of the kit recorded."""
    from selfship.referee import judging

    return judging.run(options, Path.cwd())


@cli.command()
@click.option("--group", metavar="PREFIX", help="Only this group, such as FWD.")
@click.option("--coverage", metavar="RUN", type=click.Path(path_type=Path), help="Adds what that run exercised.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def requirements(group: str | None, coverage: Path | None, as_json: bool) -> int:
    """List the requirements: id, level, side, statement, source, tests."""
    from selfship import archive, certification, listing, marks

    listing.check(group)
    run = archive.open_run(coverage).results if coverage else None
    arguments = certification.collection(os.environ, Path.cwd())
    collected, witness = marks.Collected(), certification.Witness()
    import pytest

    pytest.main(arguments, plugins=[collected, witness])
    witness.raise_what_broke()
    rows = listing.rows(collected.tests, group)
    rows = listing.covered(rows, run) if run else rows
    click.echo(json.dumps(rows, indent=2, ensure_ascii=False)) if as_json else listing.show(rows)
    return 0


@cli.command()
@click.option("--clients", is_flag=True, help="Try the referee with good and bad clients, not the suites with hosts.")
@click.option("--fault", metavar="GLOB", multiple=True, help="Only these faults, by name or rule; repeatable.")
@click.option("--rule", metavar="ID", multiple=True, help="Only the faults that break this rule; repeatable.")
@click.option("--variant", metavar="GLOB", multiple=True, help="Only these conforming variants; repeatable.")
@click.option("--null", metavar="GLOB", multiple=True, help="Only these null hosts; repeatable.")
@click.option("--kind", type=click.Choice(["plain", "fault", "variant", "null"]), multiple=True, help="Only this kind.")
@click.option(
    "--jobs", metavar="N", type=click.IntRange(1), help="Cases at the same time [cores + 1; twice that of clients]."
)
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="[reports/proof, or reports/proof-clients]")
@click.option("--fresh", is_flag=True, help="Run again what an earlier run has shown and nothing has changed.")
@click.option("--schemathesis", is_flag=True, help="Also run schemathesis alone on each fault, to compare; slow.")
@click.option("--record", is_flag=True, help="Put the kill rate on record, for the certificates of this version.")
def prove(**options: Any) -> int:
    """Run the suites against every seeded fault, conforming variant and null host; or the referee against clients."""
    from selfship.proving import command

    return command.run(options)


@cli.command()
@click.argument("key", metavar="KEY", type=click.Path(path_type=Path))
def keygen(key: Path) -> int:
    """Make a key to sign with, KEY, and the public one, KEY.pub."""
    from selfship.signing import command

    return command.keygen(key)


@cli.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--key", metavar="KEY", type=click.Path(path_type=Path), required=True, help="The private key.")
def sign(run: Path, key: Path) -> int:
    """Sign a run that has ended, given as its folder."""
    from selfship.signing import command

    click.echo(command.Signing(key).sign(run))
    return 0


@cli.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--key", metavar="PUB", type=click.Path(path_type=Path), help="The public key that you trust.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def verify(**options: Any) -> int:
    """Check a run's signature, digests, completeness and evidence, offline. Ends with 0 only where all hold."""
    from selfship.signing import command

    return command.verify(options)


@cli.command()
@click.argument("old", metavar="OLD", type=click.Path(path_type=Path))
@click.argument("new", metavar="NEW", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--markdown", is_flag=True, help="For a pull request.")
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Also as a page.")
@click.option("--anyway", is_flag=True, help="Compares even runs that are not of the same thing.")
def compare(**options: Any) -> int:
    """Say what changed between two runs, given as their folders. Ends with 1 only on a regression."""
    from selfship.comparing import command

    return command.run(options)


@cli.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--format", "kind", type=click.Choice(["github", "gitlab"]), default="github", show_default=True)
@click.option("--file", metavar="PATH", help="The file of your repository that the findings are pinned to.")
def annotate(run: Path, kind: str, file: str | None) -> int:
    """Print what a run found as the annotations of a CI's page. It judges nothing and ends with 0."""
    from selfship import archive
    from selfship.certificate.annotations import github, gitlab

    found = archive.open_run(run).results
    click.echo(github(found, file) if kind == "github" else gitlab(found, file or f"{run}"), nl=False)
    return 0


@cli.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default="reports")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Also as a page.")
def history(**options: Any) -> int:
    """List the runs in a folder [reports], host by host, and which way each goes."""
    from selfship.history import command

    return command.run(options)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command and exits: with its status, or with one sentence and the status of the error."""
    console.settle()
    console.heed_stops()
    sys.exit(_status(arguments))


def _status(arguments: Sequence[str] | None) -> int:
    try:
        return int(cli.main(args=arguments, prog_name="selfship", standalone_mode=False) or 0)
    except (click.exceptions.Abort, KeyboardInterrupt, Interrupted):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except KitError as problem:
        click.echo(f"selfship: {problem}", err=True)
        return problem.exit_status
    except Exception as problem:  # noqa: BLE001 - whatever it is, a person gets a sentence and the traceback a file
        if (of_its_own := of_machine(problem)) is not None:
            click.echo(f"selfship: {of_its_own}", err=True)
            return of_its_own.exit_status
        from selfship import crash

        kept = crash.keep(problem)
        click.echo(f"selfship broke ({type(problem).__name__}): report it with the traceback in {kept}", err=True)
        return KitError.exit_status
