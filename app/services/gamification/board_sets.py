"""The boards in Redis: one sorted set each, so that a place is found as quickly among a million as among a thousand.

A score is the value below zero, so that the best come first and equal ones in the order of their ids. A last member of
no value tells an empty board from one that was lost. The scripts see and change a set at one instant.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import current_app
from redis import Redis

from app.integrations.redis_cache import backend
from app.periods import Plan, period_of, start_of_day
from app.services.gamification.board_values import NO_VALUES, Board, Place, Places, Values

#: How long a set outlives its period: a page that was opened before midnight may still ask for it.
KEPT_AFTER = timedelta(days=2)
KEPT_OF_ALL = timedelta(days=8)
#: A rebuild that has not been heard of for this long is dead.
CLAIM_SECONDS = 60
NOBODY = b""  # the member of no value
WORST = 0.0

READ = """
local total = redis.call('ZCARD', KEYS[1])
if total == 0 then return false end
local rank = redis.call('ZRANK', KEYS[1], ARGV[2])
local around, places = {}, {}
if rank then
    around = redis.call('ZRANGE', KEYS[1], math.max(rank - ARGV[3], 0), rank + ARGV[3], 'WITHSCORES')
    for i = 2, #around, 2 do places[i / 2] = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. around[i]) + 1 end
end
return {total - 1, redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1, 'WITHSCORES'), around, places}
"""
# KEYS: the flag of a rebuild, what changed during it, then the sets. ARGV: for each saver the id and a score for each
# set ("" for no place). A set that is lost stays lost: some of its members would pass for all.
WRITE = """
local sets = {}
for i = 3, #KEYS do sets[i - 2] = redis.call('EXISTS', KEYS[i]) == 1 end
local rebuilding, width = redis.call('EXISTS', KEYS[1]) == 1, #sets + 1
for at = 1, #ARGV, width do
    if rebuilding then redis.call('SADD', KEYS[2], ARGV[at]) end
    for i, there in ipairs(sets) do
        local score = ARGV[at + i]
        if there and score == '' then redis.call('ZREM', KEYS[i + 2], ARGV[at])
        elseif there then redis.call('ZADD', KEYS[i + 2], score, ARGV[at]) end
    end
end
"""
# KEYS: the flag, what changed, the state, then each set and the one that replaces it. ARGV: the claim, the state, then
# the second at which each set ends.
REPLACE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
for i = 4, #KEYS, 2 do
    if redis.call('EXISTS', KEYS[i]) == 1 then
        redis.call('RENAME', KEYS[i], KEYS[i + 1] .. ':old')
        redis.call('UNLINK', KEYS[i + 1] .. ':old')
    end
    redis.call('RENAME', KEYS[i + 1], KEYS[i])
    redis.call('EXPIRE', KEYS[i], ARGV[2 + (i - 2) / 2])
end
redis.call('SET', KEYS[3], ARGV[2])
local changed = redis.call('SMEMBERS', KEYS[2])
redis.call('DEL', KEYS[1], KEYS[2])
return changed
"""


def key(board: Board) -> str:
    """The one builder of the sets' keys."""
    return own_key(f"{board.board}:{board.period}:{board.start.isoformat() if board.start else 'ever'}")


def own_key(name: str) -> str:
    """A key of the boards' own, with the prefix of all of the product's."""
    return f"{current_app.config['CACHE_KEY_PREFIX']}board:{name}"


def read(board: Board, me: UUID, *, limit: int, near: int) -> Places | None:
    """The first ``limit`` places, and those up to ``near`` before and after ``me``; None where the set is lost."""
    found: Any = backend().ask(lambda client: client.eval(READ, 1, key(board), str(limit), me.bytes, str(near)), None)
    if found is None:
        return None
    total, top, around, ranks = found
    first: list[Place] = []
    for position, (user_id, value) in enumerate(_pairs(top), start=1):
        first.append(Place(user_id, value, first[-1].rank if first and first[-1].value == value else position))
    nearby = [Place(user_id, value, rank) for (user_id, value), rank in zip(_pairs(around), ranks, strict=False)]
    return Places(first, nearby, total)


def write(boards: list[Board], user_ids: Iterable[UUID], values: dict[UUID, Values]) -> bool:
    """Put these savers where their values say; those without any go. False where Redis is away.

    Call it with the boards' lock, and values read under it: an older value must not come after a newer one.
    """
    arguments: list[bytes | int | str] = []
    for user_id in user_ids:
        arguments.append(user_id.bytes)
        arguments += ["" if value is None else -value for value in values.get(user_id, NO_VALUES)]
    keys = [own_key("rebuilding"), own_key("changed"), *(key(board) for board in boards)]
    return bool(backend().ask(lambda client: client.eval(WRITE, len(keys), *keys, *arguments) is None, False))


