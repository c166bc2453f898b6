"""`selfship prove --clients` at work: real clients, really refereed."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from selfship import paths
from selfship.cli import cli
from selfship.proving import contestants, digests, kills
from selfship.proving.arena import Arena
from selfship.proving.cases import Case
from selfship.proving.kills import KillTable
from selfship.proving.outcome import Outcome
from tests.test_docs import marked

LIMIT_S = 120


def the(name: str) -> Case:
    (case,) = [one for one in contestants.cases() if one.name == name]
    return case


def refereed(name: str) -> KillTable:
    case = the(name)
    found = Arena().run(case)
    assert found is not None
    assert not found.error
    return kills.table({case: found})


def test_the_example_and_a_habit_of_it_conform() -> None:
    table = refereed("auto_with_attempts")

    (row,) = table.variants
    assert (row.outcome.verdict, row.accused, row.warned) == ("conforming", (), ())


# One of each kind of trouble: a single request, a journey, a recovery. `prove --clients` has them all.
@pytest.mark.parametrize("name", ["awb_21", "rto_before_pickup", "new_awb_after_silence"])
def test_a_bad_client_is_caught_at_its_rule(name: str) -> None:
    (row,) = refereed(name).faults

    assert (row.fate, row.laid_right, row.strays) == ("killed", True, ())


def test_a_client_that_only_reads_is_incomplete_and_earns_nothing_else() -> None:
    (row,) = refereed("reads_only").nulls

    assert row.outcome.verdict == "incomplete"
    assert row.praised == ()
    assert row.earned == ("AGG-1", "AGG-16")


def test_what_is_stopped_leaves_no_outcome() -> None:
    arena = Arena()
    results: list[Outcome | None] = []
    thread = threading.Thread(target=lambda: results.append(arena.run(the("plain"))))
    thread.start()

    arena.stop()
    thread.join(LIMIT_S)

    assert results == [None]


def test_the_command_writes_the_kill_table_of_clients(tmp_path: Path) -> None:
    options = ["prove", "--clients", "--fault", "int_ids", "--jobs", "2", "--out", str(tmp_path)]
    ended = CliRunner().invoke(cli, options, standalone_mode=False)

    assert ended.return_value == 4, ended.output
    assert "int_ids" in ended.output
    found = json.loads((tmp_path / "kill-table.json").read_text(encoding="utf-8"))
    assert found["plain"] == "conforming"
    (row,) = found["faults"]
    assert (row["name"], row["fate"], row["laid_right"]) == ("int_ids", "killed", True)
    assert found["kit"]["referee_digest"] == digests.referee()
    page = (tmp_path / "kill-table.html").read_text(encoding="utf-8")
    assert "The client sends the order ids of Update AWB as numbers." in page
    assert "host" not in re.sub(r"<[^>]+>|https?:\S+", "", page.split("</style>")[1]).lower()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--schemathesis"], "leave out --clients"),
        (["--record", "--fault", "awb_21"], "--record is for a whole proof"),
        (["--fault", "awb_22"], "fits no fault of the clients"),
    ],
    ids=lambda given: str(given),
)
def test_what_does_not_go_with_clients_is_one_sentence(options: list[str], sentence: str) -> None:
    ended = CliRunner().invoke(cli, ["prove", "--clients", *options], standalone_mode=False)

    assert sentence in str(ended.exception)


def test_the_example_is_certified_as_the_readme_has_it(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SELFSHIP_")}
    serve = ["referee", "--scenario", "onboarding", "--port", "0", "--out", str(tmp_path)]
    program, *told = shlex.split(marked("client"))
    assert program == "python"
    with subprocess.Popen(
        [sys.executable, "-m", "selfship", *serve], env=environ, stdout=subprocess.PIPE, text=True
    ) as referee:
        assert referee.stdout is not None
        url = next(found[0] for line in referee.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        with subprocess.Popen(
            [sys.executable, *(url if one.startswith("http") else one for one in told)],
            env=environ,
            cwd=paths.ROOT,
            stderr=subprocess.DEVNULL,
        ) as client:
            try:
                referee.communicate(timeout=LIMIT_S)
            finally:
                client.kill()
                referee.kill()
    assert referee.returncode == 0
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert (results["verdict"], results["target"]["role"]) == ("conforming", "client")
