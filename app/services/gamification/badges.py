"""Badges: the catalogue as data, and their award in the transaction of their cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids

from app.services.notifications.notices import write
from app.transactions import fetch, queue


@dataclass(frozen=True, slots=True)
class BadgeType:
    """One kind of badge. ``per_jar``: earned once for each jar instead of once."""

    code: str
    title: str
    description: str
    per_jar: bool = False


CATALOGUE: dict[str, BadgeType] = {
    badge.code: badge
    for badge in (
        BadgeType("first_deposit", "First coin", "You put something aside for the first time."),
        BadgeType("streak_7_days", "One week", "Seven days in a row."),
        BadgeType("streak_30_days", "Thirty days", "Thirty days in a row."),
        BadgeType("streak_100_days", "A hundred days", "A hundred days in a row."),
        BadgeType("streak_365_days", "A whole year", "Every day for a year."),
        BadgeType("streak_4_weeks", "Four weeks", "Four weeks in a row."),
        BadgeType("streak_12_weeks", "Twelve weeks", "Twelve weeks in a row."),
        BadgeType("streak_52_weeks", "A year of weeks", "Every week for a year."),
        BadgeType("streak_3_months", "Three months", "Three months in a row."),
        BadgeType("streak_12_months", "Twelve months", "Every month for a year."),
        BadgeType("on_time_month", "A month on time", "A whole calendar month with everything on time."),
        BadgeType("target_reached", "Full pot", "You reached what you were saving for.", per_jar=True),
    )
}
STREAK_BADGES: dict[str, dict[int, str]] = {
    "daily": {7: "streak_7_days", 30: "streak_30_days", 100: "streak_100_days", 365: "streak_365_days"},
    "weekly": {4: "streak_4_weeks", 12: "streak_12_weeks", 52: "streak_52_weeks"},
    "monthly": {3: "streak_3_months", 12: "streak_12_months"},
}


@dataclass(frozen=True, slots=True)
class EarnedBadge:
    """A badge with the instant it was earned at."""

    badge_type: str
    earned_at: datetime

    @property
    def title(self) -> str:
        """Its name for the saver."""
        return CATALOGUE[self.badge_type].title

    @property
    def description(self) -> str:
        """What it was earned for."""
        return CATALOGUE[self.badge_type].description


def reached(
    *, deposit: bool, first_in_jar: bool, plan: str, streak_before: int, streak: int, target_reached: bool
) -> list[str]:
    """Codes of the badges that a movement may have earned: those whose line it has just crossed."""
    codes = []
    if deposit and first_in_jar:
        codes.append("first_deposit")
    codes += [code for line, code in STREAK_BADGES.get(plan, {}).items() if streak_before < line <= streak]
    if target_reached:
        codes.append("target_reached")
    return codes


def award(*, user_id: UUID, jar_id: UUID, transaction_id: UUID, at: datetime, reached: list[str]) -> list[EarnedBadge]:
    """Award those of ``reached`` that the saver does not hold yet; the new ones. No query where none was reached."""
    earned = []
    for code in reached:
        if fetch(
            "INSERT INTO badges (id, user_id, jar_id, badge_type, earned_at, transaction_id)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1",
            (uuids.uuid7(), user_id, jar_id if CATALOGUE[code].per_jar else None, code, at, transaction_id),
        ):
            earned.append(EarnedBadge(code, at))
    return earned


def tell_earned(user_id: UUID, earned: list[EarnedBadge], facts: dict[str, Any], *, at: datetime) -> list[UUID]:
    """Queue a notice of each new badge; their ids. ``facts``: the jar it was earned with (``jar_id``, ``jar``)."""
    return [
        write(user_id, "badge_earned", facts | {"badge_type": badge.badge_type, "taken_back": False}, at=at, seen=True)
        for badge in earned
    ]


def take_back(transaction_id: UUID) -> None:
    """Queue the removal of the badges that a reversed movement had earned."""
    queue("DELETE FROM badges WHERE transaction_id = %s", (transaction_id,))


def earned_by(user_id: UUID) -> list[EarnedBadge]:
    """The saver's badges, newest first."""
    rows = fetch(
        "SELECT badge_type, earned_at FROM badges WHERE user_id = %s ORDER BY earned_at DESC, id DESC", (user_id,)
    )
    return [EarnedBadge(*row) for row in rows]
