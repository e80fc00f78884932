"""Child processes that do not outlive this one, and the recognition of those that did."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from pwd import struct_passwd

PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Command:
    """What to execute. ``user`` is whom to become first (as root only); None stays."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    user: struct_passwd | None = None


def _die_with(parent: int, death_signal: int) -> Callable[[], None]:
    def between_fork_and_exec() -> None:
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:  # died before the line above
                os._exit(1)

    return between_fork_and_exec


def spawn(command: Command, log: Path, death_signal: int) -> subprocess.Popen[bytes]:
    """Start ``command`` in a session of its own, its output appended to ``log``.

    On Linux the kernel sends ``death_signal`` when this process ends, whichever way. The kernel watches the starting
    thread, so that only children of the main thread get it; others rely on :func:`stop_orphan` at the next start.
    """
    bound = _LIBC is not None and threading.current_thread() is threading.main_thread()
    identity: dict[str, object] = {}
    if command.user is not None:
        identity = {"user": command.user.pw_uid, "group": command.user.pw_gid, "extra_groups": []}
    with log.open("ab") as output:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            list(command.argv),
            env=dict(command.env),
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            preexec_fn=_die_with(os.getpid(), death_signal) if bound else None,
            **identity,
        )


def command_line(pid: int) -> str | None:
    """The command line of a running process, None where there is none (a zombie has none)."""
    if sys.platform == "linux":
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return None
        return raw.replace(b"\0", b" ").decode(errors="replace").strip() or None
    shown = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip() or None


def started_at(pid: int) -> str | None:
    """When a process started, as the system says it: with the pid, its identity until the next boot."""
    if sys.platform == "linux":
        try:
            # The second field, the name, may hold anything but its own closing parenthesis comes last.
            return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        except (OSError, IndexError):
            return None
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip() or None


@dataclass
class PidFile:
    """Who runs as what, so that a later start can find it. ``marks`` must all stand in its command line."""

    file: Path
    marks: Sequence[str] = field(default_factory=tuple)

    def write(self, pid: int) -> None:
        """Note that ``pid`` is ours."""
        self.file.write_text(json.dumps({"pid": pid, "started": started_at(pid)}), encoding="utf-8")

    def remove(self) -> None:
        """Nothing of ours runs any more."""
        self.file.unlink(missing_ok=True)

    def living(self) -> int | None:
        """The pid of the process noted, if it is still that process."""
        try:
            noted = json.loads(self.file.read_text(encoding="utf-8"))
            pid, started = int(noted["pid"]), noted["started"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return pid if started is not None and started == started_at(pid) and is_ours(pid, self.marks) else None

    def stop_orphan(self, stop_signal: int) -> None:
        """Stop the process noted, if it still runs, and forget it."""
        pid = self.living()
        if pid is not None:
            stop_orphan(pid, self.marks, stop_signal)
        self.remove()


def is_ours(pid: int, marks: Sequence[str]) -> bool:
    """Whether ``pid`` runs with every one of ``marks`` (program, data folder) in its command line."""
    line = command_line(pid) if pid > 1 else None
    return line is not None and all(mark in line for mark in marks)


def stop_orphan(pid: int, marks: Sequence[str], stop_signal: int, patience: float = 5.0) -> None:
    """Stop a process of an earlier run that is not our child: politely, and after ``patience`` seconds for good.

    What it started itself goes with it: every child here leads a session of its own.
    """
    for number, wait in ((stop_signal, patience), (signal.SIGKILL, 2.0)):
        if not is_ours(pid, marks):
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
            if number == signal.SIGKILL and os.getpgid(pid) == pid:
                os.killpg(pid, number)
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline and is_ours(pid, marks):
            time.sleep(0.02)


def last_lines(log: Path, count: int = 8, since: int = 0) -> str:
    """The last ``count`` lines written to ``log`` after byte ``since``."""
    try:
        with log.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(since if since <= size else 0, size - 16384))
            text = stream.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-count:])
