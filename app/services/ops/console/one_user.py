"""What staff see of one account: each function is one section of its page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from app.errors import Invalid, NotFound
from app.models.identity import STAFF_ROLES
from app.services.audit import log as audit
from app.services.identity import contacts, new_devices
from app.services.identity.principal import Principal
from app.services.ops.console import masks
from app.transactions import fetch

#: Why staff may see personal data; the audit log keeps the word.
REASONS: Final = ("support_request", "identity_check", "loan", "correction", "fraud", "legal")
MOST: Final = 100
PROFILE: Final = """
SELECT id, name, email, phone, email_verified_at, phone_verified_at, role, status, kyc_status, created_at, language,
    time_zone, two_factor_at IS NOT NULL, terms_version, privacy_version
FROM users WHERE id = %s
"""
JARS: Final = """
SELECT id, name, status, plan_type, current_amount, target_amount, installment_amount, streak_count, created_at,
    auto_deposit IS NOT NULL, streak_longest
FROM savings_jars WHERE user_id = %s ORDER BY created_at DESC, id DESC LIMIT %s
"""
HABIT: Final = """
SELECT freezes_held, week_closed, month_closed, all_closed, week_on_time, month_on_time, all_on_time
FROM saver_habits WHERE user_id = %s
"""
NOTICES: Final = """
SELECT n.id, n.kind, n.created_at, n.read_at, coalesce(d.ways, '[]'::json)
FROM (SELECT * FROM notifications WHERE user_id = %(user)s ORDER BY id DESC LIMIT %(most)s) n
LEFT JOIN LATERAL (SELECT json_agg(json_build_array(o.channel, o.status) ORDER BY o.id) AS ways
    FROM deliveries o WHERE o.user_id = n.user_id AND o.notification_id = n.id) d ON true
ORDER BY n.id DESC
"""
SIGN_INS: Final = """
SELECT id, kind, device, created_at, last_used_at FROM refresh_families
WHERE user_id = %s AND revoked_at IS NULL AND expires_at > %s ORDER BY last_used_at DESC, id DESC LIMIT %s
"""
PUSH: Final = (
    "SELECT id, kind, created_at FROM push_devices WHERE user_id = %s ORDER BY created_at DESC, id DESC LIMIT %s"
)
# What somebody does as a member of staff is for the audit log's own page, and its readers.
AUDIT: Final = """
SELECT * FROM (
    (SELECT id, at, actor, actor_id, action, subject_type, subject_id, details FROM audit_log
     WHERE subject_type = 'user' AND subject_id = %(text)s ORDER BY id DESC LIMIT %(most)s)
    UNION
    (SELECT id, at, actor, actor_id, action, subject_type, subject_id, details FROM audit_log
     WHERE actor_id = %(user)s AND actor <> ALL(%(work)s)
        AND EXISTS (SELECT FROM users WHERE id = %(user)s AND role <> ALL(%(work)s)) ORDER BY id DESC LIMIT %(most)s)
) found ORDER BY id DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Profile:
    """Who it is. Name, address and number are masked unless ``shown``."""

    id: UUID
    name: str
    email: str
    phone: str | None
    email_verified_at: datetime | None
    phone_verified_at: datetime | None
    role: str
    status: str
    kyc_status: str
    created_at: datetime
    language: str
    time_zone: str
    two_factor: bool
    terms_version: str | None
    privacy_version: str | None
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Jar:
    """One jar; amounts in minor units. What a saver calls it may be personal and is shown: staff are asked by it."""

    id: UUID
    name: str
    status: str
    plan_type: str
    current_amount: int
    target_amount: int
    installment_amount: int | None
    streak_count: int
    created_at: datetime
    by_itself: bool
    streak_longest: int


@dataclass(frozen=True, slots=True)
class Habit:
    """What a saver's jars have in common. ``closed``: periods that are over, and ``on_time`` of them; the latter two of
    the week, of the month and in all."""

    freezes_held: int
    closed: tuple[int, int, int]
    on_time: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Told:
    """One notice; what it says is the saver's. ``ways``: channel and state of each way out that it took."""

    id: UUID
    kind: str
    created_at: datetime
    read_at: datetime | None
    ways: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Device:
    """A sign-in that stands (web, api) or a device that takes push (expo, push). ``name``: None where it is unknown."""

    id: UUID
    kind: str
    name: str | None
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the audit log. ``details`` hold ids, amounts and words of the program."""

    id: int
    at: datetime
    actor: str
    actor_id: UUID | None
    action: str
    subject_type: str
    subject_id: str
    details: dict[str, Any]


def opened(user_id: UUID, *, by: Principal, at: datetime) -> None:
    """Note that ``by`` opened the account's page; call it in the transaction that reads. Raises NotFound."""
    if not fetch("SELECT 1 FROM users WHERE id = %s", (user_id,)):
        raise NotFound("There is no account of that id.")
    audit.looked_at(by.id, by.role, "user", user_id, what="account", at=at)


def shown(user_id: UUID, reason: str, *, by: Principal, at: datetime) -> None:
    """Note that ``by`` sees the personal data of the account, and why. Raises Invalid for a reason that is none."""
    if reason not in REASONS:
        raise Invalid({"reason": ["Say why you need it."]})
    audit.looked_at(by.id, by.role, "user", user_id, what="profile", at=at, reason=reason)


def profile(user_id: UUID, *, masked: bool = True) -> Profile:
    """Who it is. Raises NotFound."""
    rows = fetch(PROFILE, (user_id,))
    if not rows:
        raise NotFound("There is no account of that id.")
    found = Profile(*rows[0])
    if masked:
        name, email, phone = masks.name(found.name), masks.email(found.email), masks.phone(found.phone)
    else:
        name, email, phone = found.name, found.email, contacts.spaced(found.phone) if found.phone else None
    return replace(found, name=name, email=email, phone=phone, shown=not masked)


def jars(user_id: UUID) -> list[Jar]:
    """The account's jars, newest first; a hundred at most."""
    return [Jar(*row) for row in fetch(JARS, (user_id, MOST))]


def habit(user_id: UUID) -> Habit:
    """How regular the saver is, over all jars."""
    rows = fetch(HABIT, (user_id,))
    held, *counts = rows[0] if rows else (0,) * 7
    return Habit(held, (counts[0], counts[1], counts[2]), (counts[3], counts[4], counts[5]))


def notices(user_id: UUID, *, most: int = 30) -> list[Told]:
    """The newest notices of the saver, and by which ways each went; nothing of what they say."""
    rows = fetch(NOTICES, {"user": user_id, "most": most})
    return [Told(*(*facts, [(channel, state) for channel, state in ways])) for *facts, ways in rows]


def devices(user_id: UUID) -> list[Device]:
    """Where the account is signed in, and what takes its push; the latest hundred of each."""
    signed_in = fetch(SIGN_INS, (user_id, datetime.now(UTC), MOST))
    return [
        *(Device(id_, kind, new_devices.name(device), made, used) for id_, kind, device, made, used in signed_in),
        *(
            Device(id_, "push" if kind == "web" else "expo", None, made, None)
            for id_, kind, made in fetch(PUSH, (user_id, MOST))
        ),
    ]


def entries(user_id: UUID, *, most: int = 50) -> list[Entry]:
    """What the audit log says of the account and of what it did itself, newest first; not of what it did at work."""
    work = [*STAFF_ROLES, "staff"]
    rows = fetch(AUDIT, {"user": user_id, "text": str(user_id), "most": most, "work": work})
    return [Entry(*row) for row in rows]
