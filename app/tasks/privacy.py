"""What an erasure leaves for later."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.extensions import celery
from app.services.ops.privacy import objects


@celery.task(name="privacy.remove_objects")
def remove_objects(messages: list[dict[str, Any]]) -> None:
    """Remove what erased savers left in the object store."""
    objects.remove([key for message in messages for key in message["keys"]], at=datetime.now(UTC))
