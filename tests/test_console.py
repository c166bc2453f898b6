"""A process as its user treats it: a reader that goes away, streams that were closed, a terminal that hangs up."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from selfship import console
from tests.test_cli import environment

FULL = Path("/dev/full")


def test_a_stream_outlives_its_reader() -> None:
    reading, writing = os.pipe()
    stream = console.patient(writing, "utf-8", owned=True)
    os.close(reading)

    for _ in range(3):
        stream.write("nobody reads this\n" * 1000)
        stream.flush()
    stream.close()


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
def test_a_full_disk_is_said_except_where_all_is_said_elsewhere_too() -> None:
    loud, quiet = (os.open(FULL, os.O_WRONLY) for _ in range(2))
    stream = console.patient(loud, "utf-8")
    stream.write("lost")
    with pytest.raises(OSError) as told:
        stream.flush()
    assert told.value.errno == errno.ENOSPC
    # What it still holds must not be tried again when it is collected.
    os.dup2(os.open(os.devnull, os.O_WRONLY), loud)

    spare = console.patient(quiet, "utf-8", owned=True, whatever=True)
    spare.write("lost")
    spare.close()


def test_a_list_that_nobody_reads_to_its_end_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "selfship", "mock", "--list"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as listing:
        assert listing.stdout is not None
        assert listing.stdout.readline().startswith("--fault")
        listing.stdout.close()

        assert listing.wait(60) == 0
        assert listing.stderr is not None
        assert listing.stderr.read() == ""


def test_a_run_whose_output_is_closed_ends_with_its_own_status(tmp_path: Path) -> None:
    shell = f'exec "{sys.executable}" -P -m selfship certify --requirement CON-9 --out run >&-'

    ended = subprocess.run(["sh", "-c", shell], cwd=tmp_path, env=environment(), capture_output=True, check=False)

    assert (ended.returncode, ended.stderr) == (4, b"")
    assert (tmp_path / "run" / "certificate.html").is_file()


@pytest.mark.parametrize("name", [name for name in console.STOPS if hasattr(signal, name)])
@pytest.mark.parametrize("ignored", [False, True], ids=["heeded", "ignored"])
def test_what_asks_a_process_to_end_is_heard_as_ctrl_c_unless_it_was_to_be_ignored(name: str, ignored: bool) -> None:
    source = (
        "import os, signal\nfrom selfship import console\n"
        f"{f'signal.signal(signal.{name}, signal.SIG_IGN)' if ignored else ''}\nconsole.heed_stops()\n"
        f"try:\n    os.kill(os.getpid(), signal.{name})\n    print('went on')\n"
        "except KeyboardInterrupt:\n    print('stopped')\n"
    )

    told = subprocess.run([sys.executable, "-c", source], env=environment(), capture_output=True, text=True, check=True)

    assert told.stdout.strip() == ("went on" if ignored else "stopped")
