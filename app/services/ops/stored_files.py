"""Files that leave the store: those that were replaced or erased, and objects that nobody will ask for.

Deleting what is not there is no error, so this may run twice, late, or be killed halfway.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from flask import current_app

from app.errors import Unavailable
from app.observability import get_logger
from app.services.identity.uploads import storing
from app.services.ops.job_runs import Round
from app.transactions import fetch, queue, run

log = get_logger()
BATCH = 100
#: Nobody's request takes so long: what arrives no more by then never will.
LOST_AFTER = timedelta(hours=1)
#: Rows of files that are gone count for a day's quota until then.
ROWS_KEPT = timedelta(days=2)
LEAVING = """
SELECT id, key FROM stored_files WHERE status = 'leaving' OR (status = 'arriving' AND changed_at < %s)
ORDER BY changed_at, id LIMIT %s
"""
REFUSED = """
WITH old AS (
    SELECT id, user_id, file_id FROM kyc_documents
    WHERE file_id IS NOT NULL AND status IN ('rejected', 'resubmit') AND decided_at < %s LIMIT %s FOR NO KEY UPDATE
), users_of AS (
    UPDATE users u SET kyc_file = NULL FROM old JOIN stored_files f ON f.id = old.file_id
    WHERE u.id = old.user_id AND u.kyc_file = f.key
)
UPDATE kyc_documents d SET file_id = NULL, proposed_status = NULL, proposed_reason = NULL, proposed_by = NULL
FROM old WHERE d.id = old.id RETURNING old.file_id
"""


def remove_files(turn: Round) -> int:
    """The job: files that left the store."""
    run(lambda: _let_go_of_refused(turn.at))
    gone = 0
    while batch := run(lambda: fetch(LEAVING, (datetime.now(UTC) - LOST_AFTER, BATCH))):
        left = _delete(batch)
        gone += left
        turn.report(gone, None)
        if left < len(batch):
            break  # the store is away: the rest has another turn
    run(lambda: queue("DELETE FROM stored_files WHERE status = 'gone' AND changed_at < %s",
                      (datetime.now(UTC) - ROWS_KEPT,)))  # fmt: skip
    return gone


def _let_go_of_refused(at: datetime) -> None:
    before = at - timedelta(days=current_app.config["KYC_REFUSED_DAYS"])
    storing.have_leave([file for (file,) in fetch(REFUSED, (before, BATCH))], at=at)


def _delete(batch: list[tuple[UUID, str]]) -> int:
    store = current_app.extensions["object_store"]
    for done, (id_, key) in enumerate(batch):
        # Before the object goes: what is late in arriving finds that it was given up.
        taken = run(partial(fetch, "UPDATE stored_files SET status = 'leaving' WHERE id = %s AND status <> 'kept'"
                                   " RETURNING 1", (id_,)))  # fmt: skip
        if not taken:
            continue
        try:
            store.delete(key)
        except Unavailable:
            log.warning("files_not_removed", count=len(batch) - done)
            return done
        run(partial(queue, "UPDATE stored_files SET status = 'gone', changed_at = %s WHERE id = %s",
                    (datetime.now(UTC), id_)))  # fmt: skip
    return len(batch)
