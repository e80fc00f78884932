"""The badge for a month in which everything was on time: it belongs to the closing of days, and to no movement."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import uuid_utils.compat as uuids

from app.services.notifications.notices import tell
from app.transactions import fetch

ON_TIME_MONTH: Final = "on_time_month"


def award_month(user_id: UUID, *, at: datetime, silently: bool = False) -> None:
    """Award the badge where the saver does not hold it yet, with its notice; ``silently`` for what is long past."""
    earned = fetch(
        "INSERT INTO badges (id, user_id, badge_type, earned_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING 1",
        (uuids.uuid7(), user_id, ON_TIME_MONTH, at),
    )
    if earned and not silently:
        tell(user_id, "badge_earned", facts(taken_back=False), at=at)


def take_back_month(user_id: UUID, *, at: datetime) -> None:
    """Take the badge from a saver none of whose months deserves it any more, and say so."""
    if fetch("DELETE FROM badges WHERE user_id = %s AND badge_type = %s RETURNING 1", (user_id, ON_TIME_MONTH)):
        tell(user_id, "badge_earned", facts(taken_back=True), at=at)


def facts(*, taken_back: bool) -> dict[str, Any]:
    """What the notice of the badge says."""
    return {"badge_type": ON_TIME_MONTH, "taken_back": taken_back}
