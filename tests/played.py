"""Scenarios played on a mock within the test's own process, and the suites' judgements of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from selfship import expect, paths
from selfship.allotment import Ask
from selfship.credentials import Credentials, Secrets
from selfship.mock.serve import running, running_app
from selfship.mock.settings import MockSettings
from selfship.profile import Switches, load, resolve
from selfship.run import Config, Run
from selfship.scenario import Recording

Key = tuple[str, Any]


@contextmanager
def run_on(
    folder: Path,
    keys: Iterable[Key],
    settings: MockSettings | None = None,
    *,
    app: Any = None,
    asks: Sequence[Ask] = (),
    **switches: Any,
) -> Iterator[tuple[Run, list[Recording]]]:
    """A run that has played `keys` on a mock with these settings, or on `app`; `switches` are the profile's."""
    chosen = settings or MockSettings()
    with running(chosen) if app is None else running_app(app) as url:
        profile = resolve(replace(load("mock"), url=url), {}, {})
        profile = replace(profile, switches=replace(profile.switches, **switches))
        assert isinstance(profile.switches, Switches)
        token = None if app is None else "a-token-of-no-use"
        credentials = Credentials(token=token, username=chosen.username, password=chosen.password, names=Secrets())
        run = Run(Config(profile, credentials, folder))
        try:
            if app is None:
                run.begin()
            run.start(keys, asks)
            yield run, [run.recording(*key) for key in keys]
        finally:
            run.end()


def suite(path: str) -> Any:
    """A file of the suites, as a module: their folders are no packages."""
    file = paths.SUITES / "host" / path
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def request_with(**params: Any) -> Any:
    """What a suite test asks of pytest's `request`: its own parameters."""
    return SimpleNamespace(node=SimpleNamespace(callspec=SimpleNamespace(params=params)))


def verdict_of(test: Any, *arguments: Any) -> BaseException | None:
    """What a suite test raises; None where it passes."""
    try:
        test(*arguments)
    except (
        expect.CheckFailedError,
        expect.BlockedError,
        expect.NotTestableError,
        expect.NotApplicableError,
    ) as verdict:
        return verdict
    return None
