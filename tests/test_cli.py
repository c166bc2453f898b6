"""The command as a person meets it: exit statuses, one sentence for each mistake, no surprises in the folder."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from selfship import __version__, certification, crash, outcome, paths, requirements
from selfship.errors import BrokenKitError, UsageError, of_machine
from tests import sample_run

try:
    import resource
except ImportError:
    resource = None  # type: ignore[assignment]

SECRETS = ("SELFSHIP_TOKEN", "SELFSHIP_USERNAME", "SELFSHIP_PASSWORD", "SELFSHIP_PROFILE", "SELFSHIP_HOST")


def environment(**more: str) -> dict[str, str]:
    """Ours, without a run's settings; the kit is found from any folder."""
    plain = {name: value for name, value in os.environ.items() if name not in SECRETS}
    return {**plain, "PYTHONPATH": str(paths.PACKAGE.parent), **more}


def selfship(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "selfship", *arguments],
        cwd=cwd, env=environment(**more), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def sentence(ended: subprocess.CompletedProcess[str]) -> str:
    """The one line on stderr; nothing else was printed."""
    assert ended.stdout == ""
    lines = [line for line in ended.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, ended.stderr
    return lines[0]


def test_version(tmp_path: Path) -> None:
    assert selfship("--version", cwd=tmp_path).stdout == f"selfship {__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    source = "import sys; from selfship import cli; print([m for m in ('pytest', 'httpx', 'rich') if m in sys.modules])"

    told = subprocess.run([sys.executable, "-c", source], env=environment(), capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("certify", "--hots", "http://h"), "--hots"),
        (("certify", "--concurrency", "many"), "'many' is not a valid integer"),
        (("mock", "--port", "70000"), "70000 is not in the range"),
        (("certfy",), "certfy"),
    ],
    ids=["option", "number", "range", "command"],
)
def test_a_misspelt_flag_is_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    ended = selfship(*arguments, cwd=tmp_path)

    assert ended.returncode == 2
    assert said in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("certify", "--host", "konnect.example.com"), "--host must be an http(s) address"),
        (("certify", "--host", "http://127.0.0.1:9"), "No credentials: set SELFSHIP_TOKEN, or SELFSHIP_USERNAME"),
        (("certify", "--profile", "ginesis"), "did you mean 'ginesys'?"),
        (("certify", "--profile", "./mine.toml"), "There is no profile file mine.toml: check the path."),
        (("certify", "--orders", "bad.txt"), "bad.txt, line 1: 'plced' is not a state"),
        (("certify", "--provision", "'"), "--provision cannot be read"),
        (("certify", "--out", "bad.txt"), "bad.txt is a file: give another one."),
        (("certify", "--requirement", "FDW-1"), "there is no such requirement; did you mean 'FWD-1'?"),
        (("certify", "--suite", "journey"), "(there are access, "),
        (("certify", "-k", "pack and"), "-k 'pack and' is no expression of pytest's"),
        (("certify", "-k", "nothing_of_the_kind"), "No check fits all of what"),
        (("certify", "--profile", ""), "--profile is empty"),
        (
            ("certify", "--host", ""),
            "user, password or query, and it is empty",
        ),
        (("certify", "--out", "old"), "old holds a run already, and none is overwritten"),
        (("judge", "bad.txt", "--out", "old"), "old holds a run already"),
        (("mock", "--fault", "awb_takes_22"), "There is no fault 'awb_takes_22'"),
        (("mock", "--null", "ehco"), "did you mean 'echo'?"),
        (("mock", "--null", "echo", "--fault", "awb_takes_21"), "leave out --fault, or --null."),
        (("requirements", "--group", "FWX"), "There is no group 'FWX'"),
    ],
    ids=lambda value: "-".join(word.strip("-./") for word in value) if isinstance(value, tuple) else "",
)
def test_what_cannot_work_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "bad.txt").write_text("plced 1\n", encoding="utf-8")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "results.json").write_text("{}", encoding="utf-8")

    ended = selfship(*arguments, cwd=tmp_path)

    assert said in sentence(ended)
    assert ended.returncode == 2
    assert {path.name for path in tmp_path.rglob("*")} == {"bad.txt", "old", "results.json"}


