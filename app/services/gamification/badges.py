"""Badges: the catalogue as data, and their award in the transaction of their cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

import uuid_utils.compat as uuids

from app.periods import Plan, start_of
from app.services.gamification.streaks import DAY
from app.services.notifications.badge_titles import DEFAULT, badge_description, badge_title
from app.services.notifications.notices import write
from app.transactions import fetch, queue

__all__ = [
    "CATALOGUE", "STREAK_BADGES", "BadgeType", "EarnedBadge", "award", "badge_description", "badge_title",
    "carried_over", "earned_by", "reached", "take_back", "tell_earned",
]  # fmt: skip

#: What a badge counts on the way to it (badge_progress.py).
Counts = Literal[
    "deposits", "jars_used", "streak", "share", "jars_filled", "new_row", "kept_row", "month", "loans", "score"
]


@dataclass(frozen=True, slots=True)
class BadgeType:
    """One kind of badge. ``line``: how many of what it ``counts`` earn it; of a jar's ``share``, so many per cent.

    ``plan``: whose periods a streak is counted in. ``per_jar``: earned once for each jar instead of once.
    """

    code: str
    counts: Counts
    line: int
    plan: str | None = None
    per_jar: bool = False

    @property
    def title(self) -> str:
        """Its name in English."""
        return badge_title(self.code)

    @property
    def description(self) -> str:
        """What it is earned for, in English."""
        return badge_description(self.code)

    @property
    def image(self) -> str:
        """The path of its drawing on this server."""
        return f"/static/badges/{self.code}.svg"


CATALOGUE: Final[dict[str, BadgeType]] = {
    badge.code: badge
    for badge in (
        BadgeType("first_deposit", "deposits", 1),
        BadgeType("second_pot", "jars_used", 2),
        BadgeType("streak_7_days", "streak", 7, "daily"),
        BadgeType("streak_30_days", "streak", 30, "daily"),
        BadgeType("streak_100_days", "streak", 100, "daily"),
        BadgeType("streak_365_days", "streak", 365, "daily"),
        BadgeType("streak_4_weeks", "streak", 4, "weekly"),
        BadgeType("streak_12_weeks", "streak", 12, "weekly"),
        BadgeType("streak_26_weeks", "streak", 26, "weekly"),
        BadgeType("streak_52_weeks", "streak", 52, "weekly"),
        BadgeType("streak_3_months", "streak", 3, "monthly"),
        BadgeType("streak_6_months", "streak", 6, "monthly"),
        BadgeType("streak_12_months", "streak", 12, "monthly"),
        BadgeType("halfway", "share", 50, per_jar=True),
        BadgeType("target_reached", "share", 100, per_jar=True),
        BadgeType("three_pots", "jars_filled", 3),
        BadgeType("comeback", "new_row", 3),
        BadgeType("carried_over", "kept_row", 1),
        # Awarded where a day is closed, an instalment paid, a score computed.
        BadgeType("on_time_month", "month", 4),
        BadgeType("loan_repaid", "loans", 1),
        BadgeType("score_up_50", "score", 50),
    )
}
STREAK_BADGES: Final[dict[str, dict[int, str]]] = {
    plan: {badge.line: badge.code for badge in CATALOGUE.values() if badge.plan == plan}
    for plan in ("daily", "weekly", "monthly")
}
# Some need more than the movement itself shows; all of it stands in one statement, sent only where a line was crossed.
AWARD = """
INSERT INTO badges (id, user_id, jar_id, badge_type, earned_at, transaction_id)
SELECT n.id, %(user)s::uuid, n.jar_id, n.code, %(at)s::timestamptz, %(transaction)s::uuid
FROM unnest(%(ids)s::uuid[], %(codes)s::text[], %(jars)s::uuid[]) AS n (id, code, jar_id)
WHERE CASE n.code
    WHEN 'second_pot' THEN EXISTS (
        SELECT FROM savings_jars j WHERE j.user_id = %(user)s::uuid AND j.id <> %(jar)s::uuid AND EXISTS (
            SELECT FROM transactions t WHERE t.jar_id = j.id AND t.type = 'deposit'
                AND NOT EXISTS (SELECT FROM transactions r WHERE r.reversal_of = t.id)))
    WHEN 'three_pots' THEN
        (SELECT count(*) FROM savings_jars j WHERE j.user_id = %(user)s::uuid AND j.completed_on IS NOT NULL) >= 3
    ELSE true END
