"""Making, reading, changing and closing jars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids
from flask import current_app

from app.errors import DomainError, Invalid, NotFound
from app.ledger.accounts import open_jar_account
from app.sentences import Sentence
from app.services.identity.principal import Principal
from app.services.savings import instructions
from app.services.savings.changes import tell
from app.services.savings.closing import go_through, keep_up
from app.services.savings.jar import COLUMNS, Jar, JarView, view
from app.services.savings.movements import LockedJar, lock, mend
from app.services.savings.rows import LOCK_SAVER, keep_terms, store
from app.transactions import fetch, queue

FURTHEST_START = timedelta(days=366)
LONGEST_GOAL = timedelta(days=50 * 366)


def create(
    saver: Principal,
    *,
    name: str,
    plan_type: str,
    target_amount: int,
    at: datetime,
    installment_amount: int | None = None,
    start_date: date | None = None,
    end_date: date | None = None,
    auto_deposit: Mapping[str, Any] | None = None,
) -> JarView:
    """A new jar. Amounts in minor units. Raises Invalid, DomainError ``jar_limit``."""
    today = saver.zone.date(at)
    start = start_date or today
    errors: dict[str, list[str]] = {}
    if abs(start - today) > FURTHEST_START:
        errors["start_date"] = [Sentence("Start within a year of today.")]
    _check_end(errors, start, end_date)
    instructions.check(errors, plan_type, auto_deposit)
    if installment_amount is not None and installment_amount > target_amount:
        errors["installment_amount"] = [Sentence("This is more than the target.")]
    if errors:
        raise Invalid(errors)
    queue(LOCK_SAVER, (saver.id,))
    keep_up(saver, at=at)
    closed_through = refuse_beyond_the_most(saver)
    jar_id = uuids.uuid7()
    queue(
        "INSERT INTO saver_habits (user_id, closed_through) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (saver.id, today - timedelta(days=1)),
    )
    queue(
        "INSERT INTO savings_jars (id, user_id, name, plan_type, target_amount, installment_amount, start_date,"
        " end_date, auto_deposit, created_at, made_on) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            jar_id,
            saver.id,
            name,
            plan_type,
            target_amount,
            installment_amount,
            start,
            end_date,
            instructions.as_json(instructions.kept(auto_deposit, at=at)),
            at,
            today,
        ),
    )
    open_jar_account(uuids.uuid7(), saver.id, jar_id)
    if closed_through is not None and closed_through >= today:
        go_through(saver.id, through=today, at=at)
    # What would help a score begins with a plan.
    tell(saver.id, at=at)
    return read(saver, jar_id, at=at)


def refuse_beyond_the_most(saver: Principal) -> date | None:
    """Raise DomainError ``jar_limit`` where the saver may have no further open jar; else the last day that is closed.

    The caller holds the saver's lock.
    """
    ((open_jars, closed_through),) = fetch(
        "SELECT count(*), (SELECT h.closed_through FROM saver_habits h WHERE h.user_id = %s)"
        " FROM savings_jars WHERE user_id = %s AND status <> 'closed'",
        (saver.id, saver.id),
    )
    if open_jars >= current_app.config["MAX_JARS"]:
        raise DomainError(
            "jar_limit",
            Sentence("You have %(jars)s jars, which is the most there can be. Close one first.", jars=open_jars),
        )
    last: date | None = closed_through
    return last


def read(saver: Principal, jar_id: UUID, *, at: datetime) -> JarView:
    """One jar of the saver. Raises NotFound, also for somebody else's."""
    keep_up(saver, at=at)
    rows = fetch(
        f"SELECT {COLUMNS} FROM savings_jars j WHERE j.id = %s AND j.user_id = %s",  # noqa: S608  constants only
        (jar_id, saver.id),
    )
    if not rows:
        raise NotFound("You have no such jar.")
    return view(Jar(*rows[0]), saver.zone.date(at))


def page(
    saver: Principal, *, at: datetime, limit: int, after: tuple[datetime, UUID] | None = None
) -> tuple[list[JarView], tuple[datetime, UUID] | None]:
    """Up to ``limit`` of the saver's jars, oldest first, and where the next page begins (None at the end)."""
    keep_up(saver, at=at)
    rows = fetch(
        f"SELECT {COLUMNS} FROM savings_jars j WHERE j.user_id = %s"  # noqa: S608  constants only
        + (" AND (j.created_at, j.id) > (%s, %s)" if after else "")
        + " ORDER BY j.created_at, j.id LIMIT %s",
        (saver.id, *(after or ()), limit + 1),
    )
    today = saver.zone.date(at)
    jars = [view(Jar(*row), today) for row in rows[:limit]]
    last = jars[-1].jar if len(rows) > limit else None
    return jars, (last.created_at, last.id) if last else None


