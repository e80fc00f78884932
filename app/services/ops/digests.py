"""On Monday morning each saver hears of the week before: what was put aside, what was kept, how the streak stands."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from app.periods import Period
from app.services.notifications.many import TELL_NEWS
from app.services.notifications.notices import tell
from app.services.ops.closing import close_days
from app.services.ops.job_runs import Round
from app.services.ops.local_hours import SAVERS, LocalHour, local_hours, tell_savers
from app.services.savings.overview import UNITS
from app.services.savings.weeks import closed_in
from app.transactions import fetch

HOUR = 8
MONDAY = 0
#: On Tuesday a new week is under way.
PATIENCE = timedelta(hours=16)

# What was reversed was not put aside. The bounds on instants are for the index: a local date is within a day of them.
FIGURES = """
figures AS MATERIALIZED (
    SELECT s.id AS user_id, h.closed_through, h.week_on_time, h.week_closed, jars.streak, jars.plan, jars.total,
        coalesce(week.saved, 0) AS saved, coalesce(week.deposits, 0) AS deposits
    FROM saver s JOIN saver_habits h ON h.user_id = s.id
    CROSS JOIN LATERAL (
        SELECT bool_or(j.status = 'active') AS active, sum(j.current_amount)::bigint AS total,
            (array_agg(j.streak_count ORDER BY j.streak_count DESC, j.created_at, j.id)
                FILTER (WHERE j.status = 'active' AND j.plan_type <> 'flexible'))[1] AS streak,
            (array_agg(j.plan_type ORDER BY j.streak_count DESC, j.created_at, j.id)
                FILTER (WHERE j.status = 'active' AND j.plan_type <> 'flexible'))[1] AS plan
        FROM savings_jars j WHERE j.user_id = s.id AND j.status <> 'closed'
    ) jars
    CROSS JOIN LATERAL (
        SELECT sum(t.amount)::bigint AS saved, count(*) AS deposits FROM transactions t
        WHERE t.user_id = s.id AND t.occurred_at >= %(begin)s AND t.occurred_at < %(end)s AND t.type = 'deposit'
            AND t.date BETWEEN %(monday)s AND %(sunday)s
            AND NOT EXISTS (SELECT FROM transactions r WHERE r.reversal_of = t.id)
    ) week
    WHERE s.status = 'active' AND jars.active
)
"""
UNIT = "CASE plan " + " ".join([f"WHEN '{plan}' THEN '{unit}'" for plan, unit in UNITS.items()]) + " ELSE 'days' END"
# The tallies of the habit are those of the week that holds the day through which it is closed.
DIGEST = f"""
WITH {SAVERS}, {FIGURES}, news AS MATERIALIZED (
    SELECT user_id, %(once)s AS once,
        jsonb_build_object('week_start', %(monday)s::date, 'saved', saved, 'deposits', deposits, 'kept', week_on_time,
            'asked', week_closed, 'streak', coalesce(streak, 0), 'unit', {UNIT}, 'total', total) AS facts
    FROM figures WHERE closed_through = %(sunday)s
), {TELL_NEWS}
SELECT (SELECT id FROM saver ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM told)
"""  # noqa: S608  constants only
# Those whose days are not closed through Sunday, or further: busy when it was tried, or far from home.
OTHERS = f"""
WITH {SAVERS}, {FIGURES}
SELECT user_id, saved, deposits, coalesce(streak, 0), {UNIT}, total FROM figures
WHERE closed_through IS DISTINCT FROM %(sunday)s
    AND NOT EXISTS (SELECT FROM notifications n WHERE n.user_id = figures.user_id AND n.once = %(once)s)
"""  # noqa: S608  constants only


def send_digests(turn: Round) -> int:
    """The job: how many were told. Commits chunk by chunk."""
    hours = local_hours(turn, HOUR, patience=PATIENCE, weekday=MONDAY)
    if not hours:
        return 0
    close_days(turn.at)
    return tell_savers(turn, hours, DIGEST, _week, after_each=lambda hour, values, zone: _others(turn, values, zone))


def _week(hour: LocalHour) -> dict[str, Any]:
    monday = hour.day - timedelta(days=7)
    sunday = hour.day - timedelta(days=1)
    return {
        "kind": "weekly_digest",
        "once": f"digest:{monday}",
        "monday": monday,
        "sunday": sunday,
        "begin": datetime.combine(monday - timedelta(days=2), time(), UTC),
        "end": datetime.combine(sunday + timedelta(days=3), time(), UTC),
    }


def _others(turn: Round, values: dict[str, Any], in_force: str) -> int:
    rows = fetch(OTHERS.format(in_force=in_force), values)
    week = Period(values["monday"], values["sunday"])
    for user_id, saved, deposits, streak, unit, total in rows:
        kept, asked = closed_in(user_id, week)
        facts = {
            "week_start": week.start.isoformat(),
            "saved": saved,
            "deposits": deposits,
            "kept": kept,
            "asked": asked,
            "streak": streak,
            "unit": unit,
            "total": total,
        }
        tell(user_id, "weekly_digest", facts, at=turn.at, once=values["once"])
    return len(rows)
