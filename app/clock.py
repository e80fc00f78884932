"""The product's time: real time plus an offset that only the factory and tests set.

Token life, caches and links use real time; everything a saver sees happen uses this clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_no_offset: Callable[[], timedelta] = timedelta
_provider: Callable[[], timedelta] = _no_offset


def set_offset_provider(provider: Callable[[], timedelta] | None) -> None:
    """Have ``provider`` say how far the product's clock is ahead of real time; None means not at all."""
    global _provider
    _provider = provider or _no_offset


def now() -> datetime:
    """The product's present instant, aware, in UTC."""
    return datetime.now(UTC) + _provider()


def today(zone: str) -> date:
    """The product's present calendar day in the IANA zone ``zone``. Raises ZoneInfoNotFoundError for an unknown one."""
    return now().astimezone(ZoneInfo(zone)).date()
