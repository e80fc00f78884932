"""One database transaction per use case: the only place that commits.

Statements whose results nobody waits for are queued and travel with the next one that is awaited, or just before the
COMMIT, in one round trip: a deposit is five round trips in all. What runs after the commit (caches) is best effort.
"""

from __future__ import annotations

import codecs
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from uuid import UUID

import psycopg2
from psycopg2 import errorcodes
from psycopg2.extensions import AsIs, encodings, register_adapter
from psycopg2.extras import register_uuid
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import DomainError, Unavailable
from app.extensions import db
from app.observability import get_logger

register_uuid()  # psycopg2 then reads uuid.UUID
# Its own writer of them formats, encodes and casts in Python; the text alone is what every column takes.
register_adapter(UUID, lambda value: AsIs(f"'{value.int:032x}'"))
# psycopg2 reads each text and each column's name through Python's codec of that name, whose decoder is written in
# Python; the same decoder in C goes by another name.
codecs.register(
    lambda name: codecs.CodecInfo(codecs.utf_8_encode, codecs.utf_8_decode, name=name) if name == "utf_8_in_c" else None
)
encodings["UTF8"] = "utf_8_in_c"
log = get_logger()
Result = TypeVar("Result")
Parameters = Mapping[str, Any] | Sequence[Any]

RETRIED_STATES = frozenset({errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED})
BUSY_STATES = frozenset({errorcodes.LOCK_NOT_AVAILABLE, errorcodes.QUERY_CANCELED, errorcodes.TOO_MANY_CONNECTIONS})
RETRIES = 3
_violations: dict[str, Callable[[], DomainError]] = {}


class Busy(Unavailable):
    """A lock was not to be had within the lock timeout; ``context`` is PostgreSQL's word on what was waited for."""

    def __init__(self, context: str) -> None:
        super().__init__("Another movement is still under way here. Nothing was changed; please try again.")
        self.context = context


def on_violation(constraint: str, refusal: Callable[[], DomainError]) -> None:
    """Have a violation of the named database constraint answered by ``refusal()``, wherever it happens."""
    _violations[constraint] = refusal


class Statement:
    """A statement on the path of every movement: each connection has PostgreSQL plan it once.

    ``sql`` has its ``parameters`` as ``$1`` and so on; ``name`` is its own within the program.
    """

    __slots__ = ("execute", "name", "prepare")

    def __init__(self, name: str, sql: str, *, parameters: int) -> None:
        self.name = name
        self.prepare = f"PREPARE {name} AS {sql}".encode()
        self.execute = f"EXECUTE {name}({', '.join(['%s'] * parameters)})" if parameters else f"EXECUTE {name}"


def _queue() -> list[tuple[str | Statement, Parameters]]:
    queue: list[tuple[str | Statement, Parameters]] = db.session().info.setdefault("queue", [])
    return queue


def queue(sql: str | Statement, parameters: Parameters = ()) -> None:
    """Send ``sql`` (psycopg2 style, its result unread) with the next awaited statement or before the COMMIT."""
    _queue().append((sql, parameters))


def fetch(sql: str | Statement, parameters: Parameters = ()) -> list[Any]:
    """Send everything queued and then ``sql`` in one round trip; the rows of ``sql``.

    Raises what the database says, as SQLAlchemy's DBAPIError.
    """
    statements = _queue()
    statements.append((sql, parameters))
    return _send(statements)


def flush() -> None:
    """Send what is queued, and the ORM's own pending changes."""
    statements = _queue()
    if statements:
        _send(statements)
    else:
        db.session.flush()


def _send(statements: list[tuple[str | Statement, Parameters]]) -> list[Any]:
    session = db.session()
    session.flush()
    connection = session.info.get("connection")
    if connection is None or connection.closed:
        connection = session.info["connection"] = session.connection()
    prepared: set[str] | None = connection.info.get("prepared")
    # psycopg2's own cursor: SQLAlchemy's result machinery costs more than the round trip.
    cursor: Any = connection.connection.cursor()
    try:
        texts: list[bytes] = []
        # Not before other statements: SET TRANSACTION must be the first of its transaction.
        if prepared is None and any(isinstance(sql, Statement) for sql, _ in statements):
            prepared = connection.info["prepared"] = set()
            texts.append(b"DEALLOCATE ALL")
        for sql, parameters in statements:
            if isinstance(sql, Statement):
                assert prepared is not None  # made above
                if sql.name not in prepared:
                    texts.append(sql.prepare)
                    prepared.add(sql.name)
                sql = sql.execute
            texts.append(cursor.mogrify(sql, parameters))
        cursor.execute(b";\n".join(texts))
        return cursor.fetchall() if cursor.description is not None else []
    except psycopg2.Error as error:
        connection.info["prepared"] = None  # which of them got as far as the server is not known
        lost = connection.dialect.is_disconnect(cast("Any", error), connection.connection, cursor)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            None, None, error, psycopg2.Error, connection_invalidated=lost, dialect=connection.dialect
        ) from error
    finally:
        statements.clear()
        cursor.close()


