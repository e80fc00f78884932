"""What scores are made of, out of PostgreSQL: jars, pauses and movements of some savers, as columns.

One definition for one saver and a million, for now and any moment of the past.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.periods import Plan, SaverZone
from app.scoring.calendars import CODES, Days
from app.scoring.features import MISSED_AFTER_DAYS, ON_TIME_DAYS, Features, Instalments, features_now
from app.scoring.histories import NEVER, Index, Jars, Movements, Pauses
from app.services.credit.binary import EPOCH_DAYS, INFINITY, columns
from app.services.credit.ids import Ids
from app.transactions import fetch

_EPOCH: Final = date(1970, 1, 1).toordinal()
_PLANS: Final = " ".join(f"WHEN '{plan}' THEN {CODES[plan]}" for plan in Plan)
# Interest, prizes and fees are not the saver's doing. Between own jars nothing is taken out.
_KINDS: Final = "('deposit', 'withdraw', 'transfer_in', 'transfer_out')"

# Zones are few: the savers of each in one piece.
SAVERS = """
SELECT u.time_zone, u.time_zone_next, u.time_zone_from, string_agg(uuid_send(u.id), ''::bytea) FROM {users} u
WHERE {whose} GROUP BY 1, 2, 3
"""
SOME_SAVERS = "u.id = ANY(%(savers)s::uuid[])"
NEXT_SAVERS = (
    "u.id IN (SELECT h.user_id FROM saver_habits h WHERE h.user_id > %(after)s ORDER BY h.user_id LIMIT %(limit)s)"
)
JARS = f"""
SELECT j.user_id, j.id, CASE j.plan_type {_PLANS} END::smallint, coalesce(j.installment_amount, 0), j.start_date,
    coalesce(least(j.end_date + 1, j.closed_on), 'infinity'), coalesce(j.completed_on, 'infinity')
FROM {{jars}} j WHERE {{whose}} AND j.created_at <= %(at)s ORDER BY j.user_id, j.id
"""  # noqa: S608  constants only
# The rows as they stood at the instant: what was changed after it has what was before kept beside it. Pauses need none:
# a later one touches no period that was over, and none that was met.
PAST_USERS = """(
    SELECT u.id, CASE WHEN p.user_id IS NULL THEN u.time_zone ELSE p.time_zone END AS time_zone,
        CASE WHEN p.user_id IS NULL THEN u.time_zone_next ELSE p.time_zone_next END AS time_zone_next,
        CASE WHEN p.user_id IS NULL THEN u.time_zone_from ELSE p.time_zone_from END AS time_zone_from
    FROM users u LEFT JOIN LATERAL (
        SELECT * FROM past_time_zones p WHERE p.user_id = u.id AND p.until > %(at)s ORDER BY p.until LIMIT 1
    ) p ON true
)"""
PAST_JARS = """(
    SELECT j.user_id, j.id, j.plan_type, j.installment_amount, j.start_date, j.created_at,
        CASE WHEN p.jar_id IS NULL THEN j.end_date ELSE p.end_date END AS end_date,
        CASE WHEN p.jar_id IS NULL THEN j.closed_on ELSE p.closed_on END AS closed_on,
        CASE WHEN p.jar_id IS NULL THEN j.completed_on ELSE p.completed_on END AS completed_on
    FROM savings_jars j LEFT JOIN LATERAL (
        SELECT * FROM past_jar_terms p WHERE p.jar_id = j.id AND p.until > %(at)s ORDER BY p.until LIMIT 1
    ) p ON true
)"""
PAUSES = "SELECT j.id, j.pauses FROM savings_jars j WHERE {whose} AND j.pauses IS NOT NULL"
# In no order: of many savers PostgreSQL goes through the table as it lies, and numpy sorts numbers in a fraction of the
# time. What was taken back by then is left out.
MOVEMENTS = f"""
SELECT t.jar_id, t.date, CASE WHEN t.type IN ('deposit', 'transfer_in') THEN t.amount ELSE -t.amount END,
    (t.type = 'transfer_out')::int::smallint, t.occurred_at, t.id
