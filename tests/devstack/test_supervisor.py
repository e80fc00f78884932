from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devstack.child import Child
from devstack.errors import StackError
from devstack.processes import Command, PidFile, command_line
from devstack.supervisor import StopRequested, Supervisor, stop_signals

QUIET = "import signal; signal.pause()"
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN); print("deaf", flush=True)
while 1: signal.pause()
"""
FAILS_ONCE = """
import pathlib, signal
first = pathlib.Path("first")
if not first.exists():
    first.touch(); print("no broker"); exit(3)
signal.pause()
"""
NOTES_ITS_END = """
import signal, sys, time
def end(*_):
    open(sys.argv[1], "a").write(sys.argv[2] + "\\n"); sys.exit()
signal.signal(signal.SIGTERM, end); print("listening", flush=True)
while 1: signal.pause()
"""


def child(directory: Path, name: str, program: str, *arguments: str, **options: object) -> Child:
    command = Command((sys.executable, "-c", program, *arguments), dict(os.environ), directory)
    pid_file = PidFile(directory / f"{name}.pid.json")
    return Child(name, lambda: command, log=directory / f"{name}.log", pid_file=pid_file, **options)  # type: ignore[arg-type]


def says(made: Child, word: str) -> Callable[[], bool]:
    return lambda: word in made.tail()


def test_a_dead_child_is_started_again_and_its_last_words_are_told(tmp_path: Path, until: Callable[..., None]) -> None:
    told: list[str] = []
    dying = child(tmp_path, "worker", FAILS_ONCE)
    dying.start()
    supervisor = Supervisor(told.append)
    supervisor.watch(dying)

    def stepped() -> bool:
        supervisor.step()
        return len(told) == 2

    try:
        until(stepped)
        assert told[0] == "worker ended with exit code 3; it starts again in 0.1 s. Its last lines:\n    no broker"
        assert told[1].startswith("worker is back")
        assert dying.exit_code() is None
    finally:
        supervisor.stop()


def test_a_killed_child_is_started_again(tmp_path: Path, until: Callable[..., None]) -> None:
    told: list[str] = []
    made = child(tmp_path, "web", QUIET)
    made.start()
    first = made.pid
    supervisor = Supervisor(told.append)
    supervisor.watch(made)
    try:
        os.kill(first, signal.SIGKILL)

        def stepped() -> bool:
            supervisor.step()
            return len(told) == 2

        until(stepped)
        assert "signal 9" in told[0]
        assert made.pid != first
    finally:
        supervisor.stop()


def test_restarts_back_off(tmp_path: Path, until: Callable[..., None]) -> None:
    told: list[str] = []
    dying = child(tmp_path, "beat", "exit(1)")
    dying.start()
    supervisor = Supervisor(told.append)
    supervisor.watch(dying)

    def stepped() -> bool:
        supervisor.step()
        return len([line for line in told if "ended" in line]) == 3

    until(stepped)
    supervisor.stop()
    delays = [line.split("again in ")[1].split(" s")[0] for line in told if "ended" in line]
    assert delays == ["0.1", "0.2", "0.4"]


def test_the_last_group_stops_first_and_nothing_is_left(tmp_path: Path, until: Callable[..., None]) -> None:
    order = tmp_path / "order"
    groups = [[child(tmp_path, name, NOTES_ITS_END, str(order), name)] for name in ("postgres", "redis", "web")]
    supervisor = Supervisor(lambda line: None)
    for group in groups:
        group[0].start()
        supervisor.watch(*group)
        until(says(group[0], "listening"))
    pids = [group[0].pid for group in groups]
    supervisor.stop()
    assert order.read_text().split() == ["web", "redis", "postgres"]
    assert not any(command_line(pid) for pid in pids)
    assert not list(tmp_path.glob("*.pid.json"))


def test_a_child_that_does_not_listen_is_killed_with_what_it_has_started(
    tmp_path: Path, until: Callable[..., None]
) -> None:
    grandchild = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {QUIET!r}]).pid, flush=True)\n"
    deaf = child(tmp_path, "worker", grandchild + STUBBORN, patience=0.2)
    deaf.start()
    supervisor = Supervisor(lambda line: None)
    supervisor.watch(deaf)
    until(says(deaf, "deaf"))
    inner = int(deaf.tail().split()[0])
    outer = deaf.pid
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 5
    assert command_line(outer) is None
    until(lambda: command_line(inner) is None)


def test_a_child_that_never_answers_is_named_with_its_last_lines(tmp_path: Path, until: Callable[..., None]) -> None:
    made = child(tmp_path, "web", f"print('looking for a port', flush=True)\n{QUIET}", ready=lambda pid: False)
    made.start()
    try:
        until(says(made, "looking"))
        with pytest.raises(StackError, match=r"web did not become ready in time(?s:.*)looking for a port"):
            made.wait_ready(0.01)
    finally:
        made.finish(0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_stop_signal_is_a_request(number: int) -> None:
    before = signal.getsignal(number)
    with pytest.raises(StopRequested), stop_signals():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before
