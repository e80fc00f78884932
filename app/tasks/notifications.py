"""Sending what savers are told."""

from __future__ import annotations

from typing import Any

from app import clock
from app.extensions import celery
from app.services.notifications import sending


@celery.task(name="notifications.send_out")
def send_out(messages: list[dict[str, Any]]) -> None:
    """Make what leaves the system of the notices of ``messages``, and send it."""
    notices = [(user, notice) for message in messages for user, notice in message.get("notices", ())]
    if notices and (channels := sending.make_deliveries(notices, at=clock.now())):
        sending.send_due(clock.now, channels=sorted(channels))
