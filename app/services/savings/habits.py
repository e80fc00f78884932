"""The saver's habit on one page: streaks of all jars, freezes, how often it was kept, and a calendar of deposits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.periods import Plan
from app.services.gamification.habit import Freezes
from app.services.identity.principal import Principal
from app.services.savings import calendar
from app.services.savings.calendar import ROW, BestMonth, Day, Lamp
from app.services.savings.closing import keep_up
from app.services.savings.jar import COLUMNS, WIDTH, Jar, JarView, view
from app.services.savings.overview import MOST_JARS, SaverStreak, best_streak
from app.transactions import fetch

#: Jars whose lamps are shown; a saver with more finds the others on their own pages.
MOST_ROWS = 12


@dataclass(frozen=True, slots=True)
class Habits:
    """``streak`` is the saver's own; ``jars`` those with periods that are not closed, oldest first.

    ``closed``: how many periods of all jars have closed and were not paused; ``on_time``: those met, or met late.
    """

    streak: SaverStreak
    freezes: Freezes
    closed: int
    on_time: int
    jars: list[JarView]
    calendar: list[Day]

    @property
    def freezes_left(self) -> int:
        """Whole freezes in hand."""
        return self.freezes.held


@dataclass(frozen=True, slots=True)
class Record:
    """Habits with what a page draws of them: the lamps of the active jars, by id, and the best month."""

    habits: Habits
    lamps: dict[UUID, list[Lamp]]
    best_month: BestMonth | None

    @property
    def longest(self) -> JarView | None:
        """The jar with the longest row there has been."""
        return max(self.habits.jars, key=lambda jar: jar.streak.longest, default=None)


def habits(saver: Principal, *, at: datetime) -> Habits:
    """Everything about the saver's habit on the day of ``at``, in two queries."""
    keep_up(saver, at=at)
    today = saver.zone.date(at)
    rows = fetch(
        f"SELECT {COLUMNS}, h.freezes_held, h.freeze_parts, h.all_closed, h.all_on_time FROM saver_habits h"  # noqa: S608
        " LEFT JOIN savings_jars j ON j.user_id = h.user_id AND j.status <> 'closed'"
        " WHERE h.user_id = %s ORDER BY j.created_at, j.id LIMIT %s",
        (saver.id, MOST_JARS),
    )
    held, parts, closed, on_time = rows[0][WIDTH:] if rows else (0, 0, 0, 0)
    # A saver whose jars are all closed has one row without a jar.
    jars = [view(Jar(*row[:WIDTH]), today) for row in rows if row[0] is not None]
    return Habits(
        best_streak(jars),
        Freezes(held, parts),
        closed,
        on_time,
        [jar for jar in jars if jar.jar.plan_type != Plan.FLEXIBLE],
        calendar.deposit_days(saver.id, today),
    )


def record(saver: Principal, *, at: datetime) -> Record:
    """What the saver's page of streaks shows, in five queries."""
    seen = habits(saver, at=at)
    active = [jar for jar in seen.jars if jar.jar.status == "active"][:MOST_ROWS]
    # Two weeks of a daily jar; of the others seven periods are long enough.
    lamps = calendar.rows(active, count=lambda jar: 2 * ROW if jar.jar.plan_type == Plan.DAILY else ROW)
    return Record(seen, lamps, calendar.best_month(saver.id))
