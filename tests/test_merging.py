"""Shards of one run against one host, merged: one certificate, by the usual rules, that says what it was made of."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import jsonschema_rs
import pytest

from selfship import archive, har, paths
from selfship.comparing import comparison
from selfship.credentials import Secrets, stripped
from selfship.embedded import EmbeddedHost, embedded_host
from selfship.errors import UsageError
from selfship.merging import command
from selfship.signing import command as signing
from selfship.signing import keys
from selfship.signing.verification import verify

PATIENCE_S = 300
Edit = Callable[[dict[str, Any]], None]


def certify_shards(host: EmbeddedHost, folder: Path, count: int, *options: str) -> list[Path]:
    """All shards at once, each by the command in a process of its own; where each left its files."""
    environ = {**stripped(Secrets()), **host.credentials.secrets(), "PYTHONPATH": str(paths.ROOT)}
    base = [sys.executable, "-P", "-m", "selfship", "certify", "--profile=mock", f"--host={host.url}", "--quiet"]
    outs = [folder / f"shard-{number}" for number in range(1, count + 1)]
    running = [
        subprocess.Popen(
            [*base, f"--shard={number}/{count}", f"--out={out}", *options],
            env={**os.environ, **environ},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        for number, out in enumerate(outs, start=1)
    ]
    for process in running:
        process.wait(PATIENCE_S)
    return outs


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two shards of a whole run against one conforming host."""
    with embedded_host() as host:
        return certify_shards(host, tmp_path_factory.mktemp("shards"), 2)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two shards of two rules against one host that takes 21 AWBs."""
    with embedded_host(faults=["awb_takes_21"]) as host:
        return certify_shards(host, tmp_path_factory.mktemp("broken"), 2, "--requirement=LIM-2", "--requirement=FWD-4")


def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return found


def cases(folder: Path) -> list[Xml.Element]:
    return list(Xml.parse(folder / "junit.xml").getroot().iter("testcase"))


def merge(shards: list[Path], out: Path) -> int:
    return command.run(shards, out, out.parent, quiet=True)


def test_all_shards_make_one_whole_run(shards: list[Path], tmp_path: Path) -> None:
    assert merge(shards, tmp_path / "whole") == 0
    whole = results(tmp_path / "whole")
    jsonschema_rs.Draft202012Validator(json.loads(paths.RESULTS_SCHEMA.read_text("utf-8"))).validate(whole)
    assert (whole["verdict"], whole["run"]["narrowed"]) == ("conforming", False)
    assert [one["number"] for one in whole["run"]["shards"]["runs"]] == [1, 2]
    assert len(whole["residue"]) == sum(len(results(one)["residue"]) for one in shards) > 100
    assert {path.name for path in (tmp_path / "whole").iterdir()} == {
        *("badge.svg", "certificate.html", "exchanges.har", "junit.xml", "residue.jsonl", "results.json", "summary.md"),
    }
    assert "merged from 2 runs side by side" in (tmp_path / "whole" / "certificate.html").read_text("utf-8")


def test_a_shard_alone_certifies_nothing(shards: list[Path]) -> None:
    for number, one in enumerate(shards, start=1):
        run = results(one)["run"]
        assert (run["narrowed"], run["shard"]) == (True, {"number": number, "of": 2, "whole": True})
        assert results(one)["verdict"] == "incomplete"
        assert f"shard {number} of 2" in (one / "certificate.html").read_text(encoding="utf-8")


def test_shards_never_touch_the_same_order(shards: list[Path]) -> None:
    written = []
    for one in shards:
        writes = [exchange for exchange in har.read(one / "exchanges.har") if exchange.operation in ("awb", "confirm")]
        items = [item for exchange in writes if isinstance(exchange.sent, list) for item in exchange.sent]
        # Of some requests the ids are made up: those that no host has were never taken.
        known = {seq for exchange in writes if exchange.ok for seq in [exchange.seq]}
        assert known
        written.append({item["orderId"] for item in items if isinstance(item, dict) and "orderId" in item})
    shown = [
        {view["id"] for exchange in har.read(one / "exchanges.har") if isinstance(exchange.json, list)
         for view in exchange.json if isinstance(view, dict) and "id" in view}
        for one in shards
    ]  # fmt: skip
    assert len(written[0] & shown[0]) > 20
    assert not (written[0] & shown[0]) & (written[1] & shown[1])


def test_its_junit_has_each_check_of_the_shards_once_under_the_names_that_pytest_gave_them(
    shards: list[Path], tmp_path: Path
) -> None:
    merge(shards, tmp_path / "whole")
    named = [(case.get("classname"), case.get("name")) for case in cases(tmp_path / "whole")]
    assert len(named) == len(set(named)) > 800
    assert set(named) == {(case.get("classname"), case.get("name")) for one in shards for case in cases(one)}


def test_a_merged_run_is_signed_and_verified_as_any_other(shards: list[Path], tmp_path: Path) -> None:
    merge(shards, tmp_path / "whole")
    keys.make(tmp_path / "partner.key", {})
    signing.sign(tmp_path / "whole", keys.signing_key(tmp_path / "partner.key", {}))
    key = keys.verifying_key(tmp_path / "partner.key.pub")
    assert [one for one in verify(archive.open_run(tmp_path / "whole"), key) if one.holds is False] == []
    junit = tmp_path / "whole" / "junit.xml"
    junit.write_text(junit.read_text("utf-8").replace("not_applicable", "pass"), encoding="utf-8")
    wrong = {one.words for one in verify(archive.open_run(tmp_path / "whole"), key) if one.holds is False}
    assert wrong == {
        "junit.xml was changed after it was signed.",
        "junit.xml does not show what results.json and exchanges.har hold.",
    }


def test_a_merged_run_is_compared_with_others(shards: list[Path], tmp_path: Path) -> None:
    merge(shards, tmp_path / "whole")
    archived = archive.open_run(tmp_path / "whole")
    assert comparison.compare(archived, archived, anyway=False).changes == []
    with pytest.raises(UsageError, match="narrowed to some of its checks"):
        comparison.compare(archive.open_run(shards[0]), archived, anyway=False)


def test_the_evidence_of_all_is_numbered_through(shards: list[Path], tmp_path: Path) -> None:
    merge(shards, tmp_path / "whole")
    merged = har.read(tmp_path / "whole" / "exchanges.har")
    parts = [har.read(one / "exchanges.har") for one in shards]
    assert [one.seq for one in merged] == list(range(1, sum(map(len, parts)) + 1))
    later = next(row for row in results(shards[1])["requirements"] if row["id"] == "RET-3")
    moved = next(row for row in results(tmp_path / "whole")["requirements"] if row["id"] == "RET-3")
    pairs = {one["check"]: one["exchanges"] for one in moved["evidence"]}
    for shown in later["evidence"]:
        for before, after in zip(shown["exchanges"], pairs[shown["check"]], strict=True):
            assert merged[after - 1].response_body == parts[1][before - 1].response_body


def test_without_a_shard_the_whole_is_incomplete_and_says_which(shards: list[Path], tmp_path: Path) -> None:
    assert merge(shards[1:], tmp_path / "half") == 4
    assert results(tmp_path / "half")["run"]["shards"]["missing"] == [1]
    assert "a shard is missing (1 of 2)" in (tmp_path / "half" / "certificate.html").read_text(encoding="utf-8")


def test_what_broke_in_one_shard_is_broken_in_the_whole(broken: list[Path], tmp_path: Path) -> None:
    assert merge(broken, tmp_path / "whole") == 1
    whole = results(tmp_path / "whole")
    failed = [row for row in whole["requirements"] if row["verdict"] == "fail"]
    assert [row["id"] for row in failed] == ["LIM-2"]
    finding = next(one for one in failed[0]["findings"] if one["verdict"] == "fail")
    exchange = har.read(tmp_path / "whole" / "exchanges.har")[finding["exchanges"][0] - 1]
    assert (exchange.operation, len(exchange.sent)) == ("awb", 21)
    assert finding["stability"] == "deterministic"
    assert any(one["exchange"] == exchange.seq for one in whole["reference"])
    assert whole["fix_first"][0]["requirement"] == "LIM-2"
    (case,) = (one for one in cases(tmp_path / "whole") if one.find("failure") is not None)
    assert case.findtext("failure") == f"LIM-2: {finding['message']}"
    assert [(one.get("name"), one.get("value")) for one in case.iter("property")] == [
        ("requirement", "LIM-2"),
        ("verdict", "fail"),
    ]
    # The shards themselves were narrowed: so is what they make together.
    assert whole["run"]["narrowed"]


def edited(folder: Path, to: Path, edit: Edit) -> Path:
    shutil.copytree(folder, to)
    data = results(folder)
    edit(data)
    (to / "results.json").write_text(json.dumps(data), encoding="utf-8")
    return to


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda data: data["target"].update(url="http://127.0.0.1:1"), "another host"),
        (lambda data: data["kit"].update(suites_digest="sha256:" + "1" * 64), "another kit"),
        (lambda data: data["target"]["profile"].update(location="DEL-02"), "another profile"),
        (lambda data: data["run"].update(seed=7), "another seed"),
        (lambda data: data["run"]["shard"].update(of=3), "another number of shards"),
        (lambda data: data["run"]["shard"].update(number=1), "both shard 1"),
        (lambda data: data["run"].pop("shard"), "no shard"),
    ],
    ids=["host", "kit", "profile", "seed", "of", "twice", "whole"],
)
def test_what_does_not_belong_together_is_refused(shards: list[Path], tmp_path: Path, edit: Edit, words: str) -> None:
    other = edited(shards[1], tmp_path / "other", edit)
    with pytest.raises(UsageError, match=words):
        merge([shards[0], other], tmp_path / "whole")
    assert not (tmp_path / "whole").exists()


def test_a_shard_is_never_written_over(shards: list[Path]) -> None:
    before = (shards[0] / archive.RESULTS).read_bytes()
    with pytest.raises(UsageError, match="stay as they are"):
        merge(shards, shards[0])
    assert (shards[0] / archive.RESULTS).read_bytes() == before


@pytest.mark.skipif(find_spec("xdist") is None, reason="pytest-xdist is not installed: pip install -e '.[dev]'")
def test_workers_of_xdist_are_shards_that_can_be_merged(tmp_path: Path) -> None:
    out = tmp_path / "xdist"
    options = ["--tx", "2*popen", "--dist", "each", "--requirement=FWD-4", "--requirement=STA-13", f"--out={out}"]
    with embedded_host() as host:
        environ = {**stripped(Secrets()), **host.credentials.secrets()}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "suites", "-q", "--profile=mock", f"--host={host.url}", *options],
            cwd=paths.ROOT,
            env=environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
    assert done.returncode == 0, done.stdout
    assert merge([out / f"shard-{number}" for number in (1, 2)], tmp_path / "whole") == 4
    verdicts = {row["id"]: row["verdict"] for row in results(tmp_path / "whole")["requirements"]}
    assert (verdicts["FWD-4"], verdicts["STA-13"]) == ("pass", "observed")
