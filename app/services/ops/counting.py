"""The figures of the console's first page, counted ahead: whoever opens it reads a few rows, however many savers.

Movements are summed by local day and type. Each run counts the days anew that can still change, the first of a day the
last two weeks: what settles late counts by the day on which it was made. Whatever runs twice writes the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from flask import current_app

from app.integrations.object_store import NullObjectStore
from app.integrations.scanner import scanner
from app.services.ops.job_runs import Round
from app.services.ops.local_hours import ZONES_IN_USE
from app.services.ops.reminders import AT_RISK, PERIODS, values_of
from app.transactions import fetch, queue, run

#: Days that the page draws, and the one a week before the first of them.
DAYS: Final = 15
#: How long before and after its UTC day a local day can be.
FARTHEST: Final = timedelta(hours=14)
#: Who moved money within so many days is an active saver.
ACTIVE: Final = timedelta(days=30)
#: What goes through all savers is counted no more often.
ALL_SAVERS_EVERY: Final = timedelta(minutes=55)

DAILY = """
INSERT INTO daily_figures AS f (day, type, count, amount)
SELECT date, type, count(*), sum(amount) FROM transactions
WHERE occurred_at >= %(since)s AND occurred_at < %(until)s AND date BETWEEN %(first)s AND %(last)s
GROUP BY date, type ORDER BY date, type
ON CONFLICT (day, type) DO UPDATE SET count = excluded.count, amount = excluded.amount
    WHERE (f.count, f.amount) <> (excluded.count, excluded.amount)
RETURNING 1
"""
BALANCES = """
SELECT kind, coalesce(sum(balance), 0)::bigint FROM ledger_accounts
WHERE kind IN ('jar', 'loan_locked', 'loan_receivable', 'owed') GROUP BY kind
"""
SAVERS = "SELECT count(*) FROM users WHERE role = 'saver' AND status = 'active'"
ACTIVE_SAVERS = """
SELECT count(*) FROM users u WHERE u.role = 'saver' AND u.status = 'active'
    AND EXISTS (SELECT FROM transactions t WHERE t.user_id = u.id AND t.occurred_at > %s)
"""
STREAKS_AT_RISK = f"""
SELECT count(*) FROM savings_jars j JOIN {PERIODS} ON p.plan = j.plan_type
JOIN users u ON u.id = j.user_id AND u.status = 'active' AND u.time_zone = ANY(%(zones)s)
JOIN saver_habits h ON h.user_id = u.id AND h.closed_through >= %(day)s::date - 1
WHERE {AT_RISK}
"""  # noqa: S608  constants only
ARREARS = """
SELECT count(DISTINCT i.loan_id), coalesce(sum(i.principal + i.interest - i.waived - i.paid_principal
    - i.paid_interest), 0)::bigint
FROM loan_instalments i JOIN loans l ON l.id = i.loan_id AND l.status IN ('accepted', 'active')
WHERE i.paid_on IS NULL AND i.due_on < %s
"""
KEEP = """
INSERT INTO standing_figures AS f (name, value, as_of) VALUES (%s, %s, %s)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, as_of = excluded.as_of WHERE f.as_of <= excluded.as_of
"""


def count(turn: Round) -> int:
    """The job: how many sums of a day have changed. Commits after each part."""
    today = turn.at.astimezone(ZoneInfo(current_app.config["DEFAULT_TIME_ZONE"])).date()
    fresh = turn.since is not None and turn.since.date() == turn.at.date()
    changed = run(partial(_days, today - timedelta(days=2 if fresh else DAYS), today + timedelta(days=1)))
    for figures in _parts(turn.at, today):
        run(partial(_keep, figures, turn.at))
        turn.report(0, None)
    answers = _answers()  # they may take seconds, in which no transaction is open
    run(partial(_keep, lambda _at: answers, turn.at))
    return changed


def _parts(at: datetime, today: date) -> list[Callable[[datetime], dict[str, int]]]:
    parts: list[Callable[[datetime], dict[str, int]]] = [_balances, partial(_arrears, today), _at_risk]
    counted = run(lambda: fetch("SELECT as_of FROM standing_figures WHERE name = 'active_savers'"))
    if not counted or counted[0][0] <= at - ALL_SAVERS_EVERY:
        parts.append(_savers)
    return parts


def _days(first: date, last: date) -> int:
    _patiently()
    midnight = partial(datetime.combine, time=time(), tzinfo=ZoneInfo("UTC"))
    return len(
        fetch(
            DAILY,
            {
                "since": midnight(first) - FARTHEST,
                "until": midnight(last) + timedelta(days=1) + FARTHEST,
                "first": first,
                "last": last,
            },
        )
    )


def _balances(_at: datetime) -> dict[str, int]:
    found = dict(fetch(BALANCES))
    return {
        "held": found.get("jar", 0),
        "locked": found.get("loan_locked", 0),
        "lent": -found.get("loan_receivable", 0),
        "owed": -found.get("owed", 0),
    }


def _arrears(today: date, _at: datetime) -> dict[str, int]:
    ((loans, amount),) = fetch(ARREARS, (today,))
    return {"loans_in_arrears": loans, "arrears": amount}


def _at_risk(at: datetime) -> dict[str, int]:
    zones: dict[date, list[str]] = {}
    for (zone,) in fetch(ZONES_IN_USE):
        zones.setdefault(at.astimezone(ZoneInfo(zone)).date(), []).append(zone)
    streaks = 0
    for day, there in sorted(zones.items()):
        ((count,),) = fetch(STREAKS_AT_RISK.replace("{periods}", values_of(day)), {"day": day, "zones": there})
        streaks += count
    return {"streaks_at_risk": streaks}


def _savers(at: datetime) -> dict[str, int]:
    ((savers,),), ((active,),) = fetch(SAVERS), fetch(ACTIVE_SAVERS, (at - ACTIVE,))
    return {"savers": savers, "active_savers": active}


def _answers() -> dict[str, int]:
    """Whether the systems outside answer, 1 or 0: those that are configured. A page has no time to ask them itself."""
    looking, store = scanner(current_app.config), current_app.extensions["object_store"]
    asked = {"scanner": looking if looking.configured else None}
    asked |= {"storage": None if isinstance(store, NullObjectStore) else store}
    return {f"answers_{name}": int(one.reachable()) for name, one in asked.items() if one is not None}


def _keep(figures: Callable[[datetime], dict[str, int]], at: datetime) -> None:
    _patiently()
    for name, value in figures(at).items():
        queue(KEEP, (name, value, at))


def _patiently() -> None:
    queue("SET LOCAL statement_timeout = '120s'")
    queue("SET LOCAL enable_seqscan = on")
    queue("SET LOCAL work_mem = '64MB'")
