"""What was known on mornings of the past, where something was booked late or taken back later.

Most histories are as they were: only savers with such a movement, and of theirs only the mornings between, are asked
again, each with the movements that were known on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.scoring.calendars import Days
from app.scoring.features import Features, Instalments
from app.scoring.histories import Index, Jars, Movements, Pauses
from app.scoring.obligations import obligations
from app.scoring.questions import features_before
from app.services.credit.binary import columns
from app.services.credit.gathering import Gathered
from app.transactions import fetch

_WIDTH: Final = np.int64(2**21)
#: Movements that questions are given at once.
_ROWS_AT_ONCE: Final = 1_000_000

# Each movement with the saver's day on which it was booked, and the one on which it was taken back, if it was: on the
# mornings after the first, up to that of the second, it was known. What was imported was known elsewhere at once.
_DAY = "({0} AT TIME ZONE CASE WHEN j.time_zone_from <= {0} THEN j.time_zone_next ELSE j.time_zone END)::date"
_MOVEMENTS = f"""
WITH jars AS MATERIALIZED (
    SELECT j.id, u.time_zone, u.time_zone_next, u.time_zone_from,
        (SELECT coalesce(r.finished_at, 'infinity') FROM import_accounts i JOIN import_runs r ON r.id = i.run_id
            WHERE i.jar_id = j.id) AS imported_by
    FROM savings_jars j JOIN users u ON u.id = j.user_id WHERE j.user_id = ANY(%(savers)s::uuid[])
), reversals AS MATERIALIZED (
    SELECT reversal_of, recorded_at FROM transactions
    WHERE user_id = ANY(%(savers)s::uuid[]) AND reversal_of IS NOT NULL AND recorded_at <= %(at)s
), known AS (
    SELECT t.user_id, t.jar_id, t.occurred_at, t.id, t.date, t.type, t.amount,
        CASE WHEN t.recorded_at <= j.imported_by THEN t.date
            ELSE greatest(t.date, {_DAY.format("t.recorded_at")}) END AS known_from,
        {_DAY.format("r.recorded_at")} AS known_until
    FROM transactions t JOIN jars j ON j.id = t.jar_id LEFT JOIN reversals r ON r.reversal_of = t.id
    WHERE t.user_id = ANY(%(savers)s::uuid[]) AND t.occurred_at <= %(at)s
        AND t.type IN ('deposit', 'withdraw', 'transfer_in', 'transfer_out')
)
"""  # noqa: S608  constants only
# The mornings on which the history as it is now would tell something else than was known.
CHANGED = f"""
{_MOVEMENTS}
SELECT user_id, CASE WHEN known_until IS NULL THEN date ELSE known_from END, coalesce(known_until, known_from)
FROM known WHERE known_until IS NOT NULL OR known_from > date
"""  # noqa: S608
MOVED = f"""
{_MOVEMENTS}
SELECT jar_id, date, CASE WHEN type IN ('deposit', 'transfer_in') THEN amount ELSE -amount END,
    (type = 'transfer_out')::int::smallint, known_from, coalesce(known_until, 'infinity')
