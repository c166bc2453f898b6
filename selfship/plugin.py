"""The kit as pytest sees it: options, fixtures, marks, and what becomes of each test. Inert where no suite is run.

A suite test is a judgement: it takes recordings of scenarios as fixtures, carries its requirement as a mark, and
raises what `selfship.expect` raises. Scenarios start when collection has ended; see `selfship.run`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark.expression import Expression

# Before the helpers with asserts are imported.
pytest.register_assert_rewrite("selfship.expect")

from selfship import expect, outcome, paths, requirements, shards  # noqa: E402
from selfship.allotment import Ask  # noqa: E402
from selfship.driving import Driving  # noqa: E402
from selfship.errors import KitError, UsageError  # noqa: E402
from selfship.exchanges import Exchange  # noqa: E402
from selfship.host import Host  # noqa: E402
from selfship.lifecycle import Event, State, cell  # noqa: E402
from selfship.nearest import hint  # noqa: E402
from selfship.profile import Switches  # noqa: E402
from selfship.run import Run  # noqa: E402
from selfship.scenario import SCENARIOS, Recording, Scenario, Step  # noqa: E402
from selfship.scenarios import CONTROLS  # noqa: E402
from selfship.scenarios.matrix import WAYS  # noqa: E402

DRIVING = pytest.StashKey[Driving]()
Key = tuple[str, Any]

OPTIONS = (
    ("--host", "URL", "the host to certify; without it, the embedded mock"),
    ("--profile", "FILE.toml|NAME", "how to reach the host and how it reads the documents"),
    ("--location", "CODE", "the location that is certified"),
    ("--other-location", "CODE", "a second one, for the rules that need two"),
    ("--out", "DIR", "where the run's files go"),
    ("--orders", "FILE", "orders by state"),
    ("--provision", "CMD", "command that makes orders: gets STATE COUNT JOURNEY"),
    ("--concurrency", "N", "requests at the same time"),
    ("--rate", "N", "requests a second, 0 for no limit"),
    ("--settle", "SECONDS", "until an accepted change is visible"),
    ("--resume", "RUN", "the folder of a run that was stopped, to go on with"),
    ("--timeout", "SECONDS", "how long one request may take"),
    ("--shard", "K/N", "the K-th of N parts of the run"),
    ("--seed", "N", "explores other generated data than the fixed ones"),
    ("--baseline", "RUN", "an earlier run's folder, to compare with"),
    ("--waivers", "FILE.toml", "failures that somebody answers for until a date"),
    ("--sign", "KEY", "sign the run with this private key"),
    ("--i-know-this-is-production", "HOSTNAME", "writes to a host that looks like production"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("selfship", "certifying a Konnect host")
    for name, metavar, text in OPTIONS:
        group.addoption(name, metavar=metavar, default=None, help=text)
    group.addoption("--touch", metavar="WHAT", action="append", default=[], help="what the run may write to")
    group.addoption("--requirement", metavar="ID", action="append", default=[], help="only this requirement")
    group.addoption("--suite", metavar="NAME", action="append", default=[], help="only this folder of suites/host")
    # pytest has a --quiet of its own; `certify` passes it on.


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(id): the requirement that the test judges")
    config.addinivalue_line("markers", "aided(*scenarios): scenarios that help the test, and that it can do without")
    config.addinivalue_line(
        "markers", "control(*events): the events whose acceptance shows that a refusal means something"
    )
    driving = Driving(config)
    config.stash[DRIVING] = driving
    config.pluginmanager.register(driving, "selfship-driving")
    if driving.certifying:
        _check_names(config)
        try:
            driving.prepare_gate()
            driving.prepare_shard()
        except KitError as problem:
            raise pytest.UsageError(str(problem)) from None
        driving.prepare_reports()


def _check_names(config: pytest.Config) -> None:
    """UsageError for a requirement or a suite that does not exist: before a host is called."""
    known = list(requirements.load())
    folders = sorted(path.name for path in (paths.SUITES / "host").iterdir() if path.is_dir() and path.name[0] != "_")
    for one in config.getoption("requirement"):
        if one not in known:
            raise pytest.UsageError(f"--requirement {one}: there is no such requirement{hint(one, known)}")
    for one in config.getoption("suite"):
        if one not in folders:
            listed = f" (there are {', '.join(folders)})"
            raise pytest.UsageError(f"--suite {one}: there is no such suite{listed}{hint(one, folders)}")
    try:
        # pytest itself looks at it only when a run has begun.
        Expression.compile(config.option.keyword)
    except SyntaxError as problem:
        raise pytest.UsageError(
            f"-k {config.option.keyword!r} is no expression of pytest's ({problem.msg}): write -k 'word and not other'."
        ) from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    mine = [item for item in items if of_suites(item)]
    if not mine:
        return
    table = requirements.load()
    for item in mine:
        ids = requirement_ids(item)
        if not ids:
            raise pytest.UsageError(f"{item.nodeid} names no requirement: mark it with @pytest.mark.requirement.")
        for one in ids:
            if one not in table:
                raise pytest.UsageError(f"{item.nodeid}: {one} is not in contracts/requirements.yaml.")
    config.stash[DRIVING].collected = [item.nodeid for item in mine]
    keep, drop = _selected(config, items)
    if drop:
        config.hook.pytest_deselected(items=drop)
    keep = _of_the_shard(config.stash[DRIVING], keep)
    # What may want to look again in peace comes late, and what judges the whole run's traffic last.
    items[:] = sorted(keep, key=lambda item: [name in _arguments(item) for name in LATE])


LATE = ("traffic", "run")


def _arguments(item: pytest.Item) -> Iterable[str]:
    """What a test itself asks for; its fixtures may ask for more."""
    test = getattr(item, "obj", None)
    return inspect.signature(test).parameters if callable(test) else ()


def _selected(config: pytest.Config, items: list[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    wanted, suites = config.getoption("requirement"), config.getoption("suite")

    def chosen(item: pytest.Item) -> bool:
        if not of_suites(item):
            return True
        if wanted and not set(wanted).intersection(requirement_ids(item)):
            return False
        return not suites or bool(set(suites).intersection(item.path.relative_to(paths.SUITES).parts))

    return [item for item in items if chosen(item)], [item for item in items if not chosen(item)]


def _of_the_shard(driving: Driving, items: list[pytest.Item]) -> list[pytest.Item]:
    if driving.shard is None:
        return items
    checks = [
        shards.Wanted(
            item.nodeid,
            tuple(scenarios_of(item)),
            tuple(needed(item)),
            everywhere="traffic" in getattr(item, "fixturenames", ()),
        )
        for item in items
        if of_suites(item)
    ]
    mine, driving.holds = shards.parted(checks, driving.shard, SHARED)
    return [item for item in items if item.nodeid in mine or not of_suites(item)]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    mine = [item for item in session.items if of_suites(item)]
    # pytest comes here even where a file could not be collected: a host is not troubled for half a suite.
    if not mine or config.option.collectonly or session.testsfailed:
        return
    driving = config.stash[DRIVING]
    try:
        run = driving.open(mine)
        keys = {key for item in mine for key in needed(item)}
        if run.begin(keys) is None and driving.on_a_pool(mine):
            run.start(keys, [ask for item in mine for ask in ask_of(item)])
    except OSError as problem:
        driving.unwritten(problem)
    except (KitError, UsageError) as problem:
        driving.abandon()
        outcome.last = outcome.Outcome(problem.exit_status)
        raise pytest.UsageError(str(problem)) from None
    driving.begin(len(mine))


def of_suites(item: pytest.Item) -> bool:
    return _within_suites(item.path)


@cache
def _within_suites(path: Path) -> bool:
    return path.is_relative_to(paths.SUITES)


def requirement_ids(item: pytest.Item) -> tuple[str, ...]:
    return tuple(str(one) for mark in item.iter_markers("requirement") for one in mark.args)


BASE = (("intake", None), ("stepwise", None), ("auto", None), ("rto", None), ("return_journey", None))
"""What is played where a test judges the run's traffic as a whole."""
SHARED = frozenset({*CONTROLS.values(), *(name for name, _ in BASE)})
"""Scenarios that so many tests need that each shard plays them."""


