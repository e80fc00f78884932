"""A jar's standing instruction: so much on each of its days, told a day ahead, skipped, paused or ended at any time.

Each due day that a saver was told of is a turn (auto_deposit_turns): told from eight in the morning of the day before
(services/ops/auto_deposits.py), collected from nine on (collecting.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.errors import DomainError
from app.periods import SaverZone
from app.services.identity.principal import Principal
from app.services.notifications.notices import write
from app.services.savings import jars
from app.services.savings.instructions import LEAST_NOTICE, collected_from, is_wanted, next_due, told_from, under_way
from app.services.savings.jar import Jar, JarView
from app.services.savings.movements import lock
from app.transactions import fetch, queue

TURNS = """
SELECT due_on, amount, status, attempts, trying_since FROM auto_deposit_turns WHERE jar_id = %s
ORDER BY due_on DESC LIMIT 5
"""


@dataclass(frozen=True, slots=True)
class AutoDeposit:
    """An instruction as its saver sees it. Amounts in minor units.

    ``next_on`` and ``next_amount``: what comes next, None while it is paused or the jar asks for nothing; ``told``:
    whether the notice of it is out. ``skipped_on``: a day to come that was skipped. ``failed_on``: the newest due day,
    where nothing came of it.
    """

    amount: int
    day: int | None
    paused: bool
    next_on: date | None
    next_amount: int | None
    told: bool
    skipped_on: date | None
    failed_on: date | None


def read(saver: Principal, view: JarView, *, at: datetime) -> AutoDeposit | None:
    """The jar's instruction and what comes of it; None where there is none. One query."""
    jar = view.jar
    if jar.auto_deposit is None:
        return None
    turns = fetch(TURNS, (jar.id,))
    waiting = [(due_on, amount) for due_on, amount, status, *_ in turns if status == "waiting"]
    skipped = {due_on for due_on, _, status, *_ in turns if status == "skipped" and due_on >= view.today}
    next_on, next_amount = None, None
    if is_wanted(jar):
        if waiting:
            next_on, next_amount = min(waiting)
        else:
            next_on = _following(jar, saver.zone, at, skipped)
            next_amount = jar.auto_deposit["amount"] if next_on else None
    return AutoDeposit(
        amount=jar.auto_deposit["amount"],
        day=jar.auto_deposit.get("day"),
        paused=bool(jar.auto_deposit.get("paused")),
        next_on=next_on,
        next_amount=next_amount,
        told=bool(waiting) and next_on is not None,
        skipped_on=min(skipped, default=None),
        failed_on=turns[0][0] if turns and turns[0][2] == "failed" else None,
    )


def put(
    saver: Principal, jar_id: UUID, *, amount: int, day: int | None = None, paused: bool = False, at: datetime
) -> JarView:
    """Set the jar's instruction; what the saver was told of already stays as it was told.

    Raises NotFound, Invalid, DomainError ``jar_closed``.
    """
    values: Mapping[str, Any] = {"auto_deposit": {"amount": amount, "day": day, "paused": paused}}
    return jars.change(saver, jar_id, values, at=at)


def pause(saver: Principal, jar_id: UUID, *, paused: bool, at: datetime) -> JarView:
    """Collect nothing until it goes on again, or go on.

    Raises NotFound, DomainError ``jar_closed``, ``no_instruction``.
    """
    view = jars.read(saver, jar_id, at=at)
    instruction = view.jar.auto_deposit
    if instruction is None:
        raise _none()
    return put(saver, jar_id, amount=instruction["amount"], day=instruction.get("day"), paused=paused, at=at)


def end(saver: Principal, jar_id: UUID, *, at: datetime) -> JarView:
    """Collect nothing any more. Without an instruction nothing changes. Raises NotFound."""
    view = jars.read(saver, jar_id, at=at)
    if view.jar.auto_deposit is None:
        return view
    queue("UPDATE savings_jars SET auto_deposit = NULL WHERE id = %s", (jar_id,))
    return jars.read(saver, jar_id, at=at)