def test_a_variable_that_was_to_name_the_host_and_is_empty_certifies_nothing(tmp_path: Path) -> None:
    ended = selfship("certify", cwd=tmp_path, SELFSHIP_HOST="")

    assert (ended.returncode, "SELFSHIP_HOST is set and empty" in sentence(ended)) == (2, True)


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ({"SELFSHIP_TOKEN": "tok-4711\n"}, "SELFSHIP_TOKEN cannot be sent, for it holds a line break"),
        ({"SELFSHIP_TOKEN": " tok-4711"}, "begins or ends with a space"),
        ({"SELFSHIP_TOKEN": "tök-4711"}, "holds a character that no header can"),
        (
            {"SELFSHIP_USERNAME": "anna", "SELFSHIP_PASSWORD": "p-4711\udcff"},
            "PASSWORD holds bytes that are not",
        ),
    ],
    ids=["line-break", "space", "accent", "bytes"],
)
def test_a_secret_that_cannot_be_sent_is_refused_and_not_told(
    tmp_path: Path, secrets: dict[str, str], said: str
) -> None:
    ended = selfship("certify", "--host", "http://127.0.0.1:9", cwd=tmp_path, **secrets)

    assert said in sentence(ended)
    assert ended.returncode == 2
    assert "4711" not in ended.stderr


@pytest.mark.skipif(resource is None, reason="no limits of this kind here")
@pytest.mark.parametrize("kilobytes", [40, 300], ids=["at-once", "at-the-end"])
def test_files_that_cannot_be_written_are_one_sentence_and_no_error_of_the_kit(tmp_path: Path, kilobytes: int) -> None:
    def little_room() -> None:
        assert resource is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, kilobytes << 10))

    ended = subprocess.run(
        [sys.executable, "-P", "-m", "selfship", "certify", "--requirement", "CON-9", "--quiet", "--out", "run"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120, preexec_fn=little_room,
    )  # fmt: skip

    assert ended.returncode == 3
    assert "cannot be written" in sentence(ended)
    assert "ulimit -f" in ended.stderr
    assert (tmp_path / "run" / "exchanges.jsonl").is_file()


def test_what_the_machine_does_not_give_is_told_from_what_broke() -> None:
    told = of_machine(OSError(errno.ENOSPC, "No space left on device", "/there/file"))

    assert str(told) == "/there/file: No space left on device: make room there."
    assert of_machine(OSError(errno.ENOENT, "No such file or directory")) is None
    assert of_machine(ValueError("x")) is None


def test_nothing_listening_is_said_within_seconds(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        before = time.monotonic()

        ended = selfship("certify", "--host", url, cwd=tmp_path, SELFSHIP_TOKEN="tok-4711")

    assert ended.returncode == 2
    assert url in sentence(ended)
    assert "tok-4711" not in ended.stderr
    assert time.monotonic() - before < 20
    assert not list(tmp_path.rglob("certificate.html"))


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = selfship("mock", "--port", str(taken.getsockname()[1]), cwd=tmp_path)

    assert ended.returncode == 2
    assert "cannot be listened on" in sentence(ended)


@pytest.mark.parametrize("own", [False, True], ids=["demo", "environment"])
def test_the_mock_says_where_it_is_and_whose_credentials_it_takes(tmp_path: Path, own: bool) -> None:
    given = {"SELFSHIP_USERNAME": "anna", "SELFSHIP_PASSWORD": "hush-4711"} if own else {}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "selfship", "mock", "--port", "0"],
        cwd=tmp_path, env=environment(**given), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as mock:  # fmt: skip
        assert mock.stdout is not None
        said = "".join(mock.stdout.readline() for _ in range(4))
        mock.send_signal(signal.SIGINT)
        _, errors = mock.communicate(timeout=20)

    assert "http://127.0.0.1:" in said.splitlines()[0]
    assert "hush-4711" not in said
    assert ("SELFSHIP_USERNAME and SELFSHIP_PASSWORD" in said) == own
    assert ("user name demo, password demo" in said) != own
    assert mock.returncode == 0
    assert errors == ""
    assert list(tmp_path.iterdir()) == []


def test_half_of_the_mocks_credentials_is_refused(tmp_path: Path) -> None:
    ended = selfship("mock", "--port", "0", cwd=tmp_path, SELFSHIP_USERNAME="anna")

    assert ended.returncode == 2
    assert "Set both SELFSHIP_USERNAME and SELFSHIP_PASSWORD" in sentence(ended)


def test_the_mock_lists_what_it_can_play(tmp_path: Path) -> None:
    told = selfship("mock", "--list", cwd=tmp_path)

    assert told.returncode == 0
    assert "--fault awb_takes_21: LIM-2, " in told.stdout
    assert "--null echo: " in told.stdout


def test_requirements_for_people_and_for_programs(tmp_path: Path) -> None:
    table = selfship("requirements", "--group", "fwd", cwd=tmp_path).stdout
    rows = json.loads(selfship("requirements", "--json", cwd=tmp_path).stdout)

    assert "FWD-10" in table
    assert "AUT-1" not in table
    assert [row["id"] for row in rows] == list(requirements.load())
    assert set(rows[0]) == {"id", "level", "side", "statement", "source", "tests"}
    by_id = {row["id"]: row["tests"] for row in rows}
    # No rule is without a check; a check without a rule stops the collection.
    assert [row["id"] for row in rows if not row["tests"]] == []
    assert [name for name in by_id if name not in requirements.load()] == []
    judges = {"host": "suites/host/", "client": "selfship/referee/rules/"}
    assert all(name.startswith(judges[row["side"]]) and "[" not in name for row in rows for name in row["tests"])
    # Its marks come from a table of cases.
    assert by_id["AUTH-7"]


def test_the_table_says_what_a_run_exercised(tmp_path: Path) -> None:
    run = sample_run.nonconforming()[0]
    (tmp_path / "results.json").write_text(json.dumps(run.to_json(), default=str), encoding="utf-8")
    told = selfship("requirements", "--json", f"--coverage={tmp_path}", cwd=tmp_path)
    rows = {row["id"]: row for row in json.loads(told.stdout)}

    for one in run.requirements:
        assert (rows[one.id]["verdict"], rows[one.id]["checks"]) == (one.verdict.value, one.checks)
        assert (rows[one.id]["orders"], rows[one.id]["requests"]) == (one.orders, one.requests)
    nowhere = selfship("requirements", "--coverage=nowhere", cwd=tmp_path)
    assert (nowhere.returncode, "There is no run nowhere" in nowhere.stderr) == (2, True)


def test_a_surprise_is_one_sentence_and_its_traceback_holds_no_secret(tmp_path: Path) -> None:
    source = (
        "from selfship import cli, listing\n"
        "def check(group): raise RuntimeError('hush-4711 was here')\n"
        "listing.check = check\n"
        "cli.main(['requirements'])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", source], cwd=tmp_path, capture_output=True, text=True,
        env=environment(SELFSHIP_PASSWORD="hush-4711", TMPDIR=str(tmp_path)),
    )  # fmt: skip

    kept = Path(sentence(ended).split(" in ")[-1].removesuffix("."))
    assert ended.returncode == 3
    assert "selfship broke (RuntimeError)" in ended.stderr
    assert "hush-4711" not in ended.stderr
    text = kept.read_text(encoding="utf-8")
    assert "RuntimeError: $SELFSHIP_PASSWORD was here" in text


