"""Every list of the console among ten thousand and among a million rows of each table, and its first page.

The views are walked: each list at its beginning and a page later, in every order, narrowed by each of its filters alone
(of choices each). Whole pages of an application on a PostgreSQL of its own, on disk as in production, their medians.
Bars: no list takes more than 6 queries, or among a million more than twice what it takes among ten thousand (or 15 ms
more, where that is more: as much as one page differs from itself here).
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from html import unescape
from math import isfinite
from typing import Any

from flask import Flask, session
from flask_admin.base import Admin
from wtforms import Field

import config as settings
from app import clock, transactions
from app.blueprints.ops.forms import AmountFilter, ChoiceFilter, DayFilter, IdFilter, TextFilter
from app.blueprints.ops.lists import ListView
from app.blueprints.web import access
from app.extensions import db
from app.factory import create_app
from app.services.identity import sign_in, staff, two_factor
from app.services.identity.principal import principal
from app.services.ops import counting
from app.services.ops.job_runs import Round
from app.transactions import run
from bench.console_rows import FILL
from bench.databases import Databases
from devstack.temporary import temporary_stack

FEW, MANY = 10_000, 1_000_000
MOST_QUERIES, BAR_TIMES, BAR_MS = 6, 2.0, 15.0
LOOKS = 8
#: By the product's clock; the rows end here.
NOW = datetime(2026, 5, 31, tzinfo=UTC)
EMAIL, PASSWORD = "meera@example.com", "kettle drum monsoon"
NEXT = re.compile(r'href="([^"]*after=[^"]*)"[^>]*rel="next"|rel="next"[^>]*href="([^"]*after=[^"]*)"')
#: What is typed into a filter that takes text, by its name; into others what matches nothing.
TEXTS = {"q": ("saver 1", "s77@", "+919"), "subject": ("{id}",)}
#: What a filter is asked for together with.
BESIDE = {"subject": "subject_type=user&"}
#: Amounts that most movements have and that few have, in rupees.
AMOUNTS = ("10", "9000", "20000")
#: Of days: the newest, the oldest, and one in the middle.
DAYS = ("2026-05-30", "2026-01-02", "2026-03-01")


def main(seconds: float, rounds: int) -> bool:
    """Print the figures; whether the bars were held."""
    with temporary_stack(("postgres", "redis"), durable=True) as stack:
        databases = Databases(stack)
        usual, clock.present = clock.present, lambda: NOW
        try:
            return _compare(databases, rounds)
        finally:
            clock.present = usual


def _compare(databases: Databases, rounds: int) -> bool:
    sides: dict[int, _Side] = {}
    for rows in (FEW, MANY):
        databases.fill(f"console_{rows}", FILL, {"rows": rows})
        sides[rows] = _Side(databases, f"console_{rows}", rows)
        print(f"figures of the first page, counted among {rows:,}: {sides[rows].count():.0f} ms")
    taken: dict[tuple[int, str], list[float]] = {}
    for _ in range(rounds):  # in turn, so that whatever else this machine does slows both alike
        for rows, side in sides.items():
            for shown, path in side.paths.items():
                taken.setdefault((rows, shown), []).append(side.milliseconds(path))
    held = True
    print(f"{FEW:>9,} {MANY:>12,}  times queries")
    for shown in sides[FEW].paths:
        few, many = (statistics.median(taken[rows, shown]) for rows in (FEW, MANY))
        queries = max(side.queries.get(side.paths[shown], 0) for side in sides.values())
        one = "{id}/" in shown  # the page of one thing is no list: its parts have queries of their own
        fine = (one or queries <= MOST_QUERIES) and many <= max(BAR_TIMES * few, few + BAR_MS) and isfinite(many)
        held &= fine
        print(f"{few:6.1f} ms {many:9.1f} ms {many / few:6.2f} {queries:7}  {shown}{'' if fine else '   MISSED'}")
    print(f"{len(sides[FEW].paths)} pages   {'held' if held else 'MISSED'}")
    for side in sides.values():
        side.close()
    return held


class _Side:
    """An application on one of the databases, a browser of staff at it, and the addresses of the lists there."""

    def __init__(self, databases: Databases, name: str, rows: int) -> None:
        values = {key: value for key, value in databases.environment(name).items() if key in settings.NAMES}
        self.app: Flask = create_app(settings.load(values | {"LOG_LEVEL": "ERROR", "RATELIMIT_ENABLED": "0"}))
        self.middle = f"{rows // 2:08d}-0000-7000-8000-000000000000"
        self.client = self._browser()
        self.queries: dict[str, int] = {}
        self.paths = {shown: self._there(shown) for shown in self._walked()}

    def count(self) -> float:
        """Milliseconds of counting the first page's figures anew, by the job."""
        began = time.perf_counter()
        with self.app.app_context():
            counting.count(Round(NOW))
        return (time.perf_counter() - began) * 1e3

    def milliseconds(self, path: str) -> float:
        """Of a page, and how many queries it makes; infinite where it is refused."""
        times = []
        for _ in range(LOOKS):
            with _counted() as queries:
                began = time.perf_counter()
                answer = self.client.get(path)
                times.append((time.perf_counter() - began) * 1e3)
            if answer.status_code != 200:
                return float("inf")
        self.queries[path] = max(len(queries), self.queries.get(path, 0))
        return statistics.median(times)

    def close(self) -> None:
        """Let go of the database."""
        with self.app.app_context():
            db.engine.dispose()

    def _walked(self) -> Iterator[str]:
        admin: Admin = self.app.extensions["admin"][0]
        with self.app.test_request_context("/"):
            for view in admin._views:
                if isinstance(view, ListView):
                    path = view.get_url(f"{view.endpoint}.index")
                    yield path
                    yield f"{path} later"
                    yield from (f"{path}?sort={sort}" for sort in sorted(view.sorts() - {view.default_sort}))
                    yield from (f"{path}?{asked}" for field in view.filters() for asked in _asked(field))
                else:
                    yield from (
                        view.get_url(f"{view.endpoint}.{method}")
                        for url, method, methods in view._urls
                        if "<" not in url and "GET" in methods and view.in_menu
                    )
        yield from ("/ops/users/{id}/", "/ops/scores/{id}/")

    def _there(self, shown: str) -> str:
        """The address of this side: ids are of its own rows, a later page is behind its first."""
        path = shown.replace("{id}", self.middle)
        if not path.endswith(" later"):
            return path
        path = path.removesuffix(" later")
        found = NEXT.search(self.client.get(path).text)
        return unescape(found[1] or found[2]) if found else path

    def _browser(self) -> Any:
        with self.app.test_request_context("/"):
            now = datetime.now(UTC)
            user_id = run(lambda: staff.add(name="Meera", email=EMAIL, password=PASSWORD, role="admin", at=now).id)
            run(lambda: (two_factor.keep(user_id, "A" * 32), two_factor.switch_on(user_id, now=now)))
            opened = run(lambda: sign_in.open_family(user_id, kind="web", device="Werkzeug"))
            person = run(lambda: principal(opened.family_id))
            assert person is not None
            access.begin(person)
            held = dict(session)
        client = self.app.test_client()
        with client.session_transaction() as kept:
            kept.update(held)
        return client


def _asked(field: Field) -> Iterator[str]:
    """What a filter is asked for, as an address has it."""
    if isinstance(field, ChoiceFilter):
        values = [str(choice.value) for choice in field.choices if choice.value]
    elif isinstance(field, IdFilter):
        values = ["{id}"]
    elif isinstance(field, DayFilter):
        values = list(DAYS)
    elif isinstance(field, AmountFilter):
        values = list(AMOUNTS)
    else:
        assert isinstance(field, TextFilter), f"say what a {field.type} is asked for"
        values = [one.replace("+", "%2B").replace(" ", "%20") for one in TEXTS.get(field.name, ("nothing-like-it",))]
    yield from (f"{BESIDE.get(field.name, '')}{field.name}={value}" for value in values)


@contextmanager
def _counted() -> Iterator[list[str]]:
    """What is sent to PostgreSQL meanwhile, one for each round trip."""
    usual, seen = transactions._send, list[str]()

    def send(work: Any, **options: Any) -> Any:
        if work.queue:
            seen.append(str(work.queue))
        return usual(work, **options)

    transactions._send = send
    try:
        yield seen
    finally:
        transactions._send = usual
