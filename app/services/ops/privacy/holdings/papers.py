"""What savers send as files: identity papers, a photo, pictures of jars."""

from __future__ import annotations

from app.services.ops.privacy.holding import Holding, Section, columns

HOLDINGS = (
    Holding(
        "stored_files",
        "Files in the object store",
        Section(
            "files",
            columns("purpose", "content_type", "size", "status", "created_at", "changed_at"),
            "FROM stored_files t WHERE t.user_id = %(user)s ORDER BY t.created_at, t.id",
        ),
        withheld={"id": "a number of ours", "key": "where it lies in the store"},
        erased=(
            "UPDATE stored_files SET status = 'leaving', changed_at = %(at)s"
            " WHERE user_id = %(user)s AND status IN ('arriving', 'kept')",
        ),
        stays="by its key alone, until the object is removed from the store and after it as its trace",
    ),
    Holding(
        "kyc_documents",
        "Identity papers and what was decided of them",
        Section(
            "papers",
            columns("document_type", "number_masked", "status", "reason", "uploaded_at", "decided_at", "decisions"),
            "FROM kyc_documents t WHERE t.user_id = %(user)s ORDER BY t.id",
        ),
        withheld={
            "id": "a number of ours",
            "file_id": "a number of ours",
            "number_hash": "the number again, as a digest",
            "decided_by": "who of the staff decided: somebody else's",
            "proposed_by": "the same",
            "proposed_status": "not decided yet",
            "proposed_reason": "not decided yet",
        },
        erased=("DELETE FROM kyc_documents WHERE user_id = %(user)s",),
    ),
    Holding(
        "pictures",
        "Photos of savers and pictures of jars",
        Section(
            "pictures",
            columns("jar_id", "created_at"),
            "FROM pictures t WHERE t.user_id = %(user)s ORDER BY t.created_at, t.id",
        ),
        withheld={"id": "a number of ours", "file_id": "a number of ours"},
        erased=("DELETE FROM pictures WHERE user_id = %(user)s",),
    ),
)
