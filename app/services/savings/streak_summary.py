"""A saver's streaks, freezes and calendar of deposits, as the phone's first screen asks for them: cached.

Worked out from a year's jars and four months of movements, and asked for far more often than money moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson

from app.integrations import saver_cache
from app.periods import SaverZone
from app.services.gamification.streaks import StreakReading
from app.services.identity.principal import Principal
from app.services.savings.calendar import Day, deposit_days_of
from app.services.savings.closing import keep_up
from app.services.savings.jar import COLUMNS, Jar, view
from app.services.savings.overview import MOST_JARS, SaverStreak, best_streak
from app.transactions import fetch

KIND = "streaks"


@dataclass(frozen=True, slots=True)
class JarStreak:
    """A jar's streak on the day of the summary."""

    jar_id: UUID
    plan_type: str
    current: int
    longest: int
    at_risk: bool
    due_by: date | None


@dataclass(frozen=True, slots=True)
class Summary:
    """``streak`` is the saver's own; ``jars`` those with periods that are not closed, oldest first."""

    streak: SaverStreak
    freezes_left: int
    jars: list[JarStreak]
    calendar: list[Day]


def summary(saver: Principal, *, at: datetime) -> Summary:
    """Everything about the saver's habit on the day of ``at``: from Redis, or in two queries."""
    keep_up(saver, at=at)
    today = saver.zone.date(at)
    return _read(
        saver_cache.remembered(KIND, saver.id, today.isoformat(), lambda: _text(_of({saver.id: today})[saver.id]))
    )


def refresh(user_ids: Iterable[UUID], *, at: datetime) -> None:
    """Keep these savers' summaries as committed now, of those whose summaries are read at all.

    Three queries and a few calls of Redis for all of them. Who has not asked for theirs in an hour waits a few
    milliseconds for the first one.
    """
    zones = fetch(
        "SELECT id, time_zone, time_zone_next, time_zone_from FROM users WHERE id = ANY(%s::uuid[])",
        ([str(user_id) for user_id in user_ids],),
    )
    days = {user_id: SaverZone(*zone).date(at) for user_id, *zone in zones}
    asked = saver_cache.asked_for(KIND, [(user_id, day.isoformat()) for user_id, day in days.items()])
    saver_cache.write(
        KIND,
        asked,
        lambda: {
            (user_id, days[user_id].isoformat()): _text(one)
            for user_id, one in _of({user_id: days[user_id] for user_id in asked}).items()
        },
    )


def _of(days: dict[UUID, date]) -> dict[UUID, Summary]:
    """The summaries of some savers, each on a day of their own, in two queries."""
    rows = fetch(
        f"SELECT h.user_id, h.freezes_held, {COLUMNS} FROM saver_habits h"  # noqa: S608  constants only
        " LEFT JOIN savings_jars j ON j.user_id = h.user_id AND j.status <> 'closed'"
        " WHERE h.user_id = ANY(%s::uuid[]) ORDER BY h.user_id, j.created_at, j.id",
        ([str(user_id) for user_id in days],),
    )
    calendars = deposit_days_of(days)
    found = {user_id: Summary(best_streak([]), 0, [], calendar) for user_id, calendar in calendars.items()}
    for user_id, group in groupby(rows, key=lambda row: row[0]):
        of_saver = list(group)[:MOST_JARS]
        # A saver whose jars are all closed has one row without a jar.
        jars = [view(Jar(*row[2:]), days[user_id]) for row in of_saver if row[2] is not None]
        shown = [_jar(jar.jar, jar.streak) for jar in jars if jar.jar.plan_type != "flexible"]
        found[user_id] = Summary(best_streak(jars), of_saver[0][1], shown, calendars[user_id])
    return found


def _jar(jar: Jar, streak: StreakReading) -> JarStreak:
    return JarStreak(jar.id, jar.plan_type, streak.current, streak.longest, streak.at_risk, streak.due_by)


def _text(summary: Summary) -> str:
    return orjson.dumps(summary).decode()


def _read(text: str) -> Summary:
    kept: dict[str, Any] = orjson.loads(text)
    return Summary(
        SaverStreak(**kept["streak"] | {"due_by": _day(kept["streak"]["due_by"])}),
        kept["freezes_left"],
        [JarStreak(**jar | {"jar_id": UUID(jar["jar_id"]), "due_by": _day(jar["due_by"])}) for jar in kept["jars"]],
        [Day(date.fromisoformat(day["date"]), day["deposits"], day["amount"]) for day in kept["calendar"]],
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