def after_commit(work: Callable[[], None]) -> None:
    """Run ``work`` once the transaction is committed, never otherwise. What it raises is logged and goes no further."""
    db.session.info.setdefault("after_commit", []).append(work)


@contextmanager
def transaction() -> Iterator[None]:
    """Commit what the block did, or roll all of it back when it raises.

    Raises DomainError for a named constraint that a row would break, Unavailable where the database is away, too busy,
    or lost the connection while committing (then the outcome is unknown, and a key settles it), and otherwise what the
    block raised. A serialization failure or deadlock comes out as the DBAPIError it is: ``run`` retries those.
    """
    session = db.session
    try:
        yield
        flush()
    except BaseException as error:
        _discard()
        raise translated(error) from error
    try:
        session.commit()
    except BaseException as error:
        _discard()
        if isinstance(error, OperationalError) and error.connection_invalidated:
            raise Unavailable(
                "The connection broke while this was being saved. Nothing is doubled: send it again with the same key.",
                code="outcome_unknown",
            ) from error
        raise translated(error) from error
    work = session.info.pop("after_commit", [])
    for step in work:
        try:
            step()
        except Exception:
            log.warning("after_commit_failed", exc_info=True)


def run(work: Callable[[], Result]) -> Result:
    """``work`` in a transaction, tried again on deadlocks and serialization failures: three times, with jitter."""
    for attempt in range(RETRIES + 1):
        try:
            with transaction():
                result = work()
            return result
        except DBAPIError as error:
            state = getattr(error.orig, "pgcode", None)
            if state not in RETRIED_STATES:
                raise
            if attempt == RETRIES:
                raise Unavailable(
                    "Too many movements met here at once. Nothing was changed; please try again."
                ) from error
        time.sleep(random.uniform(0.005, 0.03) * (attempt + 1))  # jitter, not security  # noqa: S311
    raise AssertionError("unreachable")


def rollback_to(savepoint: str) -> None:
    """Undo everything since ``SAVEPOINT savepoint``, what is still queued after it included."""
    statements = _queue()
    begun = any(sql == f"SAVEPOINT {savepoint}" for sql, _ in statements)
    if begun:
        while statements and statements[-1][0] != f"SAVEPOINT {savepoint}":
            statements.pop()
    else:
        statements.clear()
        statements.append((f"ROLLBACK TO SAVEPOINT {savepoint}", ()))
    db.session.info.pop("after_commit", None)
    db.session.expire_all()


def start_over() -> None:
    """Roll back all that this transaction did, with what is queued; the next statement begins another one."""
    _discard()


def _discard() -> None:
    db.session.info.pop("queue", None)
    db.session.info.pop("after_commit", None)
    db.session.rollback()


def translated(error: BaseException) -> BaseException:
    """What a database error means: a DomainError where it has a name, else the error itself."""
    if isinstance(error, PoolTimeout):
        return Unavailable("Every connection to the database is in use; please try again.")
    if not isinstance(error, DBAPIError):
        return error
    diagnostics = getattr(error.orig, "diag", None)
    if isinstance(error, IntegrityError):
        refusal = _violations.get(getattr(diagnostics, "constraint_name", None) or "")
        return refusal() if refusal else error
    state = getattr(error.orig, "pgcode", None)
    if state in RETRIED_STATES:
        return error
    if state == errorcodes.LOCK_NOT_AVAILABLE:
        return Busy(getattr(diagnostics, "context", None) or "")
    if state in BUSY_STATES or error.connection_invalidated or (isinstance(error, OperationalError) and state is None):
        return Unavailable("The database cannot be reached just now. Nothing was changed; please try again.")
    return error
