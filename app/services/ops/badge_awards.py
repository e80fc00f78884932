"""Badges that came into the catalogue later, for the savers who were there before."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from app.services.savings import badge_history
from app.transactions import fetch, queue, run

CHUNK = 500
NOBODY = UUID(int=0)
# Whether the targets of a saver's jars are their own: an import without a column for them made some up.
SAVERS = """
SELECT h.user_id, NOT EXISTS (
    SELECT FROM savings_jars j JOIN import_accounts a ON a.jar_id = j.id JOIN import_runs r ON r.id = a.run_id
    WHERE j.user_id = h.user_id AND r.mapping->>'target' IS NULL)
FROM saver_habits h WHERE h.user_id > %s ORDER BY h.user_id LIMIT %s
"""


def award_missing(progress: Callable[[int], None] = lambda savers: None) -> int:
    """Give every saver the badges that their history deserves and they do not hold, untold; how many were looked at.

    Commits chunk by chunk; done again, it changes nothing.
    """
    done, after = 0, NOBODY
    while True:

        def some(after: UUID = after) -> list[UUID]:
            queue("SET LOCAL statement_timeout = '60s'")
            rows = fetch(SAVERS, (after, CHUNK))
            for targets in (True, False):
                own = [user_id for user_id, chosen in rows if chosen is targets]
                if own:
                    badge_history.award_history(own, targets=targets)
            return [user_id for user_id, _ in rows]

        savers = run(some)
        if not savers:
            return done
        done, after = done + len(savers), savers[-1]
        progress(done)
