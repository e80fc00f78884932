"""Getting in: the password, then the second factor where it is on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.errors import DomainError, Invalid
from app.sentences import Sentence
from app.services.identity import keyed, new_devices, sign_in, two_factor
from app.services.identity.password_change import is_password_of, wrong_password
from app.services.identity.sign_in import SignIn
from app.transactions import fetch


@dataclass(frozen=True, slots=True)
class HalfWay:
    """Somebody who has given the password and not yet the code. ``stamp`` ends it when the password changes."""

    user_id: UUID
    stamp: str


def otp_required() -> DomainError:
    """The answer to a right password where a code is asked for too."""
    return DomainError("otp_required", Sentence("Send the code of your authenticator app too, or a recovery code."))


def otp_invalid() -> DomainError:
    """The answer to a code that is not taken at sign-in."""
    return DomainError("otp_invalid", two_factor.wrong_code(), {"otp": [two_factor.wrong_code()]})


def by_password(*, email: str | None = None, phone: str | None = None, password: str) -> UUID | HalfWay:
    """Whose password this is; or, where a code is asked for too, that they are half way.

    Raises DomainError ``invalid_credentials``.
    """
    user_id = sign_in.authenticate(email=email, phone=phone, password=password)
    return half_way(user_id) if two_factor.is_on(user_id) else user_id


def half_way(user_id: UUID) -> HalfWay:
    """Somebody of whom the code alone is missing."""
    return HalfWay(user_id, _stamp(user_id))


def by_code(half_way: HalfWay, otp: str, *, at: datetime) -> UUID:
    """Who is half way, by a code. Raises DomainError ``otp_invalid``, ``invalid_credentials`` for a new password."""
    # The lock: as in sign_in.authenticate.
    if not keyed.same(half_way.stamp, _stamp(half_way.user_id, lock=True)):
        raise sign_in.invalid_credentials()
    if not two_factor.take(half_way.user_id, otp, at=at):
        raise otp_invalid()
    return half_way.user_id


def open_sign_in(
    user_id: UUID, *, kind: str, device: str | None, token: str | None = None, at: datetime, known: bool = True
) -> SignIn:
    """Begin a sign-in on one device (a user agent, and the token that it keeps), and tell the person of a new one.

    ``known``: the account was there before.
    """
    opened = sign_in.open_family(user_id, kind=kind, device=device)
    if known:
        new_devices.tell_if_new(opened, device, token, at=at)
    return opened


def confirm(user_id: UUID, family_id: UUID, password: str, otp: str | None, *, at: datetime) -> None:
    """Show again, within a sign-in, who one is: it is fresh from now.

    Raises Invalid (``password``, or ``otp`` with the code ``code_invalid``), DomainError ``otp_required``.
    """
    if not is_password_of(user_id, password):
        raise wrong_password()
    if two_factor.is_on(user_id):
        if not otp:
            raise otp_required()
        if not two_factor.take(user_id, otp, at=at):
            raise Invalid({"otp": [two_factor.wrong_code()]}, code="code_invalid")
    sign_in.refresh_proof(family_id)


def _stamp(user_id: UUID, *, lock: bool = False) -> str:
    held = "SELECT password_hash FROM users WHERE id = %s AND status = 'active'"
    rows = fetch(f"{held} FOR SHARE" if lock else held, (user_id,))
    return keyed.digest("half-way", user_id, rows[0][0] if rows else "").hex()[:32]
