"""A saver's streak, cached as JSON text: forgotten after each movement's commit, rebuilt on a miss."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from app.extensions import cache

SECONDS = 3600


@dataclass(frozen=True, slots=True)
class SaverStreak:
    """The streak of the jar with the largest count, with its unit (``days``, ``weeks``, ``months``)."""

    current: int
    longest: int
    unit: str
    at_risk: bool
    due_by: date | None


def key(user_id: UUID, today: date) -> str:
    """The one builder of these keys: a streak is a fact of one day, so the day is part of it."""
    return f"streak:{user_id}:{today.isoformat()}"


def remembered(user_id: UUID, today: date, compute: Callable[[], SaverStreak]) -> SaverStreak:
    """The cached streak of ``today``, or ``compute()``'s, which is then kept."""
    text = cache.get(key(user_id, today))
    if text is not None:
        values = json.loads(text)
        due = values.pop("due_by")
        return SaverStreak(due_by=date.fromisoformat(due) if due else None, **values)
    streak = compute()
    keep({(user_id, today): streak})
    return streak


def keep(streaks: dict[tuple[UUID, date], SaverStreak]) -> None:
    """Cache streaks that were just computed from committed rows, by saver and day."""
    texts = {
        key(user_id, today): json.dumps(
            asdict(streak) | {"due_by": streak.due_by.isoformat() if streak.due_by else None}
        )
        for (user_id, today), streak in streaks.items()
    }
    if texts:
        cache.set_many(texts, SECONDS)


def forget(user_id: UUID, today: date) -> None:
    """Drop the cached streak of ``today``."""
    cache.delete(key(user_id, today))
