"""Servers that outlive one test run: with `make test-servers` in another terminal one test takes under two seconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / ".local" / "test-servers.json"


def running() -> Any:
    """The kept servers (``settings`` as a Stack has them), or None where none run."""
    try:
        kept = json.loads(FILE.read_text())
        os.kill(kept["pid"], 0)
    except (OSError, ValueError, KeyError):
        return None
    return SimpleNamespace(settings=kept["settings"])


@contextmanager
def at_hand() -> Iterator[Any]:
    """The kept servers where they run, else a set of their own meanwhile."""
    kept = running()
    if kept is not None:
        yield kept
        return
    from devstack.temporary import temporary_stack

    with temporary_stack() as own:
        yield own


def prepare(*arguments: str) -> None:
    """Run Python in the tree, and have it keep the compiled form of all that it imports.

    Also where the environment forbids that, as in many containers: compiling takes a single test longer than all else.
    What fails here fails again, and says so, in the test that needs it.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, check=False)


def main() -> None:
    """Keep PostgreSQL, Redis and S3 for tests until Ctrl-C."""
    from devstack.temporary import temporary_stack

    with temporary_stack() as stack:
        FILE.parent.mkdir(mode=0o700, exist_ok=True)
        FILE.touch(mode=0o600)
        FILE.write_text(json.dumps({"pid": os.getpid(), "settings": stack.settings}))
        try:
            # The database that tests copy.
            prepare("-c", "from tests import conftest, servers; conftest.make_template(servers.running())")
            print("Servers for tests are up; Ctrl-C stops them.", flush=True)  # noqa: T201
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
        finally:
            FILE.unlink(missing_ok=True)


if __name__ == "__main__":
    print("Compiling what tests import: some seconds, the first time.", flush=True)  # noqa: T201
    try:
        prepare("-m", "pytest", "--collect-only", "--quiet")
    except KeyboardInterrupt:
        sys.exit(130)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
