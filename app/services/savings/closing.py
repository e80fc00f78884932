"""Closing a saver's periods as the days pass: what earns and uses freezes, and what ends a streak.

The scheduled job closes days for everybody (services/ops/closing.py). Whoever comes before it, or after a clock that
jumped, finds their own days closed by the first look or movement: the same function, and the same result.
"""

from __future__ import annotations

from dataclasses import astuple, fields
from datetime import date, datetime
from uuid import UUID

from app.services.gamification import streaks
from app.services.gamification.habit import Closed, Freezes, JarToReplay, catch_up, replay
from app.services.gamification.months import award_month, take_back_month
from app.services.gamification.streaks import DAY
from app.services.gamification.tallies import Tallies, months_on_time, tally
from app.services.identity.principal import Principal
from app.services.notifications.notices import tell
from app.services.savings.jar import COLUMNS, UNITS, Jar, view
from app.services.savings.rows import LOCK_SAVER, store
from app.services.savings.streak_history import movements_of
from app.transactions import fetch, queue

_COLUMNS = ("closed_through", "freezes_held", "freeze_parts", *(each.name for each in fields(Tallies)))
HABIT = ", ".join(_COLUMNS)
KEEP = f"UPDATE saver_habits SET {', '.join(f'{name} = %s' for name in _COLUMNS)} WHERE user_id = %s"  # noqa: S608


def keep_up(saver: Principal, *, at: datetime) -> None:
    """Close what the saver's days up to yesterday have left open. No query where there is nothing."""
    yesterday = saver.zone.date(at) - DAY
    if saver.closed_through is None or saver.closed_through < yesterday:
        queue(LOCK_SAVER, (saver.id,))
        settle(saver.id, through=yesterday, at=at)


def settle(user_id: UUID, *, through: date, at: datetime) -> list[Closed]:
    """Close the saver's periods up to ``through`` and queue what that changes; what was closed, in order.

    ``at``: the instant at which the saver is told of streaks that ended or were saved, and of a month on time. The
    caller holds the saver's lock. Done again, it does nothing.
    """
    rows = fetch(f"SELECT {HABIT} FROM saver_habits WHERE user_id = %s", (user_id,))  # noqa: S608
    # A jar that an older version made while this one was rolled out has brought no row with it.
    rows = rows or fetch(
        "INSERT INTO saver_habits (user_id) SELECT user_id FROM savings_jars WHERE user_id = %s LIMIT 1"  # noqa: S608
        f" RETURNING {HABIT}",
        (user_id,),
    )
    if not rows:
        return []
    after, held, parts, *tallies = rows[0]
    if after is None:
        return go_through(user_id, through=through, at=at)
    if after >= through:
        return []
    jars = [
        Jar(*row)
        for row in fetch(
            f"SELECT {COLUMNS} FROM savings_jars j WHERE j.user_id = %s AND (j.closed_on IS NULL OR j.closed_on > %s)"  # noqa: S608
            " ORDER BY j.created_at, j.id",
            (user_id, after),
        )
    ]
    had = [(jar.terms, jar.streak_state) for jar in jars]
    freezes, states, closed = catch_up(Freezes(held, parts), had, after=after, through=through)
    for jar, (_, old), new in zip(jars, had, states, strict=True):
        jar.streak_state = new
        _store(jar, through + DAY, changed=new != old)
    before = Tallies(*tallies)
    _keep(user_id, freezes, tally(before, closed, after=after, through=through), through)
    _freeze(jars, closed)
    _tell(user_id, jars, closed, at=at)
    if months_on_time(before, closed, after=after, through=through):
        award_month(user_id, at=at)
    return closed


def go_through(user_id: UUID, *, through: date, at: datetime) -> list[Closed]:
    """Work out the saver's freezes and streaks from all that moved, and queue them; what was closed.

    For a history that changed where no movement can advance it: a reversal, a jar whose end was moved, an import.
    Nothing is told of the past, except, at ``at``, that no month deserves its badge any more. The caller holds the
    saver's lock. ``longest`` never falls.
    """
    jars = [
        Jar(*row)
        for row in fetch(
            f"SELECT {COLUMNS} FROM savings_jars j WHERE j.user_id = %s ORDER BY j.created_at, j.id",  # noqa: S608
            (user_id,),
        )
    ]
    histories = []
    for jar in jars:
        counting = [m for m in movements_of(jar.id) if jar.counts_on(m.reverses_day or m.day)]
        longest = jar.streak_longest
        # Only its sums are of interest here: whether the period that completed the jar was met.
        jar.streak_state = streaks.replay(jar.booking_terms, counting)
        jar.streak_longest = longest
        histories.append(JarToReplay(jar.terms, jar.booking_terms, counting))
    freezes, states, closed = replay(histories, through=through)
    for jar, state in zip(jars, states, strict=True):
        longest = jar.streak_longest
        jar.streak_state = state
        jar.streak_longest = max(longest, state.longest)
        _store(jar, through + DAY, changed=True)
    queue("DELETE FROM frozen_periods WHERE jar_id = ANY(%s::uuid[])", ([str(jar.id) for jar in jars],))
    _keep(user_id, freezes, tally(Tallies(), closed, after=date.min, through=through), through)
    _freeze(jars, closed)
    first = min((one.day for one in closed), default=through)
    if months_on_time(Tallies(), closed, after=first - DAY, through=through):
        award_month(user_id, at=at, silently=True)
    else:
        take_back_month(user_id, at=at)
    return closed


def _store(jar: Jar, today: date, *, changed: bool) -> None:
    count = view(jar, today).streak.current
    if changed:
        store(jar, count)
    else:
        queue("UPDATE savings_jars SET streak_count = %s WHERE id = %s AND streak_count <> %s", (count, jar.id, count))


def _keep(user_id: UUID, freezes: Freezes, tallies: Tallies, through: date) -> None:
    queue(KEEP, (through, freezes.held, freezes.parts, *astuple(tallies), user_id))


def _freeze(jars: list[Jar], closed: list[Closed]) -> None:
    for one in closed:
        if one.outcome == "frozen":
            queue(
                "INSERT INTO frozen_periods (jar_id, period_start, closed_on) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (jars[one.index].id, one.period.start, one.day),
            )


def _tell(user_id: UUID, jars: list[Jar], closed: list[Closed], *, at: datetime) -> None:
    """One notice for each jar, however long its saver was away: of the streak that ended, or of the newest freeze."""
    news: dict[int, Closed] = {}
    for one in closed:
        known = news.get(one.index)
        if one.streak and jars[one.index].status == "active" and (known is None or known.outcome == "frozen"):
            news[one.index] = one
    for one in news.values():
        jar = jars[one.index]
        facts = {
            "change": "frozen" if one.outcome == "frozen" else "lost",
            "jar_id": str(jar.id),
            "jar": jar.name,
            "plan": jar.plan_type,
            "period_start": one.period.start.isoformat(),
            "current": one.streak,
            "unit": UNITS[jar.plan_type],
            "freezes": one.freezes,
        }
        tell(user_id, "streak_changed", facts, at=at, once=f"closed:{jar.id}:{facts['period_start']}")
