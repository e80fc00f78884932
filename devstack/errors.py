"""What can go wrong on the way up, said in a sentence that tells what to do."""

from __future__ import annotations

import errno
from pathlib import Path


class StackError(Exception):
    """The stack cannot start; the message is a sentence for the person at the keyboard."""


def disk_full(where: Path | str) -> StackError:
    """ENOSPC, whoever met it."""
    return StackError(f"The disk that holds {where} is full: free some space there, then start again.")


def from_os_error(error: OSError, where: Path) -> StackError:
    """The sentence for an error of the operating system met while working in ``where``."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT} or "No space left on device" in str(error):
        return disk_full(error.filename or where)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StackError(
            f"{error.filename or where} cannot be used ({error.strerror}): make it yours with chown, "
            "or clone into a folder that you may write to."
        )
    return StackError(f"The operating system refused: {error}.")


def from_log(title: str, exit_code: int | None, log: Path, tail: str) -> StackError:
    """The sentence for a program that ended, or did not become ready, having written ``tail`` to ``log``."""
    if "No space left on device" in tail or "Disk quota exceeded" in tail:
        return disk_full(log.parent.parent)
    how = "did not become ready in time" if exit_code is None else f"ended with {describe_exit(exit_code)}"
    shown = "\n".join(f"    {line}" for line in tail.splitlines()) or "    (it wrote nothing)"
    return StackError(f"{title} {how}. Its last lines, from {log}:\n{shown}")


def describe_exit(code: int) -> str:
    """``-9`` to "signal 9", ``3`` to "exit code 3"."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"
