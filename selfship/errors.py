"""What can go wrong outside the host's own conduct.

    KitError                  anything the kit reports as its own or its user's doing
    ├── UsageError            a flag, a profile, an orders file: exit 2
    │   └── UnreachableError  nothing answers at the host's address, or it refuses the credentials: exit 2
    ├── MachineError          the disk is full, a file may not be opened: exit 3
    └── BrokenKitError        the kit broke, never the host's fault: exit 3
        └── LeakError         a file would have held a secret, and was not written: exit 3

Each message is one sentence for a person, and ends with what to do. A host that misbehaves is never an exception
of this tree: that is a finding.
"""

from __future__ import annotations

import errno


class KitError(Exception):
    """Base of all; `exit_status` is what the command returns."""

    exit_status = 3


class UsageError(KitError):
    exit_status = 2


class UnreachableError(UsageError):
    pass


class BrokenKitError(KitError):
    pass


class MachineError(KitError):
    """What the machine does not give: room on the disk, permission, open files. Neither the host's fault nor ours."""


_MACHINE = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EFBIG: "raise the largest size that a file may have (ulimit -f)",
    errno.EROFS: "name a folder that can be written to",
    errno.EACCES: "name a folder that is yours",
    errno.EPERM: "name a folder that is yours",
    errno.EMFILE: "raise the limit (ulimit -n), or give a smaller --concurrency",
    errno.ENFILE: "raise the machine's limit, or give a smaller --concurrency",
    errno.ENOMEM: "free some, or give a smaller --concurrency",
}


def advice(problem: OSError) -> str | None:
    """What to do about what the machine does not give; None where `problem` is not of that kind."""
    return _MACHINE.get(problem.errno or 0)


def of_machine(problem: BaseException) -> MachineError | None:
    """`problem` as one sentence, where the machine is what fails."""
    what = advice(problem) if isinstance(problem, OSError) else None
    if what is None or not isinstance(problem, OSError):
        return None
    where = f"{problem.filename}: " if problem.filename else ""
    return MachineError(f"{where}{problem.strerror}: {what}.")


class LeakError(BrokenKitError):
    """`file` would have held the content of the variable `name`; the secret itself is never told."""

    def __init__(self, file: str, name: str) -> None:
        self.file, self.name = file, name
        super().__init__(
            f"{file} was not written, for it would have held the content of {name}: report this, with what you see "
            "here; the other files of the run are whole."
        )
