"""What `schemathesis run` alone makes of the same hosts, on the same contract: a figure to stand beside ours.

It is run as its users run it, with a token, all its phases, a fixed seed and bounded examples. It says something
against the conforming host as well; a fault counts as caught where it says anything more, which is generous.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from selfship import paths
from selfship.credentials import Secrets, stripped
from selfship.embedded import EmbeddedHost
from selfship.errors import BrokenKitError, KitError
from selfship.operations import TOKEN_HEADER
from selfship.proving import digests
from selfship.proving.cases import Case
from selfship.proving.running import serving
from selfship.run import write_json
from selfship.tokens import find_token

SCHEMA = "selfship-rival/1"
EXAMPLES = 10
SEED = 0
TIMEOUT_S = 300.0
CONTROLS = 2
"""How often the conforming host is tried: what it is accused of at random is no catch."""
EVENTS = "events.ndjson"
STANDS_BY = ("contract", "tool", "own", "case")
"""What a word depends on that must not have changed."""
_KEPT = 200
_OPTIONS = (
    f"--max-examples={EXAMPLES}", f"--seed={SEED}", "--continue-on-failure", "--no-shrink", "--no-color",
    "--report=ndjson", f"--report-ndjson-path={EVENTS}",
)  # fmt: skip
_VARYING = re.compile(r"\d+")


@dataclass(frozen=True)
class Word:
    """What it said of one host: `complaints`, each as code, operation and message; `error` where it broke."""

    case: str
    digests: Mapping[str, str]
    complaints: tuple[str, ...] = ()
    exit_status: int | None = None
    wall_s: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class Caught:
    """`new`: what it says of a fault and of no conforming host; empty where it missed the fault.

    `earlier`: it was asked before something in the mock changed that all its faults share.
    """

    case: str
    new: tuple[str, ...]
    error: str = ""
    earlier: bool = False


def controls(plain: Case) -> list[Case]:
    """The conforming host, as often as it is tried: their names tell them apart."""
    return [Case("plain", f"{plain.name}-{number}", plain.how) for number in range(1, CONTROLS + 1)]


class Rival:
    """Runs it against hosts. Safe to use from several threads."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def judge(self, case: Case) -> Word | None:
        """What it says of the case's host; None where it was stopped meanwhile."""
        began = time.monotonic()
        known = of_case(case)
        try:
            with serving(case) as host, TemporaryDirectory(prefix="selfship-rival-") as folder:
                status = self._run(host, Path(folder))
                found = sorted(set(_complaints(Path(folder) / EVENTS)))
            word = Word(case.id, known, tuple(found), status, round(time.monotonic() - began, 1))
        except (KitError, OSError, ValueError, subprocess.SubprocessError) as problem:
            word = Word(case.id, known, error=f"{type(problem).__name__}: {problem}"[:_KEPT])
        return None if self._stopped else word

    def stop(self) -> None:
        """Ends what is under way."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()

    def _run(self, host: EmbeddedHost, folder: Path) -> int:
        started = command(host, *_OPTIONS)
        with (folder / "said").open("wb") as said, self._lock:
            if self._stopped:
                raise BrokenKitError("Stopped before it began: run it again.")
            process = subprocess.Popen(  # noqa: S603 - a module of our own interpreter
                started,
                cwd=folder,
                env={**stripped(Secrets()), "NO_COLOR": "1"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
        try:
            status = process.wait(TIMEOUT_S)
        finally:
            process.kill()
            process.wait()
            with self._lock:
                self._running.discard(process)
        if not (folder / EVENTS).exists():
            words = (folder / "said").read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise BrokenKitError(f"schemathesis wrote no report ({words[-1] if words else 'silent'}): try it by hand.")
        return status


def command(host: EmbeddedHost, *options: str) -> list[str]:
    """The command that runs it on `host`, logged in."""
    fixed = [sys.executable, "-P", "-m", "schemathesis.cli", "run", str(paths.OPENAPI), f"--url={host.url}"]
    # The token is worth nothing outside of this mock, which ends with the run.
    return [*fixed, *options, "--header", f"{TOKEN_HEADER}: {_token(host)}"]


def caught(words: Mapping[str, Word], controls_: Sequence[Case]) -> list[Caught]:
    """What each fault's word says beyond those of the conforming host."""
    noise = {one for case in controls_ if case.id in words for one in words[case.id].complaints}
    return [
        Caught(
            word.case,
            tuple(one for one in word.complaints if one not in noise),
            word.error,
            word.digests.get("mock") != digests.plain_mock(),
        )
        for word in words.values()
        if word.case.startswith("fault-")
    ]


def of_case(case: Case) -> dict[str, str]:
    """Digests of what its word depends on."""
    depends = digests.of_case(case.source, repr(case))
    return {
        "contract": digests.digest([paths.OPENAPI]),
        "tool": _tool(),
        **{k: depends[k] for k in ("mock", "own", "case")},
    }


def save(word: Word, out: Path) -> None:
    folder = out / "rival"
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{word.case}.json", {"schema": SCHEMA, **asdict(word)})


def kept(case: Case, out: Path) -> Word | None:
    """An earlier word that still stands, None where there is none.

    It takes hours to ask for all of them, so a word outlives changes of the mock that concern no single fault; what
    was said of an earlier mock is told apart (`Caught.earlier`).
    """
    try:
        found = json.loads((out / "rival" / f"{case.id}.json").read_text(encoding="utf-8"))
        now = of_case(case)
        same = all(found["digests"][part] == now[part] for part in STANDS_BY)
        if found.pop("schema") != SCHEMA or not same or found["error"]:
            return None
        return Word(**{**found, "complaints": tuple(found["complaints"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


@cache
def _tool() -> str:
    return f"schemathesis {version('schemathesis')} {' '.join(_OPTIONS)}"


def _token(host: EmbeddedHost) -> str:
    """A token where the host gives one in a form that can be read, else a word that is none."""
    query = urlencode({"username": host.credentials.username, "password": host.credentials.password})
    try:
        with urllib.request.urlopen(f"{host.url}/aggregator/v1/token?{query}", timeout=10) as answer:  # noqa: S310 - our own mock
            return find_token(answer.read()) or "none"
    except OSError:
        return "none"


def _complaints(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield from _failures(json.loads(line))


def _failures(value: Any) -> Iterator[str]:
    """Every failure in an event, wherever it stands there."""
    if isinstance(value, list):
        for one in value:
            yield from _failures(one)
    elif isinstance(value, dict):
        failure = value.get("failure")
        if isinstance(failure, dict) and "code" in failure:
            said = " ".join(str(failure.get("message", "")).split())
            # Ids and times differ from run to run.
            yield _VARYING.sub("#", f"{failure['code']} {failure.get('operation', '')}: {said}")[:_KEPT]
        for one in value.values():
            yield from _failures(one)
