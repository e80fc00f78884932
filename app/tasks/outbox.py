"""Handing on what the outbox holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app import clock
from app.extensions import celery
from app.services.outbox.relay import BATCH, relay
from app.transactions import run

# The tasks that act on each topic; they take ``messages``, the payloads of a batch.
RECEIVERS = {
    "savings.moved": ("savings.refresh", "notifications.send_out"),
    "notifications.made": ("notifications.send_out",),
    "gamification.boards_lost": ("gamification.refresh_boards",),
    "gamification.standing_changed": ("gamification.refresh_standings",),
}
BATCHES = 50


@celery.task(name="outbox.relay")
def relay_outbox() -> int:
    """Publish what waits, batch by batch; how many messages."""
    handed_on = 0
    for _ in range(BATCHES):
        # Facts of the future exist when the product's clock was moved: those are due by that clock.
        count = run(lambda: relay(_publish, now=max(clock.now(), datetime.now(UTC))))
        handed_on += count
        if count < BATCH:
            break
    return handed_on


def _publish(topic: str, messages: list[dict[str, Any]]) -> None:
    for task in RECEIVERS[topic]:
        celery.send_task(task, kwargs={"messages": messages})
