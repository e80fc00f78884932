"""Sending what savers are told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.extensions import celery
from app.services.notifications.deliveries import fan_out
from app.transactions import run


@celery.task(name="notifications.send_out")
def send_out(messages: list[dict[str, Any]]) -> None:
    """Make what leaves the system of the notices of ``messages``."""
    notices = [(user, notice) for message in messages for user, notice in message.get("notices", ())]
    if notices:
        run(lambda: fan_out(notices, at=datetime.now(UTC)))
