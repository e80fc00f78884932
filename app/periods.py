"""Calendar arithmetic: the periods of a plan, local dates and midnights, and a saver's change of time zone.

Pure. Days are calendar dates of the saver's zone, instants are aware datetimes, zones are IANA names.
Whatever leaves the years 1 to 9999 raises OverflowError or ValueError, as the standard library does.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones


class Plan(StrEnum):
    """How often a jar is saved into; the values are what the API and the database hold."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    FLEXIBLE = "flexible"


#: Calendar days after a period's end in which it can still be met, late.
GRACE_DAYS: Final[Mapping[Plan, int]] = {Plan.DAILY: 0, Plan.WEEKLY: 1, Plan.MONTHLY: 3}

_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """``start`` to ``end``, both inclusive. Periods of one plan sort by time; ``day in period`` works."""

    start: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end


def start_of(plan: Plan, day: date) -> date:
    """First day of the period that holds ``day``. ValueError for ``flexible``, which has no periods."""
    if plan == Plan.DAILY:
        return day
    if plan == Plan.WEEKLY:
        return day - timedelta(day.weekday())
    if plan == Plan.MONTHLY:
        return day.replace(day=1)
    raise ValueError(f"a {plan} plan has no periods")


def period_of(plan: Plan, day: date) -> Period | None:
    """The day itself, its ISO week (Monday to Sunday) or its calendar month; None for ``flexible``."""
    return None if plan == Plan.FLEXIBLE else _from_start(plan, start_of(plan, day))


def shift(plan: Plan, period: Period, n: int) -> Period:
    """The period ``n`` after ``period``, before it when ``n`` is negative. ValueError for ``flexible``."""
    if plan == Plan.MONTHLY:
        year, month = divmod(period.start.year * 12 + period.start.month - 1 + n, 12)
        return _from_start(plan, date(year, month + 1, 1))
    if plan == Plan.FLEXIBLE:
        raise ValueError("a flexible plan has no periods")
    return _from_start(plan, period.start + timedelta(n if plan == Plan.DAILY else 7 * n))


def distance(plan: Plan, a: Period, b: Period) -> int:
    """How many periods ``b`` comes after ``a``: ``shift(plan, a, distance(plan, a, b)) == b``."""
    return steps(plan, a.start, b.start)


def steps(plan: Plan, a: date, b: date) -> int:
    """``distance`` for two periods that are given by their first days alone."""
    if plan == Plan.MONTHLY:
        return (b.year - a.year) * 12 + b.month - a.month
    if plan == Plan.FLEXIBLE:
        raise ValueError("a flexible plan has no periods")
    days = b.toordinal() - a.toordinal()
    return days if plan == Plan.DAILY else days // 7


def closes_on(plan: Plan, period: Period) -> date:
    """The last calendar day on which the period is still open: its end and the plan's grace."""
    return period.end + timedelta(GRACE_DAYS[plan])


def _from_start(plan: Plan, start: date) -> Period:
    if plan == Plan.DAILY:
        return Period(start, start)
    if plan == Plan.WEEKLY:
        return Period(start, start + timedelta(6))
    return Period(start, start.replace(day=monthrange(start.year, start.month)[1]))


def zone_names() -> frozenset[str]:
    """Every IANA zone of a place."""
    return _zone_names()


def zone_exists(name: str) -> bool:
    """Whether ``name`` is an IANA zone, by its exact spelling."""
    return name in _zone_names()


def local_date(instant: datetime, zone: str) -> date:
    """The calendar day in ``zone`` at an aware instant.

    ValueError for a naive datetime, zoneinfo.ZoneInfoNotFoundError for an unknown zone.
    """
    if instant.tzinfo is None:
        raise ValueError("a local date needs an aware instant")
    return instant.astimezone(_zone(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    """The first instant, in UTC, at which the date in ``zone`` is ``day`` or later.

    That is midnight as a rule; where the clocks jump over midnight, the instant of the jump; for a day that
    the zone left out (30 December 2011 in Pacific/Apia), the start of the next one.
    """
    tz = _zone(zone)
    midnight = datetime.combine(day, time.min, tz)
    first = midnight.astimezone(UTC)
    if first.astimezone(tz).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return first
    # Midnight falls into a gap: its two readings lie on either side of the jump, which is at a whole second.
    before = midnight.replace(fold=1).astimezone(UTC)
    low, high = 0, int((first - before).total_seconds())
    while low < high:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(tz).date() < day:
            low = middle + 1
        else:
            high = middle
    return before + timedelta(seconds=low)


@dataclass(frozen=True, slots=True)
class SaverZone:
    """A saver's zone, and the one that replaces it from the instant ``next_from`` on (None if none does).

    Keep ``name`` as it is after the change has taken effect and let ``changed`` replace it with the next
    change: ``date`` needs the old zone to hold the date where the new one is behind.
    """

    name: str
    next_name: str | None = None
    next_from: datetime | None = None

    def at(self, instant: datetime) -> str:
        """The zone in force at an aware instant."""
        if self.next_name is None or self.next_from is None or instant < self.next_from:
            return self.name
        return self.next_name

    def date(self, instant: datetime) -> date:
        """The saver's calendar day at an aware instant, never before the last one of the old zone."""
        if self.next_name is None or self.next_from is None or instant < self.next_from:
            return local_date(instant, self.name)
        return max(local_date(instant, self.next_name), local_date(self.next_from - _TICK, self.name))

    def changed(self, now: datetime, new: str) -> SaverZone:
        """The saver after asking at ``now`` for the zone ``new``; a change not yet in force is replaced."""
        current = self.at(now)
        if local_date(now, current) < self.date(now):
            # The date is being held for the last change: only the old zone agrees with it.
            current = self.name
        if new == current:
            return SaverZone(current)
        return SaverZone(current, new, change_takes_effect(now, current, new))


def change_takes_effect(now: datetime, old: str, new: str) -> datetime:
    """The UTC instant from which ``new`` counts for a saver who asks at ``now``; always after ``now``.

    It is the later of the two zones' next midnights. Where the zones are less than 24 hours apart the old
    zone's date just before it, and the new zone's at it, are then the same day or neighbours. Two kinds of
    pairs (Pago Pago and Auckland, Apia or Kiritimati) are further apart, and there the sentence alone is not
    enough:

    - ``new`` ahead by 24 hours or more: at every midnight of either zone one date would be lost, because a
      day must begin in the old zone and end in the new one. The change comes in the middle of the time in
      which it is the saver's tomorrow in the old zone and already the day after in the new one, so both keep
      at least 11 hours.
    - ``new`` behind by more than 24 hours: its date is always an earlier one, so no instant at all avoids a
      repeat. The midnight stays and ``SaverZone.date`` holds the old zone's last date until the new zone has
      caught up.
    """
    tomorrow = local_date(now, old) + timedelta(1)
    old_midnight = start_of_day(tomorrow, old)
    instant = max(old_midnight, start_of_day(local_date(now, new) + timedelta(1), new))
    if local_date(instant, new) - local_date(instant - _TICK, old) <= timedelta(1):
        return instant
    shared = start_of_day(tomorrow + timedelta(2), new) - old_midnight
    return old_midnight + timedelta(seconds=shared.total_seconds() // 2)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@cache
def _zone_names() -> frozenset[str]:
    # Not zones of a place: this machine's own setting, and the database's word for "not set".
    return frozenset(available_timezones() - {"localtime", "Factory"})
