"""What staff read of other lists than accounts and movements, the first page's figures, and the job that counts them.

Among ten thousand and among a million rows of each table, in a PostgreSQL of its own, on disk as in production; each
list as a page at its beginning and one from its middle. Bars: among a million no page takes more than 3 times what it
does among ten thousand, or 20 ms where that is more; the figures 20 ms. Medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import config as settings
from app.factory import create_app
from app.services.ops import counting
from app.services.ops.console import (
    audit_log,
    figures,
    loans,
    lookup,
    outgoing,
    papers,
    requests,
    reversals,
    runs,
    scores,
)
from app.services.ops.console.listing import Asked, Page
from app.services.ops.job_runs import Round
from app.transactions import run
from bench.databases import Databases
from devstack.stack import temporary_stack

FEW, MANY = 10_000, 1_000_000
BAR_TIMES, BAR_MS = 3.0, 20.0
LOOKS = 15
DAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
MIDDLE = datetime(2026, 3, 1, tzinfo=UTC)
FILL = """
SET session_replication_role = replica;
CREATE TEMP TABLE made AS SELECT n, timestamptz '2026-01-01' + n * (interval '150 days' / %(rows)s) AS at,
    (to_char(n, 'FM00000000') || '-0000-7000-8000-000000000000')::uuid AS id FROM generate_series(1, %(rows)s) n;
INSERT INTO users (id, name, email, email_key, phone, time_zone, created_at)
SELECT id, 'Saver ' || n, 's' || n || '@example.com', 's' || n || '@example.com', '+919' || lpad(n::text, 9, '0'),
    'Asia/Kolkata', at FROM made;
INSERT INTO saver_habits (user_id, time_zone, closed_through) SELECT id, 'Asia/Kolkata', '2026-06-01' FROM made;
INSERT INTO savings_jars (id, user_id, name, plan_type, target_amount, current_amount, start_date, created_at,
    streak_count, streak_period, streak_net)
SELECT id, id, 'Bicycle', 'daily', 500000, 5000, '2026-01-01', at, 3, '2026-05-31', 5000 FROM made;
INSERT INTO ledger_accounts (id, kind, user_id, jar_id, balance) SELECT id, 'jar', id, id, 5000 FROM made;
INSERT INTO transactions (id, user_id, jar_id, type, amount, date, occurred_at, recorded_at, balance_after,
    posting_count, reversal_of)
SELECT id, id, id, CASE WHEN n %% 5000 = 7 THEN 'reversal' ELSE 'deposit' END,
    CASE WHEN n %% 5000 = 8 THEN 2000000 ELSE 5000 END, at::date, at, at, 5000, 2,
    CASE WHEN n %% 5000 = 7 THEN id END FROM made;
INSERT INTO credit_scores (id, user_id, status, score, predicted_score, probability, as_of, last_updated)
SELECT id, id, CASE WHEN n %% 5000 = 9 THEN 'no_history' ELSE 'scored' END,
    CASE WHEN n %% 5000 <> 9 THEN 350 + n %% 500 END, 600, 0.5, at, at FROM made;
INSERT INTO credit_score_history (id, user_id, status, score, cause, as_of)
SELECT id, id, 'scored', 600, 'deposit', at FROM made;
INSERT INTO loans (id, user_id, decision_id, loan_policy_version, amount, tenure_months, rate, fee, apr, instalment,
    statement, statement_version, status, offered_at, expires_at, accepted_at, accepted_on, cancel_until)
SELECT id, id, id, 'loan-1', 500000, 6, 1500, 0, 1500, 90000, '{}', 'x',
    CASE WHEN n %% 5000 = 10 THEN 'offered' ELSE 'active' END, at, at, CASE WHEN n %% 5000 <> 10 THEN at END,
    CASE WHEN n %% 5000 <> 10 THEN at::date END, CASE WHEN n %% 5000 <> 10 THEN at END FROM made;
INSERT INTO loan_instalments (loan_id, number, user_id, starts_on, due_on, principal, interest, paid_principal,
    paid_interest, paid_on, paid_at)
