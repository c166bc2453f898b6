"""One case: its mock, the certification of it in a process of its own, and what that found.

The process is forked from one that has imported what every certification needs: a fresh interpreter would spend more
time on imports than on judging. From there on it is the command itself, `selfship certify`, with its own arguments.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from selfship import paths
from selfship.embedded import EmbeddedHost, embedded_host
from selfship.proving import digests
from selfship.proving.cases import SETTLE_S, Case
from selfship.proving.ring import Ring

TIMEOUT_S = 120.0
SERVED = "mock"
"""The profile that the mock follows."""


class Nursery(Ring[BaseProcess]):
    """Certifies cases, each in a process of its own."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        super().__init__(timeout_s)
        methods = multiprocessing.get_all_start_methods()
        # Any: what typeshed calls a context has no Process.
        self._context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            self._context.set_forkserver_preload(["selfship.proving.warm"])

    def digests(self, case: Case) -> dict[str, str]:
        return digests.of_case(case.source, repr(case))

    def judged(self, case: Case, folder: Path) -> int | None:
        with serving(case) as host:
            process = self._context.Process(
                target=_certification, args=(_arguments(case, host.url, folder), _environ(host), str(folder))
            )
            with self.lock:
                if self.stopped:
                    return None
                process.start()
                self.running.add(process)
            try:
                process.join(self.timeout_s)
                in_time = process.exitcode is not None
                if not in_time:
                    process.kill()
                    process.join()
                return process.exitcode if in_time else None
            finally:
                with self.lock:
                    self.running.discard(process)


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
    return "\n".join(
        [
            *lines,
            "[switches]",
            *(f"{key} = {json.dumps(value)}" for key, value in switches.items() if value is not None),
            "",
        ]
    )


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
    # What was imported before the fork never becomes garbage.
    gc.freeze()
    for name in [name for name in os.environ if name.startswith("SELFSHIP_")]:
        del os.environ[name]
    os.environ.update(environ)
    from selfship.cli import main

    main(list(arguments))
