"""Keeps named children running: says how each start went, restarts what dies, stops everything in order."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from devstack.child import Child, stop_together
from devstack.errors import StackError, describe_exit

STEADY = 10.0  # seconds after which a child counts as having started well
FIRST_DELAY, LONGEST_DELAY = 0.1, 15.0  # seconds before a restart; doubled with each failure in a row


class StopRequested(KeyboardInterrupt):
    """SIGINT, SIGTERM or SIGHUP has arrived."""


def say(text: str) -> None:
    """A line for the terminal; a terminal that is gone is no reason to fall over."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Within, the stop signals raise StopRequested in the main thread, each time they come."""

    def raise_stop(number: int, frame: object) -> None:
        raise StopRequested(number)

    previous = {number: signal.signal(number, raise_stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@dataclass
class _Watched:
    child: Child
    failures: int = 0
    restart_at: float | None = None
    announced: bool = True


class Supervisor:
    """Children in order of importance; the stop order is last group first."""

    def __init__(self, report: Callable[[str], None] = say) -> None:
        self._watched: list[_Watched] = []
        self._groups: list[list[Child]] = []
        self._report = report

    def watch(self, *children: Child) -> None:
        """Keep these started children running; they stop together, before every group watched earlier."""
        self._groups.append(list(children))
        self._watched += [_Watched(child) for child in children]

    def step(self) -> None:
        """Look once at every child: notice deaths, restart what is due, say what has come back."""
        now = time.monotonic()
        for watched in self._watched:
            if watched.restart_at is not None:
                if now >= watched.restart_at:
                    self._restart(watched)
            elif watched.child.exit_code() is not None:
                self._note_death(watched, now)
            elif not watched.announced and watched.child.is_ready():
                watched.announced = True
                self._report(f"{watched.child.title} is back ({now - watched.child.started:.1f} s)")

    def _note_death(self, watched: _Watched, now: float) -> None:
        child, code = watched.child, watched.child.exit_code()
        if now - child.started > STEADY:
            watched.failures = 0
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2**watched.failures)
        watched.failures += 1
        watched.restart_at = now + delay
        lines = "".join(f"\n    {line}" for line in child.tail().splitlines())
        how = describe_exit(code if code is not None else 0)
        self._report(f"{child.title} ended with {how}; it starts again in {delay:.1f} s. Its last lines:{lines}")
        child.finish(now)  # what it has left behind must not meet its successor

    def _restart(self, watched: _Watched) -> None:
        watched.restart_at = None
        watched.announced = False
        try:
            watched.child.start()
        except (StackError, OSError) as error:
            delay = min(LONGEST_DELAY, FIRST_DELAY * 2**watched.failures)
            watched.failures += 1
            watched.restart_at = time.monotonic() + delay
            self._report(f"{watched.child.title} could not be started: {error} It is tried again in {delay:.1f} s.")

    def restart_now(self, child: Child) -> None:
        """Stop a child, if it runs, and start it at once, whatever its failures; says so when it answers."""
        for watched in self._watched:
            if watched.child is child:
                child.ask_to_stop()
                child.finish_within_patience()
                watched.failures = 0
                self._restart(watched)

    def stop(self) -> None:
        """Stop everything, the latest group first. Bounded: each group has its children's patience, then SIGKILL."""
        groups, self._groups, self._watched = self._groups, [], []
        interrupted = False
        for group in reversed(groups):
            if interrupted:
                for child in group:
                    child.ask_to_stop()
            try:
                stop_together(group)
            except StopRequested:  # asked again: that group was killed, the servers still get their time
                interrupted = True
        if interrupted:
            self._report("Stopped at once, as asked.")
