"""Collecting what a turn of an auto-deposit says, one turn at a time.

Asking for the money lies between two transactions, so that no lock is held while somebody else answers. The first one
notes when the try began; whatever dies after it, the same try is asked for again by the same reference, which moves the
money once, and is booked by the turn's own key, which books it once. It counts by the instant at which it began.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from app.errors import DomainError
from app.integrations.payments import Payments, Refused, Settled, Unknown, Unmade
from app.observability import get_logger
from app.services.idempotency.once import Answer, Claim
from app.services.identity.principal import Principal, saver_of_jar
from app.services.notifications.notices import tell
from app.services.savings import limits
from app.services.savings.deposits import book_collected
from app.services.savings.instructions import is_wanted
from app.services.savings.movements import lock
from app.transactions import fetch, queue

log = get_logger()
MOST_TRIES = 3
#: From a refused try to the next.
WAITS = (timedelta(hours=4), timedelta(hours=24))
#: A try that nobody has ended by then is asked about again.
LEASE = timedelta(seconds=90)
#: As long as its outcome is not known.
UNKNOWN_WAIT = timedelta(minutes=15)
#: After that somebody has to look into it.
UNKNOWN_FOR_LONG = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Try:
    """One try: ``amount`` minor units for the saver's jar, begun at ``since``.

    ``wanted``: False where the saver has stopped it since then; what has become of it is then looked up only.
    """

    saver: Principal
    jar_id: UUID
    jar: str
    due_on: date
    amount: int
    number: int
    since: datetime
    wanted: bool

    @property
    def reference(self) -> str:
        """The try's own name at whoever collects."""
        return f"{self.jar_id.hex}-{self.due_on:%Y%m%d}-{self.number}"


def due(*, at: datetime, limit: int) -> list[tuple[UUID, date]]:
    """Turns whose time has come, those that wait longest first."""
    return [
        (jar_id, due_on)
        for jar_id, due_on in fetch(
            "SELECT jar_id, due_on FROM auto_deposit_turns WHERE status = 'waiting' AND next_try_at <= %s"
            " ORDER BY next_try_at LIMIT %s",
            (at, limit),
        )
    ]


def begin(jar_id: UUID, due_on: date, *, at: datetime) -> Try | None:
    """Begin a try, or take up the one whose outcome is not known; None where there is nothing to ask for.

    A turn that the saver has stopped, or whose jar asks for nothing any more, ends here; so does a try over a cap.
    """
    found = saver_of_jar(jar_id)
    if found is None:
        return None
    saver, active = found
    locked = lock(saver, jar_id, at=at)
    rows = fetch(
        "SELECT amount, attempts, trying_since FROM auto_deposit_turns WHERE jar_id = %s AND due_on = %s"
        " AND status = 'waiting' AND next_try_at <= %s FOR UPDATE SKIP LOCKED",
        (jar_id, due_on, at),
    )
    if not rows:
        return None
    amount, attempts, trying_since = rows[0]
    wanted = active and is_wanted(locked.jar)
    this = Try(saver, jar_id, locked.jar.name, due_on, amount, attempts + 1, trying_since or at, wanted)
    if trying_since is None:
        if not wanted:
            _end(this, "skipped")
            return None
        try:
            limits.check_deposit(
                amount,
                held=locked.held,
                deposited_today=locked.deposited_today,
                verified=saver.kyc_status == "verified",
            )
        except DomainError as refusal:
            _refuse(this, Refused(refusal.code), at=at)
            return None
    queue(
        "UPDATE auto_deposit_turns SET trying_since = %s, next_try_at = %s WHERE jar_id = %s AND due_on = %s",
        (this.since, at + LEASE, jar_id, due_on),
    )
    return this


def ask(payments: Payments, this: Try) -> Settled | Refused | Unknown | Unmade:
    """Have the money collected, outside of any transaction."""
    if not this.wanted:
        return payments.look_up(this.reference, this.amount)
    return payments.collect(this.reference, this.amount, payer=this.saver.id)


def settle(this: Try, outcome: Settled | Refused | Unknown | Unmade, *, at: datetime) -> Answer | None:
    """Book what was settled, or note what was not. Where the money had been booked before, its answer comes again."""
    if isinstance(outcome, Settled):
        # The same for each try of the turn: it is booked once.
        key = f"auto-deposit:{this.jar_id}:{this.due_on}"
        claim = Claim(this.saver.id, key, "auto_deposit", sha256(key.encode()).digest())
        answer = book_collected(this.saver, this.jar_id, this.amount, made_at=this.since, claim=claim)
        note_booked(this, answer)
        return answer
    if isinstance(outcome, Refused):
        _refuse(this, outcome, at=at)
    elif isinstance(outcome, Unmade):
        _end(this, "skipped")
    else:
        if at - this.since > UNKNOWN_FOR_LONG:
            log.error("auto_deposit_outcome_unknown", jar_id=str(this.jar_id), attempts=this.number)
        queue(WAIT, (at + UNKNOWN_WAIT, this.jar_id, this.due_on))
    return None


_THIS = "jar_id = %s AND due_on = %s AND status = 'waiting'"
WAIT = f"UPDATE auto_deposit_turns SET next_try_at = %s, last_error = 'unknown' WHERE {_THIS}"  # noqa: S608
END = (
    "UPDATE auto_deposit_turns SET status = %s, last_error = %s, transaction_id = %s, next_try_at = NULL,"  # noqa: S608
    f" trying_since = NULL WHERE {_THIS}"
)
REFUSE = (
    "UPDATE auto_deposit_turns SET status = %s, attempts = %s, next_try_at = %s, trying_since = NULL,"  # noqa: S608
    f" last_error = %s WHERE {_THIS} AND attempts = %s RETURNING 1"
)


def note_booked(this: Try, answer: Answer) -> None:
    """Queue the turn's end by what came of booking it."""
    if answer.status != 201:
        # The money is at whoever collects and could not be booked: somebody must give it back.
        log.error("auto_deposit_not_booked", jar_id=str(this.jar_id), code=answer.body.decode())
        _end(this, "failed", error=answer.body.decode())
        return
    queue(END, ("done", None, answer.body.decode(), this.jar_id, this.due_on))


def _end(this: Try, status: str, *, error: str | None = None) -> None:
    queue(END, (status, error, None, this.jar_id, this.due_on))


def _refuse(this: Try, refused: Refused, *, at: datetime) -> None:
    again = not refused.final and this.number < MOST_TRIES
    status = "waiting" if again else "failed"
    next_try = at + WAITS[this.number - 1] if again else None
    changed = fetch(REFUSE, (status, this.number, next_try, refused.reason, this.jar_id, this.due_on, this.number - 1))
    if again or not changed:
        return
    facts = {
        "event": "failed",
        "jar_id": str(this.jar_id),
        "jar": this.jar,
        "amount": this.amount,
        "on": this.due_on.isoformat(),
        "tries": this.number,
    }
    tell(this.saver.id, "auto_deposit", facts, at=at, once=f"auto:failed:{this.jar_id}:{this.due_on}")
