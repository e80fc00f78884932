"""A saver's lock, and what movements and closings change of a jar's row."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.services.savings.jar import Jar
from app.transactions import Statement, queue

# An advisory lock: it writes nothing, and is all that orders the movements of one saver.
LOCK_SAVER = Statement(
    "savings_lock_saver", "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 0))", parameters=1
)
UPDATE_JAR = Statement(
    "savings_update_jar",
    "UPDATE savings_jars SET current_amount = $1, status = $2, completed_on = $3, streak_count = $4,"
    " streak_longest = $5, streak_run = $6, streak_period = $7, streak_net = $8, streak_previous_net = $9,"
    " streak_kept_through = $10 WHERE id = $11",
    parameters=11,
)

KEEP_TERMS = Statement(
    "savings_keep_terms",
    "INSERT INTO past_jar_terms (jar_id, until, end_date, completed_on, closed_on)"
    " SELECT id, $2, end_date, completed_on, closed_on FROM savings_jars WHERE id = $1 ON CONFLICT DO NOTHING",
    parameters=2,
)


def keep_terms(jar_id: UUID, *, at: datetime) -> None:
    """Queue, before the jar's end, completion or closing is changed at ``at``, what it asked for until then."""
    queue(KEEP_TERMS, (jar_id, at))


def store(jar: Jar, streak_count: int) -> None:
    """Queue what movements change of a jar's row."""
    queue(
        UPDATE_JAR,
        (
            jar.current_amount,
            jar.status,
            jar.completed_on,
            streak_count,
            jar.streak_longest,
            jar.streak_run,
            jar.streak_period,
            jar.streak_net,
            jar.streak_previous_net,
            jar.streak_kept_through,
            jar.id,
        ),
    )