def needed(item: pytest.Item) -> Iterator[Key]:
    """The scenarios that a test rests on, by its fixtures, its parameters and its controls."""
    yield from scenarios_of(item)
    if "traffic" in getattr(item, "fixturenames", ()):
        yield from BASE
    yield from ((CONTROLS[event], None) for event in controls(item))


def ask_of(item: pytest.Item) -> Iterator[Ask]:
    """What a test wants of the orders, for the allotment: its scenarios, and the events that are its controls."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    aided = {name for mark in item.iter_markers("aided") for name in mark.args}
    names = [name for name in getattr(item, "fixturenames", ()) if name in SCENARIOS and name not in aided]
    keys = frozenset((name, params.get(name)) for name in names)
    state = next((value for value in params.values() if isinstance(value, State)), None)
    state = state or WAYS.get(str(params.get("by_another_way")), (None,))[0]
    events = {one for one in controls(item) if state is None or cell(state, one).outcome != "unchanged"}
    for one in requirement_ids(item):
        yield Ask(one, requirements.load()[one].level, keys, frozenset(events))


def scenarios_of(item: pytest.Item) -> Iterator[Key]:
    """The scenarios whose recordings a test takes."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    return ((name, params.get(name)) for name in getattr(item, "fixturenames", ()) if name in SCENARIOS)


