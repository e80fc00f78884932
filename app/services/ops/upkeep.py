"""Removing what has served its time."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.transactions import fetch

IDEMPOTENCY_KEPT = timedelta(hours=48)
SIGN_INS_KEPT = timedelta(days=90)


def purge(*, now: datetime) -> dict[str, int]:
    """Delete idempotency records older than 48 hours of real time, and sign-ins that ended 90 days ago; counts."""
    counts = {}
    for name, sql, before in (
        ("idempotency_records", "DELETE FROM idempotency_records WHERE created_at < %s", now - IDEMPOTENCY_KEPT),
        ("refresh_families", "DELETE FROM refresh_families WHERE expires_at < %s", now - SIGN_INS_KEPT),
    ):
        ((counts[name],),) = fetch(f"WITH gone AS ({sql} RETURNING 1) SELECT count(*) FROM gone", (before,))  # noqa: S608
    return counts
