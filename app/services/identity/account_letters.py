"""Letters and SMS about the account itself: links, codes, a suspension, and the word to an address that was left.

They stand in no inbox, nobody can switch them off, and quiet hours do not hold them up. A row says what is to be sent
and to whom; the link or code is made when it is written (keyed.py), so that it stands nowhere but in what was sent.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids
from flask import current_app

from app.integrations.email import Letter, Mailer
from app.integrations.outgoing import Away, Outcome
from app.integrations.sms import Sms
from app.observability import get_logger
from app.services.identity import keyed, sealing
from app.services.notifications.letters import write_letter
from app.services.notifications.words import words
from app.services.outbox.messages import enqueue
from app.transactions import fetch, queue, run

log = get_logger()
BATCH = 20
ATTEMPTS = 6
LEASE = timedelta(minutes=2)
FIRST_DELAY = timedelta(seconds=20)
REST_SECONDS = 20.0
WORD_LIFE = timedelta(days=2)  # how long what holds no link is tried
PURPOSE = {"email_check": "email", "password_link": "password"}
PATH = {"email_check": "/email/", "password_link": "/reset/"}
DUE = """
SELECT l.id, l.kind, l.proof_id, l.address, l.attempts, l.expires_at, l.created_at, u.status, u.name, u.email, u.phone,
    u.language, p.spent_at
FROM account_letters l JOIN users u ON u.id = l.user_id LEFT JOIN proofs p ON p.id = l.proof_id
WHERE l.status = 'waiting' AND l.channel = %(channel)s AND l.due_at <= %(now)s
ORDER BY l.due_at LIMIT %(most)s FOR UPDATE OF l SKIP LOCKED
"""
_rests_until: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Written:
    """One letter on its way. ``to``: an address or a number."""

    id: UUID
    kind: str
    proof_id: UUID | None
    attempts: int
    created_at: datetime
    name: str
    to: str
    language: str


def send(user_id: UUID, kind: str, *, now: datetime, proof_id: UUID | None = None, until: datetime | None = None,
         address: str | None = None, channel: str = "email") -> None:  # fmt: skip
    """Queue a letter of ``kind`` (an SMS by ``channel``), and the outbox row that has it sent at once.

    ``until``: of no use afterwards. ``address``: where it goes whatever becomes of the account and its address.
    """
    letter_id = uuids.uuid7()
    queue(
        "INSERT INTO account_letters (id, user_id, kind, channel, proof_id, address, due_at, expires_at, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            letter_id, user_id, kind, channel, proof_id, address and sealing.seal(address), now,
            until or now + WORD_LIFE, now,
        ),
    )  # fmt: skip
    enqueue("identity.letter_written", {"letter_id": str(letter_id)}, now)


def send_due() -> int:
    """Send what is due, batch by batch; how many left. Safe to run twice, side by side, or killed halfway.

    A try that nobody has marked comes up again when its lease is over, under the same Message-ID or reference.
    """
    sent = 0
    for channel, extension in (("email", "mailer"), ("sms", "sms")):
        if not current_app.extensions[extension].configured or time.monotonic() < _rests_until.get(channel, 0.0):
            continue
        while batch := run(partial(_claim, channel, datetime.now(UTC))):
            outcomes = _send_letters(batch) if channel == "email" else _send_texts(batch)
            run(partial(_mark, list(zip(batch, outcomes, strict=True)), datetime.now(UTC)))
            sent += sum(outcome.state == "sent" for outcome in outcomes)
            if all(outcome.state == "retry" for outcome in outcomes):
                _rests_until[channel] = time.monotonic() + REST_SECONDS
                break
    return sent


def wake() -> None:
    """Forget that a channel was to rest."""
    _rests_until.clear()


def _claim(channel: str, now: datetime) -> list[Written]:
    claimed, over = [], []
    for row in fetch(DUE, {"channel": channel, "now": now, "most": BATCH}):
        id_, kind, proof_id, sealed, attempts, expires_at, created_at, status, name, email, phone, language, spent = row
        to = sealing.unseal(sealed) if sealed else (phone if channel == "sms" else email)
        # What has an address of its own goes out whatever became of the account.
        if expires_at <= now or spent is not None or not to or (status != "active" and sealed is None):
            over.append(str(id_))
        else:
            claimed.append(Written(id_, kind, proof_id, attempts + 1, created_at, name, to, language))
    if over:
        queue("UPDATE account_letters SET status = 'expired', address = NULL WHERE id = ANY(%s::uuid[])", (over,))
    if claimed:
        queue(
            "UPDATE account_letters SET due_at = %s, attempts = attempts + 1 WHERE id = ANY(%s::uuid[])",
            (now + LEASE, [str(one.id) for one in claimed]),
        )
    return claimed


def _mark(outcomes: Sequence[tuple[Written, Outcome]], now: datetime) -> None:
    for one, outcome in outcomes:
        again = outcome.state == "retry" and one.attempts < ATTEMPTS
        status = "waiting" if again else "sent" if outcome.state == "sent" else "dead"
        due = now + FIRST_DELAY * 2 ** (one.attempts - 1) if again else now
        queue(
            "UPDATE account_letters SET status = %s, due_at = %s, last_error = %s, sent_at = %s,"
            " address = CASE WHEN %s THEN address END WHERE id = %s AND status = 'waiting' AND attempts = %s",
            (status, due, outcome.reason, now if status == "sent" else None, again, one.id, one.attempts),
        )
        if status != "sent":
            log.warning("account_letter_not_sent", kind=one.kind, reason=outcome.reason, attempts=one.attempts)


def letter(one: Written) -> Letter:
    """The letter of ``one``, with its link. Its Message-ID is its own: a second try is the same letter."""
    said = words(one.kind, {}, one.language, folder="letters")
    path = said.path
    if one.kind in PURPOSE and one.proof_id is not None:
        path = PATH[one.kind] + keyed.token(PURPOSE[one.kind], one.proof_id)
    return write_letter(said, path=path, to=one.to, name=one.name, language=one.language, id_=one.id, at=one.created_at)


def _send_letters(batch: Sequence[Written]) -> list[Outcome]:
    mailer: Mailer = current_app.extensions["mailer"]
    try:
        return mailer.deliver([letter(one) for one in batch])
    except Away as away:
        return [Outcome("retry", str(away)[:40])] * len(batch)


def _send_texts(batch: Sequence[Written]) -> list[Outcome]:
    sms: Sms = current_app.extensions["sms"]
    outcomes: list[Outcome] = []
    for one in batch:
        template = sms.template(one.kind, one.language)
        if template is None or one.proof_id is None:
            outcomes.append(Outcome("refused", "no_registered_text"))
            continue
        facts: dict[str, Any] = {"code": keyed.code(one.proof_id)}
        text = words(one.kind, facts, one.language, folder="letters").text
        try:
            outcomes.append(sms.send(one.to, template, text, reference=str(one.id)))
        except Away as away:
            return outcomes + [Outcome("retry", str(away)[:40])] * (len(batch) - len(outcomes))
    return outcomes