class Rebuild:
    """The sets made anew beside those in use, by one at a time; what changes meanwhile is noted by ``write``.

    Every method raises RebuildLost where Redis went away or somebody else has taken over.
    """

    def __init__(self, boards: list[Board], claim: str) -> None:
        self.boards = boards
        self._claim = claim
        self._fresh = [f"{key(board)}:{claim}" for board in boards]

    @classmethod
    def begin(cls, boards: list[Board], claim: str) -> Rebuild | None:
        """Claim the rebuild; None where one is under way, or Redis is away."""

        def start(client: Redis) -> bool:
            if not client.set(own_key("rebuilding"), claim, nx=True, ex=CLAIM_SECONDS):
                return False
            client.delete(own_key("changed"))
            return True

        if not backend().ask(start, False, patient=True):
            return None
        made = cls(boards, claim)
        made._add([{NOBODY: WORST} for _ in boards])
        return made

    def add(self, values: dict[UUID, Values]) -> None:
        """Add these members' values."""
        places: list[dict[bytes, float]] = [{} for _ in self.boards]
        for user_id, own in values.items():
            member = user_id.bytes
            for place, value in zip(places, own, strict=True):
                if value is not None:
                    place[member] = -value
        self._add(places)

    def _add(self, places: list[dict[bytes, float]]) -> None:
        def send(client: Redis) -> bool:
            with client.pipeline(transaction=False) as pipe:
                for fresh, members in zip(self._fresh, places, strict=True):
                    if members:
                        pipe.zadd(fresh, members)  # type: ignore[arg-type]
                    pipe.expire(fresh, 2 * CLAIM_SECONDS)
                pipe.get(own_key("rebuilding"))
                pipe.expire(own_key("rebuilding"), CLAIM_SECONDS)
                return bool(pipe.execute()[-2] == self._claim.encode())

        if not backend().ask(send, False, patient=True):
            raise RebuildLost

    def finish(self, state: str, *, at: datetime) -> list[UUID]:
        """Put the new sets in the place of the old ones; whose values changed while they were made."""
        pairs = [name for pair in zip(map(key, self.boards), self._fresh, strict=True) for name in pair]
        keys = [own_key("rebuilding"), own_key("changed"), own_key("state"), *pairs]
        lives = [seconds_left(board, at) for board in self.boards]
        changed: Any = backend().ask(
            lambda client: client.eval(REPLACE, len(keys), *keys, self._claim, state, *lives), None, patient=True
        )
        if changed is None:
            raise RebuildLost
        return [UUID(bytes=member) for member in changed]


class RebuildLost(Exception):
    """A rebuild cannot go on: the next one begins anew."""


def state(boards: list[Board]) -> str | None:
    """What ``finish`` was told last, while all of these sets are there; "" where one is lost, None without Redis."""

    def look(client: Redis) -> str:
        with client.pipeline(transaction=False) as pipe:
            pipe.get(own_key("state"))
            pipe.exists(*(key(board) for board in boards))
            told, there = pipe.execute()
        return told.decode() if told and there == len(boards) else ""

    answer: str | None = backend().ask(look, None)
    return answer


def miss(every: int) -> bool:
    """Whether this is the first call in ``every`` seconds, by anyone. False where Redis is away."""
    return backend().ask(lambda client: bool(client.set(own_key("missed"), b"1", nx=True, ex=every)), False)


def seconds_left(board: Board, at: datetime) -> int:
    """How long from ``at`` on the set of ``board`` is kept."""
    if board.start is None:
        return int(KEPT_OF_ALL.total_seconds())
    period = period_of(Plan.WEEKLY if board.period == "week" else Plan.MONTHLY, board.start)
    assert period is not None  # these plans have periods
    over = start_of_day(period.end + timedelta(days=1), current_app.config["DEFAULT_TIME_ZONE"])
    return int((over - at + KEPT_AFTER).total_seconds())


def _pairs(flat: list[bytes]) -> list[tuple[UUID, int]]:
    """Members and values, without the one of no value."""
    return [(UUID(bytes=flat[at]), -int(float(flat[at + 1]))) for at in range(0, len(flat), 2) if flat[at] != NOBODY]
