"""Servers that outlive one test run: `make test-servers` in a second terminal, and a single test starts in a second."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from devstack.stack import temporary_stack

FILE = Path(__file__).resolve().parent.parent / ".local" / "test-servers.json"


def running() -> Any:
    """The kept servers (``settings`` as a Stack has them), or None where none run."""
    try:
        kept = json.loads(FILE.read_text())
        os.kill(kept["pid"], 0)
    except (OSError, ValueError, KeyError):
        return None
    return SimpleNamespace(settings=kept["settings"])


def main() -> None:
    """Keep PostgreSQL, Redis and S3 for tests until Ctrl-C."""
    with temporary_stack() as stack:
        FILE.parent.mkdir(mode=0o700, exist_ok=True)
        FILE.touch(mode=0o600)
        FILE.write_text(json.dumps({"pid": os.getpid(), "settings": stack.settings}))
        try:
            print("Servers for tests are up; Ctrl-C stops them.", flush=True)  # noqa: T201
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
        finally:
            FILE.unlink(missing_ok=True)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
