"""What every test stands on: real PostgreSQL, Redis and S3, one set for each test process, and the product's clock.

The application takes a second to import, so only what needs it does: a test of a pure function starts without.
"""

from __future__ import annotations

import atexit
import gc
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest

import config as settings
from app import clock as product_clock
from tests import leaks, servers

if TYPE_CHECKING:
    from flask import Flask

    from devstack.stack import Stack
    from tests.factories import Saver

ROOT = settings.ROOT
#: Tests that go through all of the application at once: folders and files.
WALKS = frozenset({"browser", "attacks", "test_at_least_once.py", "test_routes.py", "test_translations.py"})
_numbers = itertools.count(1)

# The program itself is no garbage. Looking for some in it, again and again while it is imported and once more at the
# end, takes a single test most of a second.
gc.disable()
atexit.register(gc.freeze)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """In a process of pytest-xdist pytest-cov begins twice: its first tracer would go on where ``no_cover`` pauses."""
    if hasattr(session.config, "workerinput") and "coverage" in sys.modules:
        from coverage import Coverage

        first = Coverage.current()
        if first is not None:
            first.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first: at the end, one process would wait for another.

    Traced are no walks, no properties, and of a test's cases the first only: the others would go at two thirds of their
    speed through lines that are known by then.
    """
    items.sort(key=lambda item: item.get_closest_marker("early") is None)
    known = set()
    for item in items:
        test = item.nodeid.partition("[")[0]
        is_property = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if is_property or test in known or WALKS & set(item.path.parts):
            item.add_marker("no_cover")
        known.add(test)


def pytest_collection_finish() -> None:
    """From here on, garbage is looked for, but only among what the tests leave behind."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # as in production: deploy/gunicorn.conf.py
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hypothesis would be imported to close the run, even where no test has used it (here or in another process)."""
    if "hypothesis" in sys.modules or session.config.getoption("numprocesses", None):
        return
    plugin = session.config.pluginmanager.get_plugin("hypothesispytest")
    if plugin is not None:
        session.config.pluginmanager.unregister(plugin)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The three servers, quick and forgetful: those of `make test-servers` where it runs, else a set of their own."""
    with servers.at_hand() as at_hand:
        yield at_hand


def app_settings(stack: Stack, **more: str) -> dict[str, str]:
    """Settings of a test application on the servers of ``stack``."""
    values = {name: value for name, value in stack.settings.items() if name in settings.NAMES}
    return values | {
        "APP_ENV": "testing",
        # The cheapest Argon2id: tests are about what hashes are used for.
        "ARGON2_MEMORY_KIB": "1024",
        "ARGON2_TIME_COST": "1",
        "RATELIMIT_ENABLED": "0",
        "LOG_FORMAT": "json",
        **more,
    }


