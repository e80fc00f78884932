"""What staff do with identity papers: see which wait, open one, decide.

One member of staff decides about a paper, and never about their own. A second one has to agree where a decision is
overturned, and before a paper is verified or rejected whose number is known on another account: that may be one person
with two accounts, or somebody with another's papers, and which of them is a matter for two. The saver hears nothing of
another account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import current_app

from app.errors import DomainError, Invalid, NotFound
from app.models.identity import STAFF_ROLES
from app.services.audit import log as audit
from app.services.identity import staff_at_work
from app.services.identity.kyc import papers
from app.services.notifications.notices import tell
from app.transactions import fetch, queue

LINK_SECONDS = 60
#: For what a paper may be turned down, and for what another photo of it may be asked.
REASONS = {
    "verified": frozenset[str](),
    "rejected": frozenset({"expired", "name_mismatch", "wrong_document", "not_genuine"}),
    "resubmit": frozenset({"unreadable", "incomplete", "expired", "wrong_document"}),
}
# The same number on papers of other accounts: of how many, and of how many it was verified.
KNOWN_ELSEWHERE = """
(SELECT count(DISTINCT o.user_id) FROM kyc_documents o WHERE o.number_hash = d.number_hash AND o.user_id <> d.user_id)
"""
VERIFIED_ELSEWHERE = """
(SELECT count(DISTINCT o.user_id) FROM kyc_documents o
 WHERE o.number_hash = d.number_hash AND o.user_id <> d.user_id AND o.status = 'verified')
"""
WAITING = f"""
SELECT d.id, d.document_type, d.uploaded_at, d.proposed_status, {KNOWN_ELSEWHERE} FROM kyc_documents d
WHERE d.status = 'pending' OR d.proposed_status IS NOT NULL ORDER BY d.uploaded_at, d.id LIMIT %s
"""  # noqa: S608  constants only
WHOLE = f"""
SELECT d.id, d.user_id, u.name, d.document_type, d.number_masked, d.status, d.reason, d.uploaded_at, d.decided_at,
    d.decided_by, d.proposed_status, d.proposed_reason, d.proposed_by, {KNOWN_ELSEWHERE}, {VERIFIED_ELSEWHERE},
    d.decisions, f.key
FROM kyc_documents d JOIN users u ON u.id = d.user_id LEFT JOIN stored_files f ON f.id = d.file_id WHERE d.id = %s
"""  # noqa: S608  constants only


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the queue: nothing personal. ``proposed``: what one member of staff decided, if a second must agree."""

    id: UUID
    document_type: str
    uploaded_at: datetime
    proposed: str | None
    accounts_with_the_number: int


@dataclass(frozen=True, slots=True)
class Document:
    """A paper with what a reviewer needs to decide. ``name``: the saver's, as on the account."""

    id: UUID
    user_id: UUID
    name: str
    document_type: str
    number_masked: str | None
    status: str
    reason: str | None
    uploaded_at: datetime
    decided_at: datetime | None
    decided_by: UUID | None
    proposed_status: str | None
    proposed_reason: str | None
    proposed_by: UUID | None
    accounts_with_the_number: int
    accounts_verified_with_it: int
    decisions: int
    key: str | None


@dataclass(frozen=True, slots=True)
class Look:
    """An opened paper. ``link`` shows its file for LINK_SECONDS; None where the file is gone."""

    document: Document
    link: str | None


def waiting(*, most: int = 200) -> list[Waiting]:
    """Papers that wait for a look or for a second word, the oldest first."""
    return [Waiting(*row) for row in fetch(WAITING, (most,))]


def look(document_id: UUID, *, by: UUID, at: datetime) -> Look:
    """Open a paper; that ``by`` looked is in the audit log with the same commit.

    Raises NotFound, DomainError (``not_staff``, ``own_paper``), Unavailable.
    """
    document = reviewed(document_id, by)
    link = None
    if document.key is not None:
        link = current_app.extensions["object_store"].link(document.key, seconds=LINK_SECONDS)
    audit.record(
        "kyc_document_viewed", subject_type="kyc_document", subject_id=document.id, at=at, actor_id=by, actor="staff"
    )
    audit.looked_at(by, "staff", "user", document.user_id, what="paper", at=at)
    return Look(document, link)


def decide(document_id: UUID, verdict: str, *, reason: str | None = None, by: UUID, at: datetime) -> bool:
    """``verified``, ``rejected`` or ``resubmit``, the latter two for a ``reason``; whether it has taken effect.

    Where a second member of staff has to agree, the first word is kept until somebody else says the same; another word
    takes its place, and so does any where whoever said it is of the staff no more. Raises NotFound, Invalid,
    DomainError (``not_staff``, ``own_paper``, ``already_decided``, ``second_needed``).
    """
    _check(verdict, reason)
    document = reviewed(document_id, by, lock=True)
    if document.status == "replaced":
        raise DomainError("already_decided", "The saver has sent another file of this paper. Nothing was changed.")
    if (document.status, document.reason) == (verdict, reason):
        raise DomainError("already_decided", "This has been decided so already. Nothing was changed.")
    if document.key is None:
        raise DomainError("already_decided", "The file of this paper is gone: there is nothing to decide by.")
    overturning = document.status != "pending"
    second_needed = overturning or (verdict != "resubmit" and document.accounts_with_the_number > 0)
    if second_needed and not _has_been_said(document, verdict, reason):
        _propose(document, verdict, reason, by=by, at=at)
        return False
    if second_needed and document.proposed_by == by:
        raise DomainError("second_needed", "You have said so already: a second member of staff has to agree.")
    _settle(document, verdict, reason, by=by, at=at, agreeing_with=document.proposed_by if second_needed else None)
    return True


