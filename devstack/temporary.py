"""Stacks for tests and measurements: in a folder of their own that is gone afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from devstack import paths
from devstack.processes import PidFile
from devstack.stack import SERVICES, Stack

PREFIX = "chhota-stack-"
#: Files that the kernel keeps in memory: several hundred databases come and go, and none is meant to reach a disk.
MEMORY = Path("/dev/shm")
MEMORY_FACTS = Path("/proc/meminfo")
#: Bytes that must be free there, and in the machine: a run of all tests takes a fourth of a gigabyte for each process.
ROOM = 3 * 2**30


@contextlib.contextmanager
def temporary_stack(
    services: Sequence[str] = SERVICES, *, postgres_options: Mapping[str, str] | None = None, durable: bool = False
) -> Iterator[Stack]:
    """A stack of its own, in memory where it may forget and there is room; takes nothing from the environment."""
    sweep()
    place = MEMORY if not durable and has_room() else None
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    PidFile(directory / "owner.json").write(os.getpid())
    try:
        with Stack(directory, services, durable=durable, postgres_options=postgres_options, environ={}) as stack:
            yield stack
    finally:
        remove(directory)


def has_room() -> bool:
    """Whether a stack may stand in memory here."""
    try:
        facts = dict(line.split(":") for line in MEMORY_FACTS.read_text(encoding="ascii").splitlines())
        available = int(facts["MemAvailable"].split()[0]) * 1024
        return os.access(MEMORY, os.W_OK | os.X_OK) and min(shutil.disk_usage(MEMORY).free, available) >= ROOM
    except (OSError, ValueError, KeyError):
        return False  # no Linux


def sweep() -> None:
    """Remove the temporary stacks of this user whose owner was killed, their servers included."""
    for place in (Path(tempfile.gettempdir()), MEMORY):
        for directory in place.glob(f"{PREFIX}*"):
            owner = PidFile(directory / "owner.json")
            # A folder without the file is another start's, a moment old.
            with contextlib.suppress(OSError):
                if directory.stat().st_uid == os.geteuid() and owner.file.exists() and owner.living() is None:
                    remove(directory)


def remove(directory: Path) -> None:
    """Delete a stack's folder, its place in /var/lib too, after stopping what still runs from there."""
    for noted in directory.glob("pids/*.json"):
        PidFile(noted).stop_orphan(signal.SIGTERM)
    shutil.rmtree(directory, ignore_errors=True)
    if os.geteuid() == 0:
        shutil.rmtree(paths.elsewhere(directory), ignore_errors=True)