def with_database(url: str, name: str) -> str:
    """``url`` with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def connect(url: str) -> Any:
    """A connection to the database ``url``, committing by itself."""
    import psycopg2

    connection = psycopg2.connect(url)
    connection.autocommit = True
    return connection


@pytest.fixture(scope="session")
def template(stack: Stack) -> str:
    """A migrated database to copy: its name."""
    return make_template(stack)


def make_template(stack: Stack) -> str:
    """Migrate a database to copy, unless there is one: its name, which changes when the migrations do."""
    migrations = sorted((ROOT / "migrations").rglob("*.py"))
    name = f"template_{sha256(b''.join(path.read_bytes() for path in migrations)).hexdigest()[:12]}"
    connection = connect(stack.settings["DATABASE_SUPERUSER_URL"])
    with connection.cursor() as cursor:
        # Two test processes may share the servers: one of them makes it.
        cursor.execute("SELECT pg_advisory_lock(1)")
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if cursor.fetchone() is None:
            create_database(stack, "template_in_the_making", None)
            with application(app_settings(stack), "template_in_the_making") as app, app.app_context():
                upgrade(app)
            cursor.execute(f"ALTER DATABASE template_in_the_making RENAME TO {name}")
    connection.close()
    return name


def upgrade(app: Flask, revision: str = "head") -> None:
    """Migrate the database of ``app``; its application context must be pushed."""
    from alembic import command
    from alembic.config import Config

    configuration = Config(str(ROOT / "migrations" / "alembic.ini"))
    configuration.set_main_option("script_location", str(ROOT / "migrations"))
    command.upgrade(configuration, revision)


def create_database(stack: Stack, name: str, template: str | None) -> None:
    """Make the database ``name`` anew, empty or as a copy of ``template``."""
    drop_database(stack, name)
    connection = connect(stack.settings["DATABASE_SUPERUSER_URL"])
    with connection.cursor() as cursor:
        copied = f" TEMPLATE {template}" if template else ""
        cursor.execute(f"CREATE DATABASE {name} OWNER chhota_owner{copied}")
    connection.close()


def drop_database(stack: Stack, name: str) -> None:
    """Delete the database ``name``, whoever is still connected to it."""
    connection = connect(stack.settings["DATABASE_SUPERUSER_URL"])
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    connection.close()


@contextmanager
def application(values: dict[str, str], database: str) -> Iterator[Flask]:
    """An application on ``database``; what it changes of the process is put back afterwards."""
    from app import connections
    from app.extensions import db, limiter
    from app.factory import create_app
    from tests.compiled import COMPILED

    values = values | {name: with_database(values[name], database) for name in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    # The limiter is one for the process and keeps what the last application told it: whether there are limits at all.
    limits = dict(vars(limiter))
    app = create_app(settings.load(values))
    app.jinja_env.bytecode_cache = COMPILED
    leaks.watch()
    try:
        yield app
    finally:
        vars(limiter).clear()
        vars(limiter).update(limits)
        product_clock.set_offset_provider(None)
        with app.app_context():
            db.session.remove()
            connections.give_back_spare()
            db.engine.dispose()


@contextmanager
def applications(stack: Stack, template: str, names: Iterator[str]) -> Iterator[Callable[..., Flask]]:
    """Make applications on copies of the database ``template``, by the next of ``names``; keywords are settings.

    The copies go with them: all tests make several hundred of ten megabytes each.
    """
    with ExitStack() as open_now:

        def make(**more: str) -> Flask:
            name = next(names)
            create_database(stack, name, template)
            open_now.callback(drop_database, stack, name)
            return open_now.enter_context(application(app_settings(stack, **more), name))

        yield make


@pytest.fixture(scope="session")
def app(stack: Stack, template: str) -> Iterator[Flask]:
    """The application on a database that the tests of this process share; each test makes savers of its own."""
    name = f"chhota_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    create_database(stack, name, template)
    with application(app_settings(stack), name) as shared:
        gc.freeze()
        yield shared


@pytest.fixture
def new_app(stack: Stack, template: str) -> Iterator[Callable[..., Flask]]:
    """Make applications on fresh databases, for tests about the whole of one; keywords are settings."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with applications(stack, template, (f"chhota_{worker}_{number}" for number in _numbers)) as make:
        yield make


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """Instead of pytest-flask's: one request context around a whole test would share its session with every call."""


@pytest.fixture(autouse=True)
def no_line_tells_who() -> Iterator[None]:
    """Whatever a test does, the log says nothing that its people typed or were given."""
    leaks.watch()
    leaks.taken()
    yield
    assert leaks.taken() == [], "a line of the log holds something personal"


@pytest.fixture(autouse=True, scope="session")
def no_figure_tells_who() -> Iterator[None]:
    """Nor do the metrics, once all tests of the process have run."""
    yield
    if "prometheus_client" in sys.modules:
        from prometheus_client import REGISTRY, generate_latest

        assert leaks.PERSONAL.findall(generate_latest(REGISTRY).decode()) == []


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    """An application context, for calling services directly."""
    with app.app_context():
        yield


@pytest.fixture
def superuser(app: Flask, stack: Stack) -> Iterator[Any]:
    """A connection of the database's superuser to the shared database, committing by itself."""
    connection = superuser_connection(app, stack)
    yield connection
    connection.close()


def superuser_connection(app: Flask, stack: Stack) -> Any:
    """A superuser's connection to the database of ``app``."""
    name = urlsplit(app.config["DATABASE_URL"]).path.lstrip("/")
    return connect(with_database(stack.settings["DATABASE_SUPERUSER_URL"], name))


class Clock:
    """The product's clock in a test: it stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The instant it stands at."""
        return self.at

    def set(self, at: datetime) -> None:
        """Stand at ``at``."""
        self.at = at

    def advance(self, **delta: float) -> None:
        """Go on by a ``timedelta``'s arguments."""
        self.at += timedelta(**delta)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The product's clock, standing at noon in Kolkata on a Wednesday."""
    standing = Clock(datetime(2026, 7, 15, 6, 30, tzinfo=UTC))
    monkeypatch.setattr(product_clock, "present", standing.now)
    return standing


@pytest.fixture
def saver(app: Flask) -> Saver:
    """A signed-in saver with an API client of their own."""
    from tests import factories

    return factories.make_saver(app)
