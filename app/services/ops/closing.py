"""Closing a day for everybody: what app/services/savings/closing.py does for one saver, for thousands in one statement.

Savers are taken by ids, a few thousand to a transaction, each under the lock that movements of theirs take; one who is
busy is left for the next round. A chunk that was closed is not closed again, so a run that was killed goes on where it
was, and two at once share the work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID

import orjson

from app.periods import Plan, SaverZone, local_date, start_of, zone_names
from app.services.gamification.months import ON_TIME_MONTH, facts
from app.services.gamification.tallies import LEAST_OF_A_MONTH
from app.services.ops.closing_sql import BEHIND, SETTLE_ZONES, TAKE, TAKE_SINGLY, closing_of
from app.services.savings.closing import settle
from app.transactions import fetch, queue, run

#: Savers in one transaction: each takes a lock in PostgreSQL's memory.
CHUNK = 2_000
SINGLY = 100
NOTICES_IN_A_MESSAGE = 200
NOBODY = UUID(int=0)
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Closing:
    """What a run did: savers gone through, periods closed, and of those met, saved by a freeze, streaks lost."""

    savers: int = 0
    periods: int = 0
    met: int = 0
    frozen: int = 0
    lost: int = 0


def close_days(
    at: datetime, *, progress: Callable[[Closing], None] = lambda closing: None, chunk: int = CHUNK
) -> Closing:
    """Close every day that is over for its savers at the instant ``at``; commits chunk by chunk.

    Safe to run twice, at once, late, or killed in between. ``progress`` is told after each chunk.
    """
    done = Closing()
    run(lambda: queue(SETTLE_ZONES, {"at": at, "before": at - timedelta(days=3), "limit": CHUNK}))
    _singly(at, max(local_date(at, zone) for zone in zone_names()) - _DAY, done, progress)
    for zone, closed_through in run(lambda: fetch(BEHIND)):
        yesterday = local_date(at, zone) - _DAY
        day = closed_through or yesterday
        while day < yesterday:
            day += _DAY
            after: UUID | None = NOBODY
            while after is not None:
                after = run(partial(_chunk, at, day, zone, after, chunk, done))
                progress(done)
    return done


def _chunk(at: datetime, day: date, zone: str, after: UUID, limit: int, done: Closing) -> UUID | None:
    """Close ``day`` for some savers of ``zone`` behind ``after``; the last of them, None where there was none."""
    queue("SET LOCAL statement_timeout = '120s'")
    taken = fetch(TAKE, {"after": after, "day": day, "zone": zone, "limit": limit})
    if not taken:
        return None
    free = [str(user_id) for user_id, got in taken if got]
    if free:
        ((periods, met, frozen, lost),) = fetch(
            closing_of(day),
            {
                "savers": free,
                "day": day,
                "new_week": day == start_of(Plan.WEEKLY, day),
                "new_month": day == start_of(Plan.MONTHLY, day),
                "month_over": day + _DAY == start_of(Plan.MONTHLY, day + _DAY),
                "least": LEAST_OF_A_MONTH,
                "badge": ON_TIME_MONTH,
                "facts": orjson.dumps(facts(taken_back=False)).decode(),
                "at": at,
                "now": datetime.now(UTC),
                "pack": NOTICES_IN_A_MESSAGE,
            },
        )
        done.savers += len(free)
        done.periods += periods
        done.met += met
        done.frozen += frozen
        done.lost += lost
    last: UUID = taken[-1][0]
    return last


def _singly(at: datetime, newest: date, done: Closing, progress: Callable[[Closing], None]) -> None:
    after: UUID | None = NOBODY
    while after is not None:

        def some(after: UUID = after) -> UUID | None:
            taken = fetch(TAKE_SINGLY, {"after": after, "newest": newest, "limit": SINGLY})
            for user_id, got, *zone in taken:
                if not got:
                    continue
                closed = settle(user_id, through=SaverZone(*zone).date(at) - _DAY, at=at)
                done.savers += 1
                done.periods += len(closed)
            return taken[-1][0] if taken else None

        after = run(some)
        progress(done)
