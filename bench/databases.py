"""Databases of a stack's own for a measurement, and its sides, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg2
from celery import Celery
from celery.contrib.testing.worker import start_worker

import config as settings
from devstack.stack import Stack


class Databases:
    """Migrated databases on the servers of ``stack``."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def url(self, name: str, role: str = "DATABASE_URL") -> str:
        """The database ``name`` for one of the stack's roles."""
        return urlunsplit(urlsplit(self.stack.settings[role])._replace(path=f"/{name}"))

    def superuser(self, sql: str, values: Any = None, *, database: str = "postgres") -> None:
        """Run ``sql``."""
        connection = psycopg2.connect(self.url(database, "DATABASE_SUPERUSER_URL"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
        connection.close()

    def fill(self, name: str, sql: str, values: Any) -> None:
        """Make the database ``name`` with what ``sql`` puts in."""
        self.superuser(f"CREATE DATABASE {name} OWNER chhota_owner")
        subprocess.run([sys.executable, "-m", "flask", "db", "upgrade"], env=self.environment(name), cwd=settings.ROOT,
                       check=True, capture_output=True)  # fmt: skip
        self.superuser(sql, values, database=name)
        self.superuser("VACUUM (ANALYZE, FREEZE)", database=name)
        self.superuser("CHECKPOINT")

    def copy(self, name: str, copy: str) -> None:
        """Make ``copy`` a fresh copy of ``name``, and have all of it on disk."""
        self.superuser(f"DROP DATABASE IF EXISTS {copy}")
        self.superuser(f"CREATE DATABASE {copy} OWNER chhota_owner TEMPLATE {name} STRATEGY file_copy")
        self.superuser("CHECKPOINT")

    def environment(self, name: str) -> dict[str, str]:
        """Of a process of the product on the database ``name``."""
        return os.environ | self.stack.settings | {
            "DATABASE_URL": self.url(name), "DATABASE_OWNER_URL": self.url(name, "DATABASE_OWNER_URL"),
            "APP_ENV": "testing", "FLASK_APP": "wsgi", "LOG_LEVEL": "WARNING",
        }  # fmt: skip

    def side(self, module: str, side: str, name: str) -> dict[str, Any]:
        """What ``python -m module side`` prints last, as JSON, on the database ``name``."""
        done = subprocess.run([sys.executable, "-m", module, side], env=self.environment(name), cwd=settings.ROOT,
                              check=True, stdout=subprocess.PIPE)  # fmt: skip
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer


def task_for_each(celery: Celery, work: Callable[[UUID], None], savers: Sequence[UUID]) -> dict[str, Any]:
    """What a Celery task for each saver takes: published, taken by a worker, ``work`` done.

    One worker process. First all are published, then the worker begins; its start is left out.
    """
    done: list[float] = []

    @celery.task(name="bench.one")
    def one(saver: str) -> None:
        if not done:
            done.append(time.perf_counter())
        work(UUID(saver))
        done.append(time.perf_counter())

    began = time.perf_counter()
    for saver in savers:
        one.apply_async(args=[str(saver)])
    published = time.perf_counter() - began
    with start_worker(celery, pool="solo", perform_ping_check=False, loglevel="ERROR", shutdown_timeout=60):
        while len(done) <= len(savers):
            time.sleep(0.05)
    return {"seconds": published + done[-1] - done[0], "savers": len(savers)}