ON CONFLICT DO NOTHING RETURNING badge_type
"""


@dataclass(frozen=True, slots=True)
class EarnedBadge:
    """A badge with the instant it was earned at, in the language of who holds it. ``jar_id``: where it is of a jar."""

    badge_type: str
    earned_at: datetime
    jar_id: UUID | None = None
    language: str = DEFAULT

    @property
    def title(self) -> str:
        """Its name for the saver."""
        return badge_title(self.badge_type, self.language)

    @property
    def description(self) -> str:
        """What it was earned for."""
        return badge_description(self.badge_type, self.language)

    @property
    def image(self) -> str:
        """The path of its drawing on this server."""
        return CATALOGUE[self.badge_type].image


def reached(
    *,
    plan: str,
    first: bool,
    streak_before: int,
    streak: int,
    longest_before: int,
    carried: bool,
    balance_before: int,
    balance: int,
    target: int,
    was_active: bool,
) -> list[str]:
    """Codes of the badges that a deposit may have earned: those whose line it has just crossed.

    ``first``: the jar had none before that still stands. ``carried``: as ``carried_over``. Amounts in minor units.
    ``was_active``: the jar's target was not reached before. A jar that is filled in one go was never half full.
    """
    codes = ["first_deposit", "second_pot"] if first else []
    if streak > streak_before:
        codes += [code for line, code in STREAK_BADGES.get(plan, {}).items() if streak_before < line <= streak]
        line = CATALOGUE["comeback"].line
        if streak_before < line <= streak and longest_before >= line:
            codes.append("comeback")
        if carried:
            codes.append("carried_over")
    if was_active:
        if balance >= target:
            codes += ["target_reached", "three_pots"]
        elif 2 * balance_before < target <= 2 * balance:
            codes.append("halfway")
    return codes


def carried_over(plan: str, day: date, kept_through: date | None, *, streak_before: int) -> bool:
    """Whether the row that a deposit on ``day`` goes on with had its last period passed over, frozen or paused."""
    return kept_through is not None and streak_before > 0 and kept_through == start_of(Plan(plan), day) - DAY


def award(
    *,
    user_id: UUID,
    jar_id: UUID | None,
    transaction_id: UUID | None,
    at: datetime,
    reached: Sequence[str],
    language: str = DEFAULT,
) -> list[EarnedBadge]:
    """Award those of ``reached`` that the saver does not hold yet; the new ones. No query where none was reached.

    ``jar_id``: the jar that it was earned with, where there is one; ``transaction_id`` the movement whose reversal
    takes the badge back.
    """
    if not reached:
        return []
    jars = [jar_id if CATALOGUE[code].per_jar else None for code in reached]
    new = {
        code
        for (code,) in fetch(
            AWARD,
            {
                "user": user_id,
                "jar": jar_id,
                "transaction": transaction_id,
                "at": at,
                "ids": [uuids.uuid7() for _ in reached],
                "codes": list(reached),
                "jars": jars,
            },
        )
    }
    return [EarnedBadge(code, at, of, language) for code, of in zip(reached, jars, strict=True) if code in new]


def tell_earned(
    user_id: UUID, earned: Sequence[EarnedBadge], facts: dict[str, Any], *, at: datetime, seen: bool = True
) -> list[UUID]:
    """Queue a notice of each new badge; their ids. ``facts``: the jar it was earned with (``jar_id``, ``jar``).

    ``seen``: the saver has just been shown them, by the page or the answer.
    """
    return [
        write(user_id, "badge_earned", facts | {"badge_type": badge.badge_type, "taken_back": False}, at=at, seen=seen)
        for badge in earned
    ]


def take_back(user_id: UUID, badge_id: UUID, code: str, facts: dict[str, Any], *, at: datetime) -> UUID:
    """Queue the removal of a badge, and the notice that says so; its id. ``facts`` as for ``tell_earned``."""
    queue("DELETE FROM badges WHERE id = %s", (badge_id,))
    once = f"badge_taken_back:{badge_id}"
    return write(user_id, "badge_earned", facts | {"badge_type": code, "taken_back": True}, at=at, once=once)


def earned_by(user_id: UUID, *, language: str = DEFAULT) -> list[EarnedBadge]:
    """The saver's badges, newest first."""
    rows = fetch(
        "SELECT badge_type, earned_at, jar_id FROM badges WHERE user_id = %s ORDER BY earned_at DESC, id DESC",
        (user_id,),
    )
    return [EarnedBadge(code, earned_at, jar_id, language) for code, earned_at, jar_id in rows]
