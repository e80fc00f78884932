"""Pausing a jar: days on which nothing is asked of it, so that an illness or a journey ends no streak."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from uuid import UUID

from app.errors import DomainError, Invalid
from app.sentences import Sentence
from app.services.identity.principal import Principal
from app.services.savings.changes import tell
from app.services.savings.jar import JarView, view
from app.services.savings.movements import LockedJar, lock, mend
from app.transactions import queue

MOST_DAYS = 30


def pause(saver: Principal, jar_id: UUID, *, until: date, at: datetime) -> JarView:
    """Ask nothing of the jar from today to ``until``, both inclusive and 30 days at most.

    A pause that is under way is moved to end on ``until`` instead, 30 days after it began at most. Raises NotFound,
    Invalid, DomainError ``jar_closed``.
    """
    locked = lock(saver, jar_id, at=at)
    jar, today = locked.jar, saver.zone.date(at)
    if jar.status != "active":
        raise DomainError("jar_closed", "This jar asks for nothing any more.")
    if jar.plan_type == "flexible":
        raise Invalid({"until": [Sentence("A flexible jar asks for nothing; there is nothing to pause.")]})
    earlier = list(jar.paused_days)
    # One that is under way, or ended yesterday, goes on: thirty days in a row are the most in all.
    first = earlier.pop()[0] if earlier and earlier[-1][1] >= today - timedelta(days=1) else today
    if until < today:
        raise Invalid({"until": [Sentence("Choose today or a later day.")]})
    if until - first >= timedelta(days=MOST_DAYS):
        latest = first + timedelta(days=MOST_DAYS - 1)
        sentence = Sentence(
            "A pause lasts %(days)s days at most, here until %(latest)s.", days=MOST_DAYS, latest=latest.isoformat()
        )
        raise Invalid({"until": [sentence]})
    return _kept(saver, locked, [*earlier, (first, until)], at=at)


def resume(saver: Principal, jar_id: UUID, *, at: datetime) -> JarView:
    """End the jar's pause: today counts again. Without a pause nothing changes. Raises NotFound."""
    locked = lock(saver, jar_id, at=at)
    jar, today = locked.jar, saver.zone.date(at)
    earlier = list(jar.paused_days)
    if not earlier or earlier[-1][1] < today:
        return view(jar, today)
    first, _ = earlier.pop()
    if first < today:
        earlier.append((first, today - timedelta(days=1)))
    return _kept(saver, locked, earlier, at=at)


def _kept(saver: Principal, locked: LockedJar, pauses: list[tuple[date, date]], *, at: datetime) -> JarView:
    jar, today = locked.jar, saver.zone.date(at)
    jar.pauses = [[first.isoformat(), last.isoformat()] for first, last in pauses] or None
    queue("UPDATE savings_jars SET pauses = %s WHERE id = %s", (json.dumps(jar.pauses) if jar.pauses else None, jar.id))
    tell(saver.id, at=at)
    return mend(jar, today, at=at) if locked.closed_through >= today else view(jar, today)
