"""What can go wrong outside the host's own conduct.

    KitError                  anything the kit reports as its own or its user's doing
    ├── UsageError            a flag, a profile, an orders file: exit 2
    │   └── UnreachableError  nothing answers at the host's address, or it refuses the credentials: exit 2
    └── BrokenKitError        the kit broke, never the host's fault: exit 3
        └── LeakError         a file would have held a secret, and was not written: exit 3

Each message is one sentence for a person, and ends with what to do. A host that misbehaves is never an exception
of this tree: that is a finding.
"""

from __future__ import annotations


class KitError(Exception):
    """Base of all; `exit_status` is what the command returns."""

    exit_status = 3


class UsageError(KitError):
    exit_status = 2


class UnreachableError(UsageError):
    pass


class BrokenKitError(KitError):
    pass


class LeakError(BrokenKitError):
    """`file` would have held the content of the variable `name`; the secret itself is never told."""

    def __init__(self, file: str, name: str) -> None:
        self.file, self.name = file, name
        super().__init__(
            f"{file} was not written, for it would have held the content of {name}: report this, with what you see "
            "here; the other files of the run are whole."
        )
