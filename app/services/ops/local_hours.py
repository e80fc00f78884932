"""Work that belongs to an hour of the saver's own day: which zones have come to it, and their savers in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.services.ops.job_runs import Round
from app.transactions import fetch, queue, run

CHUNK = 5_000
NOBODY = UUID(int=0)
# The zone in force, not a saver's row: the zone that replaces another from an instant on counts from then on.
IN_FORCE = (
    "u.time_zone = %(zone)s AND (u.time_zone_next IS NULL OR u.time_zone_from > %(at)s)",
    "u.time_zone_next = %(zone)s AND u.time_zone_from <= %(at)s",
)
# Each zone that savers have, by as many probes of the index as there are zones; changes of zone are few.
ZONES_IN_USE = """
WITH RECURSIVE own (zone) AS (
    SELECT min(time_zone) FROM users
    UNION ALL SELECT (SELECT min(time_zone) FROM users WHERE time_zone > zone) FROM own WHERE zone IS NOT NULL
)
SELECT zone FROM own WHERE zone IS NOT NULL
UNION SELECT time_zone_next FROM users WHERE time_zone_next IS NOT NULL
"""
# The savers of one chunk; ``{in_force}`` is one of IN_FORCE.
SAVERS = """
saver AS MATERIALIZED (
    SELECT u.id, u.status FROM users u WHERE {in_force} AND u.id > %(after)s ORDER BY u.id LIMIT %(limit)s
)
"""


@dataclass(frozen=True, slots=True)
class LocalHour:
    """The instant ``at`` at which an hour of ``day`` began in ``zone``."""

    zone: str
    day: date
    at: datetime


def local_hours(turn: Round, hour: int, *, patience: timedelta, weekday: int | None = None) -> list[LocalHour]:
    """Where it has become ``hour`` o'clock since the last finished run, in zones that savers have; oldest first.

    Not longer ago than ``patience``; ``weekday`` (0 is Monday) for what is weekly. One query.
    """
    begin = turn.at - patience
    if turn.since is not None and turn.since > begin:
        begin = turn.since
    found = []
    for (zone,) in run(lambda: fetch(ZONES_IN_USE)):
        day = turn.at.astimezone(ZoneInfo(zone)).date()
        while (at := instant(day, hour, zone)) > begin:
            if at <= turn.at and weekday in (None, day.weekday()):
                found.append(LocalHour(zone, day, at))
            day -= timedelta(days=1)
    return sorted(found, key=lambda each: (each.at, each.zone))


def instant(day: date, hour: int, zone: str) -> datetime:
    """When it is ``hour`` o'clock on ``day`` in ``zone``; where the clocks jump over it, as they stood before."""
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)


def tell_savers(
    turn: Round,
    hours: list[LocalHour],
    sql: str,
    values: Callable[[LocalHour], dict[str, Any]],
    *,
    after_each: Callable[[LocalHour, dict[str, Any], str], int] = lambda hour, values, in_force: 0,
) -> int:
    """Run ``sql`` for each of ``hours`` and each chunk of its savers, in a transaction each; the sum of what it counts.

    ``sql`` has ``{in_force}`` as SAVERS has it and answers the last saver of its chunk (None where there is none) and a
    count. ``after_each`` does what is left for the same chunk, in the same transaction; how much.
    """
    done = 0

    def chunk(hour: LocalHour, in_force: str, after: UUID) -> tuple[UUID | None, int]:
        queue("SET LOCAL statement_timeout = '60s'")
        born = datetime.now(UTC)
        parameters = {"zone": hour.zone, "at": turn.at, "born": born, "after": after, "limit": CHUNK, **values(hour)}
        ((last, count),) = fetch(sql.format(in_force=in_force), parameters)
        return last, count + (after_each(hour, parameters, in_force) if last else 0)

    for hour, in_force in _each(hours):
        after: UUID | None = NOBODY
        while after is not None:
            after, count = run(partial(chunk, hour, in_force, after))
            done += count
            turn.report(done, None)
    return done


def _each(hours: list[LocalHour]) -> Iterator[tuple[LocalHour, str]]:
    for hour in hours:
        for in_force in IN_FORCE:
            yield hour, in_force
