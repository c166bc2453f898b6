"""A text file that the user named: what is in it, or one sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

from selfship.errors import UsageError


def text_of(named: Path, kind: str, base: Path | None = None) -> str:
    """What is in the file `named` (relative to `base`), a byte order mark aside. UsageError where it cannot be read.

    `kind`: what it should be, for the sentence, such as "orders file".
    """
    try:
        return ((base or Path.cwd()) / named.expanduser()).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"There is no {kind} {named}: check the path.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{named} is not a text file in UTF-8: save it as such.") from None
    except OSError as problem:
        raise UsageError(f"{named} cannot be read ({problem.strerror}): check the path and its permissions.") from None
