"""How quick a certification is beside other ways to send the same, with the host some milliseconds late.

    python -m tests.benchmarks.speed [--latency MS]... [--only NAME]... [--out DIR]

Every contender meets a fresh mock in a process of its own on this machine, which answers late by sleeping. All are
measured in one run, so that their ratios mean something where their seconds do not; nothing asserts them. A table goes
to the screen, the same as `speed.json` to DIR. What is not installed (newman, pytest-xdist) is left out and named.

`whole` runs everything. The others run the journeys alone, for one request at a time would take minutes otherwise: the
suite `journeys` of this kit at its own concurrency, at 1, and on the workers of pytest-xdist; what schemathesis makes
of the contract; and one order and one return from a Postman collection. These send other requests, and so many of
them: compare them by milliseconds a request. `xdist` judges the traffic of each worker, which costs it requests.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from selfship import har, paths
from selfship.credentials import Secrets, stripped
from selfship.embedded import EmbeddedHost, embedded_host
from selfship.exchanges import Exchange
from selfship.proving import rival
from tests import outside

LATENCIES_MS = (0.0, 50.0, 100.0, 300.0)
WORKERS = 2
EXAMPLES = ("--phases=examples", "--seed=0", "--no-shrink", "--no-color", "--continue-on-failure")
KEPT = ("exchanges.har", "results.json")


@dataclass(frozen=True)
class Measured:
    """One contender against one host. Seconds; `peak_mb` of its largest process; `chain`: dependent requests."""

    contender: str
    latency_ms: float
    wall_s: float
    requests: int
    cpu_s: float
    host_cpu_s: float
    peak_mb: float
    run_s: float | None = None
    chain: int | None = None
    in_flight: int | None = None

    @property
    def each_ms(self) -> float:
        return 1000 * self.wall_s / max(1, self.requests)

    @property
    def floor_s(self) -> float | None:
        """What the longest chain alone must take, a request after the other, on this host."""
        return None if self.chain is None else self.chain * self.latency_ms / 1000


@dataclass(frozen=True)
class Contender:
    """`command`: what is run, in a folder; `count`: how many requests it sent, from what it left or said."""

    name: str
    command: Callable[[EmbeddedHost, Path], list[str]]
    count: Callable[[Path, str], int]


def ours(*options: str) -> Callable[[EmbeddedHost, Path], list[str]]:
    def command(host: EmbeddedHost, folder: Path) -> list[str]:
        base = [sys.executable, "-P", "-m", "selfship", "certify", "--profile=mock", f"--host={host.url}"]
        return [*base, f"--out={folder / 'run'}", "--quiet", *options]

    return command


def on_workers(host: EmbeddedHost, folder: Path) -> list[str]:
    base = [sys.executable, "-m", "pytest", str(paths.SUITES), "--rootdir", str(paths.ROOT), "-q"]
    base += ["-c", str(paths.ROOT / "pyproject.toml"), "--suite=journeys", f"--out={folder}", f"--host={host.url}"]
    return [*base, "--profile=mock", "--tx", f"{WORKERS}*popen", "--dist", "each"]


def collection(host: EmbeddedHost, folder: Path) -> list[str]:
    return outside.collection_command(host, folder)


def recorded(folder: Path, _: str) -> int:
    return sum(len(har.read(path)) for path in folder.rglob("exchanges.har"))


def of_newman(folder: Path, _: str) -> int:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return int(report["run"]["stats"]["requests"]["total"])


def of_schemathesis(_: Path, said: str) -> int:
    found = re.search(r"(\d+) generated", said)
    return int(found[1]) if found else 0


def contenders() -> list[Contender]:
    return [
        Contender("whole", ours(), recorded),
        Contender("journeys", ours("--suite=journeys"), recorded),
        Contender("journeys, one at a time", ours("--suite=journeys", "--concurrency=1"), recorded),
        Contender("journeys, xdist", on_workers, recorded),
        Contender("schemathesis run", lambda host, _: rival.command(host, *EXAMPLES), of_schemathesis),
        Contender("newman", collection, of_newman),
    ]


def lacking() -> set[str]:
    """Contenders that are not installed here."""
    found = set() if find_spec("xdist") else {"journeys, xdist"}
    return found if outside.newman() else found | {"newman"}


def measure(contender: Contender, latency_ms: float) -> Measured:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory(prefix="selfship-speed-") as name:
        folder = Path(name)
        with embedded_host(latency_ms=latency_ms) as host, (folder / "said").open("w+b") as said:
            environ = {**stripped(Secrets()), **host.credentials.secrets(), "PYTHONPATH": str(paths.ROOT)}
            began = time.perf_counter()
            process = subprocess.Popen(
                contender.command(host, folder),
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
            _, _, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
            process.returncode = 0
            said.seek(0)
            words = said.read().decode("utf-8", "replace")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime
        everything = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Measured(
            contender.name,
            latency_ms,
            round(wall, 2),
            contender.count(folder, words),
            round(cpu, 2),
            round(max(0.0, everything - cpu), 2),
            round(used.ru_maxrss / 1024, 1),
            *_of_run(folder / "run"),
        )


def _of_run(folder: Path) -> tuple[float | None, int | None, int | None]:
    """What our own run says of itself: its seconds, its longest chain, the most requests in flight."""
    if not (folder / "results.json").exists():
        return None, None, None
    run = json.loads((folder / "results.json").read_text(encoding="utf-8"))["run"]
    exchanges = har.read(folder / "exchanges.har")
    return float(run["wall_s"]), longest_chain(exchanges), int(run.get("pace", {}).get("in_flight", 0)) or None


def longest_chain(exchanges: Iterable[Exchange]) -> int:
    """The most requests of one scenario of which each began once the one before had been answered."""
    from datetime import datetime

    spans: dict[str, list[tuple[float, float]]] = {}
    for one in exchanges:
        began = datetime.fromisoformat(one.started).timestamp()
        spans.setdefault(one.scenario, []).append((began + one.elapsed_ms / 1000, began))
    longest = 0
    for own in spans.values():
        chain, last = 0, 0.0
        for ended, began in sorted(own):
            # Starts are recorded in whole milliseconds.
            if began >= last - 0.002:
                chain, last = chain + 1, ended
        longest = max(longest, chain)
    return longest


def table(found: Sequence[Measured]) -> str:
    """The figures, and each contender's milliseconds a request as a multiple of the whole run's on the same host."""
    heads = (
        "contender",
        "late ms",
        "wall s",
        "requests",
        "ms each",
        "× whole",
        "CPU s",
        "host CPU s",
        "MB",
        "run s",
        "chain s",
    )
    whole = {one.latency_ms: one.each_ms for one in found if one.contender == "whole"}
    rows = [heads]
    for one in found:
        base = whole.get(one.latency_ms)
        rows.append(
            (
                one.contender,
                f"{one.latency_ms:g}",
                f"{one.wall_s:.1f}",
                str(one.requests),
                f"{one.each_ms:.1f}",
                f"{one.each_ms / base:.1f}" if base else "",
                f"{one.cpu_s:.1f}",
                f"{one.host_cpu_s:.1f}",
                f"{one.peak_mb:.0f}",
                "" if one.run_s is None else f"{one.run_s:.1f}",
                "" if one.floor_s is None else f"{one.floor_s:.1f} ({one.chain})",
            )
        )
    widths = [max(len(row[place]) for row in rows) for place in range(len(heads))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measures certifications beside other ways to send the same.")
    parser.add_argument("--latency", metavar="MS", type=float, action="append", help="only with the host so late")
    parser.add_argument("--only", metavar="NAME", action="append", help="only contenders whose name begins so")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("reports/benchmarks"))
    options = parser.parse_args(arguments)
    missing = lacking()
    chosen = [
        one
        for one in contenders()
        if one.name not in missing and (not options.only or any(one.name.startswith(name) for name in options.only))
    ]
    found = []
    for latency in options.latency or LATENCIES_MS:
        for one in chosen:
            found.append(measure(one, latency))
            print(f"{one.name} at {latency:g} ms: {found[-1].wall_s:.1f} s", file=sys.stderr)
    print(table(found))
    for name in sorted(missing):
        print(f"Not installed, so not measured: {name}")
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} at the end; client and host share them.")
    options.out.mkdir(parents=True, exist_ok=True)
    rows = [asdict(one) for one in found]
    text = json.dumps({"cores": os.cpu_count(), "load": load, "measured": rows}, indent=1)
    (options.out / "speed.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
