"""What PostgreSQL, Redis and the S3 server have in common for the stack that starts them."""

from __future__ import annotations

import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from devstack.child import Child
from devstack.ports import Ports
from devstack.processes import Command, PidFile


class Server(ABC):
    """One embedded server. ``directory`` is the stack's; each server keeps to its own folder in it."""

    name: str
    title: str
    port_names: tuple[str, ...]
    stop_signal: int = signal.SIGTERM

    def __init__(self, directory: Path, ports: Ports, secrets: Mapping[str, str]) -> None:
        self.directory = directory
        self.ports = ports
        self.secrets = secrets

    @abstractmethod
    def prepare(self) -> None:
        """Make ready on disk what the server needs; before every start, so it is repeatable."""

    @abstractmethod
    def command(self) -> Command:
        """How to start it, in the foreground."""

    @abstractmethod
    def marks(self) -> tuple[str, ...]:
        """What its command line, and no other's, contains."""

    @abstractmethod
    def is_ready(self, pid: int) -> bool:
        """Whether it answers, with its password; does not wait."""

    def finish(self) -> None:  # noqa: B027 - most have nothing to do
        """What is done once it answers for the first time in a stack's life."""

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """The settings under which the product reaches it."""

    def child(self) -> Child:
        """The process to supervise."""
        return Child(
            self.name,
            self.command,
            title=self.title,
            log=self.directory / "logs" / f"{self.name}.log",
            pid_file=PidFile(self.directory / "pids" / f"{self.name}.json", self.marks()),
            before=self.prepare,
            ready=self.is_ready,
            stop_signal=self.stop_signal,
        )


def bare_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a server: nothing of the caller's that could change what it does (proxies, PG*, AWS_*)."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LANG": "C.UTF-8", **more}
