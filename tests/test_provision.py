"""The provisioning command: what it is told, what it must not know, and how its failures read."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path

import pytest

from selfship import outcome
from selfship.credentials import Secrets
from selfship.errors import UsageError
from selfship.lifecycle import Journey, State
from selfship.provision import Provision


def command(tmp_path: Path, source: str) -> str:
    """A command line that runs `source` as a Python program."""
    program = tmp_path / "make orders.py"
    program.write_text(f"import os, sys, time\n{source}\n", encoding="utf-8")
    return shlex.join([sys.executable, str(program)])


def test_the_command_is_told_state_count_and_journey_and_prints_ids(tmp_path: Path) -> None:
    ask = Provision(command(tmp_path, "print('-'.join(sys.argv[1:])); print('  two  '); print(); print('two')"))

    assert ask(State.RETURN_DP_ASSIGNED, 2, Journey.RETURN) == ["return_dp_assigned-2-return", "two"]
    assert ask.remarks == []


def test_more_ids_than_asked_for_are_left_alone(tmp_path: Path) -> None:
    assert Provision(command(tmp_path, "print('a\\nb\\nc')"))(State.PLACED, 2, Journey.FORWARD) == ["a", "b"]


def test_printing_nothing_means_no_such_orders_and_is_remarked(tmp_path: Path) -> None:
    ask = Provision(command(tmp_path, ""))

    assert ask(State.BAG_PICKED, 3, Journey.FORWARD) == []
    assert len(ask.remarks) == 1
    assert "bag_picked 3 forward` printed 0 of 3 order ids." in ask.remarks[0]


def test_the_command_sees_no_secret(tmp_path: Path) -> None:
    names = Secrets(password="MY_WORD")
    environ = {**os.environ, "SELFSHIP_TOKEN": "t", "MY_WORD": "w", "PLAIN": "p"}
    source = "print(*[n for n in ('SELFSHIP_TOKEN', 'MY_WORD', 'PLAIN') if n in os.environ], sep='\\n')"

    ask = Provision(command(tmp_path, source), secrets=names, environ=environ)

    assert ask(State.PLACED, 5, Journey.FORWARD) == ["PLAIN"]


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    line = command(tmp_path, "print(sys.argv[1])") + " '$HOME;echo'"

    assert Provision(line)(State.PLACED, 1, Journey.FORWARD) == ["$HOME;echo"]


def test_the_command_runs_in_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "started_in", tmp_path)

    assert Provision(command(tmp_path, "print(os.getcwd())"))(State.PLACED, 1, Journey.FORWARD) == [str(tmp_path)]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("sys.exit('no database')", r"left with status 1 \(no database\): mend it"),
        ("print('Created order 12')", "printed 'Created order 12' where an order id should stand"),
        ("time.sleep(60)", r"did not end within 0\.5 s: make it quicker"),
    ],
    ids=["fails", "talks", "hangs"],
)
def test_a_command_that_breaks_is_named_in_one_sentence(tmp_path: Path, source: str, said: str) -> None:
    ask = Provision(command(tmp_path, source), timeout_s=0.5)

    with pytest.raises(UsageError, match=said) as caught:
        ask(State.PLACED, 1, Journey.FORWARD)

    assert "\n" not in str(caught.value)


def test_a_hanging_command_does_not_leave_its_children_behind(tmp_path: Path) -> None:
    source = "import subprocess; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    ask = Provision(command(tmp_path, source), timeout_s=0.5)
    before = time.monotonic()

    with pytest.raises(UsageError, match="did not end"):
        ask(State.PLACED, 1, Journey.FORWARD)

    # A child that lived on would hold the output's pipe open for its whole minute.
    assert time.monotonic() - before < 20


@pytest.mark.parametrize(
    ("line", "said"),
    [("", "--provision is empty"), ("'half", "close the quotes"), ("/no/such/thing", "cannot be started")],
)
def test_a_command_line_that_is_none_is_refused(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Provision(line)(State.PLACED, 1, Journey.FORWARD)
