"""Writing a fact beside the change that caused it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from app.transactions import Statement, queue

INSERT = Statement(
    "outbox_insert",
    "INSERT INTO outbox (topic, payload, created_at, available_at) VALUES ($1, $2, $3, $3)",
    parameters=3,
)


def enqueue(topic: str, payload: dict[str, Any], at: datetime) -> None:
    """Queue a row that the relay hands to Celery after the commit. ``payload``: JSON and ids, nothing personal."""
    queue(INSERT, (topic, orjson.dumps(payload).decode(), at))
