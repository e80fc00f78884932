"""PostgreSQL, Redis and S3, started together: `with Stack(directory) as stack: stack.settings`."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from devstack import secrets
from devstack.child import Child, stop_together
from devstack.errors import StackError, from_os_error
from devstack.ports import Ports
from devstack.postgres import Postgres
from devstack.redis import Redis
from devstack.s3 import S3
from devstack.server import Server

SERVICES = ("postgres", "redis", "s3")
# A setting that names a server of the caller's own: the embedded one is then not started.
GIVEN_BY = {"postgres": "DATABASE_URL", "redis": "REDIS_URL", "s3": "S3_ENDPOINT_URL"}
PASSED_ON = {
    "postgres": ("DATABASE_URL", "DATABASE_OWNER_URL"),
    "redis": ("REDIS_URL",),
    "s3": ("S3_ENDPOINT_URL", "S3_BUCKET", "S3_REGION", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"),
}
VAPID = ("VAPID_PRIVATE_KEY", "VAPID_PUBLIC_KEY")  # a pair: both are given, or neither
PORT_TAKEN = ("address already in use", "Address already in use", "could not bind")
ATTEMPTS = 3
# The S3 server takes longest to answer: it goes first, so that the others start in its shade.
SLOWEST_FIRST = ("s3", "redis", "postgres")


class Stack:
    """The embedded servers of one directory, which holds their data, secrets and logs.

    ``settings`` is complete once ``start`` has returned; data stays in ``directory`` for the next start. Only one
    stack at a time may use a directory (StackError otherwise); servers of a killed one are stopped first.
    """

    def __init__(
        self,
        directory: Path,
        services: Sequence[str] = SERVICES,
        *,
        durable: bool = True,
        postgres_options: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """``durable=False`` gives up surviving a power cut, for speed. ``environ`` may name servers to use instead."""
        self.directory = Path(directory).resolve()
        self.settings: dict[str, str] = {}
        self.servers: list[Server] = []
        self.children: dict[str, Child] = {}
        self._services = services
        self._durable = durable
        self._postgres_options = postgres_options
        self._environ = os.environ if environ is None else environ
        self._lock: int | None = None
        self._ports: Ports | None = None

    def start(self) -> Self:
        """Start all servers and wait until they answer. Raises StackError; nothing runs on then."""
        try:
            self.launch()
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def launch(self) -> None:
        """Start all servers without waiting; ``settings`` is known afterwards. Raises StackError."""
        try:
            self._take()
            self._configure()
            for server in self.servers:
                self.children[server.name].start()
        except OSError as error:
            raise from_os_error(error, self.directory) from error

    def wait(self, *names: str, on_ready: Callable[[str, float], None] = lambda title, seconds: None) -> None:
        """Wait until the named servers (all of them by default) answer; ``on_ready`` gets each one's start-up seconds.

        Raises StackError.
        """
        try:
            for server in self.servers:
                if not names or server.name in names:
                    on_ready(server.title, self._wait_for(server))
        except OSError as error:
            raise from_os_error(error, self.directory) from error

    def _wait_for(self, server: Server) -> float:
        child = self.children[server.name]
        for attempt in range(1, ATTEMPTS + 1):
            try:
                seconds = child.wait_ready()
                break
            except StackError:
                if attempt == ATTEMPTS or not any(words in child.tail(40) for words in PORT_TAKEN):
                    raise
            # Somebody took the port between the look and the bind.
            self.ports.assign(server.port_names, anew=True)
            self._publish()
            child.start()
        server.finish()
        return seconds

    @property
    def ports(self) -> Ports:
        """The ports in use; raises StackError before the start."""
        if self._ports is None:
            raise StackError("The stack was not started.")
        return self._ports

    def _take(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("logs", "pids"):
            (self.directory / name).mkdir(mode=0o700, exist_ok=True)
        # The kernel drops this lock with the process, so that no stale one can stand in the way.
        lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise StackError(
                f"The servers in {self.directory} run already, from another terminal: stop them there (Ctrl-C) first."
            ) from None
        self._lock = lock

    def _configure(self) -> None:
        known = secrets.load(self.directory / "secrets.json")
        self._ports = Ports(self.directory / "ports.json")
        self.settings = {
            "SECRET_KEY": self._environ.get("SECRET_KEY") or known["secret_key"],
            "JWT_SECRET_KEY": self._environ.get("JWT_SECRET_KEY") or known["jwt_secret_key"],
            "ENCRYPTION_KEYS": self._environ.get("ENCRYPTION_KEYS") or known["encryption_key"],
            "KYC_NUMBER_KEY": self._environ.get("KYC_NUMBER_KEY") or known["kyc_number_key"],
        }
        given = {name: self._environ[name] for name in VAPID if self._environ.get(name)}
        self.settings |= given or {name: known[name.lower()] for name in VAPID}
        wanted = []
        for name in self._services:
            if self._environ.get(GIVEN_BY[name]):
                self.settings |= {key: self._environ[key] for key in PASSED_ON[name] if self._environ.get(key)}
                if name == "postgres":
                    self.settings.setdefault("DATABASE_OWNER_URL", self.settings["DATABASE_URL"])
            else:
                wanted.append(name)
        self.servers = [self._server(name, known) for name in sorted(wanted, key=SLOWEST_FIRST.index)]
        self.children = {server.name: server.child() for server in self.servers}
        # Before the look at the ports: a server that outlived its owner would seem to be a stranger on them.
        for child in self.children.values():
            child.stop_orphan()
        self.ports.assign([port for server in self.servers for port in server.port_names])
        self._publish()

    def _server(self, name: str, known: Mapping[str, str]) -> Server:
        if name == "postgres":
            options = self._postgres_options
            return Postgres(self.directory, self.ports, known, durable=self._durable, options=options)
        return {"redis": Redis, "s3": S3}[name](self.directory, self.ports, known)

    def _publish(self) -> None:
        for server in self.servers:
            self.settings |= server.settings()

    def restart(self, name: str) -> None:
        """Start a server again that was stopped or killed, on its old port; waits until it answers."""
        child = self.children[name]
        child.ask_to_stop()
        child.finish_within_patience()
        child.start()
        child.wait_ready()

    def stop(self) -> None:
        """Stop all servers in order, within bounded time; twice does no harm."""
        stop_together([self.children[name] for name in ("redis", "s3", "postgres") if name in self.children])
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()