def skip(saver: Principal, jar_id: UUID, *, at: datetime) -> JarView:
    """Leave out the next due day, once: while one that was skipped is still to come, nothing changes.

    Raises NotFound, DomainError ``no_instruction``, ``deposit_under_way`` where the money is being collected now.
    """
    jar = lock(saver, jar_id, at=at).jar
    view = jars.read(saver, jar_id, at=at)
    if not is_wanted(jar) or jar.auto_deposit is None:
        raise _none()
    turns = fetch(f"{TURNS} FOR UPDATE", (jar_id,))
    if any(status == "skipped" and due_on >= view.today for due_on, _, status, *_ in turns):
        return view
    waiting = [(due_on, amount, trying) for due_on, amount, status, _, trying in turns if status == "waiting"]
    if waiting:
        due_on, amount, trying = min(waiting)
        if trying is not None:
            raise under_way()
        queue(
            "UPDATE auto_deposit_turns SET status = 'skipped', next_try_at = NULL WHERE jar_id = %s AND due_on = %s",
            (jar_id, due_on),
        )
    else:
        following = next_due(jar, saver.zone, at)
        if following is None:
            raise _none()
        due_on, amount = following, jar.auto_deposit["amount"]
        queue(
            "INSERT INTO auto_deposit_turns (jar_id, due_on, amount, status, told_at)"
            " VALUES (%s, %s, %s, 'skipped', %s) ON CONFLICT DO NOTHING",
            (jar_id, due_on, amount, at),
        )
    facts = {"event": "skipped", "jar_id": str(jar_id), "jar": jar.name, "amount": amount, "on": due_on.isoformat()}
    # Shown by the answer: it is in the inbox to be found again.
    write(saver.id, "auto_deposit", facts, at=at, once=_skip_told(jar_id, due_on), seen=True)
    return view


def take_back_skip(saver: Principal, jar_id: UUID, due_on: date, *, at: datetime) -> JarView:
    """Have the skipped day ``due_on`` collected after all, as the saver was or will be told of it.

    A day that is not skipped stays as it is. Raises NotFound, DomainError ``too_late`` where nobody would be told.
    """
    jar = lock(saver, jar_id, at=at).jar
    rows = fetch(
        "SELECT told_at FROM auto_deposit_turns WHERE jar_id = %s AND due_on = %s AND status = 'skipped' FOR UPDATE",
        (jar.id, due_on),
    )
    if not rows:
        return jars.read(saver, jar_id, at=at)
    told_at, begins = rows[0][0], told_from(due_on, saver.zone, at)
    if told_at >= begins:
        queue(
            "UPDATE auto_deposit_turns SET status = 'waiting', next_try_at = %s WHERE jar_id = %s AND due_on = %s",
            (max(collected_from(due_on, saver.zone, at), told_at + LEAST_NOTICE), jar.id, due_on),
        )
    elif at < begins:
        # It was skipped before anybody was told: as if nothing had been there.
        queue("DELETE FROM auto_deposit_turns WHERE jar_id = %s AND due_on = %s", (jar.id, due_on))
    else:
        raise DomainError("too_late", "That can no longer be undone: you would have been told of it by now.")
    queue("DELETE FROM notifications WHERE user_id = %s AND once = %s", (saver.id, _skip_told(jar.id, due_on)))
    return jars.read(saver, jar_id, at=at)


def _skip_told(jar_id: UUID, due_on: date) -> str:
    return f"auto:skipped:{jar_id}:{due_on}"


def _none() -> DomainError:
    return DomainError("no_instruction", "Nothing is put into this jar by itself, so there is nothing to change.")


def _following(jar: Jar, zone: SaverZone, at: datetime, skipped: set[date]) -> date | None:
    day = next_due(jar, zone, at)
    while day is not None and day in skipped:
        # From the moment on at which the skipped day would have been told.
        day = next_due(jar, zone, told_from(day, zone, at))
    return day
