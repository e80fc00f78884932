"""Closing the day for a million jars in one run, beside one bare UPDATE of the same rows, and beside a task per saver.

The night is the hardest there is: a Monday that is the third of its month, on which days, weeks and months all close;
a quarter of them unmet. In a PostgreSQL of its own, on disk as in production, each side on a fresh copy of the same
database. Bars: at most 6 times the bare UPDATE; at least 50 times as fast as a task for each saver, of which a sample
goes through the broker and a worker; memory flat.

The bare UPDATE: one for every row of ``savings_jars`` and one for every row of ``saver_habits``, each setting one
column from itself, in one transaction, by the application's role.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg2

import config as settings
from app.factory import create_app
from app.services.ops.closing import close_days
from app.services.savings.closing import settle
from app.services.savings.rows import LOCK_SAVER
from app.transactions import fetch, queue, run
from bench.databases import Databases, task_for_each
from devstack.temporary import temporary_stack

JARS = 1_000_000
SMALL = 100_000
SAMPLE = 3_000
BAR_UPDATE = 6.0
BAR_TASKS = 50.0
DAY = date(2026, 8, 3)
MIDNIGHT = datetime(2026, 8, 3, 18, 30, tzinfo=UTC)  # in Kolkata, the fourth begins

# Ten savers of sixteen jars: five with one, four with two, one with three. One draw for each jar decides its plan, one
# what has become of the period that closes.
FILL = """
SELECT setseed(0.5);
SET session_replication_role = replica;
CREATE TEMP TABLE savers AS
SELECT n, uuid_at(timestamptz '2026-01-01' + n * interval '1 second') AS id,
    CASE WHEN n %% 10 < 5 THEN 1 WHEN n %% 10 < 9 THEN 2 ELSE 3 END AS jars
FROM generate_series(1, %(savers)s) n;
INSERT INTO users (id, name, email, email_key, time_zone, created_at)
SELECT id, 'Saver ' || n, 's' || n || '@example.com', 's' || n || '@example.com', 'Asia/Kolkata', '2026-01-01'
FROM savers;
INSERT INTO saver_habits (user_id, time_zone, freezes_held, freeze_parts, closed_through, week_closed, week_on_time,
    month_closed, month_on_time, all_closed, all_on_time)
SELECT id, 'Asia/Kolkata', greatest(0, floor(random() * 4) - 1), floor(random() * 28), %(day)s - 1, 0, 0, 2, 1, 200, 150
FROM savers;
INSERT INTO savings_jars (id, user_id, name, plan_type, target_amount, installment_amount, current_amount, start_date,
    streak_count, streak_longest, streak_run, streak_period, streak_net, streak_previous_net, pauses, created_at,
    made_on)
SELECT uuid_at(timestamptz '2026-01-01' + n * interval '1 second'), user_id, 'Bicycle', plan, 10000000,
    CASE WHEN n %% 3 = 0 THEN 5000 END, 100000, date '2026-01-01',
    CASE WHEN fate < 0.9 THEN 20 ELSE 0 END, 30, CASE WHEN fate < 0.9 THEN 18 ELSE 0 END,
    -- Met: the newest movement lies in the period that closes. Unmet, with a streak or without: the newest lies before.
    CASE WHEN fate < 0.75 THEN p.first ELSE p.before END,
    CASE WHEN fate < 0.9 THEN 5000 ELSE 0 END, CASE WHEN fate < 0.9 THEN 5000 ELSE 0 END,
    CASE WHEN n %% 50 = 0 THEN '[["2026-07-20", "2026-08-10"]]'::jsonb END, '2026-01-01',
    '2026-01-01'
FROM (
    SELECT id AS user_id, n * 3 + copy AS n, random() AS draw, random() AS fate
    FROM savers, generate_series(1, jars) copy
) j
CROSS JOIN LATERAL (SELECT CASE WHEN draw < 0.8 THEN 'daily' WHEN draw < 0.95 THEN 'weekly' ELSE 'monthly' END) d (plan)
JOIN (VALUES ('daily', date '2026-08-03', date '2026-08-02'), ('weekly', '2026-07-27', '2026-07-20'),
    ('monthly', '2026-07-01', '2026-06-01')) p (plan_type, first, before) ON p.plan_type = plan
