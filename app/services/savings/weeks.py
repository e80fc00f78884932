"""What closed in one week, from the history: for savers whose tallies are of another one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from app.periods import Period
from app.services.gamification.habit import from_history
from app.services.savings.jar import COLUMNS, Jar
from app.services.savings.streak_history import movements_of
from app.transactions import fetch


def closed_in(user_id: UUID, week: Period) -> tuple[int, int]:
    """How many of the saver's periods that closed in ``week`` were on time, and how many there were.

    Met and late ones are on time, frozen and missed ones are not, what a pause excused is not counted.
    """
    jars = [
        Jar(*row)
        for row in fetch(
            f"SELECT {COLUMNS} FROM savings_jars j WHERE j.user_id = %s ORDER BY j.created_at, j.id",  # noqa: S608
            (user_id,),
        )
    ]
    histories = [
        (jar.terms, [m for m in movements_of(jar.id) if jar.counts_on(m.reverses_day or m.day)]) for jar in jars
    ]
    _, seen = from_history(histories, week.end + timedelta(days=1))
    states = [
        one.state
        for (terms, _), history in zip(histories, seen, strict=True)
        for one in history.periods
        if max(week.start, terms.since) <= terms.open_until(one.period) <= week.end
    ]
    on_time = states.count("met") + states.count("late")
    return on_time, on_time + states.count("frozen") + states.count("missed")
