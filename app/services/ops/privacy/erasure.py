"""Erasing a saver: everything personal goes at once, and the ledger stays under a pseudonym."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from app.errors import DomainError, NotFound
from app.integrations import saver_cache
from app.models.identity import STAFF_ROLES
from app.sentences import Sentence
from app.services.audit import log as audit
from app.services.identity import passwords, revocations
from app.services.identity.principal import Principal
from app.services.identity.sign_in import invalid_credentials
from app.services.loans.standing import has_open_loan
from app.services.ops.privacy.holdings import HOLDINGS
from app.services.outbox.messages import enqueue
from app.services.savings import instructions
from app.services.savings.jars import close
from app.services.savings.rows import LOCK_SAVER
from app.transactions import after_commit, fetch, on_violation, queue

on_violation("erased_account", lambda: DomainError("token_revoked", "This sign-in has ended; sign in again."))


def _no_money(user_id: UUID) -> None:
    rows = fetch(
        "SELECT coalesce(sum(current_amount), 0), coalesce((SELECT balance FROM ledger_accounts WHERE kind = 'owed'"
        " AND user_id = %(user)s), 0) FROM savings_jars WHERE user_id = %(user)s",
        {"user": user_id},
    )
    ((held, owed),) = rows
    if held:
        raise DomainError("money_left", "There is still money in your jars. Take it out first; then you can go.")
    if owed:
        raise DomainError(
            "money_owed", "A movement was taken back, and you still owe a part of it. Write to us before you go."
        )


def _no_loan(user_id: UUID) -> None:
    if has_open_loan(user_id):
        raise DomainError("loan_open", "A loan is open. Pay it back first; then you can go.")


#: What a page says, where who it is stands beyond doubt.
WRONG_PASSWORD: Final = Sentence("That is not your password. Nothing was changed.")
#: What keeps an account open: each raises DomainError with a code of its own.
BLOCKERS: Final[list[Callable[[UUID], None]]] = [_no_money, _no_loan]
#: What lies in the object store: each gives the keys of a saver's objects.
OBJECTS: Final[list[str]] = ["SELECT kyc_file FROM users WHERE id = %(user)s AND kyc_file IS NOT NULL"]


def erase(saver: Principal, password: str, *, at: datetime) -> None:
    """Erase everything personal about the saver, for good: in this transaction, and in the object store soon after.

    What stays is the ledger under the saver's id, with what each holding says. Every sign-in ends; the address and the
    number can be used for another account. Raises DomainError ``invalid_credentials``, ``staff_account``,
    ``deposit_under_way``, and what each of ``BLOCKERS`` raises while something is open.
    """
    # The same lock as movements': nothing comes in between the last look at the money and the end.
    queue(LOCK_SAVER, (saver.id,))
    rows = fetch("SELECT password_hash, role FROM users WHERE id = %s AND status = 'active' FOR UPDATE", (saver.id,))
    if not rows:
        raise NotFound
    hash_, role = rows[0]
    if not passwords.verify(hash_, password):
        raise invalid_credentials()
    if role in STAFF_ROLES:
        raise DomainError(
            "staff_account", "This account belongs to a member of staff. An operator takes the role away first."
        )
    jars = [
        id_ for (id_,) in fetch("SELECT id FROM savings_jars WHERE user_id = %s AND status <> 'closed'", (saver.id,))
    ]
    for jar_id in jars:
        instructions.refuse_while_trying(jar_id)
    for blocker in BLOCKERS:
        blocker(saver.id)
    for jar_id in jars:
        close(saver, jar_id, at=at)
    _end_sign_ins(saver.id)
    keys = [key for sql in OBJECTS for (key,) in fetch(sql, {"user": saver.id})]
    if keys:
        enqueue("privacy.objects_left", {"keys": keys}, at)
    _erase_rows(saver.id, at)
    # Under the saver's own id, which is a pseudonym from now on.
    audit.record(
        "account_erased", subject_type="user", subject_id=saver.id, at=at, actor_id=saver.id, actor=role,
        details={"jars": len(jars), "objects": len(keys)},
    )  # fmt: skip
    enqueue("privacy.erased", {"user_id": str(saver.id)}, at)
    days = [(saver.zone.date(at) + timedelta(days=number)).isoformat() for number in (-1, 0, 1)]
    after_commit(lambda: saver_cache.erase(saver.id, days))


def what_is_open(user_id: UUID) -> DomainError | None:
    """Why this account cannot be erased yet; None where nothing is open."""
    try:
        for blocker in BLOCKERS:
            blocker(user_id)
    except DomainError as refusal:
        return refusal
    return None


def _erase_rows(user_id: UUID, at: datetime) -> None:
    queue("SET LOCAL statement_timeout = '60s'")
    values = {"user": user_id, "at": at, "address": f"{user_id}@erased.invalid"}
    # What hangs on other rows goes before them.
    for holding in reversed(list(HOLDINGS.values())):
        for statement in holding.erased:
            queue(statement, values)


def _end_sign_ins(user_id: UUID) -> None:
    families = [id_ for (id_,) in fetch("SELECT id FROM refresh_families WHERE user_id = %s", (user_id,))]
    revocations.revoke(families, why="erased", at=datetime.now(UTC))
