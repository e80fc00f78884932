"""Counting tries in Redis; while it is away, in this process alone.

A try is counted before it is made, so that many at once are not all the first one, and taken back where it succeeded.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.integrations.redis_cache import backend

PREFIX = "chhota:attempts:"
MOST_IN_PROCESS = 50_000

# For each key: count and time of the last try (milliseconds). All of them allow it, or none counts it.
_ADMIT = """
local now, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local wait = 0
for i, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 'n', 'at')
  local over = (tonumber(held[1]) or 0) - tonumber(ARGV[2 * i + 1])
  if over >= 0 then
    local pause = math.min(2 ^ math.min(over, 20), tonumber(ARGV[2 * i + 2])) * 1000
    wait = math.max(wait, (tonumber(held[2]) or 0) + pause - now)
  end
end
if wait > 0 then return math.ceil(wait) end
for _, key in ipairs(KEYS) do
  if redis.call('HINCRBY', key, 'n', 1) == 1 then redis.call('PEXPIRE', key, window) end
  redis.call('HSET', key, 'at', ARGV[1])
end
return 0
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """``free`` tries within the window cost nothing; each further one waits twice as long as the one before, from one
    second after the last on, ``longest`` seconds at most.
    """

    key: str
    free: int
    longest: int


_held: dict[str, tuple[int, float, float]] = {}  # key: tries, last one, end of the window
_lock = threading.Lock()


def admit(limits: Sequence[Limit], *, window: int, now: float | None = None) -> float:
    """Count a try under every one of ``limits``: 0; or count none, and the seconds after which one would be taken.

    ``window``: seconds after the first try until a count begins anew.
    """
    at = time.time() if now is None else now
    numbers = [number for limit in limits for number in (limit.free, limit.longest)]
    keys = [PREFIX + limit.key for limit in limits]
    waited = backend().ask(
        lambda redis: redis.eval(_ADMIT, len(keys), *keys, int(at * 1000), window * 1000, *numbers), None
    )
    return _admit_here(limits, window, at) if waited is None else float(waited) / 1000


def take_back(limits: Sequence[Limit], *, forget: Sequence[Limit] = ()) -> None:
    """The try that was counted last succeeded: it counts no more, and ``forget`` begin anew."""
    keys, gone = [PREFIX + limit.key for limit in limits], [PREFIX + limit.key for limit in forget]

    def work(redis: object) -> bool:
        with redis.pipeline(transaction=False) as pipe:  # type: ignore[attr-defined]
            for key in keys:
                pipe.hincrby(key, "n", -1)
                pipe.expire(key, 3600, nx=True)  # where its window ended in between, so that it does not stay for ever
            if gone:
                pipe.delete(*gone)
            pipe.execute()
        return True

    backend().ask(work, False)
    with _lock:
        for limit in limits:
            if limit.key in _held:
                count, last, end = _held[limit.key]
                _held[limit.key] = (max(0, count - 1), last, end)
        for limit in forget:
            _held.pop(limit.key, None)


def _admit_here(limits: Sequence[Limit], window: int, at: float) -> float:
    with _lock:
        if len(_held) > MOST_IN_PROCESS:
            _held.clear()
        wait = 0.0
        found = {}
        for limit in limits:
            count, last, end = _held.get(limit.key, (0, 0.0, 0.0))
            if end <= at:
                count, last, end = 0, 0.0, at + window
            found[limit.key] = (count, last, end)
            if count >= limit.free:
                wait = max(wait, last + min(2.0 ** min(count - limit.free, 20), limit.longest) - at)
        if wait > 0:
            return wait
        for key, (count, _, end) in found.items():
            _held[key] = (count + 1, at, end)
        return 0.0


def forget_all() -> None:
    """Forget what this process counted by itself."""
    with _lock:
        _held.clear()
