"""Cursors of keyset pages: opaque, and good only for the list and the saver they were given for.

They are encrypted: an address stands in histories and logs, and what a list of people is ordered by is personal. The
same position gives the same cursor, so that a page that has not changed reads the same.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from functools import cache
from hashlib import sha512
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from flask import current_app

from app.errors import DomainError


@cache
def _cipher(secret_key: str) -> AESSIV:
    return AESSIV(sha512(b"chhota.cursors" + secret_key.encode()).digest())


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
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    sealed = _cipher(current_app.config["SECRET_KEY"]).encrypt(text.encode(), [about.encode()])
    return _written(sealed)


def unseal(cursor: str, *, about: str) -> list[str]:
    """The values again. Raises DomainError ``invalid_cursor`` for a cursor that was not given for this list."""
    try:
        sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        if _written(sealed) != cursor:
            raise _stray()
        values: list[str] = json.loads(_cipher(current_app.config["SECRET_KEY"]).decrypt(sealed, [about.encode()]))
    except (ValueError, InvalidTag) as error:
        raise _stray() from error
    return values


def _written(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def _stray() -> DomainError:
    return DomainError("invalid_cursor", "This cursor does not belong to this list; begin without one.")