def controls(item: pytest.Item) -> list[Event]:
    """The events whose acceptance a test wants to have been seen: those it is marked with, and its parameters."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    found = [event for mark in item.iter_markers("control") for event in mark.args]
    return found + [value for value in params.values() if isinstance(value, Event)]


# Fixtures


def _scenario_fixture(which: Scenario) -> Callable[..., Recording]:
    @pytest.fixture(scope="session", name=which.name)
    def play(request: pytest.FixtureRequest, run: Run) -> Recording:
        return run.recording(which.name, getattr(request, "param", None))

    return play


for _name, _which in SCENARIOS.items():
    globals()[f"scenario_{_name}"] = _scenario_fixture(_which)


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Run:
    """The run that the selected tests share."""
    current = pytestconfig.stash[DRIVING].run
    if current is None:
        raise RuntimeError("no run was opened")
    return current


@pytest.fixture(scope="session")
def host(run: Run) -> Host:
    """What the run knows of the host."""
    return run.host


@pytest.fixture
def control(run: Run) -> Callable[[Event], Step | None]:
    """The step in which an event was accepted, None where it never was."""

    def find(event: Event) -> Step | None:
        run.recording(CONTROLS[event])
        return run.host.accepted.get(event)

    return find


@pytest.fixture(scope="session")
def traffic(run: Run) -> list[Exchange]:
    """Every exchange of the run, once all its scenarios have ended."""
    for key in BASE:
        run.recording(*key)
    run.recordings()
    return run.exchanges()


@pytest.fixture(scope="session")
def switches(traffic: list[Exchange], run: Run) -> Switches:  # noqa: ARG001 - it waits for the last scenario
    """How the host reads the documents, as the results say it: by its profile, or found out by the end of the run."""
    return run.host.switches()


# What becomes of a test


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if not of_suites(item):
        return
    expect.seen.clear()
    expect.under[:] = requirement_ids(item)
    stop = item.config.stash[DRIVING].stopped
    if stop is not None:
        # Before any fixture plays a scenario on a host that cannot be judged.
        raise expect.BlockedError(stop.rule, f"The pre-flight stopped the run: {stop.message}", (stop.exchange,))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    option = item.config.option
    style = option.tbstyle
    told = expect.VERDICTS if not item.config.stash[DRIVING].trouble else BaseException
    if of_suites(item) and call.excinfo is not None and isinstance(call.excinfo.value, told):
        # A verdict is no accident: nobody reads its traceback, and in pytest's own style it takes 20 ms to write.
        option.tbstyle = "native"
    try:
        report = yield
    finally:
        option.tbstyle = style
    if not of_suites(item) or call.when == "teardown" or (call.when == "setup" and call.excinfo is None):
        return report
    return item.config.stash[DRIVING].judge(item, call, report, requirement_ids(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    result = yield
    session.config.stash[DRIVING].try_again(session.items)
    return result


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
    status = session.config.stash[DRIVING].end(int(exitstatus))
    if status is not None:
        session.exitstatus = status
