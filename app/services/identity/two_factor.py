"""The second factor: a code of an authenticator app (TOTP, RFC 6238), or a recovery code. Times are real time."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from uuid import UUID

import pyotp

from app.errors import DomainError, Invalid
from app.sentences import Sentence
from app.services.audit import log as audit
from app.services.identity import keyed, sealing
from app.services.identity.noting import note
from app.services.notifications.notices import tell
from app.transactions import fetch, queue

ISSUER = "Chhota"
STEP_SECONDS = 30
WINDOW = 1  # steps that a phone's clock may be off, each way
RECOVERY_CODES = 10
# Neither 0 and o nor 1, i and l: people write these down.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
CODE_LENGTH = 10


def begin(user_id: UUID) -> tuple[str, str]:
    """A new secret to set the app up with, and its otpauth:// address. It counts once it is confirmed.

    Asked for again before that, the same one. Raises DomainError ``two_factor_on``.
    """
    rows = fetch(
        "SELECT u.email, t.secret, t.confirmed_at FROM users u LEFT JOIN two_factor t ON t.user_id = u.id"
        " WHERE u.id = %s FOR NO KEY UPDATE OF u",
        (user_id,),
    )
    email, sealed, confirmed_at = rows[0]
    if confirmed_at is not None:
        raise DomainError("two_factor_on", Sentence("Two-step sign-in is on already."))
    if sealed is None:
        secret = new_secret()
        keep(user_id, secret)
    else:
        secret = sealing.unseal(sealed)
    return secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def new_secret() -> str:
    """160 random bits in base32, as authenticator apps take it."""
    return str(pyotp.random_base32())


def keep(user_id: UUID, secret: str) -> None:
    """Keep ``secret`` for the person, unconfirmed."""
    queue(
        "INSERT INTO two_factor (user_id, secret, created_at) VALUES (%s, %s, %s) ON CONFLICT (user_id) DO UPDATE"
        " SET secret = EXCLUDED.secret, created_at = EXCLUDED.created_at, confirmed_at = NULL, last_step = 0",
        (user_id, sealing.seal(secret), datetime.now(UTC)),
    )


def confirm(user_id: UUID, code: str, *, at: datetime) -> list[str]:
    """Switch it on with a code of the app; the recovery codes, which nobody can be shown again.

    Raises Invalid (``code``), DomainError ``two_factor_on``.
    """
    rows = fetch("SELECT confirmed_at FROM two_factor WHERE user_id = %s FOR UPDATE", (user_id,))
    if rows and rows[0][0] is not None:
        raise DomainError("two_factor_on", Sentence("Two-step sign-in is on already."))
    if not rows or not _take_code(user_id, code, confirmed=False):
        raise Invalid({"code": [wrong_code()]}, code="code_invalid")
    now = datetime.now(UTC)
    switch_on(user_id, now=now)
    codes = _new_recovery_codes(user_id)
    note(user_id, "two_factor_on")
    tell(user_id, "account_changed", {"what": "two_factor_on"}, at=at)
    return codes


def switch_on(user_id: UUID, *, now: datetime) -> None:
    """Have the kept secret count from now on."""
    queue("UPDATE two_factor SET confirmed_at = %s WHERE user_id = %s", (now, user_id))
    queue("UPDATE users SET two_factor_at = %s WHERE id = %s", (now, user_id))


def secret_of(user_id: UUID) -> str | None:
    """The secret that counts; None where there is none, or where it cannot be opened any more."""
    rows = fetch("SELECT secret FROM two_factor WHERE user_id = %s AND confirmed_at IS NOT NULL", (user_id,))
    try:
        return sealing.unseal(rows[0][0]) if rows else None
    except ValueError:
        return None


def is_on(user_id: UUID) -> bool:
    """Whether sign-ins of this person need a second factor."""
    return bool(fetch("SELECT 1 FROM two_factor WHERE user_id = %s AND confirmed_at IS NOT NULL", (user_id,)))


def switch_off(user_id: UUID, otp: str, *, at: datetime) -> None:
    """Take it away by a code of the app or a recovery code; the caller has seen the password.

    Raises Invalid (``otp``), DomainError ``two_factor_off``.
    """
    _must_be_on(user_id)
    if not take(user_id, otp, at=at):
        raise Invalid({"otp": [wrong_code()]}, code="code_invalid")
    _remove(user_id, at=at)
    note(user_id, "two_factor_off")


def take_away(user_id: UUID, *, at: datetime) -> None:
    """The same by an operator, for somebody who has lost everything. Raises DomainError ``two_factor_off``."""
    _must_be_on(user_id)
    _remove(user_id, at=at)
    audit.record("two_factor_off", subject_type="user", subject_id=user_id, at=datetime.now(UTC), actor="operator")


def drop(user_id: UUID, *, at: datetime) -> None:
    """The same, if it is on, for whoever has proven to own an account that nobody had proven to own before."""
    if is_on(user_id):
        _remove(user_id, at=at)
        note(user_id, "two_factor_off")


def _remove(user_id: UUID, *, at: datetime) -> None:
    queue("DELETE FROM two_factor WHERE user_id = %s", (user_id,))
    queue("DELETE FROM recovery_codes WHERE user_id = %s", (user_id,))
    queue("UPDATE users SET two_factor_at = NULL WHERE id = %s", (user_id,))
    tell(user_id, "account_changed", {"what": "two_factor_off"}, at=at)


def take(user_id: UUID, otp: str, *, at: datetime) -> bool:
    """Whether ``otp`` is a code of the app that was not taken before, or an unused recovery code, which then is used.

    What is taken is spent with the commit.
    """
    tidy = "".join(character for character in otp.casefold() if character.isalnum())
    if tidy.isascii() and tidy.isdigit() and len(tidy) == keyed.CODE_DIGITS:
        return _take_code(user_id, tidy, confirmed=True)
    return _take_recovery_code(user_id, tidy, at=at)


def current_step() -> int:
    """The number of the present half minute since 1970, in real time."""
    return int(datetime.now(UTC).timestamp()) // STEP_SECONDS


def _take_code(user_id: UUID, code: str, *, confirmed: bool) -> bool:
    # The row's lock: of two that come with the same code at once, one is late.
    rows = fetch(
        "SELECT secret, last_step FROM two_factor WHERE user_id = %s AND (confirmed_at IS NOT NULL) = %s FOR UPDATE",
        (user_id, confirmed),
    )
    if not rows:
        return False
    sealed, last_step = rows[0]
    app, now = pyotp.TOTP(sealing.unseal(sealed)), current_step()
    tidy = "".join(code.split())
    fitting = [step for step in range(now - WINDOW, now + WINDOW + 1) if keyed.same(app.generate_otp(step), tidy)]
    newer = [step for step in fitting if step > last_step]
    if not newer:
        return False
    queue(
        "UPDATE two_factor SET last_step = %s, secret = %s WHERE user_id = %s",
        (max(newer), sealing.reseal(sealed), user_id),
    )
    return True


def _take_recovery_code(user_id: UUID, tidy: str, *, at: datetime) -> bool:
    now = datetime.now(UTC)
    rows = fetch(
        "UPDATE recovery_codes r SET used_at = %s FROM two_factor t WHERE r.user_id = %s AND r.digest = %s"
        " AND r.used_at IS NULL AND t.user_id = r.user_id AND t.confirmed_at IS NOT NULL"
        " RETURNING (SELECT count(*) - 1 FROM recovery_codes o WHERE o.user_id = r.user_id AND o.used_at IS NULL)",
        (now, user_id, _digest(user_id, tidy)),
    )
    if not rows:
        return False
    note(user_id, "recovery_code_used", left=rows[0][0])
    tell(user_id, "account_changed", {"what": "recovery_code_used", "left": rows[0][0]}, at=at)
    return True


def new_recovery_codes(user_id: UUID, otp: str, *, at: datetime) -> list[str]:
    """Ten new ones instead of those before. Raises Invalid (``otp``), DomainError ``two_factor_off``."""
    _must_be_on(user_id)
    if not take(user_id, otp, at=at):
        raise Invalid({"otp": [wrong_code()]}, code="code_invalid")
    note(user_id, "recovery_codes_made")
    return _new_recovery_codes(user_id)


def recovery_codes_left(user_id: UUID) -> int:
    """How many are unused."""
    ((count,),) = fetch("SELECT count(*) FROM recovery_codes WHERE user_id = %s AND used_at IS NULL", (user_id,))
    return int(count)


def reseal_all() -> int:
    """Encrypt every secret with the newest key; how many. Raises ValueError where one cannot be opened."""
    rows = fetch("SELECT user_id, secret FROM two_factor ORDER BY user_id FOR UPDATE")
    fetch(
        "UPDATE two_factor t SET secret = x.secret FROM unnest(%s::uuid[], %s::text[]) AS x (user_id, secret)"
        " WHERE t.user_id = x.user_id RETURNING 1",
        ([str(user_id) for user_id, _ in rows], [sealing.reseal(sealed) for _, sealed in rows]),
    )
    return len(rows)


def wrong_code() -> Sentence:
    """The sentence beside a code that is not taken."""
    return Sentence("This code is not right, or was used before. Wait for the next one, or use a recovery code.")


def required() -> DomainError:
    """What staff without it are told."""
    return DomainError(
        "two_factor_required", Sentence("Staff sign in with two steps: set up the second one first, in your profile.")
    )


def _must_be_on(user_id: UUID) -> None:
    if not is_on(user_id):
        raise DomainError("two_factor_off", Sentence("Two-step sign-in is not on."))


def _new_recovery_codes(user_id: UUID) -> list[str]:
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    queue("DELETE FROM recovery_codes WHERE user_id = %s", (user_id,))
    queue(
        "INSERT INTO recovery_codes (user_id, digest) SELECT %s, unnest(%s::bytea[])",
        (user_id, [_digest(user_id, code) for code in codes]),
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _digest(user_id: UUID, code: str) -> bytes:
    return keyed.digest("recovery-code", user_id, code)
