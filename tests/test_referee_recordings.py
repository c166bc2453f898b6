"""Recorded traffic: judged as the referee would, as far as it tells; whatever is wrong with it is one sentence."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from selfship import har
from selfship.cli import cli
from selfship.errors import UsageError
from selfship.referee import recording
from selfship.referee.recording import Counts
from tests.refereed import Client, judged
from tests.test_referee_rules import BAD, SCENARIO, ids

Har = dict[str, Any]
NOT_IN_A_RECORDING = {"rto_delivered", "rounded_id"}
"""Breaches that only who knows the orders can see."""


def recorded(folder: Path, does: Callable[[Client], object]) -> Path:
    """The HAR of a session in which the client does that."""
    with judged(SCENARIO, folder / "session") as live:
        does(live.client())
        path = folder / "traffic.har"
        har.write(live.partner.journal.exchanges(), path, started="2026-01-01T00:00:00Z")
    return path


def read(path: Path) -> Har:
    found: Har = json.loads(path.read_text())
    return found


def rewritten(path: Path, change: Callable[[Har], object]) -> Path:
    found = read(path)
    change(found)
    path.write_text(json.dumps(found))
    return path


def judge(path: Path, *options: str) -> dict[str, str]:
    """Rule to verdict, by the command."""
    out = Path(tempfile.mkdtemp(prefix="judged-", dir=path.parent))
    told = CliRunner().invoke(cli, ["judge", str(path), "--out", str(out), "--quiet", *options], standalone_mode=False)
    if told.exception:
        raise told.exception
    return {row["id"]: row["verdict"] for row in json.loads((out / "results.json").read_text())["requirements"]}


def red(path: Path, *options: str) -> set[str]:
    return {rule for rule, verdict in judge(path, *options).items() if verdict in ("fail", "warn")}


def good(client: Client) -> None:
    """Delivers an order, takes a return, and leaves the decoy alone."""
    client.deliver(ids(client, "delivered")[0])
    one = ids(client, "returned")[0]
    client.awb(one)
    client.status(one, "return_bag_in_transit")
    client.status(one, "return_bag_delivered")
    client.post("return", {"orderId": one, "orderItems": []})
    client.post("invoiceUpdate", {"orderId": one, "invoiceNumber": "CN-1", "invoiceType": "return"})


@pytest.mark.parametrize(
    ("bad", "rule"),
    [(bad, rule) for bad, rule in BAD if bad.__name__ not in NOT_IN_A_RECORDING],
    ids=[bad.__name__ for bad, _ in BAD if bad.__name__ not in NOT_IN_A_RECORDING],
)
def test_a_recording_shows_the_same_breach_as_the_referee_saw(
    tmp_path: Path, bad: Callable[[Client], None], rule: str
) -> None:
    assert red(recorded(tmp_path, bad)) == {rule}


def test_a_good_client_is_not_accused_and_what_cannot_be_told_is_not_testable(tmp_path: Path) -> None:
    verdicts = judge(recorded(tmp_path, good))

    assert {rule for rule, verdict in verdicts.items() if verdict == "fail"} == set()
    assert verdicts["AGG-10"] == verdicts["AGG-12"] == verdicts["AGG-16"] == "not_testable"
    assert verdicts["AGG-6"] == verdicts["AGG-8"] == "pass"


def foreign(path: Path) -> Path:
    """As a browser saves it: unsorted, other hosts' calls between, bodies in Base64, headers and fields missing."""

    def change(found: Har) -> None:
        entries = found["log"]["entries"]
        for place, entry in enumerate(entries):
            entry.pop("_selfship", None)
            entry["startedDateTime"] = f"2026-01-01T00:00:{place:02}.000Z"
            body = entry["response"]["content"]
            body["text"] = base64.b64encode(body["text"].encode()).decode()
            body["encoding"] = "base64"
            entry["response"].pop("headers", None)
        entries.reverse()
        entries[3:3] = [
            {"request": {"method": "GET", "url": "https://fonts.example/a.woff"}, "response": {}},
            {"request": {"url": 5}},
            "nonsense",
            {"request": {"method": "GET", "url": "https://cdn.example/oms/v3/shipments"}},
        ]
        found["log"].pop("creator", None)

    return rewritten(path, change)


def test_a_foreign_har_is_judged_as_well(tmp_path: Path) -> None:
    verdicts = judge(foreign(recorded(tmp_path, good)))

    assert {rule for rule, verdict in verdicts.items() if verdict == "fail"} == set()
    assert verdicts["AGG-6"] == verdicts["AGG-8"] == verdicts["AGG-7"] == "pass"


def test_a_har_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = recorded(tmp_path, good)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert judge(path)["AGG-7"] == "pass"


