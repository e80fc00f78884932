"""A saver's identity papers: sent, seen, replaced; and the saver's own state, which follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids
from flask import current_app

from app.errors import DomainError
from app.models.uploads import PAPER_STATES, PAPERS, REASONS
from app.sentences import Sentence
from app.services.audit import log as audit
from app.services.identity.kyc import numbers
from app.services.identity.principal import Principal
from app.services.identity.uploads import contents, storing
from app.transactions import fetch, on_violation, queue, run

__all__ = ["PAPERS", "PAPER_STATES", "REASONS", "Paper", "Standing", "refresh_standing", "send", "standing"]

SHOWN = "d.id, d.document_type, d.status, d.reason, d.number_masked, d.uploaded_at, d.decided_at"
# The verified one counts, else the newest that was not replaced.
STANDING = """
WITH counting AS (
    SELECT d.status, f.key FROM kyc_documents d LEFT JOIN stored_files f ON f.id = d.file_id
    WHERE d.user_id = %(user)s AND d.status <> 'replaced' ORDER BY d.status = 'verified' DESC, d.id DESC LIMIT 1
)
UPDATE users SET kyc_status = coalesce((SELECT status FROM counting), 'none'), kyc_file = (SELECT key FROM counting)
WHERE id = %(user)s AND (%(lowering)s OR kyc_status <> 'verified')
"""

on_violation(
    "uq_kyc_documents_pending",
    lambda: DomainError("paper_under_way", "Another file of this paper has just come in. Please look at your papers."),
)


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper as its saver sees it. ``reason`` is a code of REASONS."""

    id: UUID
    document_type: str
    status: str
    reason: str | None
    number_masked: str | None
    uploaded_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The saver's state and papers, newest first. ``look_by``: the local day by which what waits is looked at."""

    status: str
    papers: list[Paper]
    look_by: date | None


def send(saver: Principal, *, document_type: str, number: str | None, sent: bytes | None, at: datetime) -> Paper:
    """Take in one paper: checked, looked at by the scanner, put into the store, and only then in the books. Commits.

    One that waits for the same look, or was asked for once more, is replaced. Raises Invalid (``validation_error``,
    ``invalid_file``, ``unsafe_file``), DomainError (``unsupported_media_type``, ``payload_too_large``,
    ``upload_limit``, ``paper_limit``), Unavailable.
    """
    known = numbers.read(document_type, number)
    content = contents.of_paper(sent)
    run(lambda: _has_room(saver.id, document_type))
    file = storing.put(saver, "paper", content)
    return run(lambda: _record(saver, document_type, known, file, at))


def standing(saver: Principal) -> Standing:
    """Where the saver stands, with every paper that was not replaced."""
    rows = fetch(
        f"SELECT {SHOWN} FROM kyc_documents d WHERE d.user_id = %s AND d.status <> 'replaced' ORDER BY d.id DESC",  # noqa: S608
        (saver.id,),
    )
    ((status,),) = fetch("SELECT kyc_status FROM users WHERE id = %s", (saver.id,))
    papers = [Paper(*row) for row in rows]
    oldest = min((paper.uploaded_at for paper in papers if paper.status == "pending"), default=None)
    return Standing(status, papers, saver.zone.date(look_by(oldest)) if oldest else None)


def look_by(uploaded_at: datetime) -> datetime:
    """The instant by which a paper is to be looked at."""
    return uploaded_at + timedelta(days=current_app.config["KYC_REVIEW_DAYS"])


def refresh_standing(user_id: UUID, *, lowering: bool = True) -> None:
    """Queue the saver's state anew. ``lowering``: also where it takes the state of a verified saver away.

    It is in the row that every call reads first, so limits follow with the next call.
    """
    queue(STANDING, {"user": user_id, "lowering": lowering})


def replace(user_id: UUID, document_type: str, states: Sequence[str], *, but: UUID, at: datetime) -> None:
    """Have the saver's other papers of that kind, in these states, make way; their files leave the store."""
    rows = fetch(
        "WITH old AS (SELECT id, file_id FROM kyc_documents WHERE user_id = %s AND document_type = %s"
        " AND status = ANY(%s) AND id <> %s FOR NO KEY UPDATE)"
        " UPDATE kyc_documents d SET status = 'replaced', file_id = NULL, proposed_status = NULL,"
        " proposed_reason = NULL, proposed_by = NULL FROM old WHERE d.id = old.id RETURNING old.file_id",
        (user_id, document_type, list(states), but),
    )
    storing.have_leave([file for (file,) in rows if file is not None], at=at)


def _has_room(user_id: UUID, document_type: str) -> None:
    """What is replaced makes room for itself. Raises DomainError ``paper_limit``."""
    ((kept,),) = fetch(
        "SELECT count(*) FROM kyc_documents WHERE user_id = %s AND file_id IS NOT NULL"
        " AND NOT (document_type = %s AND status IN ('pending', 'resubmit'))",
        (user_id, document_type),
    )
    most = current_app.config["KYC_MAX_PAPERS"]
    if kept >= most:
        raise DomainError(
            "paper_limit",
            Sentence("We hold %(papers)s papers of yours, which is the most there can be. Write to us.", papers=most),
        )


def _record(
    saver: Principal, document_type: str, number: numbers.Number | None, file: storing.Stored, at: datetime
) -> Paper:
    fetch("SELECT 1 FROM users WHERE id = %s FOR NO KEY UPDATE", (saver.id,))
    storing.keep(file)
    _has_room(saver.id, document_type)
    made = Paper(uuids.uuid7(), document_type, "pending", None, number.masked if number else None, at, None)
    replace(saver.id, document_type, ("pending", "resubmit"), but=made.id, at=at)
    values: tuple[Any, ...] = (
        made.id, saver.id, document_type, file.id, made.number_masked, number.digest if number else None, at,
    )  # fmt: skip
    queue(
        "INSERT INTO kyc_documents (id, user_id, document_type, file_id, number_masked, number_hash, uploaded_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        values,
    )
    refresh_standing(saver.id, lowering=False)
    audit.record(
        "kyc_document_sent", subject_type="kyc_document", subject_id=made.id, at=at, actor_id=saver.id,
        actor=saver.role, details={"document_type": document_type},
    )  # fmt: skip
    return made
