"""Rows of every table for one saver, whatever tables there are: made out of the models, types and constraints."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import uuid4

from psycopg2.extras import Json
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import Boolean, Date, Double, Integer, LargeBinary, Numeric, String, Time, Uuid

from app.extensions import db

#: Columns that say whose a row is.
OWNERS = ("user_id", "jar_id", "requested_by", "answered_by", "actor_id")
# Nobody's, or made by the test's own movements: the ledger refuses what does not add up.
NOT_FILLED = {
    "users", "savings_jars", "ledger_accounts", "transactions", "postings", "transaction_notes", "saver_habits",
    "audit_log", "audit_head", "ledger_checkpoints", "ledger_sealed_heads", "product_clock", "import_runs",
    "import_refusals", "job_marks", "score_models", "score_health", "outbox", "daily_figures", "standing_figures",
}  # fmt: skip
# Values that constraints want; what is not named here is made from its type.
WANTED: dict[str, dict[str, Any]] = {
    "consents": {"purpose": "marketing", "how": "profile"},
    "proofs": {"purpose": "email"},
    "stored_files": {"purpose": "paper", "content_type": "image/jpeg", "status": "kept"},
    "kyc_documents": {"document_type": "pan", "status": "rejected", "reason": "expired", "decided_by": None,
                      "proposed_by": None},
    "account_letters": {"kind": "email_check", "channel": "email", "status": "sent"},
    "nominees": {"relation": "mother"},
    "refresh_families": {"kind": "web"},
    "push_devices": {"kind": "web"},
    "notifications": {"kind": "badge_earned"},
    "deliveries": {"channel": "email", "status": "sent"},
    "support_requests": {"about_kind": "score", "status": "open", "answer": None, "answered_at": None,
                         "answered_by": None, "appeal_of": None},
    "credit_scores": {"status": "scored", "score": 612, "predicted_score": 600, "policy_version": "rule-1",
                      "model_version": None, "feature_set": 1},
    "credit_score_history": {"status": "scored", "policy_version": "rule-1", "model_version": None, "feature_set": 1,
                             "cause": "recalculation", "transaction_id": None},
    "badges": {"badge_type": "first_deposit", "transaction_id": None},
    "auto_deposit_turns": {"status": "done", "attempts": 1, "transaction_id": None},
    "loans": {"status": "offered", "fee": 0, "accepted_at": None, "accepted_on": None, "accepted_in": None,
              "cancel_until": None, "ended_at": None, "ended_on": None, "cancel_reason": None},
    "loan_instalments": {"due_on": date(2026, 2, 1), "paid_principal": 0, "paid_interest": 0, "waived": 0,
                         "charge": None, "paid_charge": 0, "paid_on": None, "paid_at": None},
    "loan_payments": {"kind": "repayment", "amount": 3},
    "job_runs": {"status": "done"},
    "reversal_requests": {"status": "waiting", "why": "limit", "decided_by": None, "decided_at": None,
                          "reversal_id": None},
    "past_time_zones": {"time_zone": "Asia/Kolkata", "time_zone_next": None, "time_zone_from": None},
}  # fmt: skip


def fill(cursor: Any, user_id: str, jar_id: str) -> None:
    """Give the saver a row in every table that can be about one and has none yet; the cursor is a superuser's."""
    for table in db.metadata.sorted_tables:
        if table.name in NOT_FILLED or not set(OWNERS) & set(table.columns.keys()):
            continue
        if "user_id" in table.columns:
            cursor.execute(f"SELECT 1 FROM {table.name} WHERE user_id = %s", (user_id,))
            if cursor.fetchone():
                continue
        values = {
            column.name: value_of(table, column, user_id, jar_id, cursor)
            for column in table.columns
            if column.identity is None
        }
        cursor.execute(
            f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})",
            list(values.values()),
        )


def value_of(table: Table, column: Column[Any], user_id: str, jar_id: str, cursor: Any) -> Any:
    """Something for this column that its type and the constraints take."""
    wanted = WANTED.get(table.name, {})
    if column.name in wanted:
        return wanted[column.name]
    if column.name in OWNERS:
        return jar_id if column.name == "jar_id" else user_id
    for key in column.foreign_keys:
        target = key.column
        own = f" WHERE user_id = '{user_id}'" if "user_id" in target.table.columns else ""
        cursor.execute(f"SELECT {target.name} FROM {target.table.name}{own} LIMIT 1")
        found = cursor.fetchone()
        if found is None and target.table.name == "import_runs":
            run = str(uuid4())
            cursor.execute(
                "INSERT INTO import_runs (id, source, file_hash, mapping_hash, mapping, status, started_at)"
                " VALUES (%s, 'test', %s, %s, '{}', 'done', now())",
                (run, uuid4().bytes, uuid4().bytes),
            )
            return run
        return found[0]
    kind = column.type
    made: dict[type, Any] = {
        postgresql.ARRAY: [], postgresql.JSONB: Json({}), Uuid: str(uuid4()), Boolean: False, Integer: 1, Double: 0.5,
        Numeric: 1, Date: date(2026, 1, 1), Time: time(12), LargeBinary: b"\x01",
        postgresql.TIMESTAMP: datetime(2026, 1, 1, tzinfo=UTC), String: uuid4().hex[: getattr(kind, "length", 8) or 8],
    }  # fmt: skip
    return next(value for type_, value in made.items() if isinstance(kind, type_))
