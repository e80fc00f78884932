"""What deposits and withdrawals share: lock the jar, book the money, advance the streak, tell those who act later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app import clock
from app.errors import DomainError, NotFound
from app.integrations.saver_cache import forget
from app.ledger import posting
from app.ledger.accounts import CREDITS, Account, account_from_row
from app.ledger.posting import Posted
from app.services.gamification import badges, streaks
from app.services.gamification.badges import EarnedBadge
from app.services.identity.principal import Principal
from app.services.notifications.notices import write
from app.services.outbox.messages import enqueue
from app.services.savings import badge_history, limits
from app.services.savings.closing import go_through, settle
from app.services.savings.jar import COLUMNS, WIDTH, Jar, JarView, view
from app.services.savings.rows import LOCK_SAVER, keep_terms, store
from app.transactions import Statement, after_commit, fetch, queue

LOCK_JAR = Statement(
    "savings_lock_jar",
    f"SELECT {COLUMNS}, a.id, a.kind, a.balance, a.head_seq, a.head_hash,"  # noqa: S608  constants only
    f" {limits.HELD}, {limits.DEPOSITED_SINCE}, (SELECT h.closed_through FROM saver_habits h WHERE h.user_id = $2)"
    " FROM savings_jars j JOIN ledger_accounts a ON a.jar_id = j.id"
    " WHERE j.id = $1 AND j.user_id = $2 FOR NO KEY UPDATE OF a",
    parameters=3,
)


@dataclass(frozen=True, slots=True)
class Movement:
    """What a deposit or withdrawal did, as its saver sees it."""

    transaction: Posted
    jar: JarView
    badges_earned: list[EarnedBadge]


@dataclass(slots=True)
class LockedJar:
    """A jar and its account under this transaction's lock, with what the caps ask about (minor units)."""

    jar: Jar
    account: Account
    held: int
    deposited_today: int
    closed_through: date


def lock(saver: Principal, jar_id: UUID, *, at: datetime) -> LockedJar:
    """Lock the saver, then the jar's account. Raises NotFound where the saver has no such jar.

    The saver comes first: movements of one saver queue up, so that no cap is passed by two at once and nobody else
    writes the jar's row. Everything is read by a statement of its own, after the wait, and so sees what the movement
    before committed.
    """
    queue(LOCK_SAVER, (saver.id,))
    asked = (jar_id, saver.id, limits.day_begins(saver.zone, at))
    rows = fetch(LOCK_JAR, asked)
    if not rows:
        raise NotFound("You have no such jar.")
    closed_through, yesterday = rows[0][-1], saver.zone.date(at) - timedelta(days=1)
    if closed_through is None or closed_through < yesterday:
        settle(saver.id, through=yesterday, at=at)
        rows = fetch(LOCK_JAR, asked)
    row = rows[0]
    account = account_from_row(*row[WIDTH : WIDTH + 5])
    return LockedJar(Jar(*row[:WIDTH]), account, *row[WIDTH + 5 :])


def book(
    saver: Principal,
    kind: str,
    jar_id: UUID,
    amount: int,
    note: str | None,
    *,
    at: datetime,
    allowed: Callable[[LockedJar], None],
    auto: bool = False,
) -> Movement:
    """One movement of ``amount`` > 0 minor units of the type ``kind``, at the instant ``at``.

    ``allowed`` raises DomainError where the locked jar may not do this. ``auto``: nobody looks on while it is booked,
    and what it brings is new in the inbox. Raises also NotFound, DomainError ``jar_closed`` and ``insufficient_funds``.
    Everything is queued but the locks.
    """
    locked = lock(saver, jar_id, at=at)
    jar = locked.jar
    if jar.status == "closed":
        raise DomainError("jar_closed", "This jar is closed. Nothing was moved.")
    allowed(locked)
    today = saver.zone.date(at)
    transaction = posting.post(
        user_id=saver.id,
        jar_id=jar.id,
        jar_account=locked.account,
        kind=kind,
        amount=amount,
        lines=posting.lines_of(kind, locked.account, amount),
        day=today,
        occurred_at=at,
        recorded_at=clock.now(),
        note=note,
    )
    signed = amount if kind in CREDITS else -amount
    held, active, longest, kept = (
        jar.current_amount,
        jar.status == "active",
        jar.streak_longest,
        jar.streak_kept_through,
    )
    late = locked.closed_through >= today
    jar_view, before = advance(jar, signed, today, balance=locked.account.balance, late=late)
    if late:
        jar_view = mend(jar, today, at=at)
    earned: list[EarnedBadge] = []
    if kind == "deposit":
        reached = badges.reached(
            plan=jar.plan_type,
            # An empty jar may hold no deposit that stands; who has the badge already does not get it twice.
            first=held == 0,
            streak_before=before,
            streak=jar_view.streak.current,
            longest_before=longest,
            carried=badges.carried_over(jar.plan_type, today, kept, streak_before=before),
            balance_before=held,
            balance=jar.current_amount,
            target=jar.target_amount,
            was_active=active,
        )
        earned = badges.award(
            user_id=saver.id,
            jar_id=jar.id,
            transaction_id=transaction.id,
            at=at,
            reached=badge_history.confirmed(saver.id, reached),
            language=saver.language,
        )
    told = _tell(saver, jar, transaction, earned, at=at, auto=auto) if kind == "deposit" else []
    moved = {"user_id": saver.id, "transaction_id": transaction.id, "kind": kind, "notices": told}
    enqueue("savings.moved", moved, at)
    after_commit(lambda: forget(saver.id))
    return Movement(transaction, jar_view, earned)


def _tell(
    saver: Principal, jar: Jar, transaction: Posted, earned: list[EarnedBadge], *, at: datetime, auto: bool
) -> list[tuple[UUID, UUID]]:
    """Queue what the inbox says of a deposit: savers and ids of the notices."""
    about = {"jar_id": jar.id, "jar": jar.name}
    facts = about | {"transaction_id": transaction.id, "amount": transaction.amount, "balance": jar.current_amount}
    told = [write(saver.id, "deposit_received", facts | ({"auto": True} if auto else {}), at=at, seen=not auto)]
    if earned:
        told += badges.tell_earned(saver.id, earned, about, at=at, seen=not auto)
        if any(badge.badge_type == "target_reached" for badge in earned):
            told.append(write(saver.id, "target_reached", about | {"target": jar.target_amount}, at=at, seen=not auto))
    return [(saver.id, notice) for notice in told]


def advance(jar: Jar, signed: int, today: date, *, balance: int, late: bool = False) -> tuple[JarView, int]:
    """Take a movement of ``signed`` minor units on ``today`` into the jar's row, and queue it.

    ``late``: the day was closed while the movement was on its way, so the streak has yet to be gone through again.

    The view after it, and the streak before it. The movement that reaches the target completes the jar for good.
    """
    before = jar.streak(today).current
    if not late and jar.counts_on(today):
        jar.streak_state = streaks.advance(jar.streak_state, jar.booking_terms, today, signed)
    jar.current_amount = balance
    if jar.status == "active" and balance >= jar.target_amount:
        jar.status, jar.completed_on = "completed", today
        keep_terms(jar.id, at=clock.now())
    after = view(jar, today)
    store(jar, after.streak.current)
    return after, before


def mend(jar: Jar, today: date, *, at: datetime) -> JarView:
    """Go through a day again that was closed while something of it was on its way; the view of the jar then."""
    go_through(jar.user_id, through=today, at=at)
    (row,) = fetch(f"SELECT {COLUMNS} FROM savings_jars j WHERE j.id = %s", (jar.id,))  # noqa: S608  constants only
    return view(Jar(*row), today)
