"""`make dev`: new code is taken up as soon as it is saved, and the logs come to the terminal."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from devstack.child import Child
from devstack.errors import StackError
from devstack.supervisor import StopRequested, Supervisor, say

WATCHED = ("app", "config.py", "wsgi.py", "translations")
CODE = {".py"}
SHOWN = {".html", ".txt", ".mo", ".json"}  # read by the web processes once, then kept


class Follower:
    """What a child writes to its log from now on."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._position = child.log.stat().st_size if child.log.exists() else 0

    def show(self) -> None:
        """Print the lines that have come since the last call."""
        try:
            with self._child.log.open("rb") as stream:
                size = stream.seek(0, 2)
                stream.seek(self._position if self._position <= size else 0)
                text = stream.read()
        except OSError:
            return
        whole = text[: text.rfind(b"\n") + 1]
        self._position = (self._position if self._position <= size else 0) + len(whole)
        for line in whole.decode(errors="replace").splitlines():
            say(f"{self._child.name:7}| {line}")


def supervise(supervisor: Supervisor, children: Mapping[str, Child], root: Path) -> None:
    """Supervise, restart on changed files, show the logs; until StopRequested. Raises StackError without watchfiles."""
    try:
        from watchfiles import watch
    except ImportError:
        raise StackError("`make dev` needs the package watchfiles: make .venv/.dev-stamp installs it.") from None
    logging.getLogger("watchfiles").setLevel(logging.ERROR)  # it warns of a signal that comes while it waits
    followers = [Follower(child) for child in children.values()]
    places = [root / name for name in WATCHED if (root / name).exists()]
    say("Saved changes are taken up at once.")
    watched = watch(*places, rust_timeout=200, yield_on_timeout=True, debounce=300, step=50, raise_interrupt=False)
    for changes in watched:
        supervisor.step()
        for follower in followers:
            follower.show()
        files = [Path(file) for _, file in changes]
        changed = [file for file in files if file.suffix in CODE | SHOWN]
        if changed:
            take_up(supervisor, children, changed)
    raise StopRequested  # a signal that came while it waited, which ends the watching in silence


def take_up(supervisor: Supervisor, children: Mapping[str, Child], changed: list[Path]) -> None:
    """Have the processes that have read ``changed`` read it again."""
    say(f"{changed[0].name} has changed")
    web = children["web"]
    # Gunicorn loads the code anew; connections in work are finished first.
    if not web.hang_up():
        supervisor.restart_now(web)
    if any(file.suffix in CODE for file in changed):
        for name in ("worker", "beat"):
            supervisor.restart_now(children[name])
