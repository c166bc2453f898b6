"""No secret reaches a file: not of a run that fails, breaks or is interrupted, and not where redaction forgot one."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from selfship import certificate, crash, har, paths, secrecy
from selfship.errors import LeakError
from selfship.exchanges import Recorder, Redactor
from selfship.run import write_json
from tests import sample_run
from tests.echo_host import OF_THE_ENVIRONMENT, PASSWORD, TOKEN, echo_host, spellings

PATIENCE_S = 180
SECRETS = {"SELFSHIP_TOKEN": TOKEN, **OF_THE_ENVIRONMENT}
START = "import sys; from selfship.cli import main; main(sys.argv[1:])"
BREAKS = f"""
from selfship import judging
def rows(*_): raise RuntimeError({" ".join(SECRETS.values())!r})
judging.rows = rows
"""
FORGETS = "from selfship.exchanges import Redactor; Redactor.__call__ = lambda self, text: text"


@pytest.fixture
def planted() -> None:
    secrecy.forget()
    for name, value in SECRETS.items():
        secrecy.learn(name, value)


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with echo_host() as url:
        yield url


def start(host: str, folder: Path, *, before: str = "", settle: float = 0.05) -> subprocess.Popen[str]:
    """A certification in a process of its own, after the lines `before`; its crash files go into `folder` too."""
    temporary = folder / "tmp"
    temporary.mkdir()
    command = [sys.executable, "-P", "-c", f"{before}\n{START}", "certify", f"--host={host}", "--location=L-1"]
    command += [f"--out={folder / 'run'}", f"--settle={settle}", "--suite=access", "--suite=wire"]
    environ = {**os.environ, **OF_THE_ENVIRONMENT, "TMPDIR": str(temporary), "PYTHONPATH": str(paths.ROOT)}
    piped = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environ, stdout=piped, stderr=piped, text=True)


def leaks(texts: dict[str, str]) -> list[tuple[str, str]]:
    """Which text holds which secret, in whatever spelling."""
    secrecy.forget()
    for name, value in SECRETS.items():
        secrecy.learn(name, value)
    return [(where, held) for where, text in texts.items() if (held := secrecy.held(text))]


def left(folder: Path) -> dict[str, str]:
    """Every file below `folder`, as text."""
    return {str(path.relative_to(folder)): path.read_text("utf-8", "replace") for path in folder.rglob("*.*")}


def ended(process: subprocess.Popen[str], folder: Path) -> tuple[int, str, dict[str, str]]:
    """Status and screen of a process, and all that it left: nothing of it holds a secret."""
    out, err = process.communicate(timeout=PATIENCE_S)
    assert leaks({"stdout": out, "stderr": err, **left(folder)}) == []
    return process.returncode, out + err, left(folder)


def test_a_failing_run_leaves_no_secret_though_the_host_repeats_them_all(host: str, tmp_path: Path) -> None:
    status, screen, files = ended(start(host, tmp_path), tmp_path)

    assert status == 1, screen
    assert {f"run/{name}" for name in ("certificate.html", "exchanges.har", "junit.xml", "report.html")} <= set(files)
    assert "$SELFSHIP_TOKEN" in files["run/exchanges.har"]


def test_a_run_that_breaks_leaves_no_secret_in_its_traceback(host: str, tmp_path: Path) -> None:
    status, screen, files = ended(start(host, tmp_path, before=BREAKS), tmp_path)

    assert (status, "report it with the traceback in" in screen) == (3, True), screen
    (traceback,) = [text for name, text in files.items() if name.endswith(".traceback.txt")]
    assert "RuntimeError: $SELFSHIP_TOKEN $SELFSHIP_USERNAME $SELFSHIP_PASSWORD" in traceback
    assert "run/exchanges.jsonl" in files


def test_an_interrupted_run_leaves_no_secret(host: str, tmp_path: Path) -> None:
    process, journal = start(host, tmp_path, settle=5), tmp_path / "run" / "exchanges.jsonl"
    until = time.monotonic() + PATIENCE_S
    while not (journal.is_file() and journal.read_bytes().count(b"\n") > 8) and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    status, screen, files = ended(process, tmp_path)

    assert status == 130, screen
    assert "run/results.json" in files or "run/exchanges.jsonl" in files


def test_what_redaction_forgot_is_not_written_and_ends_the_run_with_one_sentence(host: str, tmp_path: Path) -> None:
    status, screen, files = ended(start(host, tmp_path, before=FORGETS), tmp_path)

    assert status == 3, screen
    assert re.search(r"\w+\.\w+ was not written, for it would have held the content of SELFSHIP_\w+: report", screen)
    assert "run/exchanges.har" not in files


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_each_spelling_is_found_and_replaced(name: str, planted: None) -> None:
    redact = Redactor(SECRETS)
    for spelled in spellings(SECRETS[name]):
        for text in (f"before {spelled} after", json.dumps({"in": [spelled]})):
            assert secrecy.held(text) == name
            assert secrecy.held(redact(text)) is None
            assert secrecy.held(redact.bytes(text.encode()).decode()) is None


def test_each_writer_refuses_a_text_with_a_secret_and_leaves_no_file(tmp_path: Path, planted: None) -> None:
    results, exchanges = sample_run.nonconforming()
    results.run["id"] = TOKEN
    spoilt = replace(exchanges[0], url=f"http://127.0.0.1/?{TOKEN}")
    writers: dict[str, Callable[[Path], None]] = {
        "results.json": lambda path: write_json(path, results.to_json()),
        "certificate.html": lambda path: certificate.write(results, exchanges, path),
        "exchanges.har": lambda path: har.write([*exchanges, spoilt], path, started="2026-01-01T00:00:00Z"),
    }
    for name, write in writers.items():
        with pytest.raises(LeakError, match=f"^{name} was not written.* SELFSHIP_TOKEN") as leak:
            write(tmp_path / name)
        assert TOKEN not in str(leak.value)
    assert list(tmp_path.iterdir()) == []


def test_the_journal_leaves_out_what_still_holds_a_secret(tmp_path: Path) -> None:
    _, (one, *_) = sample_run.nonconforming()
    fields = {name: value for name, value in vars(one).items() if name in one.__dataclass_fields__ and name != "seq"}
    recorder = Recorder(Redactor(), tmp_path / "exchanges.jsonl")
    secrecy.learn("SELFSHIP_TOKEN", TOKEN)
    recorder.add(**{**fields, "error": TOKEN})
    recorder.add(**fields)
    recorder.close()

    (line,) = (tmp_path / "exchanges.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["seq"] == 2


def test_a_traceback_is_kept_without_what_the_environment_and_the_run_hold_secret(planted: None) -> None:
    kept = crash.keep_text(f"Traceback\nValueError: {TOKEN} {PASSWORD} hidden-4711", {"MAIL_PASSWORD": "hidden-4711"})
    try:
        text = kept.read_text("utf-8")
    finally:
        kept.unlink()

    assert text == "Traceback\nValueError: $SELFSHIP_TOKEN $SELFSHIP_PASSWORD $MAIL_PASSWORD"


def test_the_kits_own_words_and_what_was_said_openly_are_no_secrets() -> None:
    secrecy.learn("SELFSHIP_USERNAME", "requirements")
    secrecy.learn("SELFSHIP_PASSWORD", "STORE-4711")

    assert secrecy.held("the requirements of STORE-4711") == "SELFSHIP_PASSWORD"
    secrecy.say_openly("STORE-4711")
    assert secrecy.held("the requirements of STORE-4711") is None


def test_a_secret_that_may_stand_in_any_number_is_replaced_and_stops_no_file() -> None:
    redact = Redactor({"SELFSHIP_PASSWORD": "123456", "SELFSHIP_USERNAME": "user-4711"})

    assert redact("password=123456") == "password=$SELFSHIP_PASSWORD"
    assert secrecy.held("order 17712345678") is None
    assert secrecy.held("said user-4711") == "SELFSHIP_USERNAME"