def test_without_times_nobody_is_judged_by_the_clock(tmp_path: Path) -> None:
    def change(found: Har) -> None:
        for entry in found["log"]["entries"]:
            del entry["startedDateTime"]

    verdicts = judge(rewritten(recorded(tmp_path, good), change), "--poll-interval", "5")

    assert verdicts["AGG-12"] == verdicts["AGG-15"] == "not_testable"
    assert verdicts["AGG-7"] == "pass"


def test_what_a_recording_leaves_out_is_held_against_nobody(tmp_path: Path) -> None:
    def change(found: Har) -> None:
        for entry in found["log"]["entries"]:
            entry["request"].pop("postData", None)
            entry["request"]["headers"] = []

    verdicts = judge(rewritten(recorded(tmp_path, good), change))

    assert set(verdicts.values()) == {"not_testable"}


def test_a_late_read_accuses_nobody(tmp_path: Path) -> None:
    def slow_host(client: Client) -> None:
        one = ids(client, "delivered")[0]
        client.awb(one)
        client.post("pack", {"orderId": one})
        client.post("dispatch", {"orderId": one})
        before = client.token
        client.status(one, "bag_picked")
        client.orders("TRANSIT")
        client.token = before
        client.status(one, "delivery_done")

    path = recorded(tmp_path, slow_host)

    def change(found: Har) -> None:
        # The host shows the order as it was before bag_picked, although it has taken that.
        text = found["log"]["entries"][-2]["response"]["content"]
        text["text"] = text["text"].replace('"TRANSIT"', '"COMPLETED"')

    assert red(rewritten(path, change)) == set()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"<html>", "is not a HAR"),
        (b"[]", "is not a HAR"),
        (b"{}", "has no entries"),
        (b'{"log": {"entries": []}}', "has no entries"),
        (b'{"log": {"entries": [{"a": 1}, nonsense]}}', "after 1 entries"),
        (b"1234:4:type;4:flow;", "mitmdump -nr"),
        (
            b'{"log": {"entries": [{"request": {"method": "GET", "url": "https://a/b"}}]}}',
            "no call of the self-ship API",
        ),
    ],
)
def test_what_is_no_recording_is_told_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "traffic.har"
    path.write_bytes(content)
    with pytest.raises(UsageError) as told:
        judge(path)

    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_a_har_that_was_cut_short_says_after_how_many_entries(tmp_path: Path) -> None:
    path = recorded(tmp_path, good)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(UsageError, match=r"cut short after \d+ entries"):
        judge(path)


def test_entries_are_read_one_at_a_time(tmp_path: Path) -> None:
    path = recorded(tmp_path, good)
    path.write_bytes(path.read_bytes()[:-500])
    calls: Iterator[object] = recording.read(path, Counts())

    # The first is here before the file's broken end has been reached.
    assert next(calls)


def test_calls_to_several_hosts_are_judged_one_host_at_a_time(tmp_path: Path) -> None:
    def change(found: Har) -> None:
        first = found["log"]["entries"][0]
        other = json.loads(json.dumps(first).replace("http://referee", "https://other.example"))
        found["log"]["entries"].append(other)

    path = rewritten(recorded(tmp_path, good), change)
    with pytest.raises(UsageError, match="name the one to judge with --host"):
        judge(path)

    assert judge(path, "--host", "http://referee")["AGG-7"] == "pass"
    with pytest.raises(UsageError, match="holds no call to third"):
        judge(path, "--host", "http://third")


def test_secrets_of_a_foreign_recording_reach_no_file(tmp_path: Path) -> None:
    secrets = ("canary-token-7351", "canary-password-7351", "canary-cookie-7351")

    def change(found: Har) -> None:
        for entry in found["log"]["entries"]:
            entry["request"]["url"] = entry["request"]["url"].replace("$SELFSHIP_PASSWORD", secrets[1])
            entry["request"]["headers"] = [
                {"name": "X-Access-Token", "value": secrets[0]},
                {"name": "Cookie", "value": secrets[2]},
            ]
        first = found["log"]["entries"][0]
        first["response"]["content"]["text"] = json.dumps({"data": {"token": secrets[0]}})

    path = rewritten(recorded(tmp_path, good), change)
    judge(path)
    files = list(next(tmp_path.glob("judged-*")).iterdir())

    assert len(files) >= 4
    assert [(file.name, one) for file in files for one in secrets if one in file.read_text()] == []


def test_the_journal_of_a_session_is_judged_with_all_that_the_referee_knew(tmp_path: Path) -> None:
    recorded(tmp_path, {bad.__name__: bad for bad, _ in BAD}["picked_after_auto"])
    (journal,) = (tmp_path / "session").rglob("calls.jsonl")

    assert red(journal) == {"AGG-6"}
