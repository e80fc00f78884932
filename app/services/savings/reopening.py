"""Opening a jar again that was closed by a slip of the finger, on the day on which it was closed."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from app.errors import DomainError
from app.services.identity.principal import Principal
from app.services.savings import jars
from app.services.savings.changes import tell
from app.services.savings.closing import go_through
from app.services.savings.jar import JarView
from app.services.savings.movements import lock
from app.services.savings.rows import keep_terms, store
from app.transactions import queue


def reopen(saver: Principal, jar_id: UUID, *, at: datetime) -> JarView:
    """The jar as it was before it was closed today; one that is open stays as it is.

    A jar that was closed on an earlier day asked for nothing since, and stays closed. Raises NotFound, DomainError
    ``jar_closed``, ``jar_limit``.
    """
    locked = lock(saver, jar_id, at=at)
    jar, today = locked.jar, saver.zone.date(at)
    if jar.status != "closed":
        return jars.read(saver, jar_id, at=at)
    if jar.closed_on != today:
        raise DomainError("jar_closed", "This jar was closed on an earlier day and stays so. Make a new one instead.")
    jars.refuse_beyond_the_most(saver)
    keep_terms(jar.id, at=at)
    jar.status, jar.closed_on = "active" if jar.completed_on is None else "completed", None
    queue("UPDATE savings_jars SET closed_on = NULL WHERE id = %s", (jar.id,))
    store(jar, jar.streak(today).current)
    go_through(saver.id, through=today - timedelta(days=1), at=at)
    tell(saver.id, at=at)
    return jars.read(saver, jar_id, at=at)