FROM transactions t WHERE {{whose}} AND t.occurred_at <= %(at)s AND t.type IN {_KINDS} {{known}}
    AND t.id NOT IN (SELECT r.reversal_of FROM transactions r
        WHERE {{reversed}} AND r.reversal_of IS NOT NULL AND r.recorded_at <= %(at)s)
"""  # noqa: S608
# An instalment closes as it is paid, not before its month begins, or as missed. Of a loan that is over only those count
# that fell due while it was open: paying a loan back at once is no history of paying in time. One that was cancelled
# never was. As known at the instant: what was paid or ended after it had not been yet.
INSTALMENTS = f"""
SELECT user_id, due_on, closed, days_late, on_time::int::smallint FROM (
    SELECT i.user_id, i.due_on, i.loan_id, i.number,
        CASE WHEN p.in_time THEN greatest(i.paid_on, i.starts_on) ELSE i.due_on + {MISSED_AFTER_DAYS + 1} END AS closed,
        CASE WHEN p.in_time THEN greatest(i.paid_on - i.due_on, 0) ELSE {MISSED_AFTER_DAYS + 1} END AS days_late,
        p.in_time AND i.paid_on <= i.due_on + {ON_TIME_DAYS} AS on_time
    FROM loan_instalments i JOIN loans l ON l.id = i.loan_id
    CROSS JOIN LATERAL (SELECT coalesce(i.paid_at <= %(at)s AND i.paid_on <= i.due_on + {MISSED_AFTER_DAYS}, false)
        AS in_time) p
    WHERE {{whose}} AND l.accepted_at <= %(at)s AND (l.ended_at IS NULL OR l.ended_at > %(at)s
        OR l.status <> 'cancelled' AND i.due_on <= l.ended_on)
) known WHERE closed <= (%(at)s AT TIME ZONE 'UTC')::date + 1 ORDER BY user_id, closed, due_on, loan_id, number
"""  # noqa: S608
# A history that was imported was known elsewhere when it happened; what came into its jars after that was not.
KNOWN = """AND (t.recorded_at <= %(at)s OR EXISTS (SELECT FROM import_accounts i JOIN import_runs r ON r.id = i.run_id
    WHERE i.jar_id = t.jar_id AND t.recorded_at <= coalesce(r.finished_at, 'infinity')))"""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Some savers, by id, with all that their scores are made of. ``today``: the local day of each at the instant."""

    savers: Ids
    at: datetime
    today: Days
    jar_ids: Ids
    jars: Jars
    pauses: Pauses
    movements: Movements
    instalments: Instalments

    def features(self) -> Features:
        """What is known of each saver at the instant."""
        return features_now(self.jars, self.pauses, self.movements, self.instalments, self.today)

    def parts(self, size: int) -> Iterator[Gathered]:
        """The same, ``size`` savers at a time."""
        for begin in range(0, len(self.savers), size):
            end = min(begin + size, len(self.savers))
            low, high = np.searchsorted(self.jars.saver, (begin, end))
            moved, unmoved = np.searchsorted(self.movements.jar, (low, high))
            paused = (self.pauses.jar >= low) & (self.pauses.jar < high)
            paid, unpaid = self.instalments.starts[begin], self.instalments.starts[end]
            jars, moves, loans = self.jars, self.movements, self.instalments
            yield Gathered(
                self.savers[begin:end],
                self.at,
                self.today[begin:end],
                self.jar_ids[low:high],
                Jars(jars.saver[low:high] - begin, *_columns(jars, slice(low, high))),
                Pauses(self.pauses.jar[paused] - low, self.pauses.first[paused], self.pauses.last[paused]),
                Movements(moves.jar[moved:unmoved] - low, *_columns(moves, slice(moved, unmoved))),
                Instalments(loans.starts[begin : end + 1] - paid, *_columns(loans, slice(paid, unpaid))),
            )


