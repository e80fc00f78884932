"""A million savers' scores in one run: histories read, features, rule and model made, all of it written back.

Each saver has a weekly jar and 24 closed weeks; what moved lies in the table week by week, and in each week in the
order of jars, as standing instructions are booked (BENCH_MIXED=1: in no order at all). Beside it: reading the same rows
(a plain COPY of the same columns, in the table's own order) and predicting alone with the same model; and a task for
each saver, of which a sample goes through the broker and a worker. In a PostgreSQL of its own, on disk as in
production. Bars: at most 4 times reading and predicting alone; at least 100 times as fast as a task for each saver;
memory flat.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np
import psycopg2

import config as settings
from app.factory import create_app
from app.scoring.features import Features
from app.scoring.models import NAMES, Model
from app.scoring.obligations import obligations
from app.scoring.policy import policy
from app.scoring.questions import labelled
from app.scoring.training import contest
from app.services.credit import gathering, registry
from app.services.credit.scoring import Predictor
from app.services.ops import scores
from app.services.ops.job_runs import Round
from app.tasks.credit import refresh_scores
from app.transactions import fetch, run
from bench.databases import Databases, task_for_each
from devstack.temporary import temporary_stack

SAVERS = int(os.environ.get("BENCH_SAVERS", "1000000"))
SMALL = 250_000
LEARNT_FROM = 3_000
SAMPLE = 2_000
PERIODS = 24
BAR_READING = 4.0
BAR_TASKS = 100.0
NOW = datetime.now(UTC)
#: The Monday of the first of the weeks; the last is over since a day or more, its grace with it.
FIRST = (NOW - timedelta(days=(NOW - timedelta(days=1)).weekday() + 1, weeks=PERIODS)).date()

# How steady each saver is, one draw; for each week another. Some weeks are met in two parts, some not fully.
FILL = """
SELECT setseed(0.5);
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '1GB';
SET maintenance_work_mem = '1GB';
CREATE TEMP TABLE savers AS
SELECT n, uuid_at(timestamptz '2026-01-01' + n * interval '1 second') AS id,
    uuid_at(timestamptz '2026-01-01' + n * interval '1 second') AS jar, 0.35 + 0.65 * random() AS steady
FROM generate_series(1, %(savers)s) n;
INSERT INTO users (id, name, email, email_key, time_zone, created_at)
SELECT id, 'Saver ' || n, 's' || n || '@example.com', 's' || n || '@example.com', 'Asia/Kolkata', '2026-01-01'
FROM savers;
INSERT INTO saver_habits (user_id, time_zone, closed_through) SELECT id, 'Asia/Kolkata', %(yesterday)s FROM savers;
INSERT INTO savings_jars (id, user_id, name, plan_type, target_amount, installment_amount, current_amount, start_date,
    created_at, made_on)
SELECT jar, id, 'Bicycle', 'weekly', 10000000, 5000, 100000, %(first)s, '2026-01-01', '2026-01-05' FROM savers;
DROP INDEX ix_transactions_jar_id, ix_transactions_user_id, ix_transactions_reversals;
INSERT INTO transactions (id, user_id, jar_id, type, amount, date, occurred_at, recorded_at, balance_after,
    posting_count)
SELECT (lpad(to_hex(period), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(n * 2 + part), 12, '0'))::uuid, id, jar,
    'deposit', CASE WHEN part = 1 THEN 2500 WHEN draw < 0.05 THEN 3000 ELSE 5000 END,
    %(first)s + period * 7 + n %% 6 + part,
    (%(first)s + period * 7 + n %% 6 + part) + time '10:00', (%(first)s + period * 7 + n %% 6 + part)
    + time '10:00', 100000, 2
FROM (SELECT period, part, savers.*, random() AS draw FROM generate_series(0, %(periods)s - 1) period,
    LATERAL (SELECT 0 AS part UNION ALL SELECT 1) p, savers) m
WHERE draw < steady AND (part = 0 OR draw < 0.05) {order};
CREATE INDEX ix_transactions_jar_id ON transactions (jar_id, occurred_at DESC, id DESC);
CREATE INDEX ix_transactions_user_id ON transactions (user_id, occurred_at DESC, id DESC);
CREATE INDEX ix_transactions_reversals ON transactions (user_id) WHERE reversal_of IS NOT NULL;
"""
# The same columns of the same rows, as whoever only reads would have them.
READING = (
    "SELECT id, time_zone, time_zone_next, time_zone_from FROM users",
    "SELECT user_id, id, plan_type, installment_amount, start_date, end_date, closed_on, completed_on"
    " FROM savings_jars",
    "SELECT jar_id, date, amount, type FROM transactions",
)


class Nowhere:
    """Counts what is written, and forgets it."""

    def __init__(self) -> None:
        self.bytes = 0

    def write(self, data: bytes) -> int:
        """Its length."""
        self.bytes += len(data)
        return len(data)


def reading() -> dict[str, Any]:
    """A plain COPY of the same columns."""
    connection, sink = psycopg2.connect(os.environ["DATABASE_URL"]), Nowhere()
    began = time.perf_counter()
    with connection, connection.cursor() as cursor:
        for query in READING:
            cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT BINARY)", sink, 1 << 20)
    return {"seconds": time.perf_counter() - began, "bytes": sink.bytes}


def learnt() -> tuple[Model, Features]:
    """A model trained on some of the savers, and the features of theirs."""
    found = run(lambda: gathering.gather_next(UUID(int=0), LEARNT_FROM, at=NOW))
    done = obligations(found.jars, found.pauses, found.movements, found.today)
    rows = labelled(done, found.jars, found.movements, found.instalments, at_least=2)
    return contest(rows, policy(), seed=1).model, found.features()


def predicting() -> dict[str, Any]:
    """The model's answer to a million rows that are there."""
    with application():
        model, features = learnt()
        rows = np.resize(features.matrix(NAMES), (SAVERS, len(NAMES)))
    began = time.perf_counter()
    model.answer(rows)
    return {"seconds": time.perf_counter() - began, "kind": model.kind}


