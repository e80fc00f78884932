"""`python -m devstack run | dev | up | status | code | exec | clean`, in the folder of the clone."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from devstack import runfile
from devstack.errors import StackError, from_os_error
from devstack.launch import Launch, environment
from devstack.stack import Stack
from devstack.supervisor import StopRequested, Supervisor, say, stop_signals
from devstack.temporary import remove

ROOT = Path.cwd()
DIRECTORY = ROOT / ".local"


def run(*, reload: bool = False) -> int:
    """Everything, until Ctrl-C."""
    launch = Launch(ROOT, reload=reload)
    try:
        launch.start()
        launch.keep()
    except StopRequested:
        say("\nStopping.")
    finally:
        launch.stop()
    return 0


def up() -> int:
    """The servers alone, until Ctrl-C; prints their settings."""
    stack, supervisor = Stack(DIRECTORY, environ=environment(ROOT)), Supervisor()
    try:
        stack.start()
        supervisor.watch(*stack.children.values())
        for name, value in stack.settings.items():
            if name != "DATABASE_SUPERUSER_URL":
                say(f"{name}={value}")
        while True:
            supervisor.step()
            time.sleep(0.1)
    except StopRequested:
        say("\nStopping.")
    finally:
        stack.stop()
    return 0


def status() -> int:
    """What of the last start takes connections now; 0 if everything does."""
    answers = runfile.status(DIRECTORY)
    for name, answering in answers.items():
        say(f"{name:12}{'answers' if answering else 'does not answer'}")
    return 0 if all(answers.values()) else 1


def code() -> int:
    """The code with which the demo's staff sign in now."""
    say(runfile.code(runfile.read(DIRECTORY)["admin"]))
    return 0


def execute(argv: list[str]) -> int:
    """Become ``argv``, with the settings of what runs."""
    if not argv:
        raise StackError("Say what to execute: python -m devstack exec flask shell.")
    content = runfile.read(DIRECTORY)
    if not runfile.listening(content["database_url"]):
        raise StackError("The servers do not run: `make run` in another terminal first.")
    beside = str(Path(sys.executable).parent)
    os.environ["PATH"] = f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        os.execvpe(argv[0], argv, {**os.environ, **content["settings"]})
    except FileNotFoundError:
        raise StackError(f"There is no program {argv[0]}.") from None


def clean() -> int:
    """Delete the servers' data, secrets and logs."""
    with Stack(DIRECTORY, services=(), environ={}):  # refuses while another terminal uses them
        remove(DIRECTORY)
    return 0


def main(argv: list[str]) -> int:
    """The exit code; a failure is one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m devstack", description=__doc__)
    commands: dict[str, Callable[[], int]] = {
        "run": run,
        "dev": lambda: run(reload=True),
        "up": up,
        "status": status,
        "code": code,
        "clean": clean,
    }
    parser.add_argument("command", choices=[*commands, "exec"])
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="for exec: a program and its arguments")
    options = parser.parse_args(argv)
    try:
        if options.command == "exec":
            return execute(options.arguments)
        with stop_signals():
            return commands[options.command]()
    except StopRequested:
        return 130
    except StackError as error:
        print(f"\n{error}", file=sys.stderr)
    except OSError as error:
        print(f"\n{from_os_error(error, DIRECTORY)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
