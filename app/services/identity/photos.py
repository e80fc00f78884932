"""A saver's photo of themselves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.services.identity.principal import Principal
from app.services.identity.uploads import contents, holding, storing
from app.services.identity.uploads.holding import Held, Link, content, link
from app.transactions import run

__all__ = ["Held", "Link", "content", "held", "link", "remove", "send"]


def send(saver: Principal, sent: bytes | None, *, at: datetime) -> Held:
    """Have it be the saver's photo: the middle square, made anew. Commits.

    Raises Invalid (``invalid_file``, ``unsafe_file``), DomainError (``unsupported_media_type``,
    ``payload_too_large``, ``upload_limit``), Unavailable.
    """
    file = storing.put(saver, "photo", contents.of_photo(sent))
    return run(lambda: holding.hold(saver, None, file, at=at))


def held(user_id: UUID) -> Held | None:
    """The saver's photo, if there is one."""
    return holding.held(user_id, None)


def remove(user_id: UUID, *, at: datetime) -> bool:
    """Take it away; whether there was one."""
    return holding.remove(user_id, None, at=at)
