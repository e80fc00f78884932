"""In the evening of the last day on which a period with a streak can still be met, its saver is told, once.

Grace counts: a week's last chance is the Monday after it. What is at risk is for gamification/streaks.py to say; this
is the same said of thousands, and a test holds the two together.
"""

from __future__ import annotations

from datetime import date, timedelta

from app.periods import Period, Plan, closes_on, period_of, shift
from app.services.gamification.habit import EARNED
from app.services.notifications.many import TELL_NEWS
from app.services.ops.closing import close_days
from app.services.ops.job_runs import Round
from app.services.ops.local_hours import SAVERS, LocalHour, local_hours, tell_savers
from app.services.savings.overview import UNITS

HOUR = 19
#: From eleven in the evening on nobody is called to anything.
PATIENCE = timedelta(hours=4)

# ``p`` are the periods that can have their last day today: the day itself, the week or month in its grace.
PERIODS = "(VALUES {periods}) AS p (plan, unit, first, last, following, closes)"
AT_RISK = """
j.status = 'active' AND j.streak_count > 0
    AND p.last >= j.start_date AND (j.end_date IS NULL OR p.last <= j.end_date)
    AND least(p.closes, j.end_date + 1) = %(day)s
    AND CASE j.streak_period WHEN p.first THEN j.streak_net WHEN p.following THEN j.streak_previous_net ELSE 0 END
        < coalesce(j.installment_amount, 1)
    AND NOT EXISTS (SELECT FROM jsonb_array_elements(j.pauses) AS pause
        WHERE (pause->>0)::date <= p.last AND p.first <= (pause->>1)::date)
"""
REMIND = f"""
WITH {SAVERS}, news AS MATERIALIZED (
    SELECT j.user_id, 'risk:' || j.id || ':' || p.first AS once,
        jsonb_build_object('jar_id', j.id, 'jar', j.name, 'plan', j.plan_type, 'current', j.streak_count,
            'unit', p.unit, 'due_by', %(day)s::date, 'freezes', h.freezes_held) AS facts
    FROM saver s JOIN saver_habits h ON h.user_id = s.id AND h.closed_through >= %(day)s::date - 1
    JOIN savings_jars j ON j.user_id = s.id
    JOIN {PERIODS} ON p.plan = j.plan_type
    WHERE s.status = 'active' AND {AT_RISK}
), {TELL_NEWS}
SELECT (SELECT id FROM saver ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM told)
"""  # noqa: S608  constants only


def remind(turn: Round) -> int:
    """The job: how many were told. Commits chunk by chunk."""
    hours = local_hours(turn, HOUR, patience=PATIENCE)
    if not hours:
        return 0
    close_days(turn.at)  # a streak that ended last night is not at risk
    # The periods differ from day to day, and the world has two or three days at once.
    return sum(
        tell_savers(
            turn, [hour for hour in hours if hour.day == day], REMIND.replace("{periods}", values_of(day)), _facts
        )
        for day in sorted({hour.day for hour in hours})
    )


def _facts(hour: LocalHour) -> dict[str, object]:
    return {"kind": "streak_at_risk", "day": hour.day}


def values_of(day: date) -> str:
    """The rows of PERIODS on ``day``, as SQL."""
    return ", ".join(
        f"('{plan}', '{UNITS[plan]}', date '{period.start}', date '{period.end}',"
        f" date '{shift(plan, period, 1).start}', date '{closes_on(plan, period)}')"
        for plan in EARNED
        for period in ending(plan, day)
    )


def ending(plan: Plan, day: date) -> list[Period]:
    """The periods of ``plan`` that are over by the end of ``day`` and can still be open on it."""
    own = period_of(plan, day)
    assert own is not None  # the plans that earn have periods
    return [period for period in (shift(plan, own, -1), own) if period.end <= day <= closes_on(plan, period)]