SELECT id, 1, id, at::date, at::date + 30, 80000, 10000, CASE WHEN n %% 50 <> 0 THEN 80000 ELSE 0 END,
    CASE WHEN n %% 50 <> 0 THEN 10000 ELSE 0 END, CASE WHEN n %% 50 <> 0 THEN at::date END,
    CASE WHEN n %% 50 <> 0 THEN at END FROM made;
INSERT INTO job_runs (id, kind, status, created_at) SELECT id, 'job.' || n %% 20,
    CASE WHEN n %% 5000 = 11 THEN 'failed' ELSE 'done' END, at FROM made;
INSERT INTO notifications (user_id, id, kind, facts, created_at) SELECT id, id, 'badge_earned', '{}', at FROM made;
INSERT INTO deliveries (user_id, notification_id, channel, status, due_at, created_at) SELECT id, id,
    CASE WHEN n %% 5000 = 12 THEN 'sms' ELSE 'email' END,
    CASE WHEN n %% 5000 = 13 THEN 'dead' WHEN n %% 5000 = 14 THEN 'expired' ELSE 'sent' END, at, at FROM made;
INSERT INTO audit_log (id, at, actor_id, actor, action, subject_type, subject_id, details, hash)
SELECT n, at, CASE WHEN n %% 100 = 0 THEN '00000001-0000-7000-8000-000000000000'::uuid ELSE id END,
    CASE WHEN n %% 5000 = 17 THEN 'operator' ELSE 'saver' END,
    CASE WHEN n %% 5000 = 15 THEN 'suspended' ELSE 'looked_at' END, 'user', id::text, '{}', 'x' FROM made;
INSERT INTO support_requests (id, reference, user_id, subject, text, about_kind, status, created_at, answer_by, answer,
    answered_at)
SELECT id, 'CH-' || n, id, 's', 't', CASE WHEN n %% 500 = 1 THEN 'score' END,
    CASE WHEN n %% 20 = 1 THEN 'open' ELSE 'answered' END, at, at::date + 7, CASE WHEN n %% 20 <> 1 THEN 'a' END,
    CASE WHEN n %% 20 <> 1 THEN at END FROM made;
INSERT INTO kyc_documents (id, user_id, document_type, status, uploaded_at, decided_at)
SELECT id, id, CASE WHEN n %% 2 = 0 THEN 'pan' ELSE 'passport' END,
    CASE WHEN n %% 20 < 2 THEN 'pending' ELSE 'verified' END, at, CASE WHEN n %% 20 >= 2 THEN at END FROM made;
INSERT INTO reversal_requests (id, transaction_id, reason, why, requested_by, requested_at, status, decided_by,
    decided_at)
SELECT id, id, 'twice', 'limit', '00000001-0000-7000-8000-000000000000', at,
    CASE WHEN n %% 5000 = 16 THEN 'waiting' ELSE 'declined' END,
    CASE WHEN n %% 5000 <> 16 THEN '00000002-0000-7000-8000-000000000000'::uuid END,
    CASE WHEN n %% 5000 <> 16 THEN at END FROM made;