def let_stand(document_id: UUID, *, by: UUID, at: datetime) -> None:
    """Leave a decision as it is that somebody would have overturned: it takes one, as asking for it did.

    Raises NotFound, DomainError (``not_staff``, ``own_paper``, ``already_decided`` where nobody asks for another).
    """
    document = reviewed(document_id, by, lock=True)
    if document.status == "pending" or document.proposed_status is None:
        raise DomainError("already_decided", "Nobody asks for another decision. Nothing was changed.")
    queue(
        "UPDATE kyc_documents SET proposed_status = NULL, proposed_reason = NULL, proposed_by = NULL WHERE id = %s",
        (document.id,),
    )
    audit.record(
        "kyc_decision_stands", subject_type="kyc_document", subject_id=document.id, at=at, actor_id=by, actor="staff",
        details={
            "status": document.status,
            "instead_of": document.proposed_status,
            "proposed_by": str(document.proposed_by),
        },
    )  # fmt: skip


def _has_been_said(document: Document, verdict: str, reason: str | None) -> bool:
    """Whether the same was proposed, by somebody who is of the staff still."""
    if document.proposed_by is None or (document.proposed_status, document.proposed_reason) != (verdict, reason):
        return False
    return staff_at_work.is_at_work(document.proposed_by)


def _check(verdict: str, reason: str | None) -> None:
    allowed = REASONS.get(verdict)
    if allowed is None:
        raise Invalid({"verdict": [f"Give one of: {', '.join(REASONS)}."]})
    if (reason is None) != (not allowed) or (reason is not None and reason not in allowed):
        said = f"Give one of: {', '.join(sorted(allowed))}." if allowed else "A verified paper has no reason."
        raise Invalid({"reason": [said]})


def reviewed(document_id: UUID, by: UUID, *, lock: bool = False) -> Document:
    """The paper, for a member of staff whose own it is not. ``lock``: the saver's row, as for sending one.

    It notes no look: whoever shows something of it calls ``look``. Raises as that does.
    """
    staff = fetch("SELECT role FROM users WHERE id = %s AND status = 'active'", (by,))
    if not staff or staff[0][0] not in STAFF_ROLES:
        raise DomainError("not_staff", "Papers are looked at by active members of staff.")
    if lock:
        fetch(
            "SELECT 1 FROM users WHERE id = (SELECT user_id FROM kyc_documents WHERE id = %s) FOR NO KEY UPDATE",
            (document_id,),
        )
    rows = fetch(WHOLE, (document_id,))
    if not rows:
        raise NotFound("There is no such paper.")
    document = Document(*rows[0])
    if document.user_id == by:
        raise DomainError("own_paper", "Nobody looks at their own papers: another member of staff does.")
    return document


def _propose(document: Document, verdict: str, reason: str | None, *, by: UUID, at: datetime) -> None:
    queue(
        "UPDATE kyc_documents SET proposed_status = %s, proposed_reason = %s, proposed_by = %s WHERE id = %s",
        (verdict, reason, by, document.id),
    )
    audit.record(
        "kyc_decision_proposed", subject_type="kyc_document", subject_id=document.id, at=at, actor_id=by,
        actor="staff", details={"status": verdict, "reason": reason},
    )  # fmt: skip


def _settle(
    document: Document, verdict: str, reason: str | None, *, by: UUID, at: datetime, agreeing_with: UUID | None
) -> None:
    queue(
        "UPDATE kyc_documents SET status = %s, reason = %s, decided_at = %s, decided_by = %s,"
        " decisions = decisions + 1, proposed_status = NULL, proposed_reason = NULL, proposed_by = NULL WHERE id = %s",
        (verdict, reason, at, by, document.id),
    )
    if verdict == "verified":
        papers.replace(document.user_id, document.document_type, ("verified",), but=document.id, at=at)
    papers.refresh_standing(document.user_id)
    facts = {"status": verdict, "document_type": document.document_type} | ({"reason": reason} if reason else {})
    tell(document.user_id, "kyc_decided", facts, at=at, once=f"kyc:{document.id}:{document.decisions + 1}")
    audit.record(
        "kyc_decided", subject_type="kyc_document", subject_id=document.id, at=at, actor_id=by, actor="staff",
        details={
            "status": verdict,
            "reason": reason,
            "before": document.status,
            "agreeing_with": str(agreeing_with) if agreeing_with else None,
        },
    )  # fmt: skip
