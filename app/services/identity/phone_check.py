"""Whether a number reaches the person who named it: six digits by SMS, five minutes, five tries."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from flask import current_app

from app.errors import DomainError, Invalid, NotFound
from app.integrations.sms import Sms
from app.sentences import Sentence
from app.services.identity import account_letters, keyed, proofs
from app.services.identity.noting import note
from app.transactions import fetch, queue

KIND = "phone_code"


def code_invalid() -> Invalid:
    """One answer for every code that is wrong, spent, ended, tried too often, or for a number that was left."""
    return Invalid(
        {"code": [Sentence("This code is not the newest one that we sent, or its five minutes are over.")]},
        code="code_invalid",
    )


def reaches(phone: str | None, language: str) -> bool:
    """Whether a code can be sent to this number from here, or is shown on a page of ours."""
    sms: Sms = current_app.extensions["sms"]
    leaves = sms.configured and sms.template(KIND, language) is not None
    return phone is not None and (on_the_screen() or (leaves and _is_of_here(phone)))


def _is_of_here(phone: str) -> bool:
    # Numbers in far countries, which cost most, are what those ask for who earn by each SMS.
    return phone.startswith(tuple(f"+{code}" for code in current_app.config["SMS_COUNTRIES"]))


def on_the_screen() -> bool:
    """Whether codes are shown on the page instead of being sent: on a developer's machine without a gateway."""
    sms: Sms = current_app.extensions["sms"]
    return current_app.config["APP_ENV"] == "development" and not sms.configured


def send_code(user_id: UUID) -> None:
    """Queue an SMS with a code to the person's number; codes before count no more.

    Raises DomainError ``sms_not_set_up``, ``already_verified`` or ``no_number``, TooMany, NotFound.
    """
    now = datetime.now(UTC)
    rows = fetch(
        "SELECT phone, phone_verified_at, language FROM users WHERE id = %s AND status = 'active' FOR NO KEY UPDATE",
        (user_id,),
    )
    if not rows:
        raise NotFound
    phone, verified_at, language = rows[0]
    if phone is None:
        raise Invalid({"phone": [Sentence("Give your number first.")]})
    if verified_at is not None:
        raise DomainError("already_verified", Sentence("This is proven already; there is nothing more to do."))
    if not reaches(phone, language):
        raise DomainError("sms_not_set_up", Sentence("No code can be sent to this number from here. It is kept."))
    proof_id = proofs.make(user_id, proofs.PHONE, phone, now=now)
    if not on_the_screen():
        account_letters.send(user_id, KIND, now=now, proof_id=proof_id, until=now + proofs.PHONE.life, channel="sms")


def verify(user_id: UUID, code: str, *, at: datetime) -> bool:
    """Whether ``code`` is the one that was sent last, and then the number is proven. A wrong one counts as a try.

    Commit in either case: a try must not be forgotten.
    """
    now = datetime.now(UTC)
    # The row's lock orders tries that come at once.
    rows = fetch(
        "SELECT p.id, p.about, u.phone FROM proofs p JOIN users u ON u.id = p.user_id AND u.status = 'active'"
        " WHERE p.user_id = %s AND p.purpose = 'phone' AND p.spent_at IS NULL AND p.expires_at > %s AND p.tries < %s"
        " ORDER BY p.created_at DESC LIMIT 1 FOR NO KEY UPDATE OF p",
        (user_id, now, proofs.PHONE.tries),
    )
    if not rows:
        return False
    proof_id, about, phone = rows[0]
    right = (
        phone is not None
        and proofs.sent_to("phone", phone, bytes(about))
        and keyed.same(keyed.code(proof_id), "".join(code.split()))
    )
    queue(
        "UPDATE proofs SET tries = tries + 1, spent_at = CASE WHEN %s THEN %s::timestamptz END WHERE id = %s",
        (right, now, proof_id),
    )
    if right:
        queue("UPDATE users SET phone_verified_at = %s WHERE id = %s", (at, user_id))
        note(user_id, "phone_verified")
    return right


def waits(user_id: UUID) -> bool:
    """Whether a code was sent that can still be used."""
    return _newest(user_id) is not None


def code_for_the_screen(user_id: UUID) -> str | None:
    """The newest code, on a developer's machine without a gateway; None everywhere else."""
    proof_id = _newest(user_id) if on_the_screen() else None
    return keyed.code(proof_id) if proof_id else None


def _newest(user_id: UUID) -> UUID | None:
    rows = fetch(
        "SELECT id FROM proofs WHERE user_id = %s AND purpose = 'phone' AND spent_at IS NULL AND expires_at > %s"
        " AND tries < %s ORDER BY created_at DESC LIMIT 1",
        (user_id, datetime.now(UTC), proofs.PHONE.tries),
    )
    return rows[0][0] if rows else None
