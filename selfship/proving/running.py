"""One case: its mock, the certification of it in a process of its own, and what that found.

The process is forked from one that has imported what every certification needs: a fresh interpreter would spend more
time on imports than on judging. From there on it is the command itself, `selfship certify`, with its own arguments.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import shutil
import tempfile
import threading
import time
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from selfship import paths
from selfship.embedded import EmbeddedHost, embedded_host
from selfship.errors import KitError, UsageError
from selfship.proving import digests
from selfship.proving.cases import SETTLE_S, Case
from selfship.proving.outcome import NOT_RUN, Outcome, of_results

TIMEOUT_S = 120.0
SERVED = "mock"
"""The profile that the mock follows."""


class Nursery:
    """Certifies cases, each in a process of its own. Safe to use from several threads."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        methods = multiprocessing.get_all_start_methods()
        # Any: what typeshed calls a context has no Process.
        self._context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            self._context.set_forkserver_preload(["selfship.proving.warm"])
        self._running: set[BaseProcess] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def digests(self, case: Case) -> dict[str, str]:
        return digests.of_case(case.source, repr(case))

    def run(self, case: Case) -> Outcome | None:
        """What certifying the case's host finds; None where the nursery was stopped meanwhile."""
        began = time.monotonic()
        known = self.digests(case)
        folder = Path(tempfile.mkdtemp(prefix="selfship-prove-"))
        try:
            status = self._certify(case, folder)
            if self._stopped:
                return None
            wall_s = time.monotonic() - began
            return read_run(case, known, folder, status, wall_s, self._timeout_s)
        except KitError as problem:
            return None if self._stopped else Outcome(case.id, known, error=str(problem))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def stop(self) -> None:
        """Ends what is under way; `run` then returns None."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()

    def _certify(self, case: Case, folder: Path) -> int | None:
        """The exit status; None where the time was up."""
        with serving(case) as host:
            process = self._context.Process(
                target=_certification, args=(_arguments(case, host.url, folder), _environ(host), str(folder))
            )
            with self._lock:
                if self._stopped:
                    return None
                process.start()
                self._running.add(process)
            try:
                process.join(self._timeout_s)
                in_time = process.exitcode is not None
                if not in_time:
                    process.kill()
                    process.join()
                return process.exitcode if in_time else None
            finally:
                with self._lock:
                    self._running.discard(process)


def serving(case: Case) -> AbstractContextManager[EmbeddedHost]:
    """The case's host, as long as the block lasts."""
    faults = [case.name] if case.kind == "fault" else []
    variant = case.name if case.kind == "variant" else None
    null = case.name if case.kind == "null" else None
    return embedded_host(SERVED, faults=faults, variant=variant, null=null, population=case.population)


def _arguments(case: Case, url: str, folder: Path) -> list[str]:
    own = folder / "profile.toml"
    own.write_text(_profile(case), encoding="utf-8")
    return ["certify", "--quiet", f"--host={url}", f"--profile={own}", f"--out={folder / 'run'}"]


def _profile(case: Case) -> str:
    """What the tester of such a host writes: the mock's profile, but for the switches of the case."""
    known = tomllib.loads((paths.HOSTS / f"{SERVED}.toml").read_text(encoding="utf-8"))
    plain = {key: value for key, value in known.items() if not isinstance(value, dict)}
    switches = {**known["switches"], "settle": SETTLE_S, **dict(case.switches)}
    # JSON's texts, numbers and truths are TOML's.
    lines = [f"{key} = {json.dumps(value)}" for key, value in plain.items()]
    return "\n".join([*lines, "[switches]", *(f"{key} = {json.dumps(value)}" for key, value in switches.items()), ""])


def _environ(host: EmbeddedHost) -> dict[str, str]:
    return {**host.credentials.secrets(), "SELFSHIP_LEAN": "1"}


def _certification(arguments: Sequence[str], environ: Mapping[str, str], folder: str) -> None:
    """What the process does: `selfship certify`, its output in `folder/log`."""
    if hasattr(os, "setsid"):
        # Ctrl-C is for the parent, which then ends us.
        os.setsid()
    log = os.open(Path(folder) / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    tempfile.tempdir = folder
    # What was imported before the fork never becomes garbage, and a run is too short to be tidied often.
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
    for name in [name for name in os.environ if name.startswith("SELFSHIP_")]:
        del os.environ[name]
    os.environ.update(environ)
    from selfship.cli import main

    main(list(arguments))


def read_run(
    case: Case, known: Mapping[str, str], folder: Path, status: int | None, wall_s: float, timeout_s: float
) -> Outcome:
    """What a run in `folder` found, by its `results.json`; or why there is none, by exit status and log."""
    try:
        results = json.loads((folder / "run" / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        if case.kind == "null" and status == UsageError.exit_status:
            # The kit may well decline to judge such a host: then it has praised nothing.
            return Outcome(case.id, known, NOT_RUN, wall_s=round(wall_s, 2), note=_last_words(folder))
        how = f"had not ended after {timeout_s:g} s" if status is None else f"ended with exit status {status}"
        return Outcome(case.id, known, error=f"The certification {how}: {_last_words(folder)}")
    if results["run"]["narrowed"] or not results["requirements"]:
        # Nothing was deselected here: the suites could not be loaded, or something stopped them.
        return Outcome(case.id, known, error=f"The certification judged only a part: {_last_words(folder)}")
    return of_results(case, known, results, wall_s)


def _last_words(folder: Path) -> str:
    try:
        said = (folder / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        said = []
    return said[-1][:300] if said else "it said nothing."
