"""Orders on request: `--provision CMD` runs the user's command with STATE COUNT JOURNEY and reads ids, one a line.

The command is started without a shell and without the run's secrets. Printing nothing and leaving with 0 means "not
that state": the run looks elsewhere. A command that breaks is the user's to mend, so it stops the run.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping

from selfship import outcome
from selfship.credentials import Secrets, stripped
from selfship.errors import UsageError
from selfship.lifecycle import Journey, State

TIMEOUT_S = 120.0


class Provision:
    """The user's command, as the supply calls it. `remarks`: a sentence for each request that brought too little."""

    def __init__(
        self,
        command: str,
        *,
        secrets: Secrets | None = None,
        environ: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as problem:
            raise UsageError(f"--provision cannot be read ({problem}): close the quotes in it.") from None
        if not self._words:
            raise UsageError("--provision is empty: give a command, such as --provision './make-orders'.")
        self._environ = stripped(secrets or Secrets(), environ)
        self._timeout_s = timeout_s
        self.remarks: list[str] = []

    def __call__(self, state: State, count: int, journey: Journey) -> list[str]:
        """At most `count` new order ids in `state`, [] where the command makes none. UsageError where it breaks."""
        request = [state.value, str(count), journey.value]
        ids = self._ids(self._run(request), request)
        if len(ids) < count:
            self.remarks.append(f"{self._called(request)} printed {len(ids)} of {count} order ids.")
        return ids[:count]

    def _called(self, request: list[str]) -> str:
        return f"The provisioning command `{shlex.join([self._words[0], *request])}`"

    def _run(self, request: list[str]) -> str:
        try:
            process = subprocess.Popen(  # noqa: S603 - running the user's command is what the option is for
                [*self._words, *request],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environ,
                # The command's paths are the user's, and the run may have left the user's folder.
                cwd=outcome.started_in,
                start_new_session=True,
            )
        except OSError as problem:
            raise UsageError(
                f"The provisioning command {self._words[0]} cannot be started ({problem.strerror}): check its path."
            ) from None
        with process:
            try:
                out, err = process.communicate(timeout=self._timeout_s)
            except subprocess.TimeoutExpired:
                _kill(process)
                raise UsageError(
                    f"{self._called(request)} did not end within {self._timeout_s:g} s: make it quicker."
                ) from None
            except BaseException:
                _kill(process)
                raise
        if process.returncode:
            raise UsageError(
                f"{self._called(request)} left with status {process.returncode}{_last_words(err)}: mend it, "
                "or let it print nothing for what it cannot make."
            )
        return out.decode("utf-8", "replace")

    def _ids(self, printed: str, request: list[str]) -> list[str]:
        ids = [line.strip() for line in printed.splitlines() if line.strip()]
        for order in ids:
            if len(order.split()) != 1 or len(order) > 100:
                raise UsageError(
                    f"{self._called(request)} printed {order[:60]!r} where an order id should stand: "
                    "print ids alone, one a line, and the rest to stderr."
                )
        return list(dict.fromkeys(ids))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the command and whatever it started: they share a session of their own."""
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _last_words(err: bytes) -> str:
    lines = err.decode("utf-8", "replace").strip().splitlines()
    return f" ({lines[-1].strip()[:200]})" if lines else ""
