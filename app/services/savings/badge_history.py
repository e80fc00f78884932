"""The badges that a whole history deserves: after a reversal, at the end of an import, and where a row came back.

A badge belongs to the deposit that crossed its line. Gone through again is what stands: a movement that was reversed,
and its reversal, count as if they had never been. So a badge whose deposit was reversed stays where an earlier or later
one deserves it too, and belongs to that one from then on; otherwise it is taken back, and the saver is told. Badges of
other deposits stay, as the longest streak does: what was shown as earned is not unearned by somebody's mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import uuid_utils.compat as uuids

from app.ledger.accounts import CREDITS
from app.services.gamification import badges, streaks
from app.services.gamification.badges import CATALOGUE, EarnedBadge
from app.services.gamification.habit import Freezes, catch_up
from app.services.gamification.streaks import DAY, JarTerms, StreakState
from app.services.savings.jar import COLUMNS, Jar
from app.services.savings.streak_history import COUNTED
from app.transactions import fetch, queue

#: Those that a jar's target has a part in.
OF_TARGETS: Final = frozenset({"halfway", "target_reached", "three_pots"})
STANDING = (
    "SELECT t.user_id, t.jar_id, t.id, t.type, t.amount, t.date, t.occurred_at FROM transactions t"
    " WHERE t.user_id = ANY(%s::uuid[]) AND t.type <> 'reversal' AND t.jar_id IS NOT NULL"
    " AND NOT EXISTS (SELECT FROM transactions r WHERE r.reversal_of = t.id)"
    " ORDER BY t.user_id, t.date, t.recorded_at, t.id"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A movement that was not reversed. ``amount``: minor units, above zero."""

    jar_id: UUID
    id: UUID
    type: str
    amount: int
    date: date
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Deserved:
    """The deposit that earns a badge first."""

    jar_id: UUID
    transaction_id: UUID
    at: datetime


#: Badges by code and, where they are of a jar, its id.
Badges = dict[tuple[str, UUID | None], Deserved]


def deserved(jars: Sequence[Jar], movements: Iterable[Standing]) -> Badges:
    """What one saver's ``movements``, in the order of their days, earn in ``jars``, oldest first.

    The jars' targets, ends and pauses are taken as they are now, and the day on which one was filled; one that was
    opened again is not filled.
    """
    fresh = [replace(jar, status="active", closed_on=None, current_amount=0) for jar in jars]  # what has yet to happen
    for jar in fresh:
        jar.streak_state = StreakState()
    closed_on = [jar.closed_on for jar in jars]
    by_id = {jar.id: jar for jar in fresh}
    freezes, through = Freezes(), min((jar.start_date for jar in jars), default=date.max) - DAY
    found: Badges = {}
    used: set[UUID] = set()
    came_down: set[UUID] = set()
    for movement in movements:
        day = movement.date
        if day - DAY > through:
            terms = [_closing_terms(*each) for each in zip(fresh, closed_on, strict=True)]
            before = [(each, jar.streak_state) for each, jar in zip(terms, fresh, strict=True)]
            freezes, states, _ = catch_up(freezes, before, after=through, through=day - DAY)
            for jar, state in zip(fresh, states, strict=True):
                jar.streak_state = state
            through = day - DAY
        jar = by_id[movement.jar_id]
        balance, active, longest, kept = (
            jar.current_amount, jar.status == "active", jar.streak_longest, jar.streak_kept_through,
        )  # fmt: skip
        current = jar.streak(day).current
        signed = movement.amount if movement.type in CREDITS else -movement.amount
        if movement.type in COUNTED and jar.counts_on(day):
            jar.streak_state = streaks.advance(jar.streak_state, jar.booking_terms, day, signed)
        jar.current_amount += signed
        if jar.completed_on is not None and day >= jar.completed_on and jar.current_amount >= jar.target_amount:
            jar.status = "completed"
        if current <= 1 and longest >= CATALOGUE["comeback"].line:
            came_down.add(jar.id)
        if movement.type != "deposit":
            continue
        codes = badges.reached(
            plan=jar.plan_type,
            first=jar.id not in used,
            streak_before=current,
            streak=jar.streak(day).current,
            longest_before=longest,
            carried=badges.carried_over(jar.plan_type, day, kept, streak_before=current),
            balance_before=balance,
            balance=jar.current_amount,
            target=jar.target_amount,
            was_active=active,
        )
        used.add(jar.id)
        filled = sum(each.status == "completed" for each in fresh) if "three_pots" in codes else 0
        holds = {
            "second_pot": len(used) > 1,
            "three_pots": filled >= CATALOGUE["three_pots"].line,
            "comeback": jar.id in came_down,
        }
        for code in codes:
            if holds.get(code, True):
                key = code, jar.id if CATALOGUE[code].per_jar else None
                found.setdefault(key, Deserved(jar.id, movement.id, movement.occurred_at))
    return found


