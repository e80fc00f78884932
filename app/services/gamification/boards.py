"""Leaderboards: read, kept up with what is committed, rebuilt where they were lost.

PostgreSQL has what they rank (board_values.py) and the names that are shown, so that whoever leaves or takes another
name is gone or renamed with that commit. Redis has the places (board_sets.py) and is only quicker: without it the same
page comes out of PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID, uuid4

from app.observability import get_logger
from app.services.gamification import board_sets
from app.services.gamification.board_sets import Rebuild, RebuildLost
from app.services.gamification.board_values import (
    BOARDS,
    CHUNK,
    FEWEST_CLOSED,
    MEMBER,
    NO_VALUES,
    PERIODS,
    Board,
    Place,
    board_of,
    chunk_of_values,
    every_board,
    places,
    values_of,
)
from app.services.outbox.messages import enqueue
from app.transactions import fetch, queue, run

__all__ = ["BOARDS", "FEWEST_CLOSED", "PERIODS", "Entry", "Own", "Page", "keep_fresh", "page", "rebuild", "refresh"]

log = get_logger()
NEAR = 2
#: Reads of a set before what PostgreSQL says of its members is taken as it is.
TRIES = 3
AT_ONCE = 500
ASK_AGAIN_SECONDS = 10
# Values are read and written under it, one batch after the other: an older one never comes after a newer one.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('leaderboards', 0))"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a board. ``value``: days, or whole percent. ``me``: it is the reader's own."""

    rank: int
    display_name: str
    value: int
    me: bool


@dataclass(frozen=True, slots=True)
class Own:
    """The reader's own place, with the lines around it, the reader's own among them."""

    rank: int
    value: int
    neighbours: list[Entry]


@dataclass(frozen=True, slots=True)
class Page:
    """The beginning of a board as one person sees it. ``me`` is None for whoever has no place on it.

    ``name``: what others see of the reader, where one was chosen.
    """

    board: Board
    items: list[Entry]
    me: Own | None
    total: int
    opted_in: bool
    name: str | None


def page(reader: UUID, board: str, period: str, *, limit: int, at: datetime) -> Page:
    """The first ``limit`` lines of a board and the reader's own place.

    Where the set is found to lag behind what is committed, for the reader or a line that is shown, it is mended first.
    """
    which = board_of(board, period, at)
    number = every_board(at).index(which)
    for tries_left in range(TRIES - 1, -1, -1):
        value = values_of([reader], at).get(reader, NO_VALUES)[number]
        kept = board_sets.read(which, reader, limit=limit, near=NEAR)
        found = kept or places(which, reader, at, limit=limit, near=NEAR)
        shown = {place.user_id for place in [*found.first, *found.around]}
        names, opted_in, name = _names(shown, reader)
        stale = shown - set(names)
        if next((place.value for place in found.around if place.user_id == reader), None) != value:
            stale.add(reader)
        if kept is None or not stale or not tries_left:
            break
        refresh(stale, at=at)
    if kept is None and board_sets.miss(ASK_AGAIN_SECONDS):
        enqueue("gamification.boards_lost", {}, at)

    def entries(shown: list[Place]) -> list[Entry]:
        return [
            Entry(place.rank, names[place.user_id], place.value, place.user_id == reader)
            for place in shown
            if place.user_id in names
        ]

    mine = next((place for place in found.around if place.user_id == reader and reader in names), None)
    me = None if mine is None else Own(mine.rank, mine.value, entries(found.around))
    return Page(which, entries(found.first), me, found.total, opted_in, name)


def refresh(user_ids: Iterable[UUID], *, at: datetime) -> None:
    """Bring these savers' places up to what is committed, as often as it is called. Redis may be away."""
    boards = every_board(at)
    for some in _parts(set(user_ids)):
        queue(LOCK)
        board_sets.write(boards, some, values_of(some, at))


def keep_fresh(*, at: datetime) -> int | None:
    """Rebuild the boards where one is lost or days were closed since; how many members, None where nothing was done."""
    told = board_sets.state(every_board(at))
    if told is None or told == run(_state):
        return None
    return rebuild(at=at)


def rebuild(*, at: datetime) -> int | None:
    """Make every board anew from PostgreSQL, in chunks; how many members. None where another does, or Redis is away.

    The boards in use serve on until the new ones take their place. Whoever's value changes meanwhile is looked at once
    more. Commits by itself.
    """
    boards = every_board(at)
    work = Rebuild.begin(boards, uuid4().hex)
    if work is None:
        return None
    try:
        state = run(_state)
        members, after = 0, UUID(int=0)
        while values := run(lambda after=after: chunk_of_values(after, at)):  # type: ignore[misc]
            work.add(values)
            members += len(values)
            after = max(values)
            if len(values) < CHUNK:
                break
        changed = work.finish(state, at=at)
    except RebuildLost:
        log.warning("boards_rebuild_lost")
        return None
    for some in _parts(changed):
        run(lambda some=some: refresh(some, at=at))  # type: ignore[misc]
    return members


def _parts(user_ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    rest = iter(user_ids)
    while part := list(islice(rest, AT_ONCE)):
        yield part


def _state() -> str:
    """A text that changes with every day that is closed for anybody."""
    ((savers, days),) = fetch("SELECT count(*), sum(closed_through - date '2000-01-01') FROM saver_habits")
    return f"{savers}:{days or 0}"


def _names(user_ids: set[UUID], reader: UUID) -> tuple[dict[UUID, str], bool, str | None]:
    """What members are called, whether the reader opted in, and what the reader is called."""
    rows = fetch(
        f"SELECT u.id, u.display_name, u.leaderboard_opt_in, {MEMBER} FROM users u WHERE u.id = ANY(%s::uuid[])",  # noqa: S608
        ([str(user_id) for user_id in user_ids | {reader}],),
    )
    own = next(((opted_in, name) for user_id, name, opted_in, _ in rows if user_id == reader), (False, None))
    return {user_id: name for user_id, name, _, member in rows if member}, *own