def test_the_run_is_started_away_from_the_users_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "chdir", lambda _: None)
    monkeypatch.setattr(outcome, "started_in", None)
    (tmp_path / "mine.toml").write_text('url = "http://127.0.0.1:9"\n', encoding="utf-8")
    environ = {"PYTEST_ADDOPTS": "-k nothing", "PYTEST_PLUGINS": "theirs", "SELFSHIP_TOKEN": "t"}

    arguments = certification.prepare(
        {"profile": "mine.toml", "out": Path("run"), "requirement": ("FWD-1",), "settle": 2.0, "quiet": True},
        environ, tmp_path,
    )  # fmt: skip

    assert environ == {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "SELFSHIP_TOKEN": "t"}
    assert outcome.started_in == tmp_path
    assert arguments[0] == str(paths.SUITES)
    assert arguments[-5:] == [
        f"--out={tmp_path / 'run'}",
        "--settle=2.0",
        "--requirement=FWD-1",
        f"--profile={tmp_path / 'mine.toml'}",
        "--quiet",
    ]


def test_where_nothing_was_judged_pytests_status_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "last", None)

    assert certification.Witness().status(4) == 2
    with pytest.raises(UsageError, match="No check fits"):
        certification.Witness().status(5)


def test_the_runs_own_status_comes_before_pytests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "last", outcome.Outcome(4))

    assert certification.Witness().status(1) == 4


def test_a_pass_that_nobody_judged_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "last", None)

    with pytest.raises(BrokenKitError, match="ended without a verdict"):
        certification.Witness().status(0)


def test_an_error_inside_pytest_is_the_kits_and_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(outcome, "last", outcome.Outcome(0))
    monkeypatch.setattr(crash, "keep_text", lambda _: tmp_path / "kept.txt")
    witness = certification.Witness()

    broke = pytest.ExceptionInfo.from_exc_info((KeyError, KeyError("run"), None))  # type: ignore[arg-type]
    assert witness.pytest_internalerror("File x\nE   KeyError: 'run'", broke)

    with pytest.raises(BrokenKitError, match=r"^The kit broke \(KeyError: 'run'\): report it .*kept\.txt\.$"):
        witness.status(3)
