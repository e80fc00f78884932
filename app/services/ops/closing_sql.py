"""The statements that close a day for everybody (services/ops/closing.py), each for thousands of savers at once."""

from __future__ import annotations

from datetime import date

from app.periods import Period, Plan, closes_on, period_of, shift
from app.services.gamification.habit import EARNED
from app.services.savings.jar import UNITS

# Each zone that savers have, with the last day that is closed for all of them: a probe of the index for each.
BEHIND = """
WITH RECURSIVE own (zone) AS (
    SELECT min(time_zone) FROM saver_habits
    UNION ALL SELECT (SELECT min(time_zone) FROM saver_habits WHERE time_zone > zone) FROM own WHERE zone IS NOT NULL
)
SELECT zone, (SELECT min(closed_through) FROM saver_habits WHERE time_zone = zone) FROM own WHERE zone IS NOT NULL
"""
# Whose turn it is: savers of the zone that are closed through the day before $day, without a change of zone ahead.
TAKE = """
SELECT s.user_id, pg_try_advisory_xact_lock(hashtextextended(s.user_id::text, 0)) FROM (
    SELECT h.user_id FROM saver_habits h
    WHERE h.time_zone = %(zone)s AND h.closed_through = %(day)s - 1 AND h.user_id > %(after)s
        AND NOT EXISTS (SELECT FROM users u WHERE u.id = h.user_id AND u.time_zone_next IS NOT NULL)
    ORDER BY h.user_id LIMIT %(limit)s
) s
"""
# Those for whom the zone of the day, or the whole history, has to be worked out: few.
TAKE_SINGLY = """
SELECT u.id, pg_try_advisory_xact_lock(hashtextextended(u.id::text, 0)), u.time_zone, u.time_zone_next, u.time_zone_from
FROM users u JOIN (
    (SELECT user_id FROM saver_habits WHERE closed_through IS NULL AND user_id > %(after)s
        ORDER BY user_id LIMIT %(limit)s)
    UNION ALL (SELECT h.user_id FROM users c JOIN saver_habits h ON h.user_id = c.id AND h.closed_through < %(newest)s
        WHERE c.time_zone_next IS NOT NULL AND c.id > %(after)s ORDER BY c.id LIMIT %(limit)s)
) s ON s.user_id = u.id ORDER BY u.id LIMIT %(limit)s
"""
# A change of zone that is days old has nothing left to hold back (periods.SaverZone): the new zone is the saver's zone.
SETTLE_ZONES = """
WITH s AS MATERIALIZED (
    SELECT id, time_zone, time_zone_next, time_zone_from FROM users
    WHERE time_zone_next IS NOT NULL AND time_zone_from < %(before)s
    ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
), kept AS (
    INSERT INTO past_time_zones (user_id, until, time_zone, time_zone_next, time_zone_from)
    SELECT id, %(at)s, time_zone, time_zone_next, time_zone_from FROM s ON CONFLICT DO NOTHING
)
UPDATE users SET time_zone = s.time_zone_next, time_zone_next = NULL, time_zone_from = NULL
FROM s WHERE users.id = s.id
"""
# The words are those of gamification/streaks.py: a period's net, whether it counts, until when it is open. A grace ends
# where the jar is shut, and not where it was filled: on which day a period closes must not depend on later ones.
CLOSE = """
WITH jar AS MATERIALIZED (
    SELECT j.*, h.freezes_held * 100 + h.freeze_parts AS freezes, coalesce(j.installment_amount, 1) AS enough,
        CASE WHEN j.completed_on IS NULL OR least(j.end_date + 1, j.closed_on) < j.completed_on
            THEN least(j.end_date + 1, j.closed_on)
            WHEN j.streak_net >= coalesce(j.installment_amount, 1) AND j.streak_period = {start_of_completion}
            THEN ({end_of_completion})::date + 1
            ELSE j.completed_on END AS last_day,
        least(j.end_date + 1, j.closed_on) AS shut
    FROM savings_jars j JOIN saver_habits h ON h.user_id = j.user_id
    WHERE j.user_id = ANY(%(savers)s::uuid[]) AND j.plan_type <> 'flexible'
        AND (j.closed_on IS NULL OR j.closed_on >= %(day)s)
        AND coalesce(j.made_on, j.created_at::date) <= %(day)s
), due AS MATERIALIZED (
    SELECT jar.*, p.first, p.last, p.following, p.following_last, p.earned, p.unit,
        CASE WHEN streak_period = p.first THEN streak_net WHEN streak_period = p.following THEN streak_previous_net
            ELSE 0 END >= enough AS met,
        pauses IS NOT NULL AND EXISTS (SELECT FROM jsonb_array_elements(pauses) AS pause
            WHERE (pause->>0)::date <= p.last AND p.first <= (pause->>1)::date) AS paused
    FROM jar JOIN (VALUES {candidates}) AS p (plan, first, last, following, following_last, closes, earned, unit)
        ON p.plan = jar.plan_type
    WHERE p.last >= start_date AND (last_day IS NULL OR p.last < last_day) AND least(p.closes, shut) = %(day)s
), outcome AS MATERIALIZED (
    SELECT due.*, NOT met AND NOT paused AS unmet,
        CASE WHEN streak_period IS NULL THEN 0 WHEN streak_period = following THEN streak_run ELSE streak_count
            END AS streak,
        habit_fold(freezes, CASE WHEN met THEN earned WHEN paused THEN -1 ELSE 0 END)
        OVER saver AS after, lead(id) OVER saver IS NULL AS newest
    FROM due WINDOW saver AS (PARTITION BY user_id ORDER BY last, created_at, id ROWS UNBOUNDED PRECEDING)
), froze AS (
    INSERT INTO frozen_periods (jar_id, period_start, closed_on)
    SELECT id, first, %(day)s FROM outcome WHERE after >= 10000 ON CONFLICT DO NOTHING
), kept AS (
    UPDATE savings_jars j SET streak_kept_through = greatest(o.streak_kept_through, o.last),
        streak_longest = greatest(o.streak_longest, CASE WHEN o.streak_period = o.following AND o.streak_net >= o.enough
            AND (o.last_day IS NULL OR o.following_last < o.last_day) THEN o.streak_run + 1 ELSE 0 END)
    FROM outcome o WHERE j.id = o.id AND NOT o.met AND (o.paused OR o.after >= 10000)
), broken AS (
    UPDATE savings_jars j SET streak_run = 0, streak_period = o.following,
        streak_previous_net = CASE WHEN o.streak_period = o.following THEN o.streak_previous_net
            WHEN o.streak_period = o.first THEN o.streak_net ELSE 0 END,
        streak_net = CASE WHEN o.streak_period = o.following THEN o.streak_net ELSE 0 END,
        streak_count = CASE WHEN o.streak_period = o.following AND o.streak_net >= o.enough
            AND (o.last_day IS NULL OR o.following_last < o.last_day) THEN 1 ELSE 0 END
    FROM outcome o WHERE j.id = o.id AND o.unmet AND o.after < 10000 AND o.streak_period IS NOT NULL
        AND (o.streak_run > 0 OR o.streak_count > 0 OR o.streak_previous_net >= o.enough OR o.streak_net >= o.enough)
    RETURNING o.streak_count > 0 AS lost
), counted AS (
    -- Everybody of the chunk, also who has nothing to close: a join of the two would be planned as one row with many.
    SELECT user_id, max(after %% 10000) FILTER (WHERE newest) AS after,
        count(*) FILTER (WHERE met OR NOT paused) AS closed, count(*) FILTER (WHERE met) AS on_time
    FROM (SELECT user_id, after, newest, met, paused FROM outcome
        UNION ALL SELECT unnest(%(savers)s::uuid[]), NULL, NULL, NULL, NULL) all_of_them
    GROUP BY user_id
), saver AS (
    UPDATE saver_habits h SET closed_through = %(day)s,
        freezes_held = coalesce(c.after / 100, h.freezes_held), freeze_parts = coalesce(c.after %% 100, h.freeze_parts),
        week_closed = CASE WHEN %(new_week)s THEN 0 ELSE h.week_closed END + c.closed,
        week_on_time = CASE WHEN %(new_week)s THEN 0 ELSE h.week_on_time END + c.on_time,
        month_closed = CASE WHEN %(new_month)s THEN 0 ELSE h.month_closed END + c.closed,
        month_on_time = CASE WHEN %(new_month)s THEN 0 ELSE h.month_on_time END + c.on_time,
        all_closed = h.all_closed + c.closed, all_on_time = h.all_on_time + c.on_time
    FROM counted c WHERE h.user_id = c.user_id
    RETURNING h.user_id, h.month_closed, h.month_on_time
), earned AS (
    INSERT INTO badges (id, user_id, badge_type, earned_at)
    SELECT uuid_at(%(now)s), user_id, %(badge)s, %(at)s FROM saver
    WHERE %(month_over)s AND month_closed >= %(least)s AND month_on_time = month_closed
    ON CONFLICT DO NOTHING RETURNING user_id
), told AS (
    INSERT INTO notifications (user_id, id, kind, facts, once, created_at)
    SELECT user_id, uuid_at(%(now)s), 'streak_changed',
        jsonb_build_object('change', CASE WHEN after >= 10000 THEN 'frozen' ELSE 'lost' END, 'jar_id', id, 'jar', name,
            'plan', plan_type, 'period_start', first, 'current', streak, 'unit', unit, 'freezes', after %% 10000 / 100),
        'closed:' || id || ':' || first, %(at)s
    FROM outcome WHERE unmet AND streak > 0 AND status = 'active'
    UNION ALL SELECT user_id, uuid_at(%(now)s), 'badge_earned', %(facts)s, NULL, %(at)s FROM earned
    ON CONFLICT DO NOTHING RETURNING user_id, id
), sent AS (
    INSERT INTO outbox (topic, payload, created_at, available_at)
    SELECT 'notifications.made', jsonb_build_object('notices', jsonb_agg(jsonb_build_array(user_id, id))), %(at)s,
        %(at)s
    FROM (SELECT told.*, row_number() OVER () / %(pack)s AS pack FROM told) packed GROUP BY pack
)
SELECT count(*), count(*) FILTER (WHERE met), count(*) FILTER (WHERE after >= 10000),
    (SELECT count(*) FROM broken WHERE lost)
FROM outcome
"""
_COMPLETION = {
    "start_of_completion": "CASE j.plan_type WHEN 'daily' THEN j.completed_on"
    " ELSE date_trunc(CASE j.plan_type WHEN 'weekly' THEN 'week' ELSE 'month' END, j.completed_on)::date END",
    "end_of_completion": "CASE j.plan_type WHEN 'daily' THEN j.completed_on"
    " WHEN 'weekly' THEN date_trunc('week', j.completed_on) + interval '6 days'"
    " ELSE date_trunc('month', j.completed_on) + interval '1 month - 1 day' END",
}


def closing_of(day: date) -> str:
    """CLOSE for ``day``, with the periods that can close on it. The rest are parameters."""
    rows = ", ".join(
        f"('{plan}', date '{period.start}', date '{period.end}', date '{following.start}', date '{following.end}',"
        f" date '{closes_on(plan, period)}', {EARNED[plan]}, '{UNITS[plan]}')"
        for plan in EARNED
        for period, following in _candidates(plan, day)
    )
    return CLOSE.format(candidates=rows, **_COMPLETION)


def _candidates(plan: Plan, day: date) -> list[tuple[Period, Period]]:
    """The periods of ``plan`` that can close on ``day``, each with the one after it."""
    own = period_of(plan, day)
    assert own is not None  # the plans that earn have periods
    return [(shift(plan, own, -1), own), (own, shift(plan, own, 1))]
