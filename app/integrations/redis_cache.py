"""The cache behind Flask-Caching: Redis that may be slow, frozen or absent without anyone waiting for it.

After a failure it is left alone for ``REST_SECONDS``: a frozen Redis then costs one short time-out a while, not one for
each request. Values are text (JSON) and nothing else: what is never unpickled cannot run.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar, cast

from flask import Flask
from flask_caching.backends.nullcache import NullCache
from flask_caching.backends.rediscache import RedisCache
from redis import ConnectionPool, Redis
from redis.exceptions import RedisError

from app.extensions import cache
from app.observability import get_logger

log = get_logger()
Answer = TypeVar("Answer")
SOCKET_SECONDS = 0.1
PATIENT_SECONDS = 5.0
REST_SECONDS = 5.0


class NoCache(NullCache):  # type: ignore[misc]
    """What stands in where no Redis is configured: it never holds anything."""

    def ask(self, work: Callable[[Redis], Answer], otherwise: Answer, *, patient: bool = False) -> Answer:
        """``otherwise``."""
        return otherwise

    def tell(self, *command: str | bytes | float) -> bool:
        """Nothing; False."""
        return False


def backend() -> GuardedRedisCache | NoCache:
    """What the current application caches in."""
    return cast("GuardedRedisCache | NoCache", cache.cache)


class Text:
    """A serializer for text only."""

    def dumps(self, value: str) -> bytes:
        """UTF-8. Raises TypeError for anything but text."""
        if not isinstance(value, str):
            raise TypeError("only JSON text is cached")
        return value.encode()

    def loads(self, value: bytes | None) -> str | None:
        """The text again; None for a miss."""
        return None if value is None else value.decode()


class GuardedRedisCache(RedisCache):  # type: ignore[misc]
    """Misses while Redis is away; ``set`` and ``delete`` then answer False."""

    serializer: Any = Text()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rests_until = 0.0
        # A connection that Redis never answers on, of this process alone.
        self._silent: Any = None
        self._silent_in = 0
        self._speaking = threading.Lock()

    @classmethod
    def factory(cls, app: Flask, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The cache of ``app``; without a REDIS_URL one that never holds anything."""
        if not config.get("CACHE_REDIS_URL"):
            return NoCache()
        config = config | {
            "CACHE_OPTIONS": {"socket_timeout": SOCKET_SECONDS, "socket_connect_timeout": SOCKET_SECONDS, "retry": None}
        }
        return super().factory(app, config, args, kwargs)

    def _guarded(self, work: Callable[[], Any], otherwise: Any) -> Any:
        if time.monotonic() < self._rests_until:
            return otherwise
        try:
            return work()
        except (RedisError, OSError) as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            log.warning("cache_unavailable", reason=type(error).__name__)
            return otherwise

    def get(self, key: str) -> Any:
        """The text under ``key``, or None."""
        return self._guarded(lambda: super(GuardedRedisCache, self).get(key), None)

    def set(self, key: str, value: str, timeout: Any = None) -> Any:
        """Keep ``value`` for ``timeout`` seconds."""
        return self._guarded(lambda: super(GuardedRedisCache, self).set(key, value, timeout), False)

    def set_many(self, mapping: dict[str, Any], timeout: Any = None) -> Any:
        """Keep every value for ``timeout`` seconds, in one call."""
        return self._guarded(lambda: super(GuardedRedisCache, self).set_many(mapping, timeout), [])

    def delete(self, key: str) -> Any:
        """Have Redis forget ``key``, without waiting for its word: a movement's answer does not hang on a cache."""
        return self.tell("UNLINK", f"{self._get_prefix()}{key}")

    def tell(self, *command: str | bytes | float) -> bool:
        """Send a command without waiting for its answer; False where Redis is away. Keys are whole ones."""
        return bool(self._guarded(lambda: self._tell(*command), False))

    def ask(self, work: Callable[[Redis], Answer], otherwise: Answer, *, patient: bool = False) -> Answer:
        """What ``work`` makes of the client, ``otherwise`` while Redis is away. Keys are whole ones, answers bytes.

        ``patient``: for the worker's long commands, with a time-out of seconds.
        """
        client: Redis = self._patient if patient else self._read_client
        answer: Answer = self._guarded(lambda: work(client), otherwise)
        return answer

    @cached_property
    def _patient(self) -> Redis:
        # A pool of its own: the other's connections give up after SOCKET_SECONDS.
        like = self._write_client.connection_pool.connection_kwargs
        times = {"socket_timeout": PATIENT_SECONDS, "socket_connect_timeout": SOCKET_SECONDS}
        return Redis(connection_pool=ConnectionPool(**{**like, **times}))

    def _tell(self, *command: str | bytes | float) -> bool:
        with self._speaking:
            if self._silent is None or self._silent_in != os.getpid():
                connection = self._write_client.connection_pool.make_connection()
                connection.connect()
                connection.send_command("CLIENT", "REPLY", "OFF")
                self._silent, self._silent_in = connection, os.getpid()
            try:
                self._silent.send_packed_command(self._silent.pack_command(*command), check_health=False)
            except Exception:
                self._silent.disconnect()
                self._silent = None
                raise
        return True

    def delete_many(self, *keys: str) -> Any:
        """Forget all of ``keys``."""
        return self._guarded(lambda: super(GuardedRedisCache, self).delete_many(*keys), [])
