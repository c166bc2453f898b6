"""What can be shown of a run from its folder alone: who signed it, that it is whole, and that it certifies something.

Whether its files fit each other is `consistency`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from selfship import paths
from selfship.archive import Archived
from selfship.certificate.reason import LAPSED
from selfship.results import Results
from selfship.run import JOURNAL
from selfship.signing import attestation, consistency
from selfship.signing.consistency import Point, some
from selfship.signing.keys import VerifyingKey

OF_ANY = ("certificate.html", "exchanges.har", "junit.xml", "results.json")
OF_ONE_SESSION = (*OF_ANY, "report.html")


def verify(run: Archived, key: VerifyingKey | None, today: date | None = None) -> list[Point]:
    """Every point of the run in a folder; it is verified where all of them hold and none but notes is open."""
    today = today or datetime.now(UTC).date()
    points = [*_signature(run, key), *_whole(run), *_schema(run)]
    points += consistency.points(run)
    points += _certifiable(run.results, today)
    return points


def _signature(run: Archived, key: VerifyingKey | None) -> Iterator[Point]:
    path = run.folder / attestation.FILE
    try:
        envelope = attestation.envelope(path.read_text(encoding="utf-8"))
        statement = attestation.statement(envelope.payload)
        if envelope.payload_type != attestation.PAYLOAD_TYPE:
            raise ValueError(f"is of the type {envelope.payload_type!r}")
    except FileNotFoundError:
        yield Point(False, "The run is not signed: anybody may have changed its files since.")
        return
    except (OSError, ValueError) as problem:
        yield Point(False, f"{attestation.FILE} {getattr(problem, 'strerror', None) or problem}.")
        return
    if key is None:
        yield Point(False, "Who signed was not checked: give the public key that you trust with --key.")
    elif any(key.verifies(envelope.signed, signature) for _, signature in envelope.signatures):
        yield Point(True, f"The signature is that of the key {key.id[:16]}….")
    else:
        signer = next((name[:16] for name, _ in envelope.signatures), "nobody")
        yield Point(False, f"The signature is not that of the key {key.id[:16]}… (it names {signer}…), or was broken.")
    yield from _digests(run.folder, attestation.digests(statement))
    yield _said(statement, run.results)


def _digests(folder: Path, signed: dict[str, str]) -> Iterator[Point]:
    present = set(attestation.files(folder))
    changed = []
    for name, digest in signed.items():
        if name not in present:
            yield Point(False, f"{name} was signed and is missing.")
        elif attestation.sha256(folder / name) != digest:
            changed.append(name)
            yield Point(False, f"{name} was changed after it was signed.")
    if unsigned := sorted(present - signed.keys()):
        yield Point(None, f"Not covered by the signature: {some(unsigned)}.")
    if not changed and signed.keys() <= present:
        yield Point(True, f"The {len(signed)} signed files are as they were signed.")


def _said(statement: dict[str, object], results: Results) -> Point:
    said, meant = statement["predicate"], attestation.predicate(results)
    assert isinstance(said, dict)
    other = [name for name in ("result", "passedTests", "warnedTests", "failedTests") if said.get(name) != meant[name]]
    kit = meant["configuration"][: attestation.OF_THE_RUN]
    other += [f"configuration of {one['name']}" for one in kit if one not in said["configuration"]]
    if other:
        return Point(False, f"The signed statement says something else than results.json: {', '.join(other)}.")
    return Point(True, "The signed statement says what results.json says.")


def missing(run: Archived) -> list[str]:
    """The files that a whole run has and this one has not."""
    wanted = OF_ONE_SESSION if consistency.of_one_session(run.results) else OF_ANY
    return [name for name in wanted if not (run.folder / name).is_file()]


def _whole(run: Archived) -> Iterator[Point]:
    absent = missing(run)
    if (run.folder / JOURNAL).exists():
        yield Point(False, f"{JOURNAL} is still there: the run did not end in good order.")
    if absent:
        yield Point(False, f"The run is not complete: {some(absent)} is missing.")
    else:
        yield Point(True, "All files of a run are there.")


def _schema(run: Archived) -> Iterator[Point]:
    import jsonschema_rs

    schema = json.loads(paths.RESULTS_SCHEMA.read_text(encoding="utf-8"))
    error = next(jsonschema_rs.Draft202012Validator(schema, validate_formats=True).iter_errors(run.raw), None)
    if error is not None:
        at = "/".join(str(part) for part in error.instance_path)
        # Another version's results may say more, or less.
        holds = False if consistency.same_kit(run.results) else None
        yield Point(holds, f"results.json does not fit its schema, at /{at}.")


def _certifiable(results: Results, today: date) -> Iterator[Point]:
    if results.run.get("narrowed"):
        yield Point(False, "The run was narrowed to some of its checks, or cut short: it certifies nothing.")
    for one in results.waivers:
        if one.status in LAPSED:
            yield Point(False, one.words)
        elif one.status == "applied" and one.expires < today.isoformat():
            name = one.requirement or one.check
            yield Point(False, f"The waiver of {name} has expired since, on {one.expires}: certify again.")
