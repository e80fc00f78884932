"""Making an account."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import current_app

from app.errors import Invalid
from app.extensions import db
from app.models.identity import User
from app.periods import zone_exists
from app.sentences import Sentence
from app.services.identity import consents, contacts, passwords


def sign_up(
    *,
    name: str,
    email: str,
    phone: str | None,
    password: str | None,
    at: datetime,
    email_verified: bool = False,
    role: str = "saver",
    time_zone: str | None = None,
    language: str = "en",
    how: str = consents.SIGNUP,
) -> User:
    """A new person, flushed. ``role`` is the caller's decision, never a client's. Without a ``password``
    the caller has another way in for them; ``email_verified``: somebody else has proven that the address is theirs.

    A saver agrees to the terms by signing up: page and contract say so, and it is kept with the versions of that
    moment and ``how``.

    Raises Invalid with the fields that cannot be used (``weak_password`` where that is all), and DomainError
    ``email_taken`` or ``phone_taken``.
    """
    errors: dict[str, list[str]] = {}
    parsed: dict[str, str] = {}
    address = key = ""
    for field, parse, text in (("name", contacts.name, name), ("phone", contacts.phone, phone)):
        if text is None:
            continue
        try:
            parsed[field] = parse(text)
        except ValueError as error:
            errors[field] = [error.args[0]]
    try:
        address, key = contacts.email(email)
    except ValueError as error:
        errors["email"] = [error.args[0]]
    zone = time_zone or current_app.config["DEFAULT_TIME_ZONE"]
    if not zone_exists(zone):
        errors["time_zone"] = [Sentence("Choose a time zone such as Asia/Kolkata.")]
    try:
        if password is not None:
            passwords.check(password, personal=(name, email, email.partition("@")[0], phone or ""))
    except Invalid as weak:
        if not errors:
            raise
        errors |= weak.errors
    if errors:
        raise Invalid(errors)
    user = User(
        name=parsed["name"],
        email=address,
        email_key=key,
        phone=parsed.get("phone"),
        password_hash=None if password is None else passwords.hash_password(password),
        email_verified_at=at if email_verified else None,
        role=role,
        time_zone=zone,
        language=language,
        created_at=at,
    )
    if role == "saver":
        user.terms_version, user.privacy_version = consents.versions(at)
    db.session.add(user)
    db.session.flush()
    if role == "saver":
        consents.keep_signup(user.id, how=how, at=at)
    return user


def exists(email: str) -> UUID | None:
    """The id of whoever has this address, or None."""
    found: UUID | None = db.session.execute(
        db.select(User.id).where(User.email_key == contacts.email_key(email))
    ).scalar_one_or_none()
    return found
