"""When a jar's standing instruction is due, and what it may say.

A daily jar is filled each day, a weekly one on its day of the week (1 is Monday), a monthly or flexible one on its day
of the month, which is the last where a month is shorter. The saver is told on the day before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.errors import DomainError
from app.periods import Plan, SaverZone, period_of
from app.sentences import Sentence
from app.services.savings.jar import Jar
from app.transactions import fetch

#: Local hours: the saver is told on the day before, and the money is collected on the day.
TOLD_AT = 8
COLLECTED_AT = 9
#: The least time between the two, whenever the saver was told.
LEAST_NOTICE = timedelta(hours=24)
_DAY = timedelta(days=1)
_FURTHEST = 70  # days: the next day of any month is nearer


def falls_on(plan: str, day: int | None, date_: date) -> bool:
    """Whether an instruction for ``day`` in a jar of ``plan`` is due on that date."""
    if plan == Plan.DAILY:
        return True
    if plan == Plan.WEEKLY:
        return date_.isoweekday() == (day or 1)
    month = period_of(Plan.MONTHLY, date_)
    assert month is not None  # monthly plans have periods
    return date_.day == min(day or 1, month.end.day)


def told_from(due_on: date, zone: SaverZone, at: datetime) -> datetime:
    """The instant from which the saver is told of ``due_on``, in the zone in force at ``at``."""
    return datetime.combine(due_on - _DAY, time(TOLD_AT), ZoneInfo(zone.at(at))).astimezone(UTC)


def collected_from(due_on: date, zone: SaverZone, at: datetime) -> datetime:
    """The instant from which ``due_on`` is collected, in the zone in force at ``at``."""
    return datetime.combine(due_on, time(COLLECTED_AT), ZoneInfo(zone.at(at))).astimezone(UTC)


def is_wanted(jar: Jar) -> bool:
    """Whether money is to be collected for the jar now."""
    return jar.status == "active" and jar.auto_deposit is not None and not jar.auto_deposit.get("paused")


def next_due(jar: Jar, zone: SaverZone, at: datetime) -> date | None:
    """The first due day of which the saver has yet to be told; None where there is none."""
    if not is_wanted(jar) or jar.auto_deposit is None:
        return None
    first = max(zone.date(at), jar.start_date)
    for offset in range(_FURTHEST):
        day = first + timedelta(days=offset)
        if jar.end_date is not None and day > jar.end_date:
            return None
        if falls_on(jar.plan_type, jar.auto_deposit.get("day"), day) and told_from(day, zone, at) > at:
            return day
    return None


def check(errors: dict[str, list[str]], plan_type: str, instruction: Mapping[str, Any] | None) -> None:
    """Add to ``errors`` what the instruction says that no jar of that plan can do."""
    day = instruction.get("day") if instruction else None
    if day is not None and plan_type == "daily":
        errors["auto_deposit.day"] = [Sentence("A daily jar is filled every day; leave the day out.")]
    elif day is not None and plan_type == "weekly" and day > 7:
        errors["auto_deposit.day"] = [Sentence("Give a day of the week, 1 (Monday) to 7.")]


def kept(instruction: Mapping[str, Any] | None, *, at: datetime) -> dict[str, Any] | None:
    """What the jar's row holds of an instruction given at ``at``: no due day is told of that came before it."""
    if not instruction:
        return None
    values = {name: instruction[name] for name in ("amount", "day", "paused") if instruction.get(name)}
    return values | {"since": at.isoformat()}


def as_json(instruction: Mapping[str, Any] | None) -> str | None:
    """The column's text."""
    return None if instruction is None else json.dumps(instruction)


def under_way() -> DomainError:
    """The refusal while money may be on its way into the jar."""
    return DomainError("deposit_under_way", "An auto-deposit is on its way into this jar. Please try again later.")


def refuse_while_trying(jar_id: UUID) -> None:
    """Raise DomainError ``deposit_under_way`` while the outcome of a collection for the jar is not known.

    The caller holds the saver's lock.
    """
    if fetch(
        "SELECT 1 FROM auto_deposit_turns WHERE jar_id = %s AND status = 'waiting' AND trying_since IS NOT NULL",
        (jar_id,),
    ):
        raise under_way()
