"""Everything that is held about a saver, as one JSON document."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final
from uuid import UUID

import orjson
from flask import current_app

from app.money import to_decimal_string
from app.services.audit import log as audit
from app.services.ops.privacy.holding import Section
from app.services.ops.privacy.holdings import HOLDINGS
from app.transactions import queue, run, stream, transaction

FORMAT: Final = 1
AT_ONCE: Final = 2_000
#: Larger documents go to a file on disk, which has no name and is gone when it is closed.
IN_MEMORY: Final = 1 << 20


def export(user_id: UUID, role: str, *, at: datetime) -> IO[bytes]:
    """The document, to be read from its beginning; the caller closes it. That it was asked for is in the audit log.

    All of it is of one moment, and memory is bounded however long the history: no connection is held while somebody
    downloads it. Amounts are in major units, as decimal strings; instants in UTC.
    """
    run(
        lambda: audit.record(
            "data_exported", subject_type="user", subject_id=user_id, at=at, actor_id=user_id, actor=role
        )
    )
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  whoever reads it closes it
    with transaction():
        queue("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for part in _document(user_id, at):
            file.write(part)
    file.seek(0)
    return file


def sections() -> list[Section]:
    """The parts of the document, in its order."""
    return [one.export for one in HOLDINGS.values() if isinstance(one.export, Section)]


def _document(user_id: UUID, at: datetime) -> Iterator[bytes]:
    head = {"format": FORMAT, "made_at": _instant(at), "currency": current_app.config["CURRENCY"]}
    yield orjson.dumps(head)[:-1]
    for section in sections():
        yield f',\n"{section.name}":'.encode()
        yield from _whole(section, user_id) if section.whole else _list(section, user_id)
    left_out = {one.table: one.export for one in HOLDINGS.values() if isinstance(one.export, str) and one.erased}
    yield b',\n"left_out":' + orjson.dumps(left_out) + b"}\n"


def _whole(section: Section, user_id: UUID) -> Iterator[bytes]:
    yield next(_rows(section, user_id), b"null")


def _list(section: Section, user_id: UUID) -> Iterator[bytes]:
    between = b"["
    for row in _rows(section, user_id):
        yield between + row
        between = b",\n"
    yield b"[]" if between == b"[" else b"]"


def _rows(section: Section, user_id: UUID) -> Iterator[bytes]:
    sql = f"SELECT {', '.join(section.values.values())} {section.rows}"
    for batch in stream(sql, {"user": user_id}, at_once=AT_ONCE):
        for values in batch:
            row: dict[str, Any] = dict(zip(section.values, values, strict=True))
            for name in section.money:
                if row[name] is not None:
                    row[name] = to_decimal_string(row[name])
            yield orjson.dumps(section.shaped(row), default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _plain(value: Any) -> str:
    return _instant(value) if isinstance(value, datetime) else str(value)


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
