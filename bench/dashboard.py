"""A saver's home with ten jars and two thousand movements: the time the server takes, beside a page with no query.

The whole of the application answers, from the session's cookie to the last byte, in this process: what a network and a
browser add is the same for any page. In a PostgreSQL and a Redis of its own, on disk as in production. Bars: a median
of at most 40 ms, fewer than 12 statements, and at most 100 kB compressed for all that a browser loads at first.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import config as settings
from app import clock, transactions
from app.extensions import db
from app.factory import create_app
from app.periods import SaverZone
from app.services.identity import signup
from app.services.identity.principal import Principal
from app.services.savings import deposits, jars
from app.transactions import run
from devstack.temporary import temporary_stack

JARS, MOVEMENTS = 10, 2_000
LOOKS = 200
# What every browser of today asks for.
COMPRESSED = {"Accept-Encoding": "gzip, deflate, br, zstd"}
BAR_MS, BAR_STATEMENTS, BAR_BYTES = 40.0, 12, 100_000
NOW = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)
EMAIL, PASSWORD = "asha@example.com", "kettle drum monsoon"
PLANS = ("daily", "weekly", "monthly", "flexible")


def main(seconds: float, rounds: int) -> bool:
    """Print the figures; whether the bars were held."""
    from alembic import command
    from alembic.config import Config

    with temporary_stack(("postgres", "redis"), durable=True) as stack:
        values = {name: value for name, value in stack.settings.items() if name in settings.NAMES}
        app = create_app(settings.load(values | {"APP_ENV": "testing", "LOG_LEVEL": "ERROR", "RATELIMIT_ENABLED": "0"}))
        usual, clock.present = clock.present, lambda: NOW
        try:
            with app.app_context():
                configuration = Config(str(settings.ROOT / "migrations" / "alembic.ini"))
                configuration.set_main_option("script_location", str(settings.ROOT / "migrations"))
                command.upgrade(configuration, "head")
                _fill()
            client = app.test_client()
            _sign_in(client)
            client.get("/dashboard")  # a first look makes the score
            taken: dict[str, list[float]] = {"/dashboard": [], "/offline": []}
            for number in range(1, rounds + 1):
                found = {path: _median(lambda path=path: client.get(path, headers=COMPRESSED)) for path in taken}
                for path, median in found.items():
                    taken[path].append(median)
                print(f"round {number}:   home {found['/dashboard']:.1f} ms   no query {found['/offline']:.1f} ms")
            statements = _statements(lambda: client.get("/dashboard"))
            weight = _weight(client)
            with app.app_context():
                db.engine.dispose()
        finally:
            clock.present = usual
    home = statistics.median(taken["/dashboard"])
    ratio = home / statistics.median(taken["/offline"])
    held = home <= BAR_MS and statements < BAR_STATEMENTS and weight <= BAR_BYTES
    print(
        f"home: {home:.1f} ms (bar {BAR_MS:.0f}), {ratio:.1f} times a page with no query   {statements} statements"
        f" (bar {BAR_STATEMENTS})   first view {weight / 1000:.0f} kB (bar {BAR_BYTES // 1000})"
        f"   {'held' if held else 'MISSED'}"
    )
    return held


def _fill() -> None:
    """The saver, through the product's own services."""
    begun = NOW - timedelta(days=MOVEMENTS // JARS)
    details = {"name": "Asha Devi", "email": EMAIL, "phone": "+919000000101", "password": PASSWORD}
    user_id = run(lambda: signup.sign_up(**details, at=begun).id)
    saver = Principal(user_id, UUID(int=0), "saver", "Asha Devi", EMAIL, "en", "none", SaverZone("Asia/Kolkata"))
    made = [
        run(
            lambda number=number: (
                jars.create(
                    saver,
                    name=f"Jar {number}",
                    plan_type=PLANS[number % len(PLANS)],
                    target_amount=20_000_00,
                    installment_amount=20_00,
                    at=begun,
                ).jar.id
            )
        )
        for number in range(JARS)
    ]
    for number in range(MOVEMENTS):
        at = begun + timedelta(days=number // JARS, hours=1, minutes=number % JARS)
        with clock.standing_at(at):
            run(
                lambda at=at, number=number: deposits.deposit(
                    saver, made[number % JARS], 20_00, None, at=at, claim=None, render=lambda _: (201, b"")
                )
            )


def _sign_in(client: Any) -> None:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    assert token is not None
    answer = client.post("/login", data={"csrf_token": token[1], "login": EMAIL, "password": PASSWORD})
    assert answer.status_code == 303, answer.text


def _median(look: Callable[[], Any]) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        assert look().status_code == 200
        taken.append((time.perf_counter() - began) * 1e3)
    return statistics.median(taken)


def _statements(look: Callable[[], Any]) -> int:
    """How many statements reach the database, BEGIN and COMMIT aside."""
    sent: list[int] = []
    usual = transactions._send

    def counted(work: Any, **options: Any) -> list[Any]:
        sent.append(len(work.queue))
        return usual(work, **options)

    transactions._send = counted
    try:
        look()
    finally:
        transactions._send = usual
    return sum(sent)


def _weight(client: Any) -> int:
    """Bytes, as they are sent, of the page and of all that a browser fetches to show it for the first time."""
    page = client.get("/dashboard").text
    sent = len(client.get("/dashboard", headers=COMPRESSED).data)
    addresses = set(re.findall(r'(?:href|src)="(/static/[^"]+|/manifest[^"]+)"', page))
    for address in list(addresses):
        if ".css" in address:
            names = re.findall(rb'url\("?\.\./(fonts/[^")]+)', client.get(address).data)
            addresses |= {f"/static/{name.decode()}" for name in names}
    return sent + sum(len(client.get(address, headers=COMPRESSED).data) for address in addresses)
