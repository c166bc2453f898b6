"""How `selfship certify` starts the suites: the same run as `pytest suites`, whatever surrounds it.

Checks what the user gave before anything starts, makes each path absolute, then leaves for the kit's own folder, where
no setting, plugin or conftest of the user's project can reach. The plugin does the rest.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from pathlib import Path
from typing import Any

from selfship import archive, crash, orders_file, outcome, paths, permission, profile, secrecy
from selfship.errors import BrokenKitError, UsageError, of_machine
from selfship.provision import Provision
from selfship.resuming.head import headed
from selfship.signing.keys import signing_key
from selfship.waiving.file import load_waivers

# By module: `-p html` would make pytest rewrite the standard library's html. fixtures come before the plugin.
REPORTERS = ("pytest_html.fixtures", "pytest_html.plugin", "pytest_metadata.plugin")
SPARED = ("unraisableexception", "threadexception")
"""Of pytest's own plugins, those that watch over code under test: the first walks all that a run has recorded five
times over as it ends."""
UNSEEN = ("logging",)
"""Of pytest's own plugins, those whose work nobody sees where no report is written."""
PASSED_ON = (
    "host",
    "location",
    "other_location",
    "provision",
    "concurrency",
    "rate",
    "settle",
    "timeout",
    "seed",
    "shard",
    "i_know_this_is_production",
)
WRONG_USAGE, NOTHING_SELECTED = 4, 5
"""pytest's own statuses, where no run was judged."""


def prepare(options: Mapping[str, Any], environ: MutableMapping[str, str], base: Path) -> list[str]:
    """The arguments for `pytest.main`, once the process stands where it should. UsageError for what cannot work.

    `options` as the command line gave them, None or empty where not given; `base` is what their paths are relative to.
    """
    options = resumed(options, base)
    resolved = profile.configured(options, environ, base)
    permission.check(resolved, options)
    if resolved.url is not None:
        profile.Credentials.read(resolved.secrets, environ).required()
    arguments = [f"--out={_out(options.get('out'), base, resolved.url)}"]
    arguments += [f"--{name.replace('_', '-')}={options[name]}" for name in PASSED_ON if options.get(name) is not None]
    for name in ("requirement", "suite"):
        arguments += [f"--{name}={value}" for value in options.get(name, ())]
    arguments += [f"--touch={_absolute(value, base)}" for value in options.get("touch") or ()]
    if named := options.get("profile") or environ.get("SELFSHIP_PROFILE"):
        arguments.append(f"--profile={base / Path(named).expanduser() if profile.is_path(named) else named}")
    if orders := options.get("orders"):
        orders_file.load(base / orders)
        arguments.append(f"--orders={base / orders}")
    if baseline := options.get("baseline"):
        archive.open_run(baseline, base)
        arguments.append(f"--baseline={base / baseline.expanduser()}")
    if resume := options.get("resume"):
        arguments.append(f"--resume={base / resume.expanduser()}")
    if waivers := options.get("waivers"):
        load_waivers(waivers, base)
        arguments.append(f"--waivers={base / waivers.expanduser()}")
    if sign := options.get("sign"):
        signing_key(sign.expanduser())
        arguments.append(f"--sign={base / sign.expanduser()}")
    if options.get("provision") is not None:
        Provision(options["provision"])
    arguments += ["-k", options["keyword"]] if options.get("keyword") else []
    arguments += ["--quiet"] if options.get("quiet") else []
    _settle_in(environ, base)
    return [*_pytest_arguments(), *arguments]


def resumed(options: Mapping[str, Any], base: Path) -> Mapping[str, Any]:
    """The options with what need not be said again of a run that is resumed: its host and its location."""
    if not options.get("resume"):
        return options
    if options.get("shard"):
        raise UsageError("--resume goes on with a whole run: leave out --shard.")
    profile = {"host": options.get("host"), "location": options.get("location")}
    head = headed(base / Path(options["resume"]).expanduser())
    said = {"host": head.get("url"), "location": (head.get("profile") or {}).get("location")}
    return {**options, **{name: value or said[name] for name, value in profile.items()}}


def collection(environ: MutableMapping[str, str], base: Path) -> list[str]:
    """The arguments that make `pytest.main` collect the suites and no more."""
    _settle_in(environ, base)
    return [*_pytest_arguments(), "--collect-only"]


