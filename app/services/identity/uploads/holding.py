"""A saver's one photo, and the one picture of each jar: set, shown, taken away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuids
from flask import current_app

from app.errors import NotFound
from app.services.identity.principal import Principal
from app.services.identity.uploads import storing
from app.transactions import fetch, queue

LINK_SECONDS = 60
WHICH = "p.user_id = %(user)s AND p.jar_id IS NOT DISTINCT FROM %(jar)s"


@dataclass(frozen=True, slots=True)
class Held:
    """A picture that is there. ``tag`` changes with it."""

    tag: str
    key: str


@dataclass(frozen=True, slots=True)
class Link:
    """An address that shows the picture for ``expires_in`` seconds."""

    url: str
    expires_in: int


def hold(saver: Principal, jar_id: UUID | None, file: storing.Stored, *, at: datetime) -> Held:
    """Have the file be the picture; the one before leaves. Raises Unavailable."""
    fetch("SELECT 1 FROM users WHERE id = %s FOR NO KEY UPDATE", (saver.id,))
    storing.keep(file)
    remove(saver.id, jar_id, at=at)
    made = uuids.uuid7()
    queue(
        "INSERT INTO pictures (id, user_id, jar_id, file_id, created_at) VALUES (%s, %s, %s, %s, %s)",
        (made, saver.id, jar_id, file.id, at),
    )
    return Held(made.hex, file.key)


def held(user_id: UUID, jar_id: UUID | None) -> Held | None:
    """The picture, if there is one."""
    rows = fetch(
        f"SELECT p.id, f.key FROM pictures p JOIN stored_files f ON f.id = p.file_id WHERE {WHICH}",  # noqa: S608
        {"user": user_id, "jar": jar_id},
    )
    return Held(rows[0][0].hex, rows[0][1]) if rows else None


def remove(user_id: UUID, jar_id: UUID | None, *, at: datetime) -> bool:
    """Take the picture away; whether there was one. Its file leaves the store."""
    rows = fetch(
        f"DELETE FROM pictures p WHERE {WHICH} RETURNING p.file_id",  # noqa: S608  constants only
        {"user": user_id, "jar": jar_id},
    )
    storing.have_leave([file for (file,) in rows], at=at)
    return bool(rows)


def link(picture: Held | None) -> Link:
    """An address for the phone app. Raises NotFound where there is no picture, Unavailable."""
    if picture is None:
        raise NotFound("There is no picture yet.")
    return Link(current_app.extensions["object_store"].link(picture.key, seconds=LINK_SECONDS), LINK_SECONDS)


def content(picture: Held | None) -> bytes:
    """The JPEG. Raises NotFound, Unavailable."""
    body: bytes | None = None
    if picture is not None:
        body = current_app.extensions["object_store"].get(picture.key)
    if body is None:
        raise NotFound("There is no picture yet.")
    return body
