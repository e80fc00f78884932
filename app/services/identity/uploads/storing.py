"""Putting files into the store, and having them leave it: no object is there without a row that knows of it.

The row comes first and is committed, then the object is put, then the row is kept together with what the file is for.
Whatever ends in between leaves a row that says "arriving", by which ``ops/stored_files.py`` finds what to delete: also
where an answer of the store was lost, or came after nobody waited for it any more.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import uuid_utils.compat as uuids
from flask import current_app

from app.errors import Invalid, TooMany, Unavailable
from app.sentences import Sentence
from app.services.audit import log as audit
from app.services.identity.principal import Principal
from app.services.identity.uploads.contents import Content
from app.services.outbox.messages import enqueue
from app.transactions import fetch, queue, run

A_DAY = timedelta(days=1)
LATER = 3_600  # seconds
FOLDERS = {"paper": "papers", "photo": "photos", "jar": "jars"}


class UploadLimit(TooMany):
    """One saver has sent as many files within a day as are taken."""

    def __init__(self, most: int) -> None:
        said = Sentence("You have sent %(files)s files within a day. Please go on tomorrow.", files=most)
        super().__init__(LATER, said)
        self.code = "upload_limit"


@dataclass(frozen=True, slots=True)
class Stored:
    """An object that is in the store, its row still "arriving"."""

    id: UUID
    key: str


def put(saver: Principal, purpose: str, content: Content) -> Stored:
    """Have the scanner look at it, and put it into the store under a random key, encrypted. Commits.

    Raises Invalid ``unsafe_file``, DomainError ``upload_limit``, Unavailable: then nothing is kept.
    """
    _scan(saver, content.sent)
    file = Stored(uuids.uuid7(), f"{FOLDERS[purpose]}/{secrets.token_urlsafe(24)}.{content.ending}")
    run(lambda: _announce(saver, file, purpose, content))
    current_app.extensions["object_store"].put(file.key, content.body, content.content_type)
    return file


def keep(file: Stored) -> None:
    """The file belongs to what this transaction writes. Raises Unavailable where it was swept in the meantime."""
    if not fetch(
        "UPDATE stored_files SET status = 'kept', changed_at = %s WHERE id = %s AND status = 'arriving' RETURNING 1",
        (datetime.now(UTC), file.id),
    ):
        raise Unavailable("This took too long. Nothing was kept; please send it again.")


def have_leave(files: Sequence[UUID], *, at: datetime) -> None:
    """Have these files deleted from the store once this transaction is committed. ``at``: the product's time."""
    if files:
        queue(
            "UPDATE stored_files SET status = 'leaving', changed_at = %s WHERE id = ANY(%s::uuid[])",
            (datetime.now(UTC), [str(one) for one in files]),
        )
        enqueue("uploads.leaving", {"files": len(files)}, at)


def _scan(saver: Principal, sent: bytes) -> None:
    found = current_app.extensions["scanner"].finding(sent)
    if found is None:
        return
    run(
        lambda: audit.record(
            "unsafe_file_refused", subject_type="user", subject_id=saver.id, at=datetime.now(UTC), actor_id=saver.id,
            actor=saver.role, details={"signature": found[:80]},
        )
    )  # fmt: skip
    said = Sentence("This file holds something harmful, and was not kept. Please take a new photo.")
    raise Invalid({"file": [said]}, code="unsafe_file")


def _announce(saver: Principal, file: Stored, purpose: str, content: Content) -> None:
    now = datetime.now(UTC)
    # The lock orders what one saver sends at once: the quota holds for all of it.
    fetch("SELECT 1 FROM users WHERE id = %s FOR NO KEY UPDATE", (saver.id,))
    ((sent,),) = fetch(
        "SELECT count(*) FROM stored_files WHERE user_id = %s AND created_at > %s", (saver.id, now - A_DAY)
    )
    most = current_app.config["UPLOADS_A_DAY"]
    if sent >= most:
        raise UploadLimit(most)
    queue(
        "INSERT INTO stored_files (id, user_id, purpose, key, content_type, size, created_at, changed_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (file.id, saver.id, purpose, file.key, content.content_type, len(content.body), now, now),
    )
