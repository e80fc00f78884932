"""Movements as a file for staff: written by the worker, kept encrypted in the object store for a day.

The file has what the list has (console/transactions.py), by the same filters, and no more rows than a spreadsheet
opens. Whoever ordered it gets it, by a link that lives a minute; both are in the audit log.
"""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final
from uuid import UUID

import uuid_utils.compat as uuids
from flask import current_app

from app.errors import NotFound
from app.money import to_decimal_string
from app.services.audit import log as audit
from app.services.identity import staff_at_work
from app.services.identity.uploads import storing
from app.services.ops import job_runs
from app.services.ops.console.listing import Asked, Page, Position
from app.services.ops.console.transactions import SOURCE, Movement, listed
from app.services.ops.job_runs import JobRun, Round
from app.services.savings.cells import escaped
from app.transactions import fetch, queue, run

KIND: Final = "exports.transactions"
KEPT: Final = timedelta(days=1)
LINK_SECONDS: Final = 60
#: What a spreadsheet opens, without the header.
MOST_ROWS: Final = 1_000_000
CHUNK: Final = 5_000
CONTENT_TYPE: Final = "text/csv"
HEADER: Final = (
    "id", "occurred_at", "type", "amount", "currency", "balance_after", "user_id", "jar_id", "jar", "reversal_of",
    "reversed_by",
)  # fmt: skip
COLUMNS: Final = "r.id, r.kind, r.status, r.done, r.total, r.started_at, r.finished_at, r.error"
LISTED: Final = f"""
SELECT {COLUMNS}, r.created_at, r.parameters->'filters', f.size, f.key
FROM job_runs r LEFT JOIN stored_files f ON f.id = (r.parameters->>'file')::uuid AND f.status = 'kept'
    AND f.created_at > %(since)s
WHERE r.kind = %(kind)s AND r.requested_by = %(by)s AND (%(run)s::uuid IS NULL OR r.id = %(run)s)
ORDER BY r.created_at DESC, r.id DESC LIMIT %(limit)s
"""  # noqa: S608  constants only


@dataclass(frozen=True, slots=True)
class Export:
    """One export as who ordered it sees it: its run (``done`` of ``total`` rows), and for how large a file.

    ``size``: bytes, None while there is no file and when it is gone. ``filters``: as they were asked for, as text.
    """

    job: JobRun
    ordered_at: datetime
    filters: dict[str, Any]
    size: int | None


def order(filters: Mapping[str, Any], *, by: UUID, at: datetime) -> JobRun:
    """Have the worker write the movements that ``filters`` find, the newest first; the run to follow.

    Raises KeyError for a filter that the list does not have, DomainError ``not_staff``, and ``job_running`` while
    another one is written.
    """
    staff_at_work.role_of(by)
    asked = {name: value if isinstance(value, int) else str(value) for name, value in filters.items()}
    for name in asked:
        SOURCE.filters[name]
    ordered = job_runs.order(KIND, {"filters": asked, "file": str(uuids.uuid7()), "by": str(by)}, by=by, at=at)
    audit.record(
        "export_ordered", subject_type="job", subject_id=ordered.id, at=at, actor_id=by, actor="staff", details=asked
    )
    return ordered


def mine(by: UUID, *, limit: int = 20) -> list[Export]:
    """The newest exports that ``by`` ordered."""
    values = {"since": datetime.now(UTC) - KEPT, "kind": KIND, "by": by, "run": None, "limit": limit}
    return [Export(JobRun(*row[:8]), *row[8:11]) for row in fetch(LISTED, values)]


def link(run_id: UUID, *, by: UUID, at: datetime) -> str:
    """An address of the file for LINK_SECONDS, for whoever ordered it. Raises NotFound, Unavailable, ``not_staff``."""
    staff_at_work.role_of(by)
    values = {"since": datetime.now(UTC) - KEPT, "kind": KIND, "by": by, "run": run_id, "limit": 1}
    rows = fetch(LISTED, values)
    if not rows or rows[0][11] is None:
        raise NotFound("There is no such file, or its day is over.")
    audit.record("export_opened", subject_type="job", subject_id=run_id, at=at, actor_id=by, actor="staff")
    name = f"transactions-{rows[0][8]:%Y-%m-%d-%H%M}.csv"
    address: str = current_app.extensions["object_store"].link(rows[0][11], seconds=LINK_SECONDS, filename=name)
    return address


