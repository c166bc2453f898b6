"""Several hosts side by side: each with its own secrets and folder, one page about all, and the worst exit status."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from selfship import paths
from selfship.credentials import Secrets, stripped
from selfship.embedded import EmbeddedHost, embedded_host
from selfship.errors import UsageError
from selfship.fleet import page, targets
from selfship.fleet.running import Ended
from selfship.fleet.summary import Answers, Host, Rule, Summary, summed
from selfship.fleet.targets import Target, named
from selfship.verdict import RunVerdict, Verdict

PATIENCE_S = 300
NONE: dict[str, Any] = {"host": None, "profile": None, "out": None, "quiet": True}


def profile_of(host: EmbeddedHost, name: str, folder: Path) -> dict[str, str]:
    """Writes `name`.toml; the environment that holds its secrets, under names of its own."""
    (folder / f"{name}.toml").write_text(
        f'url = "{host.url}"\nlocation = "{host.profile.location}"\n'
        f'[switches]\nsettle = 1.0\n[secrets]\nusername = "{name.upper()}_USER"\npassword = "{name.upper()}_WORD"\n'
    )
    return {
        f"{name.upper()}_USER": str(host.credentials.username),
        f"{name.upper()}_WORD": str(host.credentials.password),
    }


def command(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-P", "-m", "selfship", "certify", f"--out={folder / 'out'}", *options]


def start(folder: Path, environ: dict[str, str], *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(folder, *options),
        cwd=folder,
        env={**stripped(Secrets(), os.environ), "PYTHONPATH": str(paths.ROOT), **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@dataclass(frozen=True)
class Together:
    """A command with several hosts that has ended."""

    status: int
    out: Path
    stdout: str
    secrets: dict[str, str]

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / "summary.json").read_text(encoding="utf-8"))
        return found


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    """A host that is sound, one that counts packs and packs nothing, and one that is not there."""
    folder = tmp_path_factory.mktemp("fleet")
    with ExitStack() as stack:
        environ = profile_of(stack.enter_context(embedded_host()), "sound", folder)
        environ |= profile_of(stack.enter_context(embedded_host(faults=["pack_counted_only"])), "broken", folder)
        free = stack.enter_context(socket.socket())
        free.bind(("127.0.0.1", 0))
        (folder / "gone.toml").write_text(f'url = "http://127.0.0.1:{free.getsockname()[1]}"\nlocation = "BLR-01"\n')
        environ |= {"SELFSHIP_TOKEN": "token-of-the-third"}
        profiles = [f"--profile={name}.toml" for name in ("sound", "broken", "gone")]
        process = start(folder, environ, *profiles, "--requirement=FWD-4", "--requirement=STA-13")
        stdout, stderr = process.communicate(timeout=PATIENCE_S)
        assert stderr == ""
        yield Together(process.returncode, folder / "out", stdout, environ)


def test_each_host_has_a_run_of_its_own(together: Together) -> None:
    for name, verdict in (("sound", "incomplete"), ("broken", "nonconforming")):
        results = json.loads((together.out / name / "results.json").read_text(encoding="utf-8"))
        assert results["verdict"] == verdict
        assert (together.out / name / "certificate.html").exists()


def test_the_summary_tells_them_apart(together: Together) -> None:
    hosts = {one["name"]: one for one in together.summary["hosts"]}
    assert {name: one["exit_status"] for name, one in hosts.items()} == {"sound": 4, "broken": 1, "gone": 2}
    assert hosts["broken"]["broken"] == ["FWD-4"]
    assert "refused" in hosts["gone"]["said"]
    assert hosts["gone"]["verdict"] is None
    (rule,) = [one for one in together.summary["rules"] if one["id"] == "FWD-4"]
    assert rule["verdicts"] == {"sound": "pass", "broken": "fail"}


def test_the_exit_status_is_the_worst(together: Together) -> None:
    assert (together.status, together.summary["exit_status"]) == (2, 2)


def test_the_dialects_stand_side_by_side(together: Together) -> None:
    rows = {row["question"]: row["answers"] for row in together.summary["dialect"]}
    covers = "Do the credentials cover one location, or all of a company?"
    assert rows[covers] == {"sound": "company", "broken": "company"}
    shown = (together.out / "summary.html").read_text(encoding="utf-8")
    assert covers in shown
    assert "0 of 3 conforming" in shown
    assert 'href="broken/certificate.html"' in shown


def test_the_screen_names_every_host_and_no_secret_is_left_anywhere(together: Together) -> None:
    for name in ("sound", "broken", "gone"):
        assert name in together.stdout
    written = [path for path in together.out.rglob("*") if path.is_file()]
    texts = [together.stdout, *(path.read_text(encoding="utf-8", errors="replace") for path in written)]
    assert len(written) > 10
    for secret in together.secrets.values():
        assert not any(secret in text for text in texts)


def test_ctrl_c_is_passed_on_and_the_summary_is_still_written(tmp_path: Path) -> None:
    with embedded_host(latency_ms=200) as one, embedded_host(latency_ms=200) as other:
        environ = {**profile_of(one, "one", tmp_path), **profile_of(other, "other", tmp_path)}
        process = start(tmp_path, environ, "--profile=one.toml", "--profile=other.toml")
        journals = [tmp_path / "out" / name / "exchanges.jsonl" for name in ("one", "other")]
        try:
            # Both are under way once both have recorded something.
            while process.poll() is None and not all(path.exists() and path.stat().st_size for path in journals):
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
            process.communicate()
    assert process.returncode == 130
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert [one["exit_status"] for one in summary["hosts"]] == [130, 130]


def options(**given: Any) -> dict[str, Any]:
    return {**NONE, **given}


TWO = ("http://127.0.0.1:1", "http://127.0.0.1:2")
TOKEN = {"SELFSHIP_TOKEN": "token-of-the-test"}


@pytest.mark.parametrize(
    ("given", "environ", "words"),
    [
        (options(host=TWO, profile=("mock", "template")), TOKEN, "Several --host and several --profile"),
        (options(host=TWO[0], profile=("mock", "template")), TOKEN, "each names its own host"),
        (options(profile=("mock", "ginesys")), {**TOKEN, "SELFSHIP_HOST": TWO[0]}, "SELFSHIP_HOST"),
        (options(host=(TWO[0], TWO[0])), TOKEN, "named twice"),
        (options(host=(TWO[0], TWO[0] + "/")), TOKEN, "are one host"),
        (options(host=TWO, shard="1/2"), TOKEN, "--shard speaks of one run"),
        (options(host=TWO), {}, "http://127.0.0.1:1: No credentials"),
        (options(host=tuple(f"http://127.0.0.1:{n}" for n in range(1, 50))), TOKEN, "too many"),
        (options(profile=("mock", "moc")), TOKEN, "moc"),
    ],
)
def test_what_cannot_be_is_said_before_any_host_is_called(
    given: dict[str, Any], environ: dict[str, str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        named(given, environ, tmp_path)


def test_every_run_gets_the_options_and_its_own_host(tmp_path: Path) -> None:
    given = options(host=TWO, location="BLR-01", requirement=("FWD-4", "STA-1"), keyword="pack", signed=False)
    one, other = named(given, TOKEN, tmp_path)
    shared = ("--location", "BLR-01", "--requirement", "FWD-4", "--requirement", "STA-1", "-k", "pack")
    assert one.arguments == ("--host=http://127.0.0.1:1", *shared)
    assert other.arguments == ("--host=http://127.0.0.1:2", *shared)
    assert (one.name, other.name) == ("127.0.0.1-1", "127.0.0.1-2")


def test_a_run_knows_no_other_hosts_secrets() -> None:
    one = Target("one", (), None, Secrets(token="ONE_TOKEN"))
    other = Target("other", (), None, Secrets(token="OTHER_TOKEN"))
    environ = {"ONE_TOKEN": "1", "OTHER_TOKEN": "2", "PATH": "/bin"}
    assert one.environ([one, other], environ) == {"ONE_TOKEN": "1", "PATH": "/bin"}


def host(name: str, status: int, verdict: RunVerdict | None) -> Host:
    return Host(name, "http://127.0.0.1:1", name, status, verdict, "It left no results." if verdict is None else "")


@pytest.mark.parametrize(
    ("hosts", "label", "css"),
    [
        ([host("a", 0, RunVerdict.CONFORMING)], "1 of 1 conforming", "pass"),
        ([host("a", 0, RunVerdict.CONFORMING), host("b", 4, RunVerdict.INCOMPLETE)], "1 of 2 conforming", "incomplete"),
        ([host("a", 1, RunVerdict.NONCONFORMING), host("b", 3, None)], "0 of 2 conforming", "fail"),
    ],
)
def test_the_heading_is_no_better_than_the_hosts(hosts: list[Host], label: str, css: str) -> None:
    found = page.verdict(hosts)
    assert (found.label, found.css) == (label, css)


def test_what_a_host_says_cannot_write_into_the_page() -> None:
    evil = "<script>alert(1)</script>"
    shown = page.render(
        Summary(
            "2026-01-31T11:43:18.672+05:30",
            1.0,
            3,
            [Host(evil, evil, "evil", 3, None, evil)],
            [Rule("LIM-2", "MUST", evil, {evil: Verdict.FAIL})],
            [Answers("LIM-4", evil, {evil: evil}), Answers("LIM-4", "?", {evil: None})],
        )
    )
    assert evil not in shown
    assert "<script" not in shown


@pytest.mark.parametrize(
    ("statuses", "joint"), [((0, 4), 4), ((4, 1), 1), ((1, 2), 2), ((2, 3), 3), ((3, 130), 130), ((0, 0), 0)]
)
def test_the_joint_exit_status(statuses: tuple[int, int], joint: int, tmp_path: Path) -> None:
    ended = [
        Ended(Target(str(place), (), None, Secrets()), tmp_path / str(place), status, "")
        for place, status in enumerate(statuses)
    ]
    assert summed(ended, started="2026-01-31T11:43:18Z", wall_s=1.0).exit_status == joint


def test_names_of_folders_are_safe() -> None:
    assert targets._name("https://konnect.example.com:8443/below", None, set()) == "konnect.example.com-8443"
    assert targets._name(None, "../etc/passwd.toml", {"passwd"}) == "passwd-2"


def test_runs_that_are_there_are_neither_overwritten_nor_taken_for_new_ones(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(f'url = "http://127.0.0.1:9/{name}"\nlocation = "BLR-01"\n')
    (tmp_path / "out" / "two").mkdir(parents=True)
    (tmp_path / "out" / "two" / "results.json").write_text("{}")

    process = start(tmp_path, {"SELFSHIP_TOKEN": "token-of-the-third"}, "--profile=one.toml", "--profile=two.toml")
    stdout, stderr = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, stdout) == (2, "")
    assert "two holds a run already" in stderr
    assert not (tmp_path / "out" / "summary.json").exists()
