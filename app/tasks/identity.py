"""What people who are not signed in have asked for."""

from __future__ import annotations

from functools import partial
from typing import Any

from app.extensions import celery
from app.services.identity import password_change
from app.transactions import run


@celery.task(name="identity.find_forgotten")
def find_forgotten(messages: list[dict[str, Any]]) -> None:
    """Have letters with links for a new password written to those who have the addresses of ``messages``."""
    for message in messages:
        run(partial(password_change.send_link, message["sealed"], own=message.get("own", False)))
