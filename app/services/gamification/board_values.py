"""What the boards rank, defined once, in SQL: for given savers, for all of them in turn, or for a page of one board.

Boards rank consistency, never money. Nobody is listed for nothing: a value of zero is no place on a board.

``streak``: days that a row of periods has lasted, a weekly period for 7 and a monthly one for 30, in the jar with the
most. ``all`` asks for the longest row ever; ``week`` and ``month`` for the one that stands now, of savers who met a
period that reaches into this week or month.

``consistency``: the share of closed periods that were met in time or within their grace, in whole percent, of savers
with enough of them.

The week and the month are those of the installation's time zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask import current_app

from app.periods import Plan, local_date, period_of
from app.transactions import fetch, queue

BOARDS = ("streak", "consistency")
PERIODS = ("week", "month", "all")
#: Closed periods without which a share says nothing.
FEWEST_CLOSED = {"week": 1, "month": 4, "all": 7}
CHUNK = 5_000
# What hardly any row needs makes the whole look dear: PostgreSQL would compile for longer than it runs.
NO_JIT = "SET LOCAL jit = off"
LOOK_AT_ALL = ("SET LOCAL enable_seqscan = on", "SET LOCAL work_mem = '128MB'")

Values = tuple[int | None, ...]
"""A saver's value on each board, in the order of ``every_board``."""
NO_VALUES: Values = (None,) * (len(BOARDS) * len(PERIODS))

MEMBER = "u.leaderboard_opt_in AND u.display_name IS NOT NULL AND u.status = 'active'"
_DAYS = "CASE j.plan_type WHEN 'daily' THEN 1 WHEN 'weekly' THEN 7 ELSE 30 END"
# The last day of the newest period that was met. A row's state knows the sums of its newest two periods; where neither
# is met and the row stands all the same, freezes and pauses hold it up, and what lies before them was met.
_MET_ON = """
CASE WHEN j.streak_count = 0 OR j.streak_period IS NULL THEN NULL
    WHEN j.streak_net >= coalesce(j.installment_amount, 1) THEN CASE j.plan_type WHEN 'daily' THEN j.streak_period
        WHEN 'weekly' THEN j.streak_period + 6 ELSE (j.streak_period + interval '1 month - 1 day')::date END
    WHEN j.streak_previous_net >= coalesce(j.installment_amount, 1) THEN j.streak_period - 1
    ELSE (
        SELECT max((q + step.one - interval '1 day')::date)
        FROM (SELECT CASE j.plan_type WHEN 'daily' THEN interval '1 day' WHEN 'weekly' THEN interval '7 days'
            ELSE interval '1 month' END AS one) AS step,
            generate_series(
                date_trunc(CASE j.plan_type WHEN 'daily' THEN 'day' WHEN 'weekly' THEN 'week' ELSE 'month' END,
                    greatest(j.start_date, least(%(week)s, %(month)s))),
                j.streak_period - 2 * step.one, step.one) AS q
        WHERE NOT EXISTS (SELECT FROM frozen_periods f WHERE f.jar_id = j.id AND f.period_start = q::date)
            AND NOT EXISTS (SELECT FROM jsonb_array_elements(j.pauses) AS pause
                WHERE (pause->>0)::date < q + step.one AND q <= (pause->>1)::date)
    ) END
"""
_OF_JARS = f"""
    max(j.streak_longest * {_DAYS}) AS longest,
    max(j.streak_count * {_DAYS}) FILTER (WHERE j.status <> 'closed' AND m.met_on >= %(week)s) AS of_week,
    max(j.streak_count * {_DAYS}) FILTER (WHERE j.status <> 'closed' AND m.met_on >= %(month)s) AS of_month
FROM savings_jars j CROSS JOIN LATERAL (SELECT {_MET_ON} AS met_on OFFSET 0) m WHERE j.plan_type <> 'flexible'
"""
_SHARE = "CASE WHEN h.{0}_closed >= {1} THEN nullif(100 * h.{0}_on_time / h.{0}_closed, 0) END"
_VALUES = f"""
SELECT u.id, s.of_week AS streak_week, s.of_month AS streak_month, nullif(s.longest, 0) AS streak_all,
    CASE WHEN h.closed_through BETWEEN %(week)s AND %(week)s + 6
        THEN {_SHARE.format("week", FEWEST_CLOSED["week"])} END AS consistency_week,
    CASE WHEN h.closed_through >= %(month)s AND h.closed_through < %(month)s + interval '1 month'
        THEN {_SHARE.format("month", FEWEST_CLOSED["month"])} END AS consistency_month,
    {_SHARE.format("all", FEWEST_CLOSED["all"])} AS consistency_all
FROM users u LEFT JOIN {{habits}} h ON h.user_id = u.id LEFT JOIN {{jars}} s ON s.user_id = u.id WHERE {MEMBER}
"""  # noqa: S608  constants only
# By an index for each of some members (OFFSET keeps PostgreSQL from joining all rows first), and by one look at all.
SOME = _VALUES.format(
    habits="LATERAL (SELECT * FROM saver_habits WHERE user_id = u.id OFFSET 0)",
    jars=f"LATERAL (SELECT u.id AS user_id, {_OF_JARS} AND j.user_id = u.id OFFSET 0)",
)
EVERYBODY = _VALUES.format(habits="saver_habits", jars=f"(SELECT j.user_id, {_OF_JARS} GROUP BY j.user_id)")
# Ties share a rank; among them the oldest member comes first, here and in Redis alike.
PAGE = f"""
WITH listed AS MATERIALIZED (SELECT id, {{column}} AS value FROM ({EVERYBODY}) v WHERE {{column}} IS NOT NULL),
mine AS MATERIALIZED (SELECT id, value FROM listed WHERE id = %(me)s),
shown AS MATERIALIZED (
    (SELECT 'first' AS part, id, value FROM listed ORDER BY value DESC, id LIMIT %(limit)s)
    UNION ALL
    (SELECT 'around', l.id, l.value FROM listed l, mine
    WHERE l.value > mine.value OR (l.value = mine.value AND l.id < mine.id) ORDER BY l.value, l.id DESC LIMIT %(near)s)
    UNION ALL
    (SELECT 'around', l.id, l.value FROM listed l, mine
    WHERE l.value < mine.value OR (l.value = mine.value AND l.id >= mine.id)
    ORDER BY l.value DESC, l.id LIMIT %(near)s + 1)
),
counts AS MATERIALIZED (SELECT value, count(*) AS members FROM listed GROUP BY value)
SELECT part, id, value, 1 + coalesce((SELECT sum(members) FROM counts WHERE counts.value > shown.value), 0)::bigint,
    (SELECT sum(members) FROM counts)::bigint
FROM shown ORDER BY value DESC, id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Board:
    """One board of one period; ``start`` is the period's first day, None for ``all``."""

    board: str
    period: str
    start: date | None

    @property
    def column(self) -> str:
        """Its column in ``SOME``."""
        return f"{self.board}_{self.period}"


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody's place on a board; equal values share a rank."""

    user_id: UUID
    value: int
    rank: int


