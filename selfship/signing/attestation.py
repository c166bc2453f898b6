"""A run's attestation: an in-toto Statement v1 that carries a test result, in a DSSE envelope.

Its subjects are the files of the run, its configuration is what judged. Knows no key and no opinion.
Sources: in-toto attestation spec v1, predicate test-result v0.1; DSSE v1.0.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfship import paths
from selfship.results import Results
from selfship.verdict import RunVerdict, Verdict
from selfship.waiving.excusing import lapsed

FILE = "attestation.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
OF_A_SESSION = ("partners", "session.json")
"""What a referee needs to go on, among it the partner's key: not for those whom the reports are for."""
OF_THE_RUN = 3
"""So many entries of the configuration, the first, can be worked out from the results alone."""


@dataclass(frozen=True)
class Envelope:
    """A signed payload, as DSSE has it: `signatures` as (key id, signature)."""

    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]
    payload_type: str = PAYLOAD_TYPE

    @property
    def signed(self) -> bytes:
        """What is signed: DSSE's pre-authentication encoding of type and payload."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)

    def to_json(self) -> dict[str, Any]:
        return {
            "payloadType": self.payload_type,
            "payload": base64.b64encode(self.payload).decode(),
            "signatures": [{"keyid": name, "sig": base64.b64encode(sig).decode()} for name, sig in self.signatures],
        }


def envelope(text: str) -> Envelope:
    """The envelope in a file. ValueError, in words, where it is none."""
    try:
        data = json.loads(text)
        signatures = tuple(
            (str(one.get("keyid", "")), base64.b64decode(one["sig"], validate=True)) for one in data["signatures"]
        )
        return Envelope(base64.b64decode(data["payload"], validate=True), signatures, str(data["payloadType"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise ValueError("is no DSSE envelope") from None


def statement(payload: bytes) -> dict[str, Any]:
    """The statement in a payload. ValueError, in words, where it is not one of a test result."""
    try:
        found = json.loads(payload)
        kind, predicate = found["_type"], found["predicateType"]
        [(one["name"], one["digest"]["sha256"]) for one in found["subject"]]
        [(one["name"], one.get("digest")) for one in found["predicate"]["configuration"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("holds no in-toto statement about files") from None
    if (kind, predicate) != (STATEMENT, PREDICATE):
        raise ValueError(f"holds {predicate} in {kind}, not a test result in a statement of version 1")
    return dict(found)


def of_run(folder: Path, results: Results) -> dict[str, Any]:
    """The statement about the run in `folder`. OSError where a file cannot be read."""
    subjects = [{"name": name, "digest": {"sha256": sha256(folder / name)}} for name in files(folder)]
    return {"_type": STATEMENT, "subject": subjects, "predicateType": PREDICATE, "predicate": predicate(results)}


def predicate(results: Results) -> dict[str, Any]:
    """What the results say, as a test result. Names of tests are the ids of requirements."""
    return {
        "result": _result(results),
        "configuration": [
            {"name": "selfship", "uri": f"pkg:pypi/selfship@{results.kit.get('version')}"},
            {"name": "suites", "digest": {"sha256": _bare(results.kit.get("suites_digest"))}},
            {"name": "requirements.yaml", "digest": {"sha256": _bare(results.kit.get("requirements_digest"))}},
            {"name": paths.OPENAPI.name, "digest": {"sha256": sha256(paths.OPENAPI)}},
        ],
        "passedTests": _having(results, Verdict.PASS),
        "warnedTests": _having(results, Verdict.WARN, Verdict.WAIVED),
        "failedTests": _having(results, Verdict.FAIL, Verdict.ERROR),
    }


def digests(of: Mapping[str, Any]) -> dict[str, str]:
    """File to SHA-256, of a statement's subjects."""
    return {str(one["name"]): str(one["digest"]["sha256"]) for one in of["subject"]}


def files(folder: Path) -> list[str]:
    """Every file of a run but its attestation and what a session keeps for itself, as paths below its folder."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if path.parts[0] not in (FILE, *OF_A_SESSION))


def sha256(path: Path) -> str:
    """In hexadecimal. OSError where the file cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _result(results: Results) -> str:
    if lapsed(results):
        return "FAILED"
    good = {RunVerdict.CONFORMING: "PASSED", RunVerdict.CONFORMING_WITH_WAIVERS: "WARNED"}
    return good.get(results.verdict, "FAILED")


def _having(results: Results, *verdicts: Verdict) -> list[str]:
    return [row.id for row in results.requirements if row.verdict in verdicts]


def _bare(digest: object) -> str:
    return str(digest).removeprefix("sha256:")