class Witness:
    """A pytest plugin that remembers what went wrong in the kit itself, so that it can be said in one sentence."""

    def __init__(self) -> None:
        self.interrupted = False
        self.words = ""

    def pytest_keyboard_interrupt(self) -> None:
        self.interrupted = True

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.words += f"{report.longreprtext}\n"

    def pytest_internalerror(self, excrepr: Any, excinfo: Any) -> bool:
        if of_machine(excinfo.value) is None:
            self.words += f"{excrepr}\n"
        elif outcome.last is None:
            raise excinfo.value
        # True keeps pytest from printing the traceback.
        return True

    def status(self, pytest_status: int) -> int:
        """The exit status of the run that ended. BrokenKitError where the kit broke, or nothing was judged."""
        self.raise_what_broke()
        if outcome.last is not None:
            return outcome.last.exit_status
        if self.interrupted:
            raise KeyboardInterrupt
        if pytest_status == NOTHING_SELECTED:
            raise UsageError(
                "No check fits all of what --requirement, --suite, -k and --shard ask for: `selfship requirements` "
                "names what there is."
            )
        if pytest_status == WRONG_USAGE:
            return UsageError.exit_status
        raise BrokenKitError("The run ended without a verdict: run `pytest suites` from a checkout to see why.")

    def raise_what_broke(self) -> None:
        """BrokenKitError where the suites could not be loaded, or pytest itself broke."""
        if self.words:
            kept = crash.keep_text(self.words)
            last = secrecy.cleaned(self.words.strip().splitlines()[-1].removeprefix("E").strip())
            raise BrokenKitError(f"The kit broke ({last}): report it with the traceback in {kept}.")


def _out(given: Path | None, base: Path, url: str | None) -> Path:
    out = base / given.expanduser() if given else _new(outcome.folder(base, url, datetime.now()))  # noqa: DTZ005 - the user's clock names it
    nearest = next(folder for folder in (out, *out.parents) if folder.exists())
    if not nearest.is_dir():
        raise UsageError(f"--out {out} cannot be a folder, {nearest} is a file: give another one.")
    try:
        Path(tempfile.mkdtemp(prefix=".selfship-", dir=nearest)).rmdir()
    except OSError as problem:
        raise UsageError(
            f"--out {out} cannot be written in {nearest} ({problem.strerror}): give a folder that is yours."
        ) from None
    if not outcome.lean():
        outcome.refuse_taken(out)
    return out


def _new(folder: Path) -> Path:
    """`folder`, or the first of its names with a number that nobody has: two runs may start in one second."""
    names = (folder, *(folder.with_name(f"{folder.name}-{number}") for number in range(2, 1000)))
    return next((one for one in names if not one.exists()), folder)


def _absolute(touch: str, base: Path) -> str:
    """What `--touch` names, with the path of a file such that it can be read from anywhere."""
    kind, colon, value = touch.partition(":")
    return f"{kind}{colon}{base / Path(value.strip()).expanduser()}" if kind == "orders" else touch


def _pytest_arguments() -> list[str]:
    fixed = [str(paths.SUITES), "-c", str(paths.ROOT / "pyproject.toml"), "--rootdir", str(paths.ROOT)]
    # A dependency's deprecation is our business, not a reason to fail a host.
    fixed += ["-W", "default", "-p", "no:cacheprovider"]
    # The screen is the run's own: progress, then a summary.
    fixed += _plugins("no:terminalreporter", *(f"no:{name}" for name in SPARED))
    if outcome.lean():
        return [*fixed, "--capture=no", *_plugins(*(f"no:{name}" for name in UNSEEN))]
    return [*fixed, *_plugins(*REPORTERS)]


def _plugins(*names: str) -> list[str]:
    return [argument for name in names for argument in ("-p", name)]


def _settle_in(environ: MutableMapping[str, str], base: Path) -> None:
    for foreign in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        environ.pop(foreign, None)
    environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    if paths.ROOT == paths.PACKAGE:
        # An installed kit stays as pip left it: nothing is added beside its files.
        sys.dont_write_bytecode = True
        scratch = tempfile.mkdtemp(prefix="selfship-hypothesis-")
        atexit.register(shutil.rmtree, scratch, ignore_errors=True)
        environ["HYPOTHESIS_STORAGE_DIRECTORY"] = scratch
    # A run keeps nearly all that it makes: to look through it again and again costs a twentieth of its time.
    gc.set_threshold(50_000, 50, 50)
    outcome.started_in = base
    os.chdir(paths.ROOT)
