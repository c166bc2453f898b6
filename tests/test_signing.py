"""Signed runs: what verify finds out from the folder alone, and what it says of a signature."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined] # it exports without saying so

from selfship import archive
from selfship.referee import report
from selfship.results import Waived
from selfship.signing import attestation, command, keys, verification
from selfship.signing.consistency import Point
from selfship.signing.rejudging import judged_again
from tests import full_run, refereed


@pytest.fixture(scope="module")
def run() -> Path:
    """The folder of a whole run that was signed."""
    ended = full_run.signed()
    assert ended.status == 4, ended.stderr
    assert f"Signed: {ended.out / 'attestation.json'}" in ended.stdout
    return ended.out


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return full_run.copied(run, tmp_path / "copy")


@pytest.fixture(scope="module")
def key(run: Path) -> keys.VerifyingKey:
    return keys.verifying_key(run.parent / "partner.key.pub")


def put(path: Path, content: bytes) -> None:
    """Writes a file anew, so that the one it is a copy of stays."""
    path.unlink()
    path.write_bytes(content)


def wrong(folder: Path, key: keys.VerifyingKey | None, today: date | None = None) -> list[str]:
    return [one.words for one in verification.verify(archive.open_run(folder), key, today) if one.holds is False]


def test_a_signed_run_is_verified_offline_and_says_what_that_shows(run: Path) -> None:
    told = full_run.selfship("verify", run, "--key", run.parent / "partner.key.pub", cwd=run)

    assert told.status == 0
    assert told.stdout.startswith("VERIFIED\nIt says: http://127.0.0.1:")
    assert "✕" not in told.stdout
    assert "checks of the traffic, judged again from exchanges.har, say the same" in told.stdout
    assert "certificate.html, badge.svg, summary.md: they show what results.json and exchanges.har hold" in told.stdout
    assert "whoever holds the key can sign what never happened, and the tested party may hold it" in told.stdout


def test_enough_checks_are_judged_again_to_mean_something(run: Path, key: keys.VerifyingKey) -> None:
    (words,) = [one.words for one in verification.verify(archive.open_run(run), key) if "judged again" in one.words]

    assert int(words.split()[0]) > 60


def test_checks_that_ask_how_the_host_reads_the_documents_are_judged_again_by_the_results(run: Path) -> None:
    archived = archive.open_run(run)

    again = {one.check: one.words for one in judged_again(archived.exchanges(), archived.results.target["profile"])}

    assert again["suites/host/wire/test_wire_contract.py::test_write_answers_its_envelope[invoiceUpdate]"] is None


@pytest.mark.parametrize("name", ["certificate.html", "exchanges.har", "junit.xml", "report.html", "results.json"])
def test_of_one_byte_changed_the_file_is_named(copy: Path, key: keys.VerifyingKey, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    place = content.index(b"HTTP" if b"HTTP" in content else b"suites")
    content[place] ^= 1
    put(copy / name, bytes(content))

    found = wrong(copy, key)

    assert f"{name} was changed after it was signed." in found
    assert not [words for words in found if "after it was signed" in words and not words.startswith(name)]


def test_a_file_that_is_missing_or_added_is_named(copy: Path, key: keys.VerifyingKey) -> None:
    (copy / "junit.xml").unlink()
    (copy / "more").mkdir()
    (copy / "more" / "notes.txt").write_text("mine", encoding="utf-8")

    points = verification.verify(archive.open_run(copy), key)

    assert Point(False, "junit.xml was signed and is missing.") in points
    assert Point(False, "The run is not complete: junit.xml is missing.") in points
    assert Point(None, "Not covered by the signature: more/notes.txt.") in points


def test_the_signature_of_somebody_else_is_not_taken(run: Path, tmp_path: Path) -> None:
    keys.make(tmp_path / "other", {})

    (words,) = wrong(run, keys.verifying_key(tmp_path / "other.pub"))

    assert words.startswith("The signature is not that of the key")


def test_without_a_key_all_else_is_checked_and_nothing_is_verified(run: Path) -> None:
    assert wrong(run, None) == ["Who signed was not checked: give the public key that you trust with --key."]


def test_a_run_that_is_not_signed_is_said_to_be(copy: Path) -> None:
    (copy / "attestation.json").unlink()

    told = full_run.selfship("verify", copy, "--json", cwd=copy)

    said = json.loads(told.stdout)
    assert told.status == 1
    assert (said["verified"], said["verdict"]) == (False, "incomplete")
    assert [one["words"] for one in said["points"] if one["holds"] is False] == [
        "The run is not signed: anybody may have changed its files since."
    ]
    assert sum(one["holds"] is True for one in said["points"]) >= 7


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}", "attestation.json is no DSSE envelope."),
        (b'{"payloadType": "x", "payload": "e30=", "signatures": []}', "attestation.json holds no in-toto statement"),
    ],
)
def test_a_broken_attestation_is_said(copy: Path, content: bytes, said: str) -> None:
    put(copy / "attestation.json", content)

    assert wrong(copy, None)[0].startswith(said)


def test_another_implementation_takes_the_signature(run: Path, key: keys.VerifyingKey) -> None:
    envelope: Any = Envelope.from_dict(json.loads((run / "attestation.json").read_text("utf-8")))
    pem = (run.parent / "partner.key.pub").read_text("utf-8")
    public = SSlibKey(key.id, "ed25519", "ed25519", {"public": _raw(pem)})

    assert set(envelope.verify([public], 1)) == {key.id}
    statement = json.loads(envelope.payload)
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert statement["predicate"]["result"] == "FAILED"
    assert {one["name"] for one in statement["subject"]} == {path.name for path in run.iterdir()} - {"attestation.json"}


def _raw(pem: str) -> str:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    public: Any = load_pem_public_key(pem.encode())
    return bytes(public.public_bytes_raw()).hex()


Change = Callable[[dict[str, Any]], object]


def _row(results: dict[str, Any], rule: str) -> dict[str, Any]:
    return next(row for row in results["requirements"] if row["id"] == rule)


LIES: dict[str, tuple[Change, str]] = {
    "verdict of the run": (lambda r: r.update(verdict="conforming"), "The run's verdict is conforming, but its rules"),
    "verdict of a rule": (
        lambda r: _row(r, "STA-1").update(verdict="warn"),
        "The verdict does not follow from the fin",
    ),
    "a check left out": (lambda r: _row(r, "STA-1")["evidence"].pop(), "The verdict does not follow from the findings"),
    "a rule left out": (lambda r: r["requirements"].remove(_row(r, "STA-1")), "The rules are not those of the table"),
    "words of a rule": (
        lambda r: _row(r, "STA-1").update(statement="Up to 99."),
        "The rules are not those of the table",
    ),
    "evidence": (
        lambda r: _row(r, "STA-1")["evidence"][0].update(exchanges=[99999]),
        "Evidence that exchanges.har does",
    ),
    "number of requests": (lambda r: r["run"].update(requests=9), "exchanges.har holds"),
    "latency": (lambda r: r["latency_ms"].clear(), "The latencies are not those of exchanges.har."),
    "dialect": (lambda r: r["dialect"].pop(), "certificate.html does not show what results.json"),
    "schema": (lambda r: r.update(extra=1), "results.json does not fit its schema"),
    "narrowed": (lambda r: r["run"].update(narrowed=True), "The run was narrowed to some of its checks"),
}


@pytest.mark.parametrize(("change", "said"), LIES.values(), ids=LIES.keys())
def test_a_lie_is_found_though_it_was_signed(copy: Path, key: keys.VerifyingKey, change: Change, said: str) -> None:
    results = json.loads((copy / "results.json").read_text("utf-8"))
    change(results)
    put(copy / "results.json", json.dumps(results).encode())
    (copy / "attestation.json").unlink()
    command.sign(copy, keys.signing_key(full_run.signed().out.parent / "partner.key", {}))

    found = wrong(copy, key)

    assert not [words for words in found if "signed" in words]
    assert [words for words in found if words.startswith(said)], found


def test_exchanges_that_break_a_rule_are_judged_so_again(copy: Path, key: keys.VerifyingKey) -> None:
    har = (copy / "exchanges.har").read_text("utf-8").replace('\\"success_count\\": 1', '\\"success_count\\": 2')
    har = har.replace('\\"success_count\\":1', '\\"success_count\\":2')
    put(copy / "exchanges.har", har.encode())

    found = wrong(copy, key)

    assert "exchanges.har was changed after it was signed." in found
    assert [words for words in found if words.startswith("Judged again, the exchanges say otherwise: suites/host/")]


def test_a_waiver_that_has_expired_since_is_not_taken(copy: Path, key: keys.VerifyingKey) -> None:
    run = archive.open_run(copy)
    run.results.waivers.append(Waived("LIM-2", None, "A", "r", "2026-12-31", "T", "applied", "1 check is excused."))

    late = [one.words for one in verification.verify(run, key, date(2027, 1, 1)) if one.holds is False]
    in_time = [one.words for one in verification.verify(run, key, date(2026, 12, 31)) if one.holds is False]

    assert "The waiver of LIM-2 has expired since, on 2026-12-31: certify again." in late
    assert not [words for words in in_time if "waiver" in words]


def test_a_run_with_a_stale_waiver_is_not_verified() -> None:
    found = wrong(full_run.waived().out, None)

    assert "The waiver of FET-1 is stale, all that it excused passes now: B. Iyer takes it out." in found


def test_the_statement_warns_of_what_is_waived_and_fails_what_fails_the_gate() -> None:
    results = archive.open_run(full_run.waived().out).results

    said = attestation.predicate(results)
    assert said["result"] == "FAILED"
    assert "LIM-2" in said["warnedTests"]
    results.waivers.pop()
    assert attestation.predicate(results)["result"] == "WARNED"


@pytest.mark.parametrize(
    ("har", "said"),
    [
        (b"{}", "exchanges.har is not an exchanges.har of this kit"),
        (b"[" * 100_000, "is no HAR, but nested without end"),
        (b'{"log": {"entries": []}}', "exchanges.har holds 0 exchanges"),
    ],
    ids=["foreign", "deep", "empty"],
)
def test_exchanges_of_somebody_else_are_said_to_be(copy: Path, har: bytes, said: str) -> None:
    put(copy / "exchanges.har", har)

    assert [words for words in wrong(copy, None) if said in words]


def test_exchanges_that_no_run_records_break_nothing(copy: Path) -> None:
    har = (copy / "exchanges.har").read_bytes().replace(b'"operation": "shipment"', b'"operation": "shopment"')
    put(copy / "exchanges.har", har)

    assert [words for words in wrong(copy, None) if "holds what no run of this kit records" in words]


def test_the_report_on_a_client_is_signed_without_what_the_session_keeps_for_itself(
    tmp_path: Path, key: keys.VerifyingKey, run: Path
) -> None:
    with refereed.judged("basic", tmp_path) as live:
        for order in live.client().orders("PROCESSING"):
            live.client().deliver(order["id"])
        report.write(live.judged(), live.partner.journal.exchanges, tmp_path)

    command.sign(tmp_path, keys.signing_key(run.parent / "partner.key", {}))

    assert (tmp_path / "partners").is_dir()
    assert not [name for name in attestation.files(tmp_path) if "partners" in name]
    assert wrong(tmp_path, key) == []
