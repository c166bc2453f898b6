"""Certification from end to end: what a broken host is accused of, and what a conforming one and an empty one get."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import jsonschema_rs
import pytest

from selfship import har, paths
from selfship.credentials import Secrets, stripped
from selfship.embedded import embedded_host
from tests.full_run import Ended

PATIENCE_S = 300
CANARY = "canary+4711/ä=word"  # `secrets` is asked for 24 bytes, which is appended
FILES = {
    *("certificate.html", "results.json", "exchanges.har", "junit.xml", "report.html"),
    *("badge.svg", "summary.md", "residue.jsonl"),
}
FAULTS = (
    # Faults that do not cover each other share a host and a run.
    (
        ("status_without_token", "AUTH-3"),
        ("awb_takes_21", "LIM-2"),
        ("label_is_cut", "DOC-2"),
        ("awb_wins", "TRK-2"),
        ("confirm_of_unknown_order", "ELI-3"),
    ),
    # What does not work hides nobody who takes too much.
    (
        ("delivered_when_packed", "STA-1"),
        ("endings_race", "RAC-1"),
        ("no_awb_on_return", "RET-1"),
        ("no_attempt_after_dispatch", "NDR-1"),
        ("status_takes_21", "LIM-2"),
        ("no_errors_is_null", "CON-2"),
    ),
    (("location_ignored", "FET-13"), ("delivered_when_packed", "STA-1"), ("pack_takes_21", "LIM-2")),
    (("counts_are_text", "CON-2"),),
    (("pack_counted_only", "FWD-4"),),
    (("by_id_shows_a_neighbour", "FET-1"),),
)


def certify(
    out: Path,
    *,
    faults: Sequence[str] = (),
    population: str | None = None,
    rules: Sequence[str] = (),
    lean: bool = False,
) -> Ended:
    """Certifies a mock of its own, as a user would from another folder."""
    with embedded_host(faults=faults, population=population) as host:
        environ = {
            **stripped(Secrets()),
            **host.credentials.secrets(),
            "SELFSHIP_LEAN": "1" if lean else "0",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(paths.ROOT), os.environ.get("PYTHONPATH")))),
        }
        command = [sys.executable, "-P", "-m", "selfship", "certify", "--quiet", f"--host={host.url}"]
        command += ["--profile=mock", f"--out={out / 'run'}", *(f"--requirement={rule}" for rule in rules)]
        ended = subprocess.run(command, cwd=out, env=environ, capture_output=True, text=True, timeout=PATIENCE_S)
    return Ended(ended.returncode, out / "run", ended.stdout, ended.stderr)


@pytest.mark.parametrize("seeded", FAULTS, ids=lambda seeded: "+".join(name for name, _ in seeded))
def test_a_seeded_fault_fails_its_requirement(tmp_path: Path, seeded: Sequence[tuple[str, str]]) -> None:
    rules = [rule for _, rule in seeded]
    ended = certify(tmp_path, faults=[name for name, _ in seeded], rules=rules, lean=True)

    assert {rule: ended.verdicts[rule] for rule in rules} == dict.fromkeys(rules, "fail")
    assert (ended.status, ended.results["verdict"]) == (1, "nonconforming")
    assert ended.results["run"]["narrowed"] is True
    rows = {row["id"]: row for row in ended.results["requirements"]}
    for rule in rules:
        (told, *_) = [one for one in rows[rule]["findings"] if one["verdict"] == "fail"]
        assert told["message"]
        assert told["curl"].startswith("curl -i -X ")


@pytest.fixture(scope="module")
def conforming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    """One full run against a host without a fault, whose passwords are known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("secrets.token_urlsafe", lambda size: f"{CANARY}{size}")
        yield certify(tmp_path_factory.mktemp("conforming"))


def test_a_host_without_a_fault_conforms(conforming: Ended) -> None:
    assert (conforming.status, conforming.results["verdict"]) == (0, "conforming"), conforming.stderr
    wrong = {rule for rule, verdict in conforming.verdicts.items() if verdict in ("fail", "error", "warn", "blocked")}
    assert wrong == set()


def test_all_files_are_there_and_the_journal_is_gone(conforming: Ended) -> None:
    assert {path.name for path in conforming.out.iterdir()} == FILES


def test_the_results_keep_their_schema(conforming: Ended) -> None:
    schema = json.loads(paths.RESULTS_SCHEMA.read_text("utf-8"))
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(conforming.results)


def test_the_har_holds_every_exchange_and_writes_the_same_again(conforming: Ended, tmp_path: Path) -> None:
    exchanges = har.read(conforming.out / "exchanges.har")
    assert [one.seq for one in exchanges] == list(range(1, conforming.results["run"]["requests"] + 1))

    har.write(exchanges, tmp_path / "again.har", started=conforming.results["run"]["started"])
    assert har.read(tmp_path / "again.har") == exchanges


def test_no_secret_is_in_any_file(conforming: Ended) -> None:
    written = [path.read_bytes() for path in conforming.out.iterdir()]
    written += [conforming.stdout.encode(), conforming.stderr.encode()]
    for form in ("canary", "word24"):
        assert [text.count(form.encode()) for text in written] == [0] * len(written)
    used = [value for one in har.read(conforming.out / "exchanges.har") for key, value in one.request_headers
            if key == "x-access-token"]  # fmt: skip
    assert "$SELFSHIP_TOKEN" in used


def test_without_orders_nothing_is_certified(tmp_path: Path) -> None:
    ended = certify(tmp_path, population="empty", lean=True)

    assert (ended.status, ended.results["verdict"]) == (4, "incomplete"), ended.stderr
    untested = {rule for rule, verdict in ended.verdicts.items() if verdict == "not_testable"}
    assert {"FWD-1", "FWD-7", "NDR-2", "RTO-1", "RET-4", "STA-3", "RAC-1", "DOC-2", "BAT-1", "TRK-2"} <= untested
    musts = [row for row in ended.results["requirements"] if row["level"] == "MUST"]
    assert not any(row["orders"] for row in musts)
    advised = [one["advice"] for row in musts for one in row["findings"] if one["verdict"] == "not_testable"]
    assert advised
    assert all(advised)
