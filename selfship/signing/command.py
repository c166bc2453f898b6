"""`selfship keygen`, `sign` and `verify`, and `certify --sign`, from their options to their exit status."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from selfship import archive
from selfship.archive import Archived
from selfship.certificate.words import count
from selfship.errors import UsageError
from selfship.run import write_json
from selfship.signing import attestation, keys, verification
from selfship.signing.consistency import Point, same_kit
from selfship.signing.keys import SigningKey

VERIFIED, NOT_VERIFIED = 0, 1
MARKS = {True: "✓", False: "✕", None: "–"}
PROVES = (
    "A signature shows who answers for these files and that nobody changed them since. It does not show that the run "
    "took place as told: whoever holds the key can sign what never happened, and the tested party may hold it. Judging "
    "the recorded exchanges again shows that the verdict fits them, not that this host gave these answers. "
    "Only a run that you start yourself, or one signed by somebody you trust to have done so, shows that."
)


def keygen(path: Path) -> int:
    """Makes a pair of keys and says where."""
    private, public, name = keys.make(path.expanduser())
    click.echo(f"Private key: {private} (keep it; whoever has it can sign in your name)")
    click.echo(f"Public key:  {public} (give it to those who verify)")
    click.echo(f"Key id:      {name}")
    return 0


class Signing:
    """The key for a run that has still to end."""

    def __init__(self, path: Path) -> None:
        """UsageError where there is no key that can be opened."""
        self._key = keys.signing_key(path.expanduser())

    def sign(self, run: Path) -> str:
        """Signs the run in a folder and says so. UsageError where it cannot be signed."""
        return f"Signed: {sign(run, self._key)}, by the key {self._key.id[:16]}…."


def sign(named: Path, key: SigningKey) -> Path:
    """Signs the run in a folder and gives the attestation's path. UsageError where it cannot be signed."""
    run = archive.open_run(named)
    if missing := verification.missing(run):
        raise UsageError(f"{named} is not complete ({', '.join(missing)} is missing): sign a run that has ended.")
    if not same_kit(run.results):
        raise UsageError(f"{named} was made by another kit than this one: sign it with the kit that made it.")
    path = run.folder / attestation.FILE
    try:
        payload = json.dumps(attestation.of_run(run.folder, run.results), separators=(",", ":")).encode()
        unsigned = attestation.Envelope(payload, ())
        signed = attestation.Envelope(payload, ((key.id, key.sign(unsigned.signed)),))
        write_json(path, signed.to_json())
    except OSError as problem:
        raise UsageError(f"{path} cannot be written ({problem.strerror}): make room there and sign again.") from None
    return path


def verify(options: Mapping[str, Any]) -> int:
    """Looks at every point of a run and says what it shows; VERIFIED where each of them holds."""
    key = keys.verifying_key(options["key"]) if options["key"] else None
    run = archive.open_run(options["run"])
    points = verification.verify(run, key)
    good = all(point.holds is not False for point in points)
    if options["as_json"]:
        found = [{"holds": point.holds, "words": point.words} for point in points]
        said = {"run": str(run.folder), "verified": good, "verdict": run.results.verdict, "points": found}
        click.echo(json.dumps(said, indent=1, ensure_ascii=False))
    else:
        _tell(run, points, good=good)
    return VERIFIED if good else NOT_VERIFIED


def _tell(run: Archived, points: list[Point], *, good: bool) -> None:
    bad = sum(point.holds is False for point in points)
    click.echo("VERIFIED" if good else f"NOT VERIFIED: {count(bad, 'point')} {'does' if bad == 1 else 'do'} not hold")
    results = run.results
    verdict = results.verdict.replace("_", " ")
    click.echo(_safe(f"It says: {results.target.get('url')} is {verdict}, {results.run.get('started')}."))
    for point in sorted(points, key=lambda one: (one.holds is not False, one.holds is None)):
        click.echo(_safe(f"  {MARKS[point.holds]} {point.words}"))
    click.echo(PROVES)


def _safe(text: str) -> str:
    """Without characters that write over a screen."""
    return "".join(c if c.isprintable() else " " for c in text)