"""
ONE = UUID("00000001-0000-7000-8000-000000000000")
Read = Callable[[Asked], Page[Any]]


def lists(rows: int) -> dict[str, tuple[Read, dict[str, Any], str]]:
    """Each list with filters that keep few rows: how it is read, its filters, its order."""
    middle = UUID(f"{rows // 2:08d}-0000-7000-8000-000000000000")
    by_day = partial(loans.listed, day=DAY)
    opened, answered = partial(requests.listed, "open", day=DAY), partial(requests.listed, "answered", day=DAY)
    days = {"first": date(2026, 3, 1), "last": date(2026, 3, 2)}
    found = partial(lookup.page, lookup.MOVEMENTS, lookup.Movement)
    return {
        "scores": (scores.listed, {}, "-user"),
        "scores, lowest": (scores.listed, {}, "score"),
        "scores, at least 845": (scores.listed, {"at_least": 845}, "-score"),
        "scores, no history": (scores.listed, {"status": "no_history"}, "-user"),
        "loans": (by_day, {}, "-offered_at"),
        "loans, offered": (by_day, {"status": "offered"}, "-offered_at"),
        "loans in arrears": (partial(loans.in_arrears, day=DAY), {}, "due_on"),
        "runs": (runs.listed, {}, "-created_at"),
        "runs, failed": (runs.listed, {"status": "failed"}, "-created_at"),
        "runs of one job": (runs.listed, {"kind": "job.3"}, "-created_at"),
        "deliveries": (outgoing.deliveries, {}, "-id"),
        "deliveries, SMS": (outgoing.deliveries, {"channel": "sms"}, "-id"),
        "deliveries, expired": (outgoing.deliveries, {"status": "expired"}, "-id"),
        "deliveries, dead e-mail": (outgoing.deliveries, {"channel": "email", "status": "dead"}, "-id"),
        "deliveries of one": (outgoing.deliveries, {"user": middle}, "-id"),
        "audit": (audit_log.listed, {}, "-at"),
        "audit, one subject": (audit_log.listed, {"subject_type": "user", "subject": str(middle)}, "-at"),
        "audit, one actor": (audit_log.listed, {"actor": ONE}, "-at"),
        "audit, one action": (audit_log.listed, {"action": "suspended"}, "-at"),
        "audit, by operators": (audit_log.listed, {"role": "operator"}, "-at"),
        "audit, one actor before": (audit_log.listed, {"actor": ONE, "before": MIDDLE}, "-at"),
        "requests": (opened, {}, ""),
        "disputes": (opened, {"disputes": True}, ""),
        "requests, answered": (answered, {}, ""),
        "disputes, answered": (answered, {"about": "score"}, ""),
        "papers": (papers.waiting, {}, ""),
        "papers, passports": (papers.waiting, {"document_type": "passport"}, ""),
        "reversals, waiting": (reversals.listed, {"status": "waiting"}, "requested_at"),
        "reversals": (reversals.listed, {}, "-requested_at"),
        "movements, days": (found, days, "-occurred_at"),
        "movements, reversals": (found, {"type": "reversal"}, "-occurred_at"),
        "movements, 20,000 and more": (found, {"at_least": 2_000_000}, "-occurred_at"),
    }


def main(seconds: float, rounds: int) -> bool:
    """Print the figures; whether the bars were held."""
    with temporary_stack(("postgres",), durable=True) as stack:
        databases = Databases(stack)
        taken: dict[int, dict[str, float]] = {}
        for rows in (FEW, MANY):
            name = f"reads_{rows}"
            databases.fill(name, FILL, {"rows": rows})
            taken[rows] = _measured(databases, name, rows)
    held = True
    print(f"{'milliseconds':32}{FEW:>12,}{MANY:>12,}")
    for name, many in taken[MANY].items():
        few = taken[FEW].get(name, 0.0)
        bar = None if name == "(counting)" else max(BAR_TIMES * few, BAR_MS)
        missed = bar is not None and many > bar
        held = held and not missed
        print(f"{name:32}{few:12.1f}{many:12.1f}{'  MISSED' if missed else ''}")
    return held


def _measured(databases: Databases, name: str, rows: int) -> dict[str, float]:
    values = {key: value for key, value in databases.environment(name).items() if key in settings.NAMES}
    app = create_app(settings.load(values | {"REDIS_URL": ""}))
    taken = {}
    with app.app_context():
        for label, (read, filters, order) in lists(rows).items():
            asked = Asked(filters, order)
            taken[label] = _median(partial(read, asked))
            later = run(partial(read, asked)).next
            if later is not None:
                taken[f"{label}: later"] = _median(partial(read, Asked(filters, order, later)))
        began = time.perf_counter()
        counting.count(Round(NOW))
        taken["(counting)"] = (time.perf_counter() - began) * 1000
        taken["the first page"] = _median(partial(figures.read, today=DAY, now=datetime.now(UTC)))
    return taken


def _median(read: Callable[[], Any]) -> float:
    times = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        run(read)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)
