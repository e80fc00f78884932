"""Auto-deposits for everybody: telling savers a day ahead by sets, and collecting what is due, turn by turn."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID

from flask import current_app

from app.errors import Unavailable
from app.observability import get_logger
from app.services.notifications.many import TELL_NEWS
from app.services.ops.job_runs import Round
from app.services.ops.local_hours import LocalHour, instant, local_hours
from app.services.savings import collecting
from app.services.savings.instructions import COLLECTED_AT, LEAST_NOTICE, TOLD_AT
from app.transactions import fetch, queue, run

log = get_logger()
CHUNK = 5_000
BATCH = 200
NOBODY = UUID(int=0)
#: A late run makes up for so much; of daily jars for the last day only, for nobody wants two deposits at once.
PATIENCE = timedelta(days=3)

# When a jar's instruction is due is for savings/instructions.py to say: this is the same for thousands. ``d`` are the
# due days whose notice is to go out, by zone; ``newest`` is false for those that a late run makes up for.
ANNOUNCE = f"""
WITH jar AS MATERIALIZED (
    SELECT j.* FROM savings_jars j WHERE j.auto_deposit IS NOT NULL AND j.id > %(after)s ORDER BY j.id LIMIT %(limit)s
), due AS MATERIALIZED (
    SELECT jar.id AS jar_id, jar.user_id, jar.name, (jar.auto_deposit->>'amount')::bigint AS amount, d.due_on,
        greatest(d.collected_from, %(at)s + %(notice)s) AS next_try_at
    FROM jar JOIN users u ON u.id = jar.user_id AND u.status = 'active'
    JOIN (VALUES {{days}}) AS d (zone, due_on, told_from, collected_from, newest)
        ON d.zone = CASE WHEN u.time_zone_from <= %(at)s THEN u.time_zone_next ELSE u.time_zone END
    CROSS JOIN LATERAL (SELECT coalesce((jar.auto_deposit->>'day')::integer, 1) AS day,
        extract(day FROM date_trunc('month', d.due_on) + interval '1 month - 1 day') AS last_day) rule
    WHERE jar.status = 'active' AND jar.auto_deposit->>'paused' IS DISTINCT FROM 'true'
        AND coalesce((jar.auto_deposit->>'since')::timestamptz, jar.created_at) < d.told_from
        AND d.due_on >= jar.start_date AND (jar.end_date IS NULL OR d.due_on <= jar.end_date)
        AND CASE jar.plan_type WHEN 'daily' THEN d.newest
            WHEN 'weekly' THEN extract(isodow FROM d.due_on) = rule.day
            ELSE extract(day FROM d.due_on) = least(rule.day, rule.last_day) END
), turn AS (
    INSERT INTO auto_deposit_turns (jar_id, due_on, amount, told_at, next_try_at)
    SELECT jar_id, due_on, amount, %(at)s, next_try_at FROM due ON CONFLICT DO NOTHING RETURNING jar_id, due_on
), news AS MATERIALIZED (
    SELECT user_id, 'auto:ahead:' || jar_id || ':' || due_on AS once,
        jsonb_build_object('event', 'ahead', 'jar_id', jar_id, 'jar', name, 'amount', amount, 'on', due_on) AS facts
    FROM due JOIN turn USING (jar_id, due_on)
), {TELL_NEWS}
SELECT (SELECT id FROM jar ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM turn), (SELECT count(*) FROM told)
"""  # noqa: S608  constants only


def announce(turn: Round) -> int:
    """The job: make the turns that are due tomorrow and tell their savers; how many. Commits chunk by chunk."""
    hours = local_hours(turn, TOLD_AT, patience=PATIENCE)
    if not hours:
        return 0
    newest: dict[str, date] = {}
    for hour in hours:
        newest[hour.zone] = max(hour.day, newest.get(hour.zone, hour.day))
    sql = ANNOUNCE.replace("{days}", ", ".join(_values(hour, newest=hour.day == newest[hour.zone]) for hour in hours))
    done = 0

    def chunk(after: UUID) -> tuple[UUID | None, int]:
        queue("SET LOCAL statement_timeout = '60s'")
        born = datetime.now(UTC)
        values = {"at": turn.at, "born": born, "kind": "auto_deposit", "notice": LEAST_NOTICE}
        ((last, made, _),) = fetch(sql, values | {"after": after, "limit": CHUNK})
        return last, made

    after: UUID | None = NOBODY
    while after is not None:
        after, made = run(partial(chunk, after))
        done += made
        turn.report(done, None)
    return done


def collect(turn: Round) -> int:
    """The job: collect for each turn whose time has come, and book it; how many turns were seen to."""
    payments = current_app.extensions["payments"]
    done = 0
    seen: set[tuple[UUID, date]] = set()
    while waiting := [each for each in run(lambda: collecting.due(at=turn.at, limit=BATCH)) if each not in seen]:
        seen.update(waiting)
        for jar_id, due_on in waiting:
            try:
                this = run(partial(collecting.begin, jar_id, due_on, at=turn.at))
                if this is not None:
                    outcome = collecting.ask(payments, this)
                    answer = run(partial(collecting.settle, this, outcome, at=turn.at))
                    if answer is not None and answer.replayed:
                        run(partial(collecting.note_booked, this, answer))
            except Unavailable as away:
                # The saver is moving money just now, or the database is away: the try is taken up by the next run.
                log.warning("auto_deposit_put_off", jar_id=str(jar_id), code=away.code)
                continue
            done += 1
            turn.report(done, None)
    return done


def _values(hour: LocalHour, *, newest: bool) -> str:
    due_on = hour.day + timedelta(days=1)
    collected_from = instant(due_on, COLLECTED_AT, hour.zone)
    return (
        f"('{hour.zone}', date '{due_on}', timestamptz '{hour.at.isoformat()}',"
        f" timestamptz '{collected_from.isoformat()}', {newest})"
    )
