"""The commands of the documents are run, or at least taken apart as the command line does it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from selfship.cli import cli
from selfship.embedded import embedded_host
from tests.test_docs import DOCUMENTS

PATIENCE_S = 240


def lines(text: str) -> Iterator[str]:
    """Each line of the shell blocks that calls the kit, without settings, comment and redirection."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.match(r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?selfship (.*)", line)
            if found:
                yield re.split(r"  #| > ", found[1])[0].strip()


OF_THE_README = list(lines(DOCUMENTS["README.md"]))


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_each_command_of_the_documents_is_one_that_the_kit_takes(name: str) -> None:
    told = list(lines(DOCUMENTS[name]))
    assert told
    for line in told:
        command, *arguments = shlex.split(line)
        try:
            cli.commands[command].make_context(command, arguments)
        except click.ClickException as problem:
            pytest.fail(f"selfship {line}: {problem.format_message()}")


def run(line: str, folder: Path, *more: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "selfship", *shlex.split(line), *more]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SELFSHIP_")}
    return subprocess.run(
        command, cwd=folder, env={**clean, **environ}, capture_output=True, text=True, timeout=PATIENCE_S
    )


def of_the_readme(command: str) -> str:
    (found,) = [line for line in OF_THE_README if line.startswith(f"{command} ")]
    return found


@pytest.mark.parametrize("command", ["plan", "certify"])
def test_the_readmes_commands_for_a_host_do_what_they_say(command: str, tmp_path: Path) -> None:
    if command not in cli.commands:
        pytest.skip(f"there is no {command} yet")
    with embedded_host() as host:
        line = of_the_readme(command).replace("https://konnect.example.com", host.url).replace("STORE-1", "BLR-01")
        # Few checks: that a whole run ends with a verdict, and as its plan said, is another test's claim.
        ended = run(line, tmp_path, "--requirement=FWD-1", **host.credentials.secrets())

    assert ended.returncode in (0, 4), ended.stdout + ended.stderr
    if command == "certify":
        assert "certificate.html" in ended.stdout


def test_the_readmes_recorded_traffic_is_judged(tmp_path: Path) -> None:
    with embedded_host() as host:
        ran = run(f"certify --host {host.url} --location BLR-01 --requirement FWD-3 --out host", tmp_path,
                  **host.credentials.secrets())  # fmt: skip
        assert ran.returncode == 4, ran.stderr
    (tmp_path / "traffic.har").write_bytes((tmp_path / "host" / "exchanges.har").read_bytes())

    ended = run(of_the_readme("judge"), tmp_path)

    assert ended.returncode in (0, 1, 4), ended.stdout + ended.stderr
    assert "certificate.html" in ended.stdout
