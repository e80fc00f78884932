"""Loans as the days pass, for everybody: offers run out, cooling-offs end, instalments are told of, arrears age.

Whoever comes first does it: a saver who looks or pays sees the same by time alone (services/loans).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from app.errors import Unavailable
from app.loans.policy import FOLDER, policy
from app.observability import get_logger
from app.services.loans import defaulting, lateness
from app.services.loans.lateness import LOCAL_DAY
from app.services.notifications.many import TELL_NEWS
from app.services.ops.job_runs import Round
from app.services.ops.local_hours import LocalHour, local_hours, tell_savers
from app.transactions import fetch, queue, run

log = get_logger()
CHUNK = 1_000
NOBODY = UUID(int=0)
#: When a saver hears of an instalment, by the clock of the day, and how late that may be.
HOUR = 9
PATIENCE = timedelta(hours=12)

EXPIRE = f"""
WITH due AS (
    SELECT l.id FROM loans l WHERE l.status = 'offered' AND l.expires_at <= %(at)s ORDER BY l.expires_at LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
), ended AS (
    UPDATE loans l SET status = 'cancelled', cancel_reason = 'expired', ended_at = %(at)s, ended_on = {LOCAL_DAY}
    FROM due, users u WHERE l.id = due.id AND u.id = l.user_id RETURNING 1
)
SELECT count(*) FROM ended
"""  # noqa: S608  constants only
ACTIVATE = """
WITH due AS (
    SELECT l.id FROM loans l WHERE l.status = 'accepted' AND l.cancel_until <= %(at)s ORDER BY l.cancel_until
    LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
), begun AS (
    UPDATE loans l SET status = 'active' FROM due WHERE l.id = due.id RETURNING 1
)
SELECT count(*) FROM begun
"""
# Unpaid instalments of open loans whose day stands so far from today that their saver is told. ``d``: policies with how
# many days after the due day that is (below zero: before it), and whether the instalment is overdue by then.
REMIND = f"""
WITH due AS MATERIALIZED (
    SELECT i.loan_id, i.number, i.user_id, i.due_on, d.overdue,
        i.principal + i.interest - i.waived - i.paid_principal - i.paid_interest AS amount, d.after
    FROM (VALUES {{days}}) AS d (version, after, overdue)
    JOIN loan_instalments i ON i.due_on = %(day)s::date - d.after AND i.paid_on IS NULL AND i.loan_id > %(after)s
    JOIN loans l ON l.id = i.loan_id AND l.status IN ('accepted', 'active') AND l.loan_policy_version = d.version
    JOIN users u ON u.id = i.user_id AND u.status = 'active' AND {{in_force}}
    ORDER BY i.loan_id FETCH FIRST %(limit)s ROWS WITH TIES
), news AS MATERIALIZED (
    SELECT user_id, 'instalment:' || loan_id || ':' || number || ':' || after AS once,
        jsonb_build_object('event', 'due', 'loan_id', loan_id, 'amount', amount, 'due_on', due_on, 'overdue', overdue)
        AS facts
    FROM due
), {TELL_NEWS}
SELECT (SELECT loan_id FROM due ORDER BY loan_id DESC LIMIT 1), (SELECT count(*) FROM told)
"""  # noqa: S608  constants only
# Loans with an instalment that may be late somewhere in the world; what is late is for their saver's own day to say.
LATE = """
SELECT DISTINCT i.loan_id FROM loan_instalments i
JOIN loans l ON l.id = i.loan_id AND l.status IN ('accepted', 'active')
WHERE i.paid_on IS NULL AND i.due_on <= %(day)s AND i.loan_id > %(after)s ORDER BY i.loan_id LIMIT %(limit)s
"""


def progress(turn: Round) -> int:
    """The job: end offers whose time is over, and cooling-offs; how many."""
    done = 0
    for sql in (EXPIRE, ACTIVATE):
        count = 1
        while count:
            count = run(partial(_count, sql, {"at": turn.at, "limit": CHUNK}))
            done += count
            turn.report(done, None)
    return done


def remind(turn: Round) -> int:
    """The job: tell savers of instalments that are due soon, today, or overdue; how many were told."""
    hours = local_hours(turn, HOUR, patience=PATIENCE)
    if not hours:
        return 0
    return tell_savers(turn, hours, REMIND.replace("{days}", ", ".join(_days())), _facts)


def age(turn: Round) -> int:
    """The job: charge what is late, and end loans that are in default; how many instalments and loans.

    Charges by sets; of defaults there are few, and each moves money in a transaction of its own.
    """
    done = 0
    for loans in _late(turn.at):
        done += run(partial(lateness.charge, loans, at=turn.at))
        turn.report(done, None)
        for user_id, loan_id in run(partial(defaulting.due, loans, at=turn.at)):
            try:
                done += run(partial(defaulting.default, user_id, loan_id, at=turn.at))
            except Unavailable as busy:
                # The saver is moving money just now: the next run takes it up.
                log.warning("default_put_off", loan_id=str(loan_id), code=busy.code)
            turn.report(done, None)
    return done


def _count(sql: str, values: dict[str, Any]) -> int:
    queue("SET LOCAL statement_timeout = '60s'")
    return int(fetch(sql, values)[0][0])


def _late(at: datetime) -> Iterator[list[UUID]]:
    after: UUID | None = NOBODY
    # The last zone to come to a day is a day behind the first.
    day = (at + timedelta(hours=14)).astimezone(UTC).date()

    def chunk(after: UUID) -> list[UUID]:
        queue("SET LOCAL statement_timeout = '60s'")
        return [loan for (loan,) in fetch(LATE, {"day": day, "after": after, "limit": CHUNK})]

    work: Callable[[UUID], list[UUID]] = chunk
    while after is not None:
        loans = run(partial(work, after))
        after = loans[-1] if loans else None
        if loans:
            yield loans


def _facts(hour: LocalHour) -> dict[str, object]:
    return {"kind": "instalment_due", "day": hour.day}


def _days() -> Iterator[str]:
    for path in sorted(FOLDER.glob("*.toml")):
        rules = policy(path.stem)
        for after in (-rules.tell_before_days, 0, *rules.tell_overdue_days):
            yield f"('{rules.version}', {after}, {'true' if after > 0 else 'false'})"
