"""Makes requests from the contract with schemathesis: what it covers systematically, and what it draws at random.

`python -m selfship.generating` writes the cases that every certification sends; `drawn` is what `--seed` adds to them.
Schemathesis never touches the network here, and leaves no folder behind.
"""

from __future__ import annotations

import itertools
import json
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, configuration, given
from schemathesis import GenerationMode

from selfship import contract
from selfship.generated import CASES, MOST_OF_TOKEN, Case, fingerprint
from selfship.operations import OPERATIONS, TOKEN_HEADER

COVERED = 12
DRAWN = 4
"""Of each operation, the cases that are kept."""
_LONGEST = 4000
"""Characters of a drawn body: beyond that only its size is tested."""
_lock = threading.Lock()
_home: list[tempfile.TemporaryDirectory[str]] = []


def _no_folder_left() -> None:
    """Hypothesis keeps tables of Unicode in a folder beside the user's work; here they go when we do."""
    with _lock:
        if not _home:
            _home.append(tempfile.TemporaryDirectory(prefix="selfship-", ignore_cleanup_errors=True))
            configuration.set_hypothesis_home_dir(_home[0].name)


@cache
def _operations(edition: contract.Edition) -> dict[str, Any]:
    """Schemathesis's own operations, by our names."""
    _no_folder_left()
    schema = schemathesis.openapi.from_dict(contract.load(edition))
    return {name: schema[operation.path][operation.method] for name, operation in OPERATIONS.items()}


def drawn(operation: str, seed: int, edition: contract.Edition, count: int) -> list[Case]:
    """About `count` random cases, good and bad, always the same for a seed."""
    found: list[Case] = []
    with _lock_for_drawing:
        entry = _operations(edition)[operation]
        for mode in (GenerationMode.NEGATIVE, GenerationMode.POSITIVE):
            # The first example is the smallest there is: the fixed cases have that.
            raw = _examples(entry.as_strategy(generation_mode=mode), seed, count // 2 + 1)[1:]
            found += [case for one in raw if (case := _case(operation, one, f"{mode.value} data, drawn", mode))]
    return _distinct(found)[:count]


_lock_for_drawing = threading.Lock()
"""Schemathesis keeps strategies of its own in caches that know no threads."""


def _examples(strategy: Any, seed: int, count: int) -> list[Any]:
    found: list[Any] = []

    def keep(case: Any) -> None:
        found.append(case)

    chosen = hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    hypothesis.seed(seed)(chosen(given(case=strategy)(keep)))()
    return found[:count]


def _case(operation: str, raw: Any, about: str, mode: GenerationMode) -> Case | None:
    """A schemathesis case as ours; None where it is about a method, a token, or too much."""
    target = OPERATIONS[operation]
    headers = {name.lower(): str(value) for name, value in (raw.headers or {}).items()}
    kept = {name: value for name, value in headers.items() if name == "content-type"}
    if raw.method != target.method or f"`{TOKEN_HEADER}`" in about:
        return None
    good = mode is GenerationMode.POSITIVE
    body, sent = raw.body, type(raw.body).__name__ != "NotSet"
    if isinstance(body, bytes):
        return Case(operation, about, good, dict(raw.query or {}), kept, raw=body)
    try:
        text = json.dumps([body if sent else None, dict(raw.query or {})], allow_nan=False)
    except (TypeError, ValueError):
        return None
    if "drawn" in about and len(text) > _LONGEST:
        return None
    body, query = json.loads(text)
    return Case(operation, about, good, query, kept, body, sent)


def _distinct(found: Iterable[Case]) -> list[Case]:
    """Without those that would send the same request."""
    by_request: dict[str, Case] = {}
    for case in found:
        row = {key: value for key, value in case.to_json().items() if key not in ("about", "good")}
        by_request.setdefault(json.dumps(row, sort_keys=True), case)
    return list(by_request.values())


# The fixed cases


def _covered(operation: str) -> Iterator[Case]:
    """What schemathesis covers systematically: each boundary, each wrong type, each missing field."""
    # Its coverage phase has no public entry but its pytest plugin; only who writes the fixed cases needs it.
    from schemathesis.generation.drivers import CoverageGenerator
    from schemathesis.generation.feedback import NO_FEEDBACK
    from schemathesis.generation.overrides import Override

    entry = _operations("extended")[operation]
    chosen = entry.schema.config.generation_for(operation=entry, phase="coverage")
    found = CoverageGenerator(
        operation=entry,
        generation_modes=chosen.modes,
        generation_config=chosen,
        auth_storage=None,
        override=Override(),
        feedback=NO_FEEDBACK,
    )
    for raw in found:
        if raw.meta is None:
            continue
        about = str(getattr(raw.meta.phase.data, "description", ""))
        if case := _case(operation, raw, about, raw.meta.generation.mode):
            yield case


def _spread(found: list[Case], count: int) -> list[Case]:
    """`count` of them, of as many kinds as there are, good and bad in turn."""
    kinds: dict[bool, dict[str, list[Case]]] = {True: {}, False: {}}
    for case in found:
        # What is wrong, and how deep: not in which field.
        kind = re.sub(r"`.*?`|'.*?'", "", case.about.split(": ")[-1]) + str(case.about.count(": "))
        kinds[case.good].setdefault(kind, []).append(case)
    good, bad = (itertools.chain(*itertools.zip_longest(*of.values())) for of in kinds.values())
    turns = itertools.chain(*itertools.zip_longest(good, bad))
    return [case for case in turns if case is not None][:count]


def _fixed(operation: str) -> list[Case]:
    """The telling cases first: a host that is not on this machine gets only those."""
    found = _distinct(_covered(operation))
    # A read of one order, or of one status, and nothing else: what the rules promise an answer to.
    plain = [case for case in found if case.good and set(case.query) in ({"orderId"}, {"orderStatus"})]
    covered = plain + _spread([case for case in found if case not in plain], COVERED - len(plain))
    if operation == "token":
        # Guessed credentials are left out: only calls that lack one are sent.
        return [case for case in covered if len(case.query) < 2][:MOST_OF_TOKEN]
    extra = drawn(operation, 1, "extended", DRAWN)
    for place, case in enumerate(extra):
        covered.insert(2 + 3 * place, case)
    return covered


def write() -> None:
    """Makes the fixed cases anew, for the contract as it is."""
    made = {name: [case.to_json() for case in _fixed(name)] for name in OPERATIONS}
    lines = ",\n".join(
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]" for name, rows in made.items()
    )
    head = f'"contract": "{fingerprint()}",\n"schemathesis": "{schemathesis.__version__}"'
    CASES.parent.mkdir(exist_ok=True)
    CASES.write_text(f'{{\n{head},\n"cases": {{\n{lines}\n}}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    write()
