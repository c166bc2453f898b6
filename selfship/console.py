"""The process that a person started: what its streams do when nobody reads them, and what stops it.

A closed terminal or `| head` takes away a stream, never a verdict. Whatever asks a run to end does it as Ctrl-C does.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TextIO, cast

LEFT = (errno.EPIPE, errno.EIO)
"""A reader that went away, and a terminal that was closed. A disk that is full is no reader's wish: that is said."""
STOPS = ("SIGTERM", "SIGHUP")


class _Patient(io.FileIO):
    """A file that takes what nobody reads any more, and drops it."""

    whatever = False
    """Whether nothing is ever missed, be it for a full disk: what is said here also stands elsewhere."""

    def write(self, data: object) -> int | None:  # type: ignore[override]
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as problem:
            if problem.errno not in LEFT and not self.whatever:
                raise
            # Whoever else writes to this descriptor is spared the same.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return len(cast(bytes, data))


def patient(
    descriptor: int, encoding: str | None, *, errors: str = "replace", owned: bool = False, whatever: bool = False
) -> TextIO:
    """A text stream on `descriptor` that outlives its reader, with `whatever` all else too.

    It is closed with the descriptor where it is `owned`.
    """
    raw = _Patient(descriptor, "w", closefd=owned)
    raw.whatever = whatever
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding or "utf-8", errors=errors, line_buffering=raw.isatty()
    )


def settle() -> None:
    """Makes the streams of this process patient, and gives it stand-ins for those that were closed beforehand."""
    # In their order: what is opened takes the lowest number that is free.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        try:
            descriptor = stream.fileno()
        except (OSError, AttributeError, io.UnsupportedOperation):
            continue
        stream.flush()
        setattr(sys, name, patient(descriptor, stream.encoding, errors=stream.errors or "replace"))


def heed_stops() -> None:
    """From now on SIGTERM and a closed terminal do what Ctrl-C does, unless whoever started us has them ignored."""
    if threading.current_thread() is not threading.main_thread():
        return
    for name in STOPS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
