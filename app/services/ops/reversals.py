"""Undoing a movement that should not have been: a new transaction that names the old one. Once, and never an edit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import uuid_utils.compat as uuids
from flask import current_app

from app import clock
from app.errors import DomainError, NotFound
from app.integrations.saver_cache import forget
from app.ledger import posting
from app.ledger.accounts import CREDITS, account_from_row, lock_owed_account
from app.ledger.posting import Line, Posted
from app.periods import SaverZone
from app.services.audit import log as audit
from app.services.outbox.messages import enqueue
from app.services.savings import badge_history
from app.services.savings.closing import go_through, settle
from app.services.savings.jar import COLUMNS, Jar, view
from app.services.savings.rows import LOCK_SAVER, keep_terms, store
from app.transactions import after_commit, fetch, queue

REVERSIBLE = frozenset({"deposit", "withdraw", "interest", "bonus", "fee"})
FILLED = """
SELECT coalesce(max(balance) >= %s, false) FROM (
    SELECT sum(CASE WHEN t.type = ANY(%s) THEN t.amount ELSE -t.amount END)
        OVER (ORDER BY t.date, t.recorded_at, t.id) AS balance
    FROM transactions t WHERE t.jar_id = %s AND t.type <> 'reversal'
        AND NOT EXISTS (SELECT FROM transactions r WHERE r.reversal_of = t.id)
) standing
"""


@dataclass(frozen=True, slots=True)
class Reversal:
    """What was booked. ``owed``: minor units the saver now owes, where the jar held less than was taken back."""

    transaction: Posted
    owed: int


def reverse(
    transaction_id: UUID, *, reason: str, by: UUID | None, second: UUID | None = None, at: datetime
) -> Reversal:
    """Take back one movement, as a transaction of the type ``reversal``.

    Where the jar holds less than the movement put in, what is there is taken and the rest is booked as owed by the
    saver. That needs ``second``, another member of staff than ``by``, and so does a movement above
    ``REVERSAL_ALONE_LIMIT_MINOR``. The jar's streak and the badges follow from what
    is left; a filled jar opens again where nothing that is left filled it. Nobody takes back, or agrees to, a movement
    of their own, and nothing comes back to an erased account. Raises NotFound, DomainError ``own_movement``,
    ``already_reversed``, ``not_reversible``, ``second_person_required``.
    """
    rows = fetch(
        "SELECT t.user_id, t.jar_id, t.type, t.amount, a.id, u.time_zone, u.time_zone_next, u.time_zone_from"
        " FROM transactions t JOIN ledger_accounts a ON a.jar_id = t.jar_id JOIN users u ON u.id = t.user_id"
        " WHERE t.id = %s",
        (transaction_id,),
    )
    if not rows:
        raise NotFound("There is no such movement.")
    user_id, jar_id, kind, amount, account_id, *zone = rows[0]
    if user_id in (by, second):
        raise own_movement()
    if kind not in REVERSIBLE:
        raise DomainError("not_reversible", f"A movement of the type {kind} is not taken back this way.")
    queue(LOCK_SAVER, (user_id,))
    today = SaverZone(*zone).date(at)
    # What is over closes first, as history was: its saver is told of it, and not of what changes behind it.
    settle(user_id, through=today - timedelta(days=1), at=at)
    ((*jar_row, id_, account_kind, balance, head_seq, head_hash),) = fetch(
        f"SELECT {COLUMNS}, a.id, a.kind, a.balance, a.head_seq, a.head_hash"  # noqa: S608  constants only
        " FROM savings_jars j JOIN ledger_accounts a ON a.jar_id = j.id WHERE j.id = %s FOR NO KEY UPDATE OF a",
        (jar_id,),
    )
    ((reversed_, erased),) = fetch(
        "SELECT EXISTS (SELECT FROM transactions WHERE reversal_of = %s),"
        " EXISTS (SELECT FROM users WHERE id = %s AND status = 'erased')",
        (transaction_id, user_id),
    )
    if reversed_:
        raise DomainError("already_reversed", "This movement has been reversed already. Nothing was changed.")
    jar = Jar(*jar_row)
    account = account_from_row(id_, account_kind, balance, head_seq, head_hash)
    lines = [
        Line(account if line_account == account_id else line_account, -line_amount)
        for line_account, line_amount in fetch(
            "SELECT account_id, amount FROM postings WHERE transaction_id = %s ORDER BY line", (transaction_id,)
        )
    ]
    taken = -next(line.amount for line in lines if line.account is account)
    if taken < 0 and erased:
        raise DomainError(
            "not_reversible", "The account is erased: nobody could take out what would come back into its jar."
        )
    owed = max(0, taken - account.balance)
    if second is None or second == by:
        _refuse_alone(amount, owed)
    if owed:
        lines = [line for line in lines if line.account is not account]
        if account.balance:
            lines.append(Line(account, -account.balance))
        lines.append(Line(lock_owed_account(user_id, uuids.uuid7()), -owed))
    transaction = posting.post(
        user_id=user_id,
        jar_id=jar_id,
        jar_account=account,
        kind="reversal",
        amount=amount,
        lines=lines,
        day=today,
        occurred_at=at,
        recorded_at=clock.now(),
        reversal_of=transaction_id,
    )
    jar.current_amount = account.balance
    over = jar.closed_on, jar.completed_on
    if jar.status == "closed" and account.balance:
        # What comes back has to stand somewhere, and its saver must be able to take it out.
        jar.status, jar.closed_on = "completed" if jar.completed_on else "active", None
    if jar.status == "completed" and account.balance < jar.target_amount and not _was_filled(jar):
        jar.status, jar.completed_on = "active", None
    if over != (jar.closed_on, jar.completed_on):
        keep_terms(jar_id, at=at)
        queue("UPDATE savings_jars SET closed_on = %s WHERE id = %s", (jar.closed_on, jar_id))
    store(jar, view(jar, today).streak.current)
    go_through(user_id, through=today - timedelta(days=1), at=at)
    about = {"jar_id": str(jar_id), "jar": jar.name}
    notices = badge_history.after_reversal(user_id, transaction_id, about, at=at)
    audit.record(
        "transaction_reversed",
        subject_type="transaction",
        subject_id=transaction_id,
        at=at,
        actor_id=by,
        actor="staff" if by else "operator",
        details={
            "reversal": str(transaction.id),
            "owed": owed,
            "second": str(second) if second else None,
            "reason": reason[:200],
        },
    )
    told = [(str(user_id), str(notice)) for notice in notices]
    enqueue(
        "savings.moved",
        {"user_id": str(user_id), "transaction_id": str(transaction.id), "kind": "reversal", "notices": told},
        at,
    )
    after_commit(lambda: forget(user_id))
    return Reversal(transaction, owed)


def own_movement() -> DomainError:
    """Nobody decides about their own."""
    return DomainError("own_movement", "Nobody takes back their own movements: another member of staff does.")


def _refuse_alone(amount: int, owed: int) -> None:
    if owed:
        raise DomainError(
            "second_person_required", "The jar holds less than this movement put in: a second person must agree."
        )
    if is_large(amount):
        raise DomainError("second_person_required", "A movement as large as this one takes two people.")


def is_large(amount: int) -> bool:
    """Whether a movement of ``amount`` minor units is more than one member of staff takes back alone."""
    return bool(amount > current_app.config["REVERSAL_ALONE_LIMIT_MINOR"])


def _was_filled(jar: Jar) -> bool:
    """Whether what still stands reached the target once: then the jar is filled for good, whatever was taken out since.

    Otherwise somebody's mistake with a jar that is full and half spent would ask its saver for money again.
    """
    ((filled,),) = fetch(FILLED, (jar.target_amount, list(CREDITS), jar.id))
    return bool(filled)