def batch() -> dict[str, Any]:
    """The job over everybody, and over everybody again; how much memory its process ever had."""
    with application():
        serve()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        times = []
        for _ in range(2):
            began = time.perf_counter()
            done = scores.recalculate(Round(NOW))
            times.append(time.perf_counter() - began)
        ((kept, changes),) = run(
            lambda: fetch("SELECT (SELECT count(*) FROM credit_scores WHERE model_version IS NOT NULL),"
                          " (SELECT count(*) FROM credit_score_history)")
        )  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": times[0], "again": times[1], "savers": done, "kept": kept, "changes": changes,
            "peak": peak / 1024, "before": before / 1024}  # fmt: skip


def tasks() -> dict[str, Any]:
    """A Celery task for each saver of a sample: scored, committed."""
    with application() as celery:
        serve()
        savers = run(lambda: fetch("SELECT user_id FROM saver_habits ORDER BY user_id LIMIT %s", (SAMPLE,)))

        def score_one(saver: UUID) -> None:
            refresh_scores.run(messages=[{"user_id": str(saver)}])

        return task_for_each(celery, score_one, [saver for (saver,) in savers])


@contextmanager
def application() -> Iterator[Any]:
    """The product on this process's database; its Celery application."""
    app = create_app(settings.load(os.environ))
    with app.app_context():
        yield app.extensions["celery"]


def serve() -> None:
    """Have scores predicted by a model."""
    predictor = Predictor("bench-1", learnt()[0])
    registry.serving = lambda **_: predictor


SIDES = {"reading": reading, "predicting": predicting, "batch": batch, "tasks": tasks}


def main(_seconds: float, _rounds: int) -> bool:
    """Print the figures; whether the bars were held."""
    with temporary_stack(("postgres", "redis"), durable=True) as stack:
        databases = Databases(stack)
        began = time.perf_counter()
        fill = FILL.format(order="ORDER BY period, draw" if os.environ.get("BENCH_MIXED") else "")
        known = {"periods": PERIODS, "first": FIRST, "yesterday": NOW.date() - timedelta(days=1)}
        for name, savers in (("savers", SAVERS), ("few_savers", SMALL)):
            databases.fill(name, fill, known | {"savers": savers})
        print(f"{SAVERS:,} savers with {PERIODS} weeks each, made in {time.perf_counter() - began:.0f} s", flush=True)
        side = partial(databases.side, "bench.scores")
        side("reading", "savers")  # what was just written is read once, so that both find it alike
        read, predicted = side("reading", "savers"), side("predicting", "savers")
        small, whole = side("batch", "few_savers"), side("batch", "savers")
        one = side("tasks", "savers")
    least = read["seconds"] + predicted["seconds"]
    ratio, each = whole["seconds"] / least, one["seconds"] / one["savers"]
    factor = each * whole["savers"] / whole["seconds"]
    flat = whole["peak"] < small["peak"] * 1.15
    held = ratio <= BAR_READING and factor >= BAR_TASKS and flat and whole["kept"] == SAVERS
    print(
        f"reading {read['seconds']:.1f} s ({read['bytes'] / 1e6:.0f} MB)   predicting ({predicted['kind']})"
        f" {predicted['seconds']:.1f} s   the run {whole['seconds']:.1f} s, {ratio:.2f} times both"
        f" (bar {BAR_READING:.0f}); {whole['changes']:,} changes kept; once more {whole['again']:.1f} s"
    )
    print(
        f"a task for each saver {each * 1000:.2f} ms, {each * whole['savers']:.0f} s in all, {factor:.0f} times the run"
        f" (bar {BAR_TASKS:.0f})   peak memory {whole['peak']:.0f} MB, with {SMALL:,} savers {small['peak']:.0f} MB,"
        f" before {whole['before']:.0f} MB: {'flat' if flat else 'GROWS'}   {'held' if held else 'MISSED'}"
    )
    return held


if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]]()))