"""
BARE = (
    "UPDATE savings_jars SET streak_count = streak_count",
    "UPDATE saver_habits SET closed_through = closed_through",
)


class Nights(Databases):
    """Databases of a night that has yet to be closed, and copies of them."""

    def night(self, name: str, jars: int) -> None:
        """Make the database ``name`` with so many jars."""
        self.fill(name, FILL, {"savers": jars * 10 // 16, "day": DAY})

    def measured(self, side: str, night: str) -> dict[str, Any]:
        """What one of the ``SIDES`` took on a fresh copy, in a process of its own."""
        self.copy(night, "bench")
        return self.side("bench.closing", side, "bench")


def bare() -> dict[str, Any]:
    """The bare UPDATE of all rows."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    began = time.perf_counter()
    with connection, connection.cursor() as cursor:
        for sql in BARE:
            cursor.execute(sql)
    return {"seconds": time.perf_counter() - began}


def closing() -> dict[str, Any]:
    """The job, and how much memory its process ever had."""
    with create_app(settings.load(os.environ)).app_context():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        done = close_days(MIDNIGHT)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "peak": peak / 1024, "before": before / 1024, **asdict(done)}


def tasks() -> dict[str, Any]:
    """A Celery task for each saver of a sample, in one process as the closing is: the lock, the closing, the commit."""
    app = create_app(settings.load(os.environ))
    with app.app_context():
        savers = run(lambda: fetch("SELECT user_id FROM saver_habits ORDER BY user_id LIMIT %s", (SAMPLE,)))

    def close_one(saver: UUID) -> None:
        def work() -> None:
            queue(LOCK_SAVER, (saver,))
            settle(saver, through=DAY, at=MIDNIGHT)

        run(work)

    return task_for_each(app.extensions["celery"], close_one, [saver for (saver,) in savers])


SIDES = {"bare": bare, "closing": closing, "tasks": tasks}


def main(_seconds: float, rounds: int) -> bool:
    """Print the figures; whether the bars were held."""
    with temporary_stack(("postgres", "redis"), durable=True) as stack:
        databases = Nights(stack)
        began = time.perf_counter()
        databases.night("night", JARS)
        databases.night("small_night", SMALL)
        print(f"{JARS:,} jars of {JARS * 10 // 16:,} savers, made in {time.perf_counter() - began:.0f} s")
        ratios, slower, small, whole = [], [], {}, {}
        for number in range(1, rounds + 1):
            least = databases.measured("bare", "night")["seconds"]
            small, whole = databases.measured("closing", "small_night"), databases.measured("closing", "night")
            one = databases.measured("tasks", "night")
            each = one["seconds"] / one["savers"]
            ratios.append(whole["seconds"] / least)
            slower.append(each * whole["savers"] / whole["seconds"])
            print(
                f"round {number}: bare UPDATE {least:5.1f} s   closing {whole['seconds']:5.1f} s,"
                f" {ratios[-1]:.2f} times that   a task for each saver {each * 1000:.2f} ms,"
                f" {each * whole['savers']:.0f} s in all, {slower[-1]:.0f} times the closing"
            )
            print(
                f"         {whole['periods']:,} periods: {whole['met']:,} met, {whole['frozen']:,} frozen,"
                f" {whole['lost']:,} streaks lost   peak memory {whole['peak']:.0f} MB,"
                f" with {SMALL:,} jars {small['peak']:.0f} MB"
            )
    ratio, factor = statistics.median(ratios), statistics.median(slower)
    flat = whole["peak"] < small["peak"] * 1.1
    held = ratio <= BAR_UPDATE and factor >= BAR_TASKS and flat and whole["periods"] == JARS
    print(
        f"closing / bare UPDATE: {ratio:.2f} (bar {BAR_UPDATE:.0f})"
        f"   tasks / closing: {factor:.0f} (bar {BAR_TASKS:.0f})"
        f"   memory {'flat' if flat else 'GROWS'}   {'held' if held else 'MISSED'}"
    )
    return held


if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]]()))