def write(turn: Round) -> int:
    """The job: how many rows were written for whoever ordered them. Files whose day is over leave the store.

    None is kept for somebody who is of the staff no more when it is written.
    """
    run(lambda: _let_go(turn.at))
    file_id, by = turn.parameters.get("file"), turn.parameters.get("by")
    if file_id is None or by is None or run(partial(_is_kept, file_id)):
        return 0
    asked = Asked(turn.parameters["filters"], "-occurred_at", limit=CHUNK)
    total = run(partial(_count, asked))
    with TemporaryFile() as file:
        rows = _draw(file, asked, turn, total)
        size = file.tell()
        file.seek(0)
        if not run(partial(staff_at_work.is_at_work, UUID(by))):
            return 0  # nobody may fetch it any more
        key = run(partial(_announce, file_id, by, size))
        current_app.extensions["object_store"].put_file(key, file, CONTENT_TYPE)
    run(partial(storing.keep, storing.Stored(UUID(file_id), key)))
    return rows


def _draw(file: BinaryIO, asked: Asked, turn: Round, total: int) -> int:
    currency, rows, after = current_app.config["CURRENCY"], 0, None
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    lines = csv.writer(text)
    lines.writerow(HEADER)
    while True:
        found, jars = run(partial(_chunk, asked, after))
        lines.writerows(_line(one, jars, currency) for one in found.rows[: MOST_ROWS - rows])
        rows += len(found.rows)
        turn.report(min(rows, MOST_ROWS), total)
        after = found.next
        if after is None or rows >= MOST_ROWS:
            break
    text.detach()
    return min(rows, MOST_ROWS)


def _chunk(asked: Asked, after: Position | None) -> tuple[Page[Movement], dict[UUID, str]]:
    _patiently()
    found = listed(Asked(asked.filters, asked.order, after, asked.limit))
    jars = list({str(one.jar_id) for one in found.rows if one.jar_id})
    return found, dict(fetch("SELECT id, name FROM savings_jars WHERE id = ANY(%s::uuid[])", (jars,)))


def _line(one: Movement, jars: dict[UUID, str], currency: str) -> list[str]:
    cells = (
        one.id, one.occurred_at.isoformat().replace("+00:00", "Z"), one.type, to_decimal_string(one.amount), currency,
        to_decimal_string(one.balance_after), one.user_id, one.jar_id,
        None if one.jar_id is None else escaped(jars[one.jar_id]),  # all else is ours
        one.reversal_of, one.reversed_by,
    )  # fmt: skip
    return ["" if cell is None else str(cell) for cell in cells]


def _count(asked: Asked) -> int:
    _patiently()
    where = [SOURCE.filters[name] for name in asked.filters]
    ((rows,),) = fetch(
        f"SELECT count(*) FROM (SELECT {SOURCE.found}{' WHERE ' + ' AND '.join(where) if where else ''}"  # noqa: S608
        " LIMIT %(limit)s) found",
        {**asked.filters, "limit": MOST_ROWS},
    )
    return int(rows)


def _is_kept(file_id: str) -> bool:
    """Whether a worker that died had come to the end."""
    return bool(fetch("SELECT 1 FROM stored_files WHERE id = %s AND status = 'kept'", (file_id,)))


def _announce(file_id: str, by: str, size: int) -> str:
    now = datetime.now(UTC)
    ((key,),) = fetch(
        "INSERT INTO stored_files AS f (id, user_id, purpose, key, content_type, size, created_at, changed_at)"
        " VALUES (%s, %s, 'export', %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET status = 'arriving',"
        " size = excluded.size, created_at = excluded.created_at, changed_at = excluded.changed_at RETURNING key",
        (file_id, by, f"exports/{secrets.token_urlsafe(24)}.csv", CONTENT_TYPE, size, now, now),
    )
    return str(key)


def _let_go(at: datetime) -> None:
    over = fetch(
        "SELECT id FROM stored_files WHERE purpose = 'export' AND status = 'kept' AND created_at <= %s LIMIT 1000",
        (datetime.now(UTC) - KEPT,),
    )
    storing.have_leave([file_id for (file_id,) in over], at=at)


def _patiently() -> None:
    queue("SET LOCAL statement_timeout = '60s'")
