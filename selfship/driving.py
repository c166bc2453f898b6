"""One pytest session that certifies a host: its run, its bench, its files and its terminal.

The plugin asks; this decides what a test's end means. It is a pytest plugin itself, for the hooks of pytest-html.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from _pytest.runner import runtestprotocol
from rich.text import Text

from selfship import judging, outcome, paths, secrecy, session
from selfship.comparing.command import Baseline
from selfship.errors import LeakError, UsageError, advice
from selfship.judging import Bench, Check
from selfship.preflight import Stop
from selfship.results import Results
from selfship.run import Run
from selfship.shards import Holds, Shard
from selfship.stability import Stability
from selfship.telling import check_of, evidence, tell
from selfship.terminal import OWN_MOCK, Terminal
from selfship.verdict import EXIT_STATUS, RunVerdict, Verdict
from selfship.waiving import excusing
from selfship.waiving.file import Waiver, load_waivers, refuse_unknown_checks

if TYPE_CHECKING:
    from selfship.signing.command import Signing

INTERRUPTED = 130


class Driving:
    """Made for every session; it comes to life where suite tests are selected."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.run: Run | None = None
        self.bench = Bench()
        self.results: Results | None = None
        self.certificate: Path | None = None
        self._stack = ExitStack()
        self._narrowed = False
        self._terminal: Terminal | None = None
        self._judged: set[str] = set()
        self._expected = 0
        self._abandoned = False
        self._leak: LeakError | None = None
        self._waivers: list[Waiver] = []
        self._baseline: Baseline | None = None
        self._compared: list[Text] = []
        self._signing: Signing | None = None
        self.shard: Shard | None = None
        self.holds: Holds | None = None
        self.collected: Sequence[str] = ()
        """The checks there are, before any was deselected."""
        self._again: list[Check] | None = None

    @property
    def certifying(self) -> bool:
        """Whether the suites are what this session was asked for."""
        named = [Path(str(arg).split("::")[0]) for arg in self.config.args]
        base = self.config.invocation_params.dir
        return any((base / path).resolve().is_relative_to(paths.SUITES) for path in named)

    @property
    def by_command(self) -> bool:
        """Whether `selfship certify` started the session: then the screen is ours, not pytest's."""
        return outcome.started_in is not None

    @property
    def stopped(self) -> Stop | None:
        return self.run.stop if self.run else None

    @property
    def trouble(self) -> OSError | None:
        """Why what happens is not on disk any more, where it is not."""
        return self.run.recorder.trouble if self.run else None

    @property
    def base(self) -> Path:
        return outcome.started_in or self.config.invocation_params.dir

    def prepare_reports(self) -> None:
        """JUnit and pytest-html go into the run's folder, unless the user has put them elsewhere."""
        options = self.config.option
        if getattr(options, "collectonly", False):
            return
        if options.out is None:
            now = session.now()
            options.out = str(outcome.folder(self.base, options.host, now))
        if outcome.lean():
            return
        self._ask_for_reports(self.base / options.out)
        if self.by_command:
            self._terminal = Terminal(quiet=options.verbose < 0, redact=self._redact)

    def prepare_gate(self) -> None:
        """UsageError where the waivers, the baseline or the key that were given are none."""
        waivers, baseline = self.config.getoption("waivers"), self.config.getoption("baseline")
        self._waivers = load_waivers(Path(waivers), self.base) if waivers else []
        self._baseline = Baseline(Path(baseline), self.base) if baseline else None
        if sign := self.config.getoption("sign"):
            from selfship.signing.command import Signing

            if getattr(self.config.option, "dist", "no") != "no":
                raise UsageError("--sign signs one run: merge those of the workers, then sign that: `selfship sign`.")
            self._signing = Signing(self.base / sign)

    def prepare_shard(self) -> None:
        """UsageError where `--shard` makes no sense."""
        options = self.config.option
        if worker := getattr(self.config, "workerinput", None):
            # Of pytest-xdist, with --dist each: every worker is a shard, and leaves a run of its own.
            number = int(str(worker["workerid"]).removeprefix("gw")) + 1
            options.shard = f"{number}/{worker['workercount']}"
            options.out = str(self.base / options.out / f"shard-{number}")
        if not options.shard:
            return
        self.shard = Shard.read(options.shard)
        if options.provision:
            raise UsageError("--shard and --provision exclude each other: make the orders first, and name --orders.")
        if not (options.host or options.profile or os.environ.get("SELFSHIP_HOST")):
            raise UsageError("--shard needs a host that all shards share: name it with --host or --profile.")

    @property
    def _whole(self) -> bool:
        named = [(self.base / str(arg).split("::")[0]).resolve() for arg in self.config.args]
        whole = any(path == paths.SUITES or path in (paths.SUITES / "host", *paths.SUITES.parents) for path in named)
        return whole and not any("::" in str(arg) for arg in self.config.args)

    def _ask_for_reports(self, out: Path) -> None:
        options = self.config.option
        if not options.xmlpath:
            options.xmlpath = str(out / "junit.xml")
        if not getattr(options, "htmlpath", None):
            options.htmlpath, options.self_contained_html = str(out / "report.html"), True

    def _redact(self, text: str) -> str:
        return self.run.recorder.redact(text) if self.run else text

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        if self._terminal is not None:
            reporter = config.pluginmanager.getplugin("terminalreporter")
            if reporter is not None:
                config.pluginmanager.unregister(reporter)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        if any(item.path.is_relative_to(paths.SUITES) for item in items):
            self._narrowed = True

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        if self.run:
            report.title = f"selfship: {self.run.config.profile.url}, check by check"

    def open(self, items: list[pytest.Item]) -> Run:
        """The run for these tests. UsageError where it cannot be."""
        names = ("host", "profile", "location", "other_location", "out", "orders", "provision", "touch", "resume")
        numbers = ("concurrency", "rate", "settle", "timeout", "seed", "i_know_this_is_production")
        options = {name: self.config.getoption(name) for name in (*names, *numbers)}
        self._narrowed = self._narrowed or not self._whole
        if self._whole:
            refuse_unknown_checks(self._waivers, self.collected)
        self._expected = len(items)
        self.run = session.open_run(options, self.base, self._stack, self.holds)
        return self.run

    def on_a_pool(self, items: list[pytest.Item]) -> bool:
        """Whether scenarios start ahead of their tests: not for one test, one request at a time, or a debugger."""
        run = self.run
        alone = run is None or run.config.profile.limits.concurrency == 1 or len(items) == 1
        return not alone and not self.config.getoption("usepdb", False)

    def begin(self, checks: int) -> None:
        if threading.current_thread() is threading.main_thread():
            # Whoever stops a run from outside gets its reports, as with Ctrl-C.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        if self._terminal and self.run:
            run = self.run
            own = OWN_MOCK if run.config.embedded else ""
            self._terminal.begin(
                checks, f"{run.config.profile.url}{own}", lambda: (run.requests, run.pace.in_flight, *run.played)
            )

    def abandon(self) -> None:
        """Nothing was judged: ends what was started, and leaves no empty folder."""
        if self._terminal:
            self._terminal.interrupted()
        if self.run:
            self.run.end()
            self.run.drop_journal()
        self.run = None
        self._abandoned = True
        self._stack.close()

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Takes away what JUnit and pytest-html wrote of a run that never was."""
        if not (self._abandoned or (self.run is None and self.by_command)):
            return
        if not getattr(self.config.option, "out", None):
            return
        out = self.base / self.config.option.out
        for name in ("junit.xml", "report.html"):
            (out / name).unlink(missing_ok=True)
        default = [out.parent] if out.parent == self.base / "reports" else []
        for folder in (out, *default):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def judge(
        self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, ids: tuple[str, ...]
    ) -> pytest.TestReport:
        """Puts what a test said on the bench, and makes pytest's report say the same."""
        error = call.excinfo.value if call.excinfo else None
        if self.run and self.trouble:
            # Nothing that happens from here on could be shown.
            self.run.pace.stop()
            item.session.shouldstop = "the run's files cannot be written"
        checks = [check_of(item, one, error) for one in ids]
        if self._again is not None:
            self._again += [replace(check, message=self._redact(check.message)) for check in checks]
            return report
        for check in checks:
            check = self._known(replace(check, message=self._redact(check.message)))
            self.bench.add(check)
        self._judged.add(item.nodeid)
        told = self._excused(check)
        tell(report, told)
        # Of the item: JUnit takes the properties that the report of its teardown gets.
        item.user_properties += [("requirement", told.requirement), ("verdict", told.verdict.value)]
        if check.verdict is Verdict.ERROR:
            report.longrepr = self._redact(str(report.longrepr))
        report.sections = [(name, self._redact(text)) for name, text in report.sections]
        if self.run:
            if not outcome.lean():
                setattr(report, "extras", [*getattr(report, "extras", []), *evidence(check, self.run)])  # noqa: B010 - pytest-html's own attribute
            if self._terminal:
                self._terminal.check(check.verdict)
                self._terminal.tick(self.run.requests, self.run.pace.in_flight, *self.run.played)
        return report

    def _known(self, check: Check) -> Check:
        """A judgement that stumbles over what a host that went away has left undone is no error of the kit."""
        gone = self.run.host.wire.presence.gone if self.run else ""
        if not gone or check.verdict is not Verdict.ERROR:
            return check
        return replace(check, verdict=Verdict.NOT_TESTABLE, message=gone, advice="Run it again.")

    def _excused(self, check: Check) -> Check:
        """As pytest's reports show it: only the end of the run knows at which rule a failure is laid."""
        today = self.run.started.date() if self.run else None
        return excusing.excused([check], self._waivers, today)[0] if today else check

    def try_again(self, items: list[pytest.Item]) -> None:
        """Judges failing checks once more, on new recordings, where that is safe: see `selfship.stability`."""
        run = self.run
        if run is None or run.stop or outcome.lean() or self.config.getoption("usepdb", False):
            return
        checks = session.judged(run, self.bench)
        second = Stability(run, self.bench, checks, judging.fix_first(session.rows(run, self.bench, checks)))
        known = {item.nodeid: item for item in items}
        for trial, recordings in second.tries():
            with run.instead(recordings):
                second.judged(trial, self._once_more(known[trial.check.id]))
        second.tell()

    def _once_more(self, item: pytest.Item) -> list[Check]:
        """What a test says when it is run again; no report of pytest's hears of it."""
        found: list[Check] = []
        self._again = found
        try:
            runtestprotocol(item, log=False, nextitem=None)
        finally:
            self._again = None
        return found

    def end(self, exitstatus: int) -> int | None:
        """Ends the run and writes its files; the exit status of the run, None where there was none."""
        if self.run is None:
            self._stack.close()
            return None
        run = self.run
        interrupted = exitstatus == pytest.ExitCode.INTERRUPTED
        narrowed = self._narrowed or len(self._judged) < self._expected or interrupted
        shard = {"number": self.shard.number, "of": self.shard.of, "whole": not narrowed} if self.shard else None
        narrowed = narrowed or shard is not None
        run.unfinished = interrupted or run.pace.stopped
        run.end()
        if self.trouble:
            self.unwritten(self.trouble)
        try:
            self.results = session.conclude(run, self.bench, narrowed=narrowed, waivers=self._waivers)
            if not interrupted:
                session.refer(run, self.results)
            if shard:
                self.results.run["shard"] = shard
            self.certificate = session.write(run, self.results)
            status = INTERRUPTED if interrupted else excusing.exit_status(self.results)
            if self._baseline:
                status, self._compared = self._baseline.conclude(run.config.out, status)
        except LeakError as leak:
            self._leak = leak
            return EXIT_STATUS[RunVerdict.ERROR]
        except OSError as problem:
            self.unwritten(problem)
        finally:
            self._stack.close()
        outcome.last = outcome.Outcome(status, run.config.out / "results.json", self.certificate)
        if self._terminal:
            self._terminal.finish(self.results, self.certificate, self._compared)
        return status

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None]:
        """The last gate, once everybody has written: takes back a report of pytest's that holds a secret."""
        try:
            yield
        except OSError as problem:
            # Of pytest's own reports: they are written before ours.
            self.unwritten(problem)
        finally:
            for path in self._reports_of_pytest():
                name = secrecy.held(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else None
                if name is not None:
                    path.unlink()
                    self._leak = self._leak or LeakError(path.name, name)
        if self._leak:
            outcome.last = outcome.Outcome(self._leak.exit_status)
            if self._terminal:
                self._terminal.interrupted()
            pytest.exit(str(self._leak), returncode=self._leak.exit_status)

        if self._signing and outcome.last and outcome.last.results_path:
            # The last step: by now nobody writes into the run's folder any more.
            self._close(self._signed(self._signing, outcome.last.results_path.parent))

    def _signed(self, signing: Signing, folder: Path) -> str:
        if outcome.last and outcome.last.exit_status == INTERRUPTED:
            return "Not signed: the run was interrupted."
        try:
            return signing.sign(folder)
        except UsageError as problem:
            outcome.last = outcome.Outcome(problem.exit_status)
            pytest.exit(str(problem), returncode=problem.exit_status)

    def _close(self, words: str) -> None:
        reporter = self.config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(words)
        elif outcome.last is not None:
            outcome.last = replace(outcome.last, closing=words)

    def _reports_of_pytest(self) -> list[Path]:
        options = self.config.option
        named = (getattr(options, "xmlpath", None), getattr(options, "htmlpath", None))
        return [self.base / path for path in named if path] if self.run else []

    def unwritten(self, problem: OSError) -> NoReturn:
        """Ends what was started, where the machine does not take what is to be written: UsageError, in one sentence."""
        outcome.last = outcome.Outcome(EXIT_STATUS[RunVerdict.ERROR])
        if self._terminal:
            self._terminal.interrupted()
        if self.run:
            self.run.end()
        self._stack.close()
        where = self.run.config.out if self.run else "the run's folder"
        then = "" if self.run is None or self.run.config.embedded else f", then `selfship certify --resume {where}`"
        raise pytest.UsageError(
            f"The reports cannot be written to {where} ({problem.strerror or problem}): "
            f"{advice(problem) or 'see what is there'}{then}; what was recorded is in its journal."
        )

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.results is not None and self.run is not None:
            terminalreporter.section(f"selfship: {self.results.verdict.value}")
            for waived in excusing.lapsed(self.results):
                terminalreporter.line(f"{waived.words} Until then the gate fails.")
            for cause in self.results.fix_first[:5]:
                terminalreporter.line(f"{cause.requirement}: {self._redact(cause.message)}")
            for line in self._compared:
                terminalreporter.line(line.plain)
            terminalreporter.line(f"Certificate: {self.certificate}")
