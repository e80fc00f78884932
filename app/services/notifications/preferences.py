"""What a saver wants to be told where, and when not: the defaults of each kind under the saver's own choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from app.errors import NotFound
from app.services.notifications.kinds import KINDS
from app.transactions import fetch

#: What a saver chooses among for each kind. ``push`` is phones and browsers alike; the inbox has everything.
CHOICES = ("email", "push", "sms")
Chosen = Mapping[str, Mapping[str, bool]]


@dataclass(frozen=True, slots=True)
class Preferences:
    """``kinds``: for each kind whether it goes by each of CHOICES, in effect. Equal quiet times are no quiet at all."""

    kinds: dict[str, dict[str, bool]]
    quiet_from: time
    quiet_until: time
    language: str


def effective(stored: Chosen) -> dict[str, dict[str, bool]]:
    """The choices in effect where ``stored`` is what the saver has said."""
    return {kind.code: {choice: wants(stored, kind.code, choice) for choice in CHOICES} for kind in KINDS.values()}


def offered() -> dict[str, tuple[str, ...]]:
    """What a saver can choose for each kind: SMS where its text is one of those that are registered by default.

    Nothing for kinds that nobody can switch off.
    """
    return {kind.code: () if kind.always else CHOICES if kind.sms else ("email", "push") for kind in KINDS.values()}


def merged(stored: Chosen, said: Chosen) -> dict[str, dict[str, bool]]:
    """What is stored once the saver has said ``said``: the rest stays as it was."""
    return {kind: {**stored.get(kind, {}), **said.get(kind, {})} for kind in {**stored, **said}}


def read(user_id: UUID) -> Preferences:
    """A person's preferences in effect. Raises NotFound."""
    rows = fetch(
        "SELECT notification_preferences, quiet_from, quiet_until, language FROM users WHERE id = %s", (user_id,)
    )
    if not rows:
        raise NotFound
    stored, quiet_from, quiet_until, language = rows[0]
    return Preferences(effective(stored), quiet_from, quiet_until, language)


def choose(user_id: UUID, said: Chosen, *, quiet: tuple[time, time] | None = None) -> None:
    """Store what the saver says of some kinds and channels, and the quiet hours where given. Raises NotFound."""
    rows = fetch("SELECT notification_preferences FROM users WHERE id = %s FOR NO KEY UPDATE", (user_id,))
    if not rows:
        raise NotFound
    quiet_from, quiet_until = quiet or (None, None)
    fetch(
        "UPDATE users SET notification_preferences = %s::jsonb, quiet_from = coalesce(%s, quiet_from),"
        " quiet_until = coalesce(%s, quiet_until) WHERE id = %s RETURNING 1",
        (orjson.dumps(merged(rows[0][0], said)).decode(), quiet_from, quiet_until, user_id),
    )


def quiet_until(at: datetime, zone: str, begins: time, ends: time) -> datetime | None:
    """When the quiet time that ``at`` lies in is over; None where it lies in none. The two times are local."""
    tz = ZoneInfo(zone)
    local = at.astimezone(tz)
    now, day = local.time(), local.date()
    if begins <= ends:
        if not begins <= now < ends:
            return None
    elif now >= begins:
        day += timedelta(days=1)
    elif now >= ends:
        return None
    over = datetime.combine(day, ends, tz).astimezone(UTC)
    # Where clocks are put back, the local time comes twice, and the first may have passed.
    return over if over > at else datetime.combine(day, ends, tz).replace(fold=1).astimezone(UTC)


def unsubscribe_token(user_id: UUID, kind: str) -> str:
    """Stands in the link of a letter: whoever holds it may have letters of ``kind`` to this person end. Never expires.

    It is good for nothing else.
    """
    return str(_signer().dumps([str(user_id), kind]))


def read_unsubscribe_token(token: str) -> tuple[UUID, str]:
    """Whom and which kind the link is about. Raises NotFound for anything that was not signed here."""
    try:
        user_id, kind = _signer().loads(token)
        return UUID(user_id), str(kind)
    except (BadSignature, ValueError, TypeError) as error:
        raise NotFound from error


def unsubscribe(user_id: UUID, kind: str) -> None:
    """No more letters of ``kind``; as often as it is said. Raises NotFound."""
    choose(user_id, {kind: {"email": False}})


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="unsubscribe")


def wants(stored: Chosen, kind: str, choice: str) -> bool:
    """Whether a saver who has said ``stored`` wants ``kind`` there."""
    default: bool = getattr(KINDS[kind], choice)
    if KINDS[kind].always:
        return default
    return bool(stored.get(kind, {}).get(choice, default))