FROM known ORDER BY user_id, occurred_at, id
"""  # noqa: S608
_TYPES: Final = {
    "jar": "uuid", "day": "date", "amount": "int8", "moved_on": "int2", "known_from": "date", "known_until": "date",
}  # fmt: skip


def unsettled(gathered: Gathered, saver: Index, as_of: Days) -> NDArray[np.bool_]:
    """On which of these mornings something else was known than the history now tells."""
    number = {user_id: place for place, user_id in enumerate(gathered.savers)}
    spans = np.array(
        [
            (number[user_id], _day(first), _day(last))
            for user_id, first, last in fetch(CHANGED, _whose(gathered, range(len(gathered.savers))))
        ],
        dtype=np.int64,
    ).reshape(-1, 3)
    # After the first day of a span, and up to its last: so many have begun before a morning, so many are over by then.
    begun, over = (np.sort(spans[:, 0] * _WIDTH + spans[:, column]) for column in (1, 2))
    asked = saver * _WIDTH + as_of
    found: NDArray[np.bool_] = np.searchsorted(begun, asked) > np.searchsorted(over, asked)
    return found


def features_then(gathered: Gathered, saver: Index, as_of: Days) -> Iterator[Features]:
    """The features of each question from the movements that were known on its morning, in parts, in their order."""
    which = np.unique(saver)
    moved = columns(MOVED, _whose(gathered, which), _TYPES)
    place = {jar_id.int & (2**64 - 1): row for row, jar_id in enumerate(gathered.jar_ids)}
    jar = np.array([place.get(low, -1) for low in moved["jar_low"].tolist()], dtype=np.int64)
    order = np.lexsort((moved["day"], jar))  # which keeps the order of booking within a day
    order = order[jar[order] >= 0]
    moved = {name: column[order] for name, column in moved.items()} | {"row": jar[order]}
    counts = np.bincount(gathered.jars.saver[moved["row"]], minlength=len(gathered.savers))
    sizes = np.cumsum(counts[saver] + 1) // _ROWS_AT_ONCE
    for some in np.split(np.arange(len(saver)), np.flatnonzero(np.diff(sizes)) + 1):
        yield _asked(gathered, moved, saver[some], as_of[some])


def _asked(gathered: Gathered, moved: dict[str, Any], saver: Index, as_of: Days) -> Features:
    """Each question as a saver of its own, who has what its saver had."""
    jars = gathered.jars
    question, old = _copies(jars.saver, saver, len(gathered.savers))
    own = Jars(
        question, jars.plan[old], jars.installment[old], jars.first_day[old], jars.last_day[old], jars.completed[old]
    )
    jar, row = _copies(moved["row"], old, len(jars))
    known = (moved["known_from"][row] < as_of[question[jar]]) & (moved["known_until"][row] >= as_of[question[jar]])
    jar, row = jar[known], row[known]
    amount, day = moved["amount"][row], moved["day"][row]
    exempt = (amount < 0) & ((day >= own.completed[jar]) | (moved["moved_on"][row] == 1))
    by_jar = np.argsort(gathered.pauses.jar, kind="stable")
    paused, pause = _copies(gathered.pauses.jar[by_jar], old, len(jars))
    pauses = Pauses(paused, gathered.pauses.first[by_jar][pause], gathered.pauses.last[by_jar][pause])
    movements = Movements(jar, day, amount, exempt)
    return features_before(
        obligations(own, pauses, movements, as_of), own, movements, _instalments(gathered.instalments, saver),
        saver=np.arange(len(saver)), as_of=as_of,
    )  # fmt: skip


def _instalments(of: Instalments, saver: Index) -> Instalments:
    owner = np.repeat(np.arange(len(of.starts) - 1), np.diff(of.starts))
    _, row = _copies(owner, saver, len(of.starts) - 1)
    starts = np.concatenate(([0], np.cumsum(np.diff(of.starts)[saver])))
    return Instalments(starts, of.due[row], of.closed[row], of.days_late[row], of.on_time[row])


def _copies(owner: Index, asked: Index, owners: int) -> tuple[Index, Index]:
    """For rows in the order of their ``owner``: those of each that is ``asked`` for, with the number of who asks."""
    starts = np.searchsorted(owner, np.arange(owners + 1))
    lengths = np.diff(starts)[asked]
    who = np.repeat(np.arange(len(asked)), lengths)
    before = np.cumsum(lengths) - lengths
    return who, np.arange(len(who)) - before[who] + starts[asked][who]


def _whose(gathered: Gathered, which: Any) -> dict[str, Any]:
    return {"savers": [str(gathered.savers[number]) for number in which], "at": gathered.at}


def _day(day: Any) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))
