"""Where a person is signed in: browsers and apps, each of which can be signed out from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.errors import NotFound
from app.services.identity import new_devices, revocations
from app.services.identity.noting import note
from app.transactions import fetch

MOST = 100
FAR = datetime(9999, 1, 1, tzinfo=UTC)
#: Where a page of the list ends: the last use and the id of its last sign-in.
Position = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class OpenSignIn:
    """``kind``: web (a browser) or api (the app). ``device``: for a person (``Chrome, Android``); None if unknown."""

    id: UUID
    kind: str
    device: str | None
    created_at: datetime
    last_used_at: datetime
    current: bool


def of(user_id: UUID, family_id: UUID) -> list[OpenSignIn]:
    """The sign-ins that stand, the present one first, then by their last use; the newest hundred."""
    return page(user_id, family_id, limit=MOST)[0]


def page(
    user_id: UUID, family_id: UUID, *, limit: int, after: Position | None = None
) -> tuple[list[OpenSignIn], Position | None]:
    """The same, at most ``limit`` of them ``after`` a position, and the position after which there are more."""
    values: dict[str, Any] = {"own": family_id, "user": user_id, "now": datetime.now(UTC), "limit": limit + 1}
    further = ""
    if after is not None:
        # The present one stands before all others, so its own page is the first.
        further = " AND id <> %(own)s AND (last_used_at, id) < (%(used)s, %(id)s)"
        values |= {"used": after[0], "id": after[1]}
    rows = fetch(
        "SELECT id, kind, device, created_at, last_used_at, id = %(own)s AS current FROM refresh_families"  # noqa: S608
        f" WHERE user_id = %(user)s AND revoked_at IS NULL AND expires_at > %(now)s{further}"
        " ORDER BY current DESC, last_used_at DESC, id DESC LIMIT %(limit)s",
        values,
    )
    found = [OpenSignIn(id_, kind, new_devices.name(device), *rest) for id_, kind, device, *rest in rows[:limit]]
    return found, _end_of(found) if len(rows) > limit else None


def _end_of(found: list[OpenSignIn]) -> Position:
    last = found[-1]
    # After the present one alone come all others.
    return (FAR, UUID(int=2**128 - 1)) if last.current else (last.last_used_at, last.id)


def end(user_id: UUID, family_id: UUID) -> None:
    """End one of the person's sign-ins. Raises NotFound where there is none of that id."""
    now = datetime.now(UTC)
    if not fetch(
        "SELECT 1 FROM refresh_families WHERE id = %s AND user_id = %s AND revoked_at IS NULL AND expires_at > %s",
        (family_id, user_id, now),
    ):
        raise NotFound
    revocations.revoke([family_id], why="ended", at=now)
    note(user_id, "sign_ins_ended", count=1)


def end_all(user_id: UUID, *, why: str) -> int:
    """End every sign-in of an account, for whoever may; how many stood. Nothing is noted here."""
    now = datetime.now(UTC)
    families = [
        family for (family,) in fetch(
            "SELECT id FROM refresh_families WHERE user_id = %s AND revoked_at IS NULL AND expires_at > %s",
            (user_id, now),
        )
    ]  # fmt: skip
    revocations.revoke(families, why=why, at=now)
    return len(families)


def end_others(user_id: UUID, family_id: UUID) -> int:
    """End all of the person's sign-ins but ``family_id``; how many."""
    now = datetime.now(UTC)
    others = [
        other for (other,) in fetch(
            "SELECT id FROM refresh_families WHERE user_id = %s AND id <> %s AND revoked_at IS NULL"
            " AND expires_at > %s",
            (user_id, family_id, now),
        )
    ]  # fmt: skip
    if others:
        revocations.revoke(others, why="ended", at=now)
        note(user_id, "sign_ins_ended", count=len(others))
    return len(others)
