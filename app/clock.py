"""The product's time: real time plus an offset that only the factory and tests set.

Token life, caches and links use real time; everything a saver sees happen uses this clock. A history that is told after
it happened has it stand at each of its instants, so that all is written down as of then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_no_offset: Callable[[], timedelta] = timedelta
_provider: Callable[[], timedelta] = _no_offset
# Of whoever tells a history alone: what others do in the same process meanwhile happens now.
_stands_at: ContextVar[datetime | None] = ContextVar("clock_stands_at", default=None)


def set_offset_provider(provider: Callable[[], timedelta] | None) -> None:
    """Have ``provider`` say how far the product's clock is ahead of real time; None means not at all."""
    global _provider
    _provider = provider or _no_offset


def now() -> datetime:
    """The product's present instant, aware, in UTC; within ``standing_at`` the one given there."""
    return _stands_at.get() or present()


def present() -> datetime:
    """The product's present instant, also where the clock stands at another."""
    return datetime.now(UTC) + _provider()


@contextmanager
def standing_at(instant: datetime) -> Iterator[None]:
    """Have the clock stand at the aware ``instant``, for what this thread (or asynchronous task) does meanwhile."""
    token = _stands_at.set(instant)
    try:
        yield
    finally:
        _stands_at.reset(token)


def today(zone: str) -> date:
    """The product's present calendar day in the IANA zone ``zone``. Raises ZoneInfoNotFoundError for an unknown one."""
    return now().astimezone(ZoneInfo(zone)).date()
