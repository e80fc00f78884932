"""The badges that a saver holds, and how far each of the others is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.periods import Plan, period_of
from app.services.gamification.badges import CATALOGUE, BadgeType, EarnedBadge
from app.services.gamification.habit import closings
from app.services.identity.principal import Principal
from app.services.savings.closing import keep_up
from app.services.savings.jar import COLUMNS, WIDTH, Jar, JarView, view
from app.transactions import fetch

#: Beside a saver's jars in the order in which they were made: what the wall needs to know of the saver.
BESIDE: Final = (
    "h.closed_through, h.month_closed, h.month_on_time,"
    " CASE WHEN row_number() OVER (ORDER BY j.created_at, j.id) = 1 THEN"
    " (SELECT json_agg(json_build_array(b.badge_type, b.earned_at, b.jar_id) ORDER BY b.earned_at DESC, b.id DESC)"
    " FROM badges b WHERE b.user_id = j.user_id) END"
)
MOST_JARS: Final = 500
#: Nobody gets nearer to these by a deposit.
NOT_BY_SAVING: Final = frozenset({"loans", "score"})


@dataclass(frozen=True, slots=True)
class Way:
    """How far a badge is that is not held yet: ``have`` of ``need``. ``jar``: the one that is nearest, of several.

    ``later``: the month that it counts in has a gap already, and the next one counts anew.
    """

    badge: BadgeType
    have: int
    need: int
    jar: Jar | None = None
    later: bool = False

    @property
    def progress(self) -> float:
        """0 to 1, to two decimals, rounded down."""
        return min(self.have * 100 // self.need, 100) / 100


@dataclass(frozen=True, slots=True)
class Wall:
    """``earned``: newest first. ``ways`` in the order of the catalogue. ``jars``: names by id, the closed ones' too."""

    earned: list[EarnedBadge]
    ways: list[Way]
    jars: dict[UUID, str]
    today: date

    @property
    def nearest(self) -> Way | None:
        """The way that is nearest to its end, of those that saving leads along; None where there is none.

        One to a kind that is held already, with another jar, comes after all others.
        """
        held = {badge.badge_type for badge in self.earned}
        return max(
            (way for way in self.ways if way.badge.counts not in NOT_BY_SAVING),
            key=lambda way: (way.badge.code not in held, way.progress),
            default=None,
        )


@dataclass(frozen=True, slots=True)
class Month:
    """Periods of a calendar month: how many have closed, were on time, and close until its end."""

    closed: int
    on_time: int
    to_come: int


def wall(saver: Principal, *, at: datetime) -> Wall:
    """Badges and ways of the saver on the day of ``at``, in one query."""
    keep_up(saver, at=at)
    rows = fetch(
        f"SELECT {COLUMNS}, {BESIDE} FROM savings_jars j LEFT JOIN saver_habits h ON h.user_id = j.user_id"  # noqa: S608
        " WHERE j.user_id = %s ORDER BY j.created_at, j.id LIMIT %s",
        (saver.id, MOST_JARS),
    )
    today = saver.zone.date(at)
    jars = [view(Jar(*row[:WIDTH]), today) for row in rows]
    return from_rows(saver, jars, rows[0][WIDTH:] if rows else None, today)


def from_rows(saver: Principal, jars: Sequence[JarView], beside: Sequence[Any] | None, today: date) -> Wall:
    """The wall out of a saver's jars and, from the row of the first, the values of ``BESIDE``."""
    closed_through, closed, on_time, held = beside or (None, 0, 0, None)
    if closed_through is None or (closed_through.year, closed_through.month) != (today.year, today.month):
        closed = on_time = 0  # those of the month before
    earned = [
        EarnedBadge(code, datetime.fromisoformat(earned_at), UUID(jar_id) if jar_id else None, saver.language)
        for code, earned_at, jar_id in held or ()
    ]
    month = Month(closed, on_time, _to_close(jars, today))
    return Wall(earned, ways(earned, jars, month), {one.jar.id: one.jar.name for one in jars}, today)


def ways(earned: Sequence[EarnedBadge], jars: Sequence[JarView], month: Month) -> list[Way]:
    """The way to each badge that is not held; one of a jar is left out where every jar that is under way has it."""
    held = {(badge.badge_type, badge.jar_id) for badge in earned}
    found = []
    for badge in CATALOGUE.values():
        if badge.per_jar:
            without = [one.jar for one in jars if one.jar.status == "active" and (badge.code, one.jar.id) not in held]
            fullest = max(without, key=_percent, default=None)
            if fullest is not None or not any(code == badge.code for code, _ in held):
                found.append(Way(badge, _percent(fullest) if fullest else 0, badge.line, fullest))
        elif (badge.code, None) not in held:
            found.append(_way(badge, jars, month))
    return found


def _way(badge: BadgeType, jars: Sequence[JarView], month: Month) -> Way:
    counting = [one for one in jars if one.jar.status != "closed"]
    if badge.counts == "streak":
        rows = [one for one in counting if one.jar.plan_type == badge.plan]
    elif badge.counts == "new_row":
        # One that had ended: the row was as long before, and is not now.
        rows = [one for one in counting if one.streak.current < badge.line <= one.streak.longest]
    elif badge.counts == "jars_used":
        used = sum(one.jar.current_amount > 0 or one.jar.streak_period is not None for one in jars)
        return Way(badge, min(used, badge.line), badge.line)
    elif badge.counts == "jars_filled":
        return Way(badge, sum(one.jar.completed_on is not None for one in jars), badge.line)
    elif badge.counts == "month":
        need = max(badge.line, month.closed + month.to_come)
        gap = month.on_time < month.closed
        return Way(badge, 0 if gap else month.on_time, need, later=gap)
    else:
        return Way(badge, 0, badge.line)
    best = max(rows, key=lambda one: one.streak.current, default=None)
    return Way(badge, best.streak.current if best else 0, badge.line, best.jar if best else None)


def _percent(jar: Jar) -> int:
    return min(jar.current_amount * 100 // jar.target_amount, 100)


def _to_close(jars: Sequence[JarView], today: date) -> int:
    """How many periods close from today to the last day of the month."""
    month = period_of(Plan.MONTHLY, today)
    assert month is not None  # months are periods
    return sum(
        not terms.paused(period)
        for one in jars
        if one.jar.status == "active" and one.jar.plan_type != Plan.FLEXIBLE
        for terms in [one.jar.terms]
        for _, period in closings(terms, after=today - timedelta(days=1), through=month.end)
    )
