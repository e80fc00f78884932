"""A person's own data."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.errors import DomainError, Invalid, NotFound, TooMany
from app.extensions import db
from app.models.identity import KYC_STATES, User
from app.periods import SaverZone, zone_exists
from app.sentences import Sentence
from app.services.identity import account_letters, contacts, email_check, proofs
from app.services.identity.display_names import display_name
from app.services.identity.noting import note
from app.services.notifications import preferences
from app.services.notifications.kinds import KINDS
from app.services.notifications.notices import tell
from app.services.outbox.messages import enqueue
from app.transactions import fetch

__all__ = ["KYC_STATES", "LANGUAGES", "NOTIFICATION_KINDS", "change", "read", "zone_in_force"]

LANGUAGES = ("en", "hi")
KEEP_ZONE = (
    "INSERT INTO past_time_zones (user_id, until, time_zone, time_zone_next, time_zone_from)"
    " SELECT id, %s, time_zone, time_zone_next, time_zone_from FROM users WHERE id = %s ON CONFLICT DO NOTHING"
    " RETURNING 1"
)
NOTIFICATION_KINDS = tuple(KINDS)


def read(user_id: UUID) -> User:
    """The person. Raises NotFound."""
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound
    return user


def change(user_id: UUID, values: Mapping[str, Any], *, at: datetime, proven: bool = False) -> User:
    """Set the given fields, flushed. Raises Invalid, DomainError ``email_taken`` or ``phone_taken``.

    A new address or number is unverified, and only for somebody who has ``proven`` just now who they are (DomainError
    ``fresh_sign_in_required``): both are names to sign in with, and letters reach whoever forgot the password. The
    address before is told. A new time zone takes effect at the later of the two zones' next midnights.
    """
    user = db.session.get(User, user_id, with_for_update={"key_share": True})
    if user is None or user.status == "erased":
        raise NotFound
    errors: dict[str, list[str]] = {}
    listed = user.leaderboard_opt_in
    moved: str | None = None  # the address before

    def take(field: str, parse: Any) -> Any:
        try:
            return parse(values[field])
        except ValueError as error:
            errors[field] = [error.args[0]]
            return None

    if "name" in values:
        user.name = take("name", contacts.name) or user.name
    if "phone" in values:
        phone = take("phone", contacts.phone)
        if phone and phone != user.phone:
            _must_be(proven)
            user.phone, user.phone_verified_at = phone, None
            note(user.id, "phone_changed")
            proofs.end(user.id, "phone")
            tell(user.id, "account_changed", {"what": "phone_changed"}, at=at)
    if "email" in values:
        parsed = take("email", contacts.email)
        if parsed and parsed[1] != user.email_key:
            _must_be(proven)
            moved, user.email_verified_at = user.email, None
            note(user.id, "email_changed")
        if parsed:
            user.email, user.email_key = parsed
    if "display_name" in values:
        user.display_name = take("display_name", display_name)
    if "time_zone" in values:
        zone = take("time_zone", _zone)
        if zone:
            fetch(KEEP_ZONE, (at, user.id))
            changed = SaverZone(user.time_zone, user.time_zone_next, user.time_zone_from).changed(at, zone)
            user.time_zone, user.time_zone_next, user.time_zone_from = (
                changed.name,
                changed.next_name,
                changed.next_from,
            )
    if "language" in values:
        user.language = values["language"]
    if "leaderboard_opt_in" in values:
        user.leaderboard_opt_in = values["leaderboard_opt_in"]
        if user.leaderboard_opt_in and not user.display_name and "display_name" not in errors:
            errors["display_name"] = [Sentence("Choose the name that others see first: boards show no other.")]
    elif not user.display_name:
        user.leaderboard_opt_in = False  # nobody is listed without a name
    if "notification_preferences" in values:
        user.notification_preferences = preferences.merged(
            user.notification_preferences, values["notification_preferences"]
        )
    if "quiet_hours" in values:
        user.quiet_from, user.quiet_until = values["quiet_hours"]["quiet_from"], values["quiet_hours"]["quiet_until"]
    if errors:
        raise Invalid(errors)
    if moved is not None:
        db.session.flush()
        _tell_of_the_address(user.id, moved, at=at)
    if user.leaderboard_opt_in != listed:
        enqueue("gamification.standing_changed", {"user_id": str(user.id)}, at)
    db.session.flush()
    return user


def _must_be(proven: bool) -> None:
    if not proven:
        raise fresh_sign_in_required()


def fresh_sign_in_required() -> DomainError:
    """What somebody is told who signed in too long ago for this."""
    return DomainError("fresh_sign_in_required", Sentence("Show once more that it is you, then this can be done."))


def _tell_of_the_address(user_id: UUID, before: str, *, at: datetime) -> None:
    now = datetime.now(UTC)
    # A link to set a password, which waits at the address before, opens this account no more.
    proofs.end(user_id, "email", "password")
    account_letters.send(user_id, "email_left", now=now, address=before)
    tell(user_id, "account_changed", {"what": "email_changed"}, at=at)
    with suppress(TooMany):  # then the page offers another letter in a while
        email_check.send_link(user_id)


def zone_in_force(user: User, at: datetime) -> str:
    """The IANA zone that counts for the saver at ``at``, or the one chosen that is about to."""
    return SaverZone(user.time_zone, user.time_zone_next, user.time_zone_from).at(at)


def _zone(text: str) -> str:
    if not zone_exists(text):
        raise ValueError(Sentence("Choose a time zone such as Asia/Kolkata."))
    return text
