"""What a saver has in all: the money, the week, the streak."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.periods import Period, Plan, period_of
from app.services.gamification.habit import Freezes
from app.services.identity.principal import Principal
from app.services.savings import badge_wall
from app.services.savings.badge_wall import Wall
from app.services.savings.closing import keep_up
from app.services.savings.jar import COLUMNS, UNITS, WIDTH, Jar, JarView, view
from app.transactions import fetch

MOST_JARS = 200


@dataclass(frozen=True, slots=True)
class SaverStreak:
    """The streak of the jar with the largest count, with its unit (``days``, ``weeks``, ``months``)."""

    current: int
    longest: int
    unit: str
    at_risk: bool
    due_by: date | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Amounts in minor units. ``this_week`` and ``last_week`` are net deposits since Monday and of the week before,
    up to the same weekday."""

    total: int
    this_week: int
    last_week: int
    jars: list[JarView]
    streak: SaverStreak
    today: date
    week: Period
    deposit_days: frozenset[date]
    freezes: Freezes
    wall: Wall


def overview(saver: Principal, *, at: datetime) -> Overview:
    """Everything the saver's home shows, in two queries."""
    keep_up(saver, at=at)
    today = saver.zone.date(at)
    week = period_of(Plan.WEEKLY, today)
    assert week is not None  # weekly plans have periods
    rows = fetch(
        f"SELECT {COLUMNS}, coalesce(h.freezes_held, 0), coalesce(h.freeze_parts, 0), {badge_wall.BESIDE}"  # noqa: S608
        " FROM savings_jars j LEFT JOIN saver_habits h ON h.user_id = j.user_id"
        " WHERE j.user_id = %s AND j.status <> 'closed' ORDER BY j.created_at, j.id LIMIT %s",
        (saver.id, MOST_JARS),
    )
    jars = [view(Jar(*row[:WIDTH]), today) for row in rows]
    by_day = {
        day: (int(net), int(deposits))
        for day, net, deposits in fetch(
            "SELECT date, sum(CASE type WHEN 'deposit' THEN amount WHEN 'withdraw' THEN -amount ELSE 0 END),"
            " count(*) FILTER (WHERE type = 'deposit') FROM transactions"
            " WHERE user_id = %s AND occurred_at >= %s AND date >= %s GROUP BY date",
            (saver.id, at - timedelta(days=16), week.start - timedelta(days=7)),
        )
    }
    same_day_last_week = today - timedelta(days=7)
    return Overview(
        total=sum(jar.jar.current_amount for jar in jars),
        this_week=sum(net for day, (net, _) in by_day.items() if day >= week.start),
        last_week=sum(net for day, (net, _) in by_day.items() if day <= same_day_last_week),
        jars=jars,
        streak=best_streak(jars),
        today=today,
        week=week,
        freezes=Freezes(*rows[0][WIDTH : WIDTH + 2]) if rows else Freezes(),
        wall=badge_wall.from_rows(saver, jars, rows[0][WIDTH + 2 :] if rows else None, today),
        deposit_days=frozenset(day for day, (_, deposits) in by_day.items() if deposits),
    )


def best_streak(jars: list[JarView]) -> SaverStreak:
    """The streak of the jar with the largest count (ties to the oldest jar), with its unit."""
    counting = _counting(jars)
    best = best_jar(jars)
    if best is None:
        longest = max((jar.streak.longest for jar in jars), default=0)
        return SaverStreak(0, longest, "days", False, None)
    dues = [jar.streak.due_by for jar in counting if jar.streak.due_by is not None]
    return SaverStreak(
        current=best.streak.current,
        longest=max(jar.streak.longest for jar in jars),
        unit=UNITS[best.jar.plan_type],
        at_risk=any(jar.streak.at_risk for jar in counting),
        due_by=min(dues, default=None),
    )


def best_jar(jars: list[JarView]) -> JarView | None:
    """The jar whose streak is the saver's own; None where no jar counts."""
    return max(_counting(jars), key=lambda jar: jar.streak.current, default=None)


def _counting(jars: list[JarView]) -> list[JarView]:
    return [jar for jar in jars if jar.jar.plan_type != "flexible" and jar.jar.status == "active"]
