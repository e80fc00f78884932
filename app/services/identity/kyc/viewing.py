"""An identity paper as pictures, one for each page, for the eyes of whoever reviews it.

The look is noted where the page of the paper is opened (review.look); what shows here belongs to that look. No
transaction is open while the store and the drawing take their time: the paper is read before.
"""

from __future__ import annotations

from typing import Final

from flask import current_app

from app.errors import DomainError, NotFound
from app.services.identity.kyc import review
from app.services.identity.uploads.apart import GOOD, make_anew

#: Pixels of the longest edge: as large as the pictures of papers are kept.
EDGE: Final = 2_400


def pages(document: review.Document) -> int:
    """How many pages the paper has; 0 where its file is gone. Raises DomainError ``not_drawable``, Unavailable."""
    body = _file(document)
    if body is None:
        return 0
    return int(_drawn(body, 0)) if body.startswith(b"%PDF-") else 1


def picture(document: review.Document, number: int) -> bytes:
    """One page as a JPEG, from 1 on. Raises NotFound, DomainError ``not_drawable``, Unavailable."""
    body = _file(document)
    if body is None or number < 1:
        raise NotFound("There is no such page.")
    if body.startswith(b"%PDF-"):
        return _drawn(body, number)
    if number > 1:
        raise NotFound("There is no such page.")
    return body


def _file(document: review.Document) -> bytes | None:
    if document.key is None:
        return None
    body: bytes | None = current_app.extensions["object_store"].get(document.key)
    return body


def _drawn(body: bytes, number: int) -> bytes:
    code, made = make_anew("sheet_program", str(number), str(EDGE), sent=body)
    if code != GOOD or not made:
        raise DomainError("not_drawable", "This page cannot be drawn.")
    return made
