"""How a saver's score has moved: one value for each of their days on which it changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.services.identity.principal import Principal
from app.transactions import fetch

# The last change of each day; a day that ended without a score is none.
DAYS: Final = """
SELECT * FROM (
    SELECT DISTINCT ON (day) (h.as_of AT TIME ZONE %(zone)s)::date AS day, h.as_of, h.id, h.score, h.predicted_score
    FROM credit_score_history h WHERE h.user_id = %(user)s {older}
    ORDER BY day DESC, h.as_of DESC, h.id DESC
) last WHERE score IS NOT NULL ORDER BY day DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class DayScore:
    """What the score was at the end of one of the saver's days."""

    date: date
    score: int
    predicted_score: int | None


def page(
    saver: Principal, *, at: datetime, limit: int, after: tuple[datetime, UUID] | None = None
) -> tuple[list[DayScore], tuple[datetime, UUID] | None]:
    """Up to ``limit`` days, newest first, by the zone in force at ``at``; and where the next page begins."""
    values: dict[str, Any] = {"user": saver.id, "zone": saver.zone.at(at), "limit": limit + 1}
    older = ""
    if after is not None:
        # What changed earlier on the last day of the page before is part of that day.
        older = (
            "AND h.as_of < %(after)s"
            " AND (h.as_of AT TIME ZONE %(zone)s)::date < (%(after)s AT TIME ZONE %(zone)s)::date"
        )
        values["after"] = after[0]
    rows = fetch(DAYS.format(older=older), values)
    shown = [DayScore(day, score, predicted) for day, _, _, score, predicted in rows[:limit]]
    return shown, (rows[limit - 1][1], rows[limit - 1][2]) if len(rows) > limit else None
