"""The picture of what a jar is for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.errors import DomainError, NotFound
from app.services.identity.principal import Principal
from app.services.identity.uploads import contents, holding, storing
from app.services.identity.uploads.holding import Held, Link, content, link
from app.transactions import fetch, run

__all__ = ["Held", "Link", "content", "held", "link", "remove", "send"]

HELD = """
SELECT p.id, f.key FROM savings_jars j LEFT JOIN pictures p ON p.jar_id = j.id
    LEFT JOIN stored_files f ON f.id = p.file_id
WHERE j.id = %s AND j.user_id = %s
"""


def send(saver: Principal, jar_id: UUID, sent: bytes | None, *, at: datetime) -> Held:
    """Have it be the picture of the saver's jar, made anew. Commits.

    Raises NotFound, DomainError ``jar_closed``, and as ``identity.photos.send`` does.
    """
    run(lambda: _open(saver, jar_id))
    file = storing.put(saver, "jar", contents.of_jar_picture(sent))

    def work() -> Held:
        _open(saver, jar_id)
        return holding.hold(saver, jar_id, file, at=at)

    return run(work)


def held(saver: Principal, jar_id: UUID) -> Held | None:
    """The jar's picture, if there is one. Raises NotFound, also for somebody else's jar."""
    rows = fetch(HELD, (jar_id, saver.id))
    if not rows:
        raise NotFound("You have no such jar.")
    picture, key = rows[0]
    return None if picture is None else Held(picture.hex, key)


def remove(saver: Principal, jar_id: UUID, *, at: datetime) -> bool:
    """Take it away; whether there was one. Raises NotFound, also for somebody else's jar."""
    _status(saver, jar_id)
    return holding.remove(saver.id, jar_id, at=at)


def _open(saver: Principal, jar_id: UUID) -> None:
    if _status(saver, jar_id) == "closed":
        raise DomainError("jar_closed", "This jar is closed.")


def _status(saver: Principal, jar_id: UUID) -> str:
    rows = fetch("SELECT status FROM savings_jars WHERE id = %s AND user_id = %s", (jar_id, saver.id))
    if not rows:
        raise NotFound("You have no such jar.")
    status: str = rows[0][0]
    return status
