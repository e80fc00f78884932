"""Everything that a saver has sent as a file, taken away: for the erasure of an account."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.services.identity.uploads import storing
from app.transactions import fetch, queue


def erase(user_id: UUID, *, at: datetime) -> None:
    """Have every file leave the store, and forget the numbers of papers, also their hashes.

    What stays of a paper is that there was one, of which kind, and what was decided.
    """
    queue("DELETE FROM pictures WHERE user_id = %s", (user_id,))
    queue(
        "UPDATE kyc_documents SET file_id = NULL, number_masked = NULL, number_hash = NULL, proposed_status = NULL,"
        " proposed_reason = NULL, proposed_by = NULL,"
        " status = CASE WHEN status = 'pending' THEN 'replaced' ELSE status END WHERE user_id = %s",
        (user_id,),
    )
    queue("UPDATE users SET kyc_file = NULL WHERE id = %s", (user_id,))
    rows = fetch(
        "SELECT id FROM stored_files WHERE user_id = %s AND status IN ('arriving', 'kept')",
        (user_id,),
    )
    storing.have_leave([file for (file,) in rows], at=at)
