"""Handing on what the outbox holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app import clock
from app.extensions import celery
from app.services.outbox.relay import BATCH, relay
from app.transactions import run

# The task that acts on each topic; it takes ``messages``, the payloads of a batch.
RECEIVERS = {"savings.moved": "savings.refresh"}
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
    celery.send_task(RECEIVERS[topic], kwargs={"messages": messages})
