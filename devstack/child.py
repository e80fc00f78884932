"""One process that is kept running: how it starts, when it is ready, how it stops."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from devstack.errors import StackError, from_log
from devstack.processes import Command, PidFile, last_lines, spawn

LARGEST_LOG = 8 * 1024 * 1024  # bytes; a longer one is set aside as NAME.log.1 at the next start


class Child:
    """A named process. ``command`` is asked at each start, so that a restart may differ (another port)."""

    def __init__(
        self,
        name: str,
        command: Callable[[], Command],
        *,
        log: Path,
        pid_file: PidFile,
        title: str = "",
        before: Callable[[], None] = lambda: None,
        ready: Callable[[int], bool] = lambda pid: True,
        stop_signal: int = signal.SIGTERM,
        death_signal: int | None = None,
        patience: float = 10.0,
    ) -> None:
        """``before`` runs ahead of each start; ``ready`` is polled with the pid; ``patience`` seconds to stop in.

        ``death_signal`` (``stop_signal`` by default) is what it gets when this process is killed.
        """
        self.name = name
        self.title = title or name
        self.log = log
        self.pid_file = pid_file
        self.stop_signal = stop_signal
        self.patience = patience
        self._death_signal = stop_signal if death_signal is None else death_signal
        self._command = command
        self._before = before
        self._ready = ready
        self._log_start = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0

    def start(self) -> None:
        """Start the process, after whatever an earlier, killed run has left. Raises StackError, OSError."""
        self.stop_orphan()
        self._before()
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_name(self.log.name + ".1"))
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self.started = time.monotonic()
        self.process = spawn(self._command(), self.log, self._death_signal)
        self.pid_file.write(self.process.pid)

    def stop_orphan(self) -> None:
        """Stop the process that an earlier, killed run has left behind, if there is one."""
        if self.process is None:
            self.pid_file.stop_orphan(self.stop_signal)

    @property
    def pid(self) -> int:
        """The process id; raises StackError where it was never started."""
        if self.process is None:
            raise StackError(f"{self.title} was not started.")
        return self.process.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative is the signal that ended it."""
        return None if self.process is None else self.process.poll()

    def is_ready(self) -> bool:
        """Whether it answers. Raises StackError, with its last lines, where it has ended."""
        if self.exit_code() is not None:
            raise self.failure()
        return self._ready(self.pid)

    def wait_ready(self, seconds: float = 30.0) -> float:
        """Seconds from start to ready. Raises StackError where it ends first or takes longer than ``seconds``."""
        while not self.is_ready():
            if time.monotonic() - self.started > seconds:
                raise self.failure()
            time.sleep(0.01)
        return time.monotonic() - self.started

    def tail(self, count: int = 8) -> str:
        """The last lines that it has written since it was started."""
        return last_lines(self.log, count, self._log_start)

    def failure(self) -> StackError:
        """Why it is not there, in a sentence."""
        return from_log(self.title, self.exit_code(), self.log, self.tail())

    def signal_group(self, number: int) -> None:
        """Signal it and what it has started in its session."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def hang_up(self) -> bool:
        """Send SIGHUP, to it alone; whether it runs."""
        if self.process is None or self.process.poll() is not None:
            return False
        self.process.send_signal(signal.SIGHUP)
        return True

    def ask_to_stop(self) -> None:
        """Send the stop signal, to it alone: it stops its own children in its own order."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def finish_within_patience(self) -> None:
        """As :meth:`finish`, from now on."""
        self.finish(time.monotonic() + self.patience)

    def finish(self, deadline: float) -> None:
        """Wait until ``deadline`` (monotonic seconds), then kill; nothing of its session is left afterwards."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.signal_group(signal.SIGKILL)
            self.process.wait()
        self.signal_group(signal.SIGKILL)
        self.pid_file.remove()
        self.process = None


def stop_together(children: list[Child]) -> None:
    """Stop all of them at once, each within its patience."""
    for child in children:
        child.ask_to_stop()
    began = time.monotonic()
    try:
        for child in children:
            child.finish(began + child.patience)
    except BaseException:  # a second Ctrl-C: no more patience, but nothing may stay
        for child in children:
            child.finish(0.0)
        raise
