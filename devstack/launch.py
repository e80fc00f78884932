"""`make run`: servers, migrations, demo data, web, worker and beat, in an order that wastes no second."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from devstack import migrate, ports, reload, runfile, secrets
from devstack.child import Child
from devstack.errors import StackError, from_log, from_os_error
from devstack.postgres import Postgres
from devstack.processes import Command, PidFile, last_lines
from devstack.stack import Stack
from devstack.supervisor import Supervisor, say

FIRST_PORT = 8000
READY_WITHIN = 60.0  # seconds
GUNICORN_CONF = Path(__file__).resolve().parent.parent / "deploy" / "gunicorn.conf.py"
DEMO_MARKER = "chhota.demo"  # in the database's folder, so that it goes when the data goes


def web_port(environ: Mapping[str, str]) -> int:
    """PORT if it is given, otherwise the first free one from 8000 on. Raises StackError where PORT is no use."""
    given = environ.get("PORT", "")
    if not given:
        for port in range(FIRST_PORT, FIRST_PORT + 100):
            if ports.is_free(port):
                return port
        raise StackError(
            f"The ports {FIRST_PORT} to {FIRST_PORT + 99} are all in use: choose one with PORT=9000 make run."
        )
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise StackError(f"PORT={given} is not a port: give a number from 1 to 65535.")
    if not ports.is_free(int(given)):
        raise StackError(
            f"Port {given} is in use by another program: stop that, choose another with PORT=9000 make run, "
            f"or leave PORT away for the first free one from {FIRST_PORT} on."
        )
    return int(given)


def environment(root: Path) -> dict[str, str]:
    """The process environment over the settings in ``.env``."""
    from dotenv import dotenv_values

    return {**{name: value for name, value in dotenv_values(root / ".env").items() if value}, **os.environ}


class Launch:
    """One `make run` in the folder ``root``; ``reload`` is `make dev`."""

    def __init__(self, root: Path, *, reload: bool = False) -> None:
        self.root = root
        self.directory = root / ".local"
        self.reload = reload
        self.environ = environment(root)
        self.stack = Stack(self.directory, environ=self.environ)
        self.supervisor = Supervisor()
        self.children: dict[str, Child] = {}
        self.url = ""
        self._began = time.monotonic()

    def start(self) -> None:
        """Everything up to the printed address. Raises StackError; ``stop`` is the caller's, in any case."""
        try:
            port = web_port(self.environ)
            self.url = f"http://127.0.0.1:{port}"
            self.stack.launch()
            self._start()
        except OSError as error:
            raise from_os_error(error, self.directory) from error

    def _start(self) -> None:
        servers = self.stack.children
        for group in (("postgres",), ("redis", "s3")):  # in the reverse of the order to stop in
            self.supervisor.watch(*(servers[name] for name in group if name in servers))
        self.stack.wait(*(name for name in ("postgres", "redis") if name in servers), on_ready=self._progress)
        metrics = self.directory / "prometheus"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir(mode=0o700)
        current = self._is_prepared()
        web, worker, beat = (self._web(), self._worker(), self._beat())
        self.children = {child.name: child for child in (web, worker, beat)}
        self.supervisor.watch(web, worker, beat)
        web.start()  # it spends its first second importing, which is when the tables are made
        if not current:
            self._prepare()
        elif "s3" in servers:
            self.stack.wait("s3", on_ready=self._progress)
        self._await_web(web)
        # Only now: on few cores they would hold up the web processes with imports of their own.
        worker.start()
        beat.start()
        runfile.write(self.directory, self.url, self.settings(), self._accounts())
        self._announce()

    def settings(self) -> dict[str, str]:
        """What `flask` needs in a second terminal; the superuser's URL is nobody's business there."""
        own = {name: value for name, value in self.stack.settings.items() if name != "DATABASE_SUPERUSER_URL"}
        own["APP_ENV"] = self.environ.get("APP_ENV", "development")
        own["PUBLIC_URL"] = self.environ.get("PUBLIC_URL") or self.url
        if "RATELIMIT_ENABLED" in self.environ:
            own["RATELIMIT_ENABLED"] = self.environ["RATELIMIT_ENABLED"]
        return own

    def _operator_environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in self.environ.items() if name != "DATABASE_SUPERUSER_URL"}
        return {**inherited, **self.settings()}

    def _product_environment(self) -> dict[str, str]:
        # Empty rather than absent: a name that is absent is looked for in run.json, where the owner's URL stands.
        metrics = str(self.directory / "prometheus")
        return {**self._operator_environment(), "DATABASE_OWNER_URL": "", "PROMETHEUS_MULTIPROC_DIR": metrics}

    def _python(self, *arguments: str, **more: str) -> Command:
        return Command((sys.executable, *arguments), {**self._product_environment(), **more}, self.root)

    def _child(self, name: str, command: Command, ready: Callable[[int], bool] = lambda pid: True) -> Child:
        pid_file = PidFile(self.directory / "pids" / f"{name}.json", (command.argv[2], "wsgi"))
        log = self.directory / "logs" / f"{name}.log"
        # SIGQUIT: at once, for the servers they work with go at the same moment.
        return Child(
            name,
            lambda: command,
            log=log,
            pid_file=pid_file,
            ready=ready,
            death_signal=signal.SIGQUIT,
        )

    def _web(self) -> Child:
        port = self.url.rpartition(":")[2]
        preload = "0" if self.reload else self.environ.get("WEB_PRELOAD", "1")
        flags = ("--no-control-socket", f"--config={GUNICORN_CONF}")
        command = self._python("-m", "gunicorn", "wsgi:app", *flags, PORT=port, WEB_PRELOAD=preload)
        return self._child("web", command, ready=lambda pid: readiness(self.url)[0] == http.client.OK)

    def _worker(self) -> Child:
        flags = ("--concurrency=2", "--prefetch-multiplier=1", "--loglevel=INFO")
        alone = ("--without-mingle", "--without-gossip")  # a second of waiting for other workers' answers
        return self._child("worker", self._python("-m", "celery", "-A", "wsgi:celery", "worker", *flags, *alone))

    def _beat(self) -> Child:
        schedule = f"--schedule={self.directory / 'beat-schedule'}"
        command = self._python("-m", "celery", "-A", "wsgi:celery", "beat", "--loglevel=INFO", "--pidfile=", schedule)
        return self._child("beat", command)

    def _accounts(self) -> dict[str, dict[str, str]]:
        known = secrets.load(self.directory / "secrets.json")
        default = {"saver": "asha@example.com", "admin": "admin@example.com"}
        accounts = {
            role: {
                "email": self.environ.get(f"DEMO_{role.upper()}_EMAIL") or email,
                "password": self.environ.get(f"DEMO_{role.upper()}_PASSWORD") or known[f"demo_{role}"],
            }
            for role, email in default.items()
        }
        second = self.environ.get("DEMO_SUPPORT_EMAIL") or "support@example.com"
        accounts["support"] = {"email": second, "password": accounts["admin"]["password"]}
        accounts["admin"]["totp_secret"] = self.environ.get("DEMO_ADMIN_TOTP_SECRET") or known[secrets.TOTP_NAME]
        return accounts

    def _database(self) -> Postgres | None:
        return next((server for server in self.stack.servers if isinstance(server, Postgres)), None)

    def _demo_digest(self) -> str:
        return hashlib.sha256(repr(sorted(self._accounts().items())).encode()).hexdigest()

    def _is_prepared(self) -> bool:
        """Whether tables and demo data are there; of somebody else's database only the product can tell."""
        database = self._database()
        if database is None:
            return False
        marker = database.data / DEMO_MARKER
        if not marker.exists() or marker.read_text(encoding="utf-8") != self._demo_digest():
            return False
        return migrate.is_current(database, self.root / "migrations" / "versions")

    def _note_prepared(self) -> None:
        database = self._database()
        if database is not None:
            secrets.write_private(database.data / DEMO_MARKER, self._demo_digest())

    def _prepare(self) -> None:
        """`flask db upgrade` and `flask demo load`, with the owner's rights. Raises StackError with the last lines."""
        log = self.directory / "logs" / "prepare.log"
        accounts = {
            f"DEMO_{role.upper()}_{key.upper()}": value
            for role, account in self._accounts().items()
            for key, value in account.items()
        }
        with log.open("wb") as output:
            working = subprocess.Popen(
                [sys.executable, "-m", "devstack.prepare"],
                env={**self._operator_environment(), **accounts},
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            if "s3" in self.stack.children:
                self.stack.wait("s3", on_ready=self._progress)
            code = working.wait()
        finally:
            working.kill()
            working.wait()
        if code != 0:
            raise from_log("Preparing the database", code, log, last_lines(log, 12))
        self._note_prepared()
        self._progress("tables")

    def _await_web(self, web: Child) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while True:
            if web.exit_code() is not None and not self.reload:
                raise web.failure()
            status, body = readiness(self.url)
            if status == http.client.OK:
                break
            if time.monotonic() > deadline:
                said = f"answers {status}: {body}" if status else "does not answer"
                raise StackError(f"The web server was not ready within {READY_WITHIN:.0f} s; {self.url}/readyz {said}")
            self.supervisor.step()
            time.sleep(0.02)
        self._progress("web")

    def _progress(self, title: str, own: float = 0.0) -> None:
        """Seconds since the beginning, not ``own`` ones: things start side by side."""
        say(f"  {title:12}{time.monotonic() - self._began:5.1f} s")

    def _announce(self) -> None:
        accounts = self._accounts()
        width = max(len(account["email"]) for account in accounts.values())
        say(f"\nChhota runs at {self.url}  ({time.monotonic() - self._began:.1f} s)\n")
        for role, account in accounts.items():
            say(f"  {role:8}{account['email']:{width}}  {account['password']}")
        say(f"          code of either staff now {runfile.code(accounts['admin'])}; the next ones: make code")
        say("\nLogs are in .local/logs. Ctrl-C stops everything; the data stays.")

    def keep(self) -> None:
        """Supervise until StopRequested."""
        if self.reload:
            reload.supervise(self.supervisor, self.children, self.root)
        while True:
            self.supervisor.step()
            time.sleep(0.1)

    def stop(self) -> None:
        """Web, beat and worker first, then Redis and S3, PostgreSQL last."""
        self.supervisor.stop()
        self.stack.stop()


def readiness(url: str) -> tuple[int, str]:
    """Status and the beginning of the body of GET ``/readyz``; 0 where nobody answers. Goes through no proxy."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5.0)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, answer.read(400).decode(errors="replace")
    return 0, ""