def _columns(table: Jars | Movements | Instalments, rows: slice) -> list[Any]:
    """Those rows of all columns but the first, which says whose they are."""
    return [getattr(table, field.name)[rows] for field in fields(table)[1:]]


def gather(user_ids: Sequence[UUID], *, at: datetime, past: bool = False) -> Gathered:
    """All that is known at ``at`` of these savers; of those who do not exist, nothing.

    ``past``: ``at`` lies in the past, and what was booked or taken back only later was not known.
    """
    return _gather(
        "{}.user_id = ANY(%(savers)s::uuid[])", SOME_SAVERS, {"savers": [str(each) for each in user_ids]}, at, past
    )


def gather_next(after: UUID, limit: int, *, at: datetime, past: bool = False) -> Gathered:
    """The same of up to ``limit`` savers with a jar whose ids follow ``after``."""
    return _gather("{}.user_id BETWEEN %(first)s AND %(last)s", NEXT_SAVERS, {"after": after, "limit": limit}, at, past)


def _gather(whose: str, which: str, parameters: dict[str, Any], at: datetime, past: bool) -> Gathered:
    parameters = parameters | {"at": at}
    users = PAST_USERS if past else "users"
    savers, today = _people(fetch(SAVERS.format(whose=which, users=users), parameters), at)
    if not len(savers):
        nothing = np.empty(0, dtype=np.int64)
        nobody = Jars(nothing, nothing.astype(np.int8), nothing, nothing, nothing, nothing)
        no_moves = Movements(nothing, nothing, nothing, nothing.astype(bool))
        return Gathered(savers, at, nothing, Ids.none(), nobody, Pauses.none(), no_moves, Instalments.none(0))
    parameters = parameters | {"first": savers[0], "last": savers[-1]}
    jar_ids, jars = _jars(whose, parameters, savers, past)
    return Gathered(
        savers,
        at,
        today,
        jar_ids,
        jars,
        _pauses(whose, parameters, jar_ids),
        _movements(whose, parameters, jar_ids, jars, past),
        _instalments(whose, parameters, savers, today),
    )


