"""What leaves: messages of the outbox that were given up, and the log of deliveries to savers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.models.notifications import CHANNELS
from app.services.ops.console import masks
from app.services.ops.console.listing import Asked, Order, Page, Source, page

__all__ = ["CHANNELS", "DELIVERY_STATES", "DeadMessage", "Delivery", "dead_messages", "deliveries"]

DELIVERY_STATES: Final = ("waiting", "sent", "expired", "dead")
BY_ID: Final = {"-id": Order(("o.id",), (int,), descending=True)}
MESSAGES: Final = Source(
    id="o.id",
    found="FROM outbox o",
    columns="o.id, o.topic, o.created_at, o.dead_at, o.attempts, o.last_error",
    read="FROM k JOIN outbox o ON o.id = k.id",
    filters={"dead": "o.dead_at IS NOT NULL", "topic": "o.topic = %(topic)s"},
    orders=BY_ID,
)
DELIVERIES: Final = Source(
    id="o.id",
    found="FROM deliveries o",
    columns="o.id, u.name, o.user_id, n.kind, o.channel, o.status, o.due_at, o.expires_at, o.attempts, o.last_error,"
    " o.created_at, o.sent_at",
    read="FROM k JOIN deliveries o ON o.id = k.id JOIN users u ON u.id = o.user_id"
    " LEFT JOIN notifications n ON n.user_id = o.user_id AND n.id = o.notification_id",
    filters={
        "user": "o.user_id = %(user)s",
        "channel": "o.channel = %(channel)s",
        "status": "o.status = %(status)s",
    },
    orders=BY_ID,
)


@dataclass(frozen=True, slots=True)
class DeadMessage:
    """A message that was given up. What it holds are ids, and is not shown. ``last_error``: its kind alone."""

    id: int
    topic: str
    created_at: datetime
    dead_at: datetime
    attempts: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way out by one channel. ``kind``: None where the notice is gone. ``name``: masked."""

    id: int
    name: str
    user_id: UUID
    kind: str | None
    channel: str
    status: str
    due_at: datetime
    expires_at: datetime | None
    attempts: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None


def dead_messages(asked: Asked) -> Page[DeadMessage]:
    """A page of messages that were given up, the newest first (``-id``). Filters: topic."""
    return page(MESSAGES, DeadMessage, replace(asked, filters={**asked.filters, "dead": True}, order="-id"))


def deliveries(asked: Asked) -> Page[Delivery]:
    """A page of the log, the newest first (``-id``). Filters: user, channel, status."""
    return page(DELIVERIES, _masked, replace(asked, order="-id"))


def _masked(id_: int, name: str, *rest: Any) -> Delivery:
    return Delivery(id_, masks.name(name), *rest)