def change(saver: Principal, jar_id: UUID, values: Mapping[str, Any], *, at: datetime) -> JarView:
    """Set the given fields of an open jar (name, target_amount, installment_amount, end_date, auto_deposit).

    The instalment is fixed once money has moved: it decides which periods were met. A new target at or below what is
    there completes the jar; one raised above it opens it again. Raises NotFound, Invalid, DomainError ``jar_closed``.
    """
    locked = lock(saver, jar_id, at=at)
    jar, today = locked.jar, saver.zone.date(at)
    if jar.status == "closed":
        raise DomainError("jar_closed", "This jar is closed and stays as it is.")
    changed = replace(jar, **{name: value for name, value in values.items() if name != "auto_deposit"})
    if "auto_deposit" in values:
        changed.auto_deposit = instructions.kept(values["auto_deposit"], at=at)
    errors: dict[str, list[str]] = {}
    if changed.end_date != jar.end_date:
        _check_end(errors, jar.start_date, changed.end_date)
        if changed.end_date is not None and changed.end_date < today:
            errors["end_date"] = [Sentence("Choose today or a later day.")]
    if changed.installment_amount != jar.installment_amount and locked.account.head_seq:
        errors["installment_amount"] = [
            Sentence("This is fixed once money has moved; make another jar for another plan.")
        ]
    elif changed.installment_amount is not None and changed.installment_amount > changed.target_amount:
        field = "target_amount" if changed.installment_amount == jar.installment_amount else "installment_amount"
        errors[field] = [Sentence("One instalment is more than the target.")]
    if "auto_deposit" in values:
        instructions.check(errors, jar.plan_type, changed.auto_deposit)
    if errors:
        raise Invalid(errors)
    _complete_or_reopen(changed, today, target_before=jar.target_amount)
    over_otherwise = changed.end_date != jar.end_date or changed.completed_on != jar.completed_on
    if over_otherwise:
        keep_terms(jar.id, at=at)
    queue(
        "UPDATE savings_jars SET name = %s, target_amount = %s, installment_amount = %s, end_date = %s,"
        " auto_deposit = %s WHERE id = %s",
        (
            changed.name,
            changed.target_amount,
            changed.installment_amount,
            changed.end_date,
            instructions.as_json(changed.auto_deposit),
            jar.id,
        ),
    )
    if over_otherwise:
        store(changed, changed.streak(today).current)
        go_through(saver.id, through=today - timedelta(days=1), at=at)
        tell(saver.id, at=at)
        return read(saver, jar_id, at=at)
    return _stored(saver, changed, today, at=at)


def close(saver: Principal, jar_id: UUID, *, at: datetime) -> None:
    """Close an empty jar; its history stays, and closing it again changes nothing.

    Raises NotFound, DomainError ``jar_not_empty``, ``deposit_under_way``.
    """
    locked: LockedJar = lock(saver, jar_id, at=at)
    jar, today = locked.jar, saver.zone.date(at)
    if jar.status == "closed":
        return
    instructions.refuse_while_trying(jar_id)
    if locked.account.balance:
        raise DomainError("jar_not_empty", "There is still money in this jar. Take it out first.")
    jar.status, jar.closed_on = "closed", today
    keep_terms(jar.id, at=at)
    queue("UPDATE savings_jars SET closed_on = %s WHERE id = %s", (today, jar.id))
    _stored(saver, jar, today, at=at)
    if locked.closed_through >= today:
        mend(jar, today, at=at)


def _stored(saver: Principal, jar: Jar, today: date, *, at: datetime) -> JarView:
    shown = view(jar, today)
    store(jar, shown.streak.current)
    tell(saver.id, at=at)
    return shown


def _complete_or_reopen(jar: Jar, today: date, *, target_before: int) -> None:
    if jar.status == "active" and jar.target_amount <= jar.current_amount:
        jar.status, jar.completed_on = "completed", today
    elif jar.status == "completed" and jar.current_amount < jar.target_amount and jar.target_amount > target_before:
        jar.status, jar.completed_on = "active", None


def _check_end(errors: dict[str, list[str]], start: date, end: date | None) -> None:
    if end is not None and end < start:
        errors["end_date"] = [Sentence("The end lies before the start.")]
    elif end is not None and end - start > LONGEST_GOAL:
        errors["end_date"] = [Sentence("Choose an end within fifty years.")]