def _closing_terms(jar: Jar, closed_on: date | None) -> JarTerms:
    return jar.terms if closed_on is None else replace(jar, closed_on=closed_on).terms


def of_savers(user_ids: Sequence[UUID]) -> dict[UUID, Badges]:
    """What the histories of these savers deserve, in two queries."""
    ids = [str(user_id) for user_id in user_ids]
    jars: dict[UUID, list[Jar]] = {}
    for row in fetch(
        f"SELECT {COLUMNS} FROM savings_jars j"  # noqa: S608  constants only
        " WHERE j.user_id = ANY(%s::uuid[]) ORDER BY j.user_id, j.created_at, j.id",
        (ids,),
    ):
        jar = Jar(*row)
        jars.setdefault(jar.user_id, []).append(jar)
    return {
        user_id: deserved(jars[user_id], [Standing(*row[1:]) for row in rows])
        for user_id, rows in groupby(fetch(STANDING, (ids,)), key=lambda row: row[0])
    }


def confirmed(user_id: UUID, reached: Sequence[str]) -> Sequence[str]:
    """``reached`` without a row that did not come back: one that had grown to three, and was shortened by a withdrawal
    of the same day, reaches three again without having ended. No query where it is not about that.
    """
    if "comeback" not in reached:
        return reached
    held = fetch("SELECT 1 FROM badges WHERE user_id = %s AND badge_type = 'comeback'", (user_id,))
    if not held and ("comeback", None) in of_savers([user_id]).get(user_id, {}):
        return reached
    return [code for code in reached if code != "comeback"]


def after_reversal(user_id: UUID, transaction_id: UUID, facts: dict[str, Any], *, at: datetime) -> list[UUID]:
    """Give the badges of the reversed movement to whoever deserves them now, or take them back; ids of the notices.

    A badge that only what stands now deserves (a withdrawal was reversed, and the row is whole again) is awarded.
    ``facts``: the jar of the movement, ``jar_id`` and ``jar``.
    """
    standing = of_savers([user_id]).get(user_id, {})
    held = {
        (code, jar_id): (badge_id, earner)
        for badge_id, code, jar_id, earner in fetch(
            "SELECT id, badge_type, jar_id, transaction_id FROM badges WHERE user_id = %s ORDER BY earned_at, id",
            (user_id,),
        )
    }
    told = []
    for key, (badge_id, earner) in held.items():
        if earner != transaction_id:
            continue
        now = standing.get(key)
        if now is None:
            told.append(badges.take_back(user_id, badge_id, key[0], facts, at=at))
        else:
            queue(
                "UPDATE badges SET transaction_id = %s, earned_at = %s WHERE id = %s",
                (now.transaction_id, now.at, badge_id),
            )
    new = {key: earner for key, earner in standing.items() if key not in held}
    _insert([(user_id, key, earner) for key, earner in new.items()])
    for (code, jar_id), earner in new.items():
        about = facts if str(earner.jar_id) == facts["jar_id"] else {}
        told += badges.tell_earned(user_id, [EarnedBadge(code, earner.at, jar_id)], about, at=at, seen=False)
    return told


def award_history(user_ids: Sequence[UUID], *, targets: bool) -> None:
    """Queue what the histories of these savers deserve and they do not hold; nobody is told, being of the past.

    ``targets``: the jars have targets that somebody chose.
    """
    _insert(
        [
            (user_id, key, earner)
            for user_id, found in of_savers(user_ids).items()
            for key, earner in found.items()
            if targets or key[0] not in OF_TARGETS
        ]
    )


def _insert(new: Sequence[tuple[UUID, tuple[str, UUID | None], Deserved]]) -> None:
    if not new:
        return
    queue(
        "INSERT INTO badges (id, user_id, jar_id, badge_type, earned_at, transaction_id)"
        " SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[], %s::uuid[])"
        " ON CONFLICT DO NOTHING",
        (
            [uuids.uuid7() for _ in new],
            [user_id for user_id, _, _ in new],
            [jar_id for _, (_, jar_id), _ in new],
            [code for _, (code, _), _ in new],
            [earner.at for _, _, earner in new],
            [earner.transaction_id for _, _, earner in new],
        ),
    )