def _people(zones: list[Any], at: datetime) -> tuple[Ids, Days]:
    """The savers by id, and the day of each."""
    if not zones:
        return Ids.none(), np.empty(0, dtype=np.int64)
    ids = np.frombuffer(b"".join([bytes(sent) for *_, sent in zones]), dtype=">u8").reshape(-1, 2).astype(np.uint64)
    days = [SaverZone(*zone).date(at).toordinal() - _EPOCH for *zone, _ in zones]
    today = np.repeat(np.array(days, dtype=np.int64), [len(sent) // 16 for *_, sent in zones])
    order = np.lexsort((ids[:, 1], ids[:, 0]))
    return Ids(ids[order, 0], ids[order, 1]), today[order]


def _jars(whose: str, parameters: dict[str, Any], savers: Ids, past: bool) -> tuple[Ids, Jars]:
    found = columns(
        JARS.format(whose=whose.format("j"), jars=PAST_JARS if past else "savings_jars"),
        parameters,
        {
            "user": "uuid", "jar": "uuid", "plan": "int2", "installment": "int8", "first": "date", "last": "date",
            "completed": "date",
        },
    )  # fmt: skip
    saver = savers.places(Ids(found["user_high"], found["user_low"]))
    own = saver >= 0  # of a range of ids, those asked for
    ends = {
        name: np.where(found[name] == INFINITY + EPOCH_DAYS, NEVER, found[name])[own] for name in ("last", "completed")
    }
    jars = Jars(
        saver[own],
        found["plan"][own].astype(np.int8),
        found["installment"][own],
        found["first"][own],
        ends["last"],
        ends["completed"],
    )
    return Ids(found["jar_high"][own], found["jar_low"][own]), jars


def _pauses(whose: str, parameters: dict[str, Any], jar_ids: Ids) -> Pauses:
    paused = fetch(PAUSES.format(whose=whose.format("j")), parameters)
    if not paused:
        return Pauses.none()
    place = {jar_id: row for row, jar_id in enumerate(jar_ids)}
    found = [
        (place[jar_id], *(date.fromisoformat(day).toordinal() - _EPOCH for day in pause))
        for jar_id, pauses in paused
        if jar_id in place
        for pause in pauses
    ]
    rows = np.array(found, dtype=np.int64).reshape(-1, 3)
    return Pauses(rows[:, 0], rows[:, 1], rows[:, 2])


def _movements(whose: str, parameters: dict[str, Any], jar_ids: Ids, jars: Jars, past: bool) -> Movements:
    query = MOVEMENTS.format(whose=whose.format("t"), reversed=whose.format("r"), known=KNOWN if past else "")
    found = columns(
        query,
        parameters,
        {"jar": "uuid", "day": "date", "amount": "int8", "moved_on": "int2", "booked": "timestamptz", "id": "uuid"},
        as_sent=("jar", "moved_on", "booked", "id"),
    )
    # The lower half of an id is random: enough to tell the jars of a chunk apart. Where those of one jar stand
    # together, few have to be looked up.
    low = found["jar_low"].astype(np.uint64)
    begins = np.flatnonzero(np.concatenate(([True], low[1:] != low[:-1]))) if len(low) else np.empty(0, dtype=np.int64)
    order = np.argsort(jar_ids.low, kind="stable")
    ordered = jar_ids.low[order]
    if (ordered[1:] == ordered[:-1]).any():
        raise RuntimeError("two jars whose ids have the same lower half")
    if not len(ordered):
        nothing = np.empty(0, dtype=np.int64)
        return Movements(nothing, nothing, nothing, nothing.astype(bool))
    place = np.minimum(np.searchsorted(ordered, low[begins]), len(ordered) - 1)
    jar_of_run = np.where(ordered[place] == low[begins], order[place], -1)
    jar = np.repeat(jar_of_run, np.diff(np.concatenate((begins, [len(low)]))))
    order = _in_order(jar * 2**21 + found["day"], (found["booked"], found["id_high"], found["id_low"]))
    order = order[int(np.count_nonzero(jar < 0)) :]  # of jars that were not asked for: below all others
    jar, day, amount = jar[order], found["day"][order], found["amount"][order]
    exempt = (amount < 0) & ((day >= jars.completed[jar]) | (found["moved_on"][order] == 1))
    return Movements(jar, day, amount, exempt)


def _instalments(whose: str, parameters: dict[str, Any], savers: Ids, today: Days) -> Instalments:
    found = columns(
        INSTALMENTS.format(whose=whose.format("i")),
        parameters,
        {"user": "uuid", "due": "date", "closed": "date", "days_late": "int4", "on_time": "int2"},
    )
    if not len(found["due"]):
        return Instalments.none(len(savers))
    saver = savers.places(Ids(found["user_high"], found["user_low"]))
    # The statement looks a day too far, for whoever lives where it is tomorrow already.
    own = (saver >= 0) & (found["closed"] <= today[saver])
    starts = np.searchsorted(saver[own], np.arange(len(savers) + 1))
    return Instalments(
        starts, found["due"][own], found["closed"][own], found["days_late"][own], found["on_time"][own] == 1
    )


def _in_order(place: Index, booking: tuple[NDArray[Any], ...]) -> Index:
    """The rows by ``place`` (jar and day), and those few of one jar and day in the order in which they were booked."""
    order = np.argsort(place, kind="stable")
    placed = place[order]
    same = placed[1:] == placed[:-1]
    if same.any():
        several = np.zeros(len(place), dtype=bool)
        several[1:] |= same
        several[:-1] |= same
        rows = order[several]
        order[several] = rows[np.lexsort((*(key[rows] for key in reversed(booking)), place[rows]))]
    return order
