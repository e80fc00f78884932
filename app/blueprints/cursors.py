"""Cursors of keyset pages: opaque, signed, and good only for the list and the saver they were given for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from app.errors import DomainError


def _serializer(about: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"cursor:{about}")


def encode(position: tuple[datetime, UUID] | None, *, about: str) -> str | None:
    """The cursor of ``position`` in the list ``about`` (which names the saver and the filters); None for None."""
    if position is None:
        return None
    text: str = _serializer(about).dumps([position[0].isoformat(), position[1].hex])
    return text


def decode(cursor: str | None, *, about: str) -> tuple[datetime, UUID] | None:
    """The position again. Raises DomainError ``invalid_cursor`` for one that was not given for this list."""
    if not cursor:
        return None
    try:
        instant, id_ = _serializer(about).loads(cursor)
        return datetime.fromisoformat(instant), UUID(id_)
    except (BadSignature, ValueError, TypeError, AttributeError) as error:
        raise DomainError("invalid_cursor", "This cursor does not belong to this list; begin without one.") from error
