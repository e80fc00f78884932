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
    return None if position is None else seal([position[0].isoformat(), position[1].hex], about=about)


def decode(cursor: str | None, *, about: str) -> tuple[datetime, UUID] | None:
    """The position again. Raises DomainError ``invalid_cursor`` for one that was not given for this list."""
    if not cursor:
        return None
    values = unseal(cursor, about=about)
    try:
        instant, id_ = values
        return datetime.fromisoformat(instant), UUID(id_)
    except (ValueError, TypeError, AttributeError) as error:
        raise _stray() from error


def seal(values: list[str], *, about: str) -> str:
    """The cursor of a position whose values are written as text."""
    text: str = _serializer(about).dumps(values)
    return text


def unseal(cursor: str, *, about: str) -> list[str]:
    """The values again. Raises DomainError ``invalid_cursor`` for a cursor that was not given for this list."""
    try:
        values: list[str] = _serializer(about).loads(cursor)
    except BadSignature as error:
        raise _stray() from error
    return values


def _stray() -> DomainError:
    return DomainError("invalid_cursor", "This cursor does not belong to this list; begin without one.")
