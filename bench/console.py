"""The console's lists among ten thousand and among a million rows, each as a whole page: an early one and a late one.

Savers with a jar and a movement each, in a PostgreSQL of its own, on disk as in production. Bars: among a million no
page takes more than 3 times what it does among ten thousand, or 100 ms where that is more; 300 ms where an amount is
looked for, which no index is ordered by. The median of rounds.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime
from typing import Any

from flask import Flask, session

import config as settings
from app.blueprints.web import access
from app.extensions import db
from app.factory import create_app
from app.services.identity import sign_in, staff, two_factor
from app.services.identity.principal import principal
from app.transactions import fetch, run
from bench.databases import Databases
from devstack.stack import temporary_stack

FEW, MANY = 10_000, 1_000_000
BAR_TIMES, BAR_MS, BAR_SIFTED_MS = 3.0, 100.0, 300.0
LOOKS = 40
EMAIL, PASSWORD = "meera@example.com", "kettle drum monsoon"
# Every list, and filters that keep few rows; {user}, {jar} are of a saver in the middle. A new list is a line here.
LISTS = (
    "/ops/users/",
    "/ops/users/?sort=created_at",
    "/ops/users/?status=suspended",
    "/ops/users/?kyc_status=pending",
    "/ops/users/?role=support",
    "/ops/users/?since=2026-01-05",
    "/ops/users/?q=saver%201",
    "/ops/users/?q=s77%40",
    "/ops/users/?q=%2B919",
    "/ops/users/?q=saver%201&status=suspended",
    "/ops/users/{user}/",
    "/ops/transactions/",
    "/ops/transactions/?user={user}",
    "/ops/transactions/?jar={jar}",
    "/ops/transactions/?type=reversal",
    "/ops/transactions/?at_least=9000",
    "/ops/transactions/?from=2026-01-02&to=2026-01-03",
)
FILL = """
SET session_replication_role = replica;
INSERT INTO users (id, name, email, email_key, phone, time_zone, status, role, kyc_status, created_at)
SELECT made.id, 'Saver ' || n, 's' || n || '@example.com', 's' || n || '@example.com',
    '+919' || lpad(n::text, 9, '0'), 'Asia/Kolkata', CASE WHEN n %% 5000 = 7 THEN 'suspended' ELSE 'active' END,
    'saver', CASE WHEN n %% 5000 = 8 THEN 'pending' ELSE 'none' END, made.at
FROM generate_series(1, %(rows)s) n,
    LATERAL (SELECT timestamptz '2026-01-01' + n * interval '1 second' AS at,
        (to_char(n, 'FM00000000') || '-0000-7000-8000-000000000000')::uuid AS id) made;
INSERT INTO savings_jars (id, user_id, name, plan_type, target_amount, current_amount, start_date, created_at)
SELECT id, id, 'Bicycle', 'daily', 500000, 5000, '2026-01-01', created_at FROM users;
INSERT INTO transactions (id, user_id, jar_id, type, amount, date, occurred_at, recorded_at, balance_after,
    posting_count, reversal_of)
SELECT id, id, id, CASE WHEN status = 'suspended' THEN 'reversal' ELSE 'deposit' END,
    CASE WHEN kyc_status = 'pending' THEN 1000000 ELSE 5000 END, '2026-01-01', created_at, created_at, 5000, 2,
    CASE WHEN status = 'suspended' THEN id END
FROM users;
"""


def main(seconds: float, rounds: int) -> bool:
    """Print the figures; whether the bars were held."""
    with temporary_stack(("postgres", "redis"), durable=True) as stack:
        databases = Databases(stack)
        sides: dict[int, tuple[Flask, Any, list[str]]] = {}
        for rows in (FEW, MANY):
            name = f"console_{rows}"
            databases.fill(name, FILL, {"rows": rows})
            sides[rows] = _begin(databases, name)
        taken: dict[tuple[int, str], list[float]] = {}
        for _ in range(rounds):  # in turn, so that whatever else this machine does slows both alike
            for rows, (_, client, paths) in sides.items():
                for path, shown in zip(paths, LISTS, strict=True):
                    taken.setdefault((rows, shown), []).append(_median(client, path))
        held = True
        for shown in LISTS:
            few, many = (statistics.median(taken[rows, shown]) for rows in (FEW, MANY))
            fine = many <= max(BAR_TIMES * few, BAR_SIFTED_MS if "at_least" in shown else BAR_MS)
            held &= fine
            print(f"{few:7.1f} ms {many:7.1f} ms  {shown}{'' if fine else '   MISSED'}")
        print(f"among {FEW:,} and among {MANY:,} rows   {'held' if held else 'MISSED'}")
        for app, _, _ in sides.values():
            with app.app_context():
                db.engine.dispose()
    return held


def _begin(databases: Databases, name: str) -> tuple[Flask, Any, list[str]]:
    """An application on the database, a browser of staff at it, and the addresses of the lists there."""
    environment = databases.environment(name)
    values = {key: value for key, value in environment.items() if key in settings.NAMES}
    app = create_app(settings.load(values | {"LOG_LEVEL": "ERROR", "RATELIMIT_ENABLED": "0"}))
    with app.test_request_context("/"):
        user_id = run(
            lambda: staff.add(name="Meera", email=EMAIL, password=PASSWORD, role="support", at=datetime.now(UTC)).id
        )
        run(lambda: (two_factor.keep(user_id, "A" * 32), two_factor.switch_on(user_id, now=datetime.now(UTC))))
        opened = run(lambda: sign_in.open_family(user_id, kind="web", device="Werkzeug"))
        person = run(lambda: principal(opened.family_id))
        assert person is not None
        access.begin(person)
        held = dict(session)
        ((saver,),) = run(lambda: fetch("SELECT id FROM users WHERE email_key = 's5000@example.com'"))
    client = app.test_client()
    with client.session_transaction() as kept:
        kept.update(held)
    return app, client, [path.format(user=saver, jar=saver) for path in LISTS]


def _median(client: Any, path: str) -> float:
    """Milliseconds of a page."""
    taken = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        answer = client.get(path)
        taken.append((time.perf_counter() - began) * 1e3)
        assert answer.status_code == 200, (path, answer.status_code)
    return statistics.median(taken)
