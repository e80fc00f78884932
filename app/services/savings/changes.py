"""What follows a change of a saver's jars that moved no money."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.integrations.saver_cache import forget
from app.services.outbox.messages import enqueue
from app.transactions import after_commit


def tell(user_id: UUID, *, at: datetime) -> None:
    """Once committed: the cached streaks count no longer, and the worker looks at the places on the boards anew."""
    enqueue("gamification.standing_changed", {"user_id": str(user_id)}, at)
    after_commit(lambda: forget(user_id))