@dataclass(frozen=True, slots=True)
class Places:
    """The first places of a board, those around one member (none where that one has no place), and their number."""

    first: list[Place]
    around: list[Place]
    total: int


def every_board(at: datetime) -> list[Board]:
    """The boards that stand at ``at``, in the order of ``SOME``."""
    today = local_date(at, current_app.config["DEFAULT_TIME_ZONE"])
    starts: dict[str, date | None] = {"all": None}
    for period, plan in (("week", Plan.WEEKLY), ("month", Plan.MONTHLY)):
        holding = period_of(plan, today)
        assert holding is not None  # these plans have periods
        starts[period] = holding.start
    return [Board(board, period, starts[period]) for board in BOARDS for period in PERIODS]


def board_of(board: str, period: str, at: datetime) -> Board:
    """One of them."""
    return next(one for one in every_board(at) if (one.board, one.period) == (board, period))


def values_of(user_ids: Iterable[UUID], at: datetime) -> dict[UUID, Values]:
    """The values of those of the given savers whom the boards may show."""
    queue(NO_JIT)
    rows = fetch(f"{SOME} AND u.id = ANY(%(ids)s::uuid[])", _starts(at) | {"ids": [str(one) for one in user_ids]})
    return {row[0]: row[1:] for row in rows}


def chunk_of_values(after: UUID, at: datetime) -> dict[UUID, Values]:
    """The values of the next members by id, ``CHUNK`` at most."""
    queue(NO_JIT)
    rows = fetch(
        f"{SOME} AND u.id > %(after)s ORDER BY u.id LIMIT %(limit)s", _starts(at) | {"after": after, "limit": CHUNK}
    )
    return {row[0]: row[1:] for row in rows}


def places(board: Board, me: UUID, at: datetime, *, limit: int, near: int) -> Places:
    """The board as its members' rows have it, all of them read: the slow way, for when Redis is away or empty."""
    for setting in (NO_JIT, *LOOK_AT_ALL):
        queue(setting)
    rows = fetch(PAGE.format(column=board.column), _starts(at) | {"limit": limit, "me": me, "near": near})
    parts: dict[str, list[Place]] = {"first": [], "around": []}
    for part, *place, _ in rows:
        parts[part].append(Place(*place))
    return Places(**parts, total=rows[0][-1] if rows else 0)


def _starts(at: datetime) -> dict[str, object]:
    return {board.period: board.start for board in every_board(at) if board.start is not None}
