"""What somebody sent as files: identity papers, a photo, pictures of jars."""

from __future__ import annotations

from app.services.ops.privacy.holding import Holding, Section, columns

OURS = "a number of ours"
STAFF = "who of staff said what, before it was decided and after"

HOLDINGS = (
    Holding(
        "pictures",
        "A photo of oneself, and pictures of what jars are for",
        Section(
            "pictures",
            columns("jar_id", "created_at"),
            "FROM pictures t WHERE t.user_id = %(user)s ORDER BY t.created_at, t.id",
        ),
        withheld=dict.fromkeys(("id", "file_id"), OURS),
        erased=("DELETE FROM pictures WHERE user_id = %(user)s",),
    ),
    Holding(
        "kyc_documents",
        "Identity papers: kind, number in part, what was decided",
        Section(
            "identity_papers",
            columns("document_type", "status", "reason", "uploaded_at", "decided_at", number="t.number_masked"),
            "FROM kyc_documents t WHERE t.user_id = %(user)s ORDER BY t.uploaded_at, t.id",
        ),
        withheld={
            **dict.fromkeys(("id", "file_id", "decisions"), OURS),
            "number_hash": "finds the same number again, and says nothing by itself",
            **dict.fromkeys(("decided_by", "proposed_status", "proposed_reason", "proposed_by"), STAFF),
        },
        erased=(
            "UPDATE kyc_documents SET file_id = NULL, number_masked = NULL, number_hash = NULL, proposed_status = NULL,"
            " proposed_reason = NULL, proposed_by = NULL,"
            " status = CASE WHEN status = 'pending' THEN 'replaced' ELSE status END WHERE user_id = %(user)s",
        ),
        stays="that there was a paper, of which kind, and what was decided: staff answer for it",
    ),
    Holding(
        "stored_files",
        "Files in the object store: what for, how large",
        Section(
            "files",
            columns("purpose", "content_type", "size", "status", "created_at"),
            "FROM stored_files t WHERE t.user_id = %(user)s ORDER BY t.created_at, t.id",
        ),
        withheld={"id": OURS, "changed_at": OURS, "key": "where it lies in the store"},
        # The job that deletes files finds them by these rows; one that is about to arrive is found an hour later.
        erased=(
            "UPDATE stored_files SET status = 'leaving', changed_at = now()"
            " WHERE user_id = %(user)s AND status = 'kept'",
        ),
        stays="the row by which its object is deleted; the job that does that lets it go two days later",
    ),
)
