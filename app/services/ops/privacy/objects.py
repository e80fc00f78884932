"""What an erased saver left in the object store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import current_app

from app.errors import Unavailable
from app.observability import get_logger
from app.services.outbox.messages import enqueue
from app.transactions import run

log = get_logger()
AGAIN_AFTER = timedelta(minutes=10)


def remove(keys: Iterable[str], *, at: datetime) -> None:
    """Remove these objects; while the store is away, what is left waits in the outbox for another try.

    Safe to run twice: what is gone stays gone.
    """
    left = list(dict.fromkeys(keys))
    try:
        while left:
            current_app.extensions["object_store"].delete(left[0])
            left.pop(0)
    except Unavailable:
        log.warning("objects_not_removed", count=len(left))
        run(lambda: enqueue("privacy.objects_left", {"keys": left}, at + AGAIN_AFTER))
