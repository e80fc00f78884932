"""Where the money of a loan goes when it is over: into the jar that its saver named, or a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import uuid_utils.compat as uuids

from app import clock
from app.ledger import posting
from app.ledger.accounts import Account, open_jar_account
from app.ledger.chain import GENESIS
from app.ledger.posting import Line, Posted
from app.services.identity.principal import Principal
from app.services.savings.jar import Jar, view
from app.services.savings.movements import LockedJar, lock
from app.services.savings.rows import keep_terms, store
from app.transactions import queue

#: The name of a jar that is made for it, by the saver's language; the saver may change it.
NAMES = {"en": "Credit builder", "hi": "क़र्ज़ से बचत"}


@dataclass(frozen=True, slots=True)
class Receiver:
    """The locked account of a jar that gets money; ``jar`` is None where it is new."""

    jar_id: UUID
    name: str
    account: Account
    jar: Jar | None


def receiver(
    saver: Principal, jar_id: UUID | None, amount: int, *, at: datetime, held: LockedJar | None = None
) -> Receiver:
    """The saver's jar ``jar_id`` for ``amount`` minor units, or a new one where it is None or closed.

    ``held``: a jar that this transaction has locked already.
    """
    if jar_id is not None:
        locked = held if held is not None and held.jar.id == jar_id else lock(saver, jar_id, at=at)
        if locked.jar.status != "closed":
            return Receiver(jar_id, locked.jar.name, locked.account, locked.jar)
    return _new(saver, amount, at=at)


def put(saver: Principal, to: Receiver, source: Account, amount: int, kind: str, *, at: datetime) -> Posted:
    """Move ``amount`` minor units from a loan's account into the jar."""
    return posting.post(
        user_id=saver.id,
        jar_id=to.jar_id,
        jar_account=to.account,
        kind=kind,
        amount=amount,
        lines=[Line(to.account, amount), Line(source, -amount)],
        day=saver.zone.date(at),
        occurred_at=at,
        recorded_at=clock.now(),
    )


def keep(to: Receiver, today: date, *, at: datetime) -> None:
    """Queue the jar's row as its account stands. Money of a loan is no deposit: no streak and no badge comes of it."""
    if to.jar is None:
        queue(posting.UPDATE_JAR, (to.account.balance, to.jar_id))
        return
    jar = to.jar
    jar.current_amount = to.account.balance
    if jar.status == "active" and jar.current_amount >= jar.target_amount:
        jar.status, jar.completed_on = "completed", today
        keep_terms(jar.id, at=clock.now())
    store(jar, view(jar, today).streak.current)


def _new(saver: Principal, amount: int, *, at: datetime) -> Receiver:
    """A filled jar for what was paid back: taking it out again is no broken plan."""
    today = saver.zone.date(at)
    jar_id, account_id = uuids.uuid7(), uuids.uuid7()
    name = NAMES.get(saver.language, NAMES["en"])
    queue(
        "INSERT INTO saver_habits (user_id, closed_through) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (saver.id, today - timedelta(days=1)),
    )
    queue(
        "INSERT INTO savings_jars (id, user_id, name, plan_type, target_amount, start_date, status, completed_on,"
        " created_at, made_on) VALUES (%s, %s, %s, 'flexible', %s, %s, 'completed', %s, %s, %s)",
        (jar_id, saver.id, name, amount, today, today, at, today),
    )
    open_jar_account(account_id, saver.id, jar_id)
    return Receiver(jar_id, name, Account(account_id, "jar", 0, 0, GENESIS), None)
