"""One database transaction per use case: the only place that commits.

Statements whose results nobody waits for are queued and travel with the next one that is awaited, or with the COMMIT,
in one round trip: a deposit is three round trips in all. What runs after the commit (caches) is best effort.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from io import BytesIO, StringIO
from typing import Any, TypeVar
from uuid import uuid4

import psycopg2
from psycopg2 import errorcodes
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.connections import Work, work
from app.errors import DomainError, Unavailable
from app.observability import get_logger

log = get_logger()
Result = TypeVar("Result")
Parameters = Mapping[str, Any] | Sequence[Any]

RETRIED_STATES = frozenset({errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED})
BUSY_STATES = frozenset({errorcodes.LOCK_NOT_AVAILABLE, errorcodes.QUERY_CANCELED, errorcodes.TOO_MANY_CONNECTIONS})
RETRIES = 3
_violations: dict[str, Callable[[], DomainError]] = {}


def on_violation(constraint: str, refusal: Callable[[], DomainError]) -> None:
    """Have a violation of the named database constraint answered by ``refusal()``, wherever it happens."""
    _violations[constraint] = refusal


class Statement:
    """A statement on the path of every movement: each connection has PostgreSQL plan it once.

    ``sql`` has its ``parameters`` as ``$1`` and so on; ``name`` is its own within the program. ``parts`` come before it
    as its WITH, each a change of other rows: so they and it are one statement to PostgreSQL.
    """

    __slots__ = ("execute", "name", "parameters", "parts", "prepare", "sql")

    def __init__(self, name: str, sql: str, *, parameters: int, parts: tuple[str, ...] = ()) -> None:
        self.name = name
        self.sql, self.parts, self.parameters = sql, parts, parameters
        before = ", ".join([f"part_{number} AS ({part})" for number, part in enumerate(parts)])
        self.prepare = f"PREPARE {name} AS {f'WITH {before} ' if before else ''}{sql}".encode()
        self.execute = f"EXECUTE {name}({', '.join(['%s'] * parameters)})" if parameters else f"EXECUTE {name}"

    @property
    def writes(self) -> bool:
        """Whether it changes rows and answers none."""
        return self.sql.startswith(("INSERT", "UPDATE")) and "RETURNING" not in self.sql


@lru_cache(maxsize=64)
def merged(statements: tuple[Statement, ...]) -> Statement:
    """Changes of different rows as one statement, whose parameters are all of theirs in turn.

    PostgreSQL starts its executor once instead of once for each. None of them sees what another did.
    """
    parts: list[str] = []
    before = 0
    for statement in statements:
        parts += [_renumbered(sql, before) for sql in (*statement.parts, statement.sql)]
        before += statement.parameters
    return Statement(
        "all_" + sha256("".join(parts).encode()).hexdigest()[:16], parts[-1], parameters=before, parts=tuple(parts[:-1])
    )


def _renumbered(sql: str, before: int) -> str:
    return re.sub(r"\$([0-9]+)", lambda found: f"${int(found[1]) + before}", sql)


def queue(sql: str | Statement, parameters: Parameters = ()) -> None:
    """Send ``sql`` (psycopg2 style, its result unread) with the next awaited statement or with the COMMIT."""
    work().queue.append((sql, parameters))


def fetch(sql: str | Statement, parameters: Parameters = ()) -> list[Any]:
    """Send everything queued and then ``sql`` in one round trip; the rows of ``sql``.

    Raises what the database says, as SQLAlchemy's DBAPIError.
    """
    ours = work()
    ours.queue.append((sql, parameters))
    return _send(ours)


def stream(sql: str, parameters: Parameters = (), *, at_once: int = 5_000) -> Iterator[list[Any]]:
    """The rows of ``sql``, ``at_once`` at a time, all of one moment: memory is bounded however many there are.

    Read it to its end, within one transaction. Raises what the database says.
    """
    cursor = f"stream_{uuid4().hex}"
    queue(f"DECLARE {cursor} NO SCROLL CURSOR FOR {sql}", parameters)
    while rows := fetch(f"FETCH {at_once} FROM {cursor}"):
        yield rows
    queue(f"CLOSE {cursor}")


def flush() -> None:
    """Send what is queued, and the ORM's own pending changes."""
    ours = work()
    if ours.queue:
        _send(ours)
    elif ours.orm is not None:
        ours.orm.flush()


def copy(into: str, rows: str) -> None:
    """COPY ``rows`` (PostgreSQL's text format) ``into`` a table with its columns, after what is queued.

    Raises DBAPIError.
    """
    flush()
    ours = work()
    with ours.begin().cursor() as cursor:
        try:
            cursor.copy_expert(f"COPY {into} FROM STDIN", StringIO(rows), 1 << 20)
        except psycopg2.Error as error:
            raise ours.lost(error) from error


def copy_out(query: str, parameters: Parameters = ()) -> tuple[memoryview, int]:
    """What ``query`` finds, in PostgreSQL's binary COPY format, after what is queued; how many rows. Raises
    DBAPIError."""
    flush()
    ours, found = work(), BytesIO()
    with ours.begin().cursor() as cursor:
        try:
            cursor.copy_expert(
                f"COPY ({cursor.mogrify(query, parameters).decode()}) TO STDOUT (FORMAT BINARY)", found, 1 << 20
            )
        except psycopg2.Error as error:
            raise ours.lost(error) from error
        return found.getbuffer(), cursor.rowcount


def _send(ours: Work, *, commit: bool = False) -> list[Any]:
    if ours.orm is not None:
        ours.orm.flush()
    pooled = ours.connect()
    prepared: set[str] | None = pooled.info.get("prepared")
    # psycopg2's own cursor: SQLAlchemy's result machinery costs more than the round trip.
    cursor: Any = pooled.dbapi_connection.cursor()
    try:
        texts: list[bytes] = [] if ours.begun else [b"BEGIN"]
        # Not before other statements: SET TRANSACTION must be the first of its transaction.
        if prepared is None and any(isinstance(sql, Statement) for sql, _ in ours.queue):
            prepared = pooled.info["prepared"] = set()
            texts.append(b"DEALLOCATE ALL")
        if commit:
            _merge(ours.queue)
        for sql, parameters in ours.queue:
            if isinstance(sql, Statement):
                assert prepared is not None  # made above
                if sql.name not in prepared:
                    texts.append(sql.prepare)
                    prepared.add(sql.name)
                sql = sql.execute
            texts.append(cursor.mogrify(sql, parameters))
        if commit:
            texts.append(b"COMMIT")
        ours.begun = True
        cursor.execute(b";\n".join(texts))
        if commit and cursor.statusmessage != "COMMIT":
            raise RuntimeError("a transaction that had failed already was to be committed")
        ours.begun = not commit
        return cursor.fetchall() if cursor.description is not None else []
    except BaseException as error:
        pooled.info["prepared"] = None  # which of them got as far as the server is not known
        if isinstance(error, psycopg2.Error):
            raise ours.lost(error) from error
        raise
    finally:
        ours.queue.clear()
        cursor.close()


def _merge(queue: list[tuple[str | Statement, Parameters]]) -> None:
    statements = [sql for sql, _ in queue if isinstance(sql, Statement) and sql.writes]
    # The same statement twice may be the same row twice, whose second change must see the first.
    if len(queue) > 1 and len(set(statements)) == len(queue):
        queue[:] = [(merged(tuple(statements)), [value for _, parameters in queue for value in parameters])]


def after_commit(step: Callable[[], None]) -> None:
    """Run ``step`` once the transaction is committed, never otherwise. What it raises is logged and goes no further."""
    work().after_commit.append(step)


class Superseded(Exception):
    """What was to be committed had been done before; ``answer`` reads, in a transaction of its own, what came of it."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        super().__init__("done before")
        self.answer = answer


def unless_done(constraint: str, answer: Callable[[], Any]) -> None:
    """Where the commit breaks the named ``constraint``, all of it was done before: ``run`` gives ``answer()`` instead.

    So a row that says "done", queued last, costs no round trip of its own. One for each transaction.
    """
    work().instead = (constraint, answer)


@contextmanager
def transaction() -> Iterator[None]:
    """Commit what the block did, or roll all of it back when it raises.

    Raises DomainError for a named constraint that a row would break, Unavailable where the database is away, too busy,
    or lost the connection while committing (then the outcome is unknown, and a key settles it), Superseded as
    ``unless_done`` has it, and otherwise what the block raised. A serialization failure or deadlock comes out as the
    DBAPIError it is: ``run`` retries those.
    """
    try:
        yield
    except BaseException as error:
        _discard()
        raise translated(error) from error
    ours = work()
    try:
        if ours.begun or ours.queue or ours.orm is not None:
            _send(ours, commit=True)
            if ours.orm is not None:
                ours.orm.commit()  # which the database has done already: this tells the ORM
        ours.end()
    except BaseException as error:
        instead = ours.instead
        _discard()
        if isinstance(error, IntegrityError) and instead is not None and constraint_of(error) == instead[0]:
            raise Superseded(instead[1]) from error
        if isinstance(error, OperationalError) and error.connection_invalidated:
            raise Unavailable(
                "The connection broke while this was being saved. Nothing is doubled: send it again with the same key.",
                code="outcome_unknown",
            ) from error
        raise translated(error) from error
    ours.instead = None
    steps, ours.after_commit = ours.after_commit, []
    for step in steps:
        try:
            step()
        except Exception:
            log.warning("after_commit_failed", exc_info=True)


def run(use_case: Callable[[], Result]) -> Result:
    """``use_case`` in a transaction, tried again on deadlocks and serialization failures: three times, with jitter."""
    for attempt in range(RETRIES + 1):
        try:
            with transaction():
                result = use_case()
            return result
        except Superseded as done:
            with transaction():
                result = done.answer()
            return result
        except DBAPIError as error:
            if _state(error) not in RETRIED_STATES:
                raise
            if attempt == RETRIES:
                raise Unavailable(
                    "Too many movements met here at once. Nothing was changed; please try again."
                ) from error
        time.sleep(random.uniform(0.005, 0.03) * (attempt + 1))  # jitter, not security  # noqa: S311
    raise AssertionError("unreachable")


def start_over() -> None:
    """Roll back all that this transaction did, with what is queued; the next statement begins another one."""
    _discard()


def _discard() -> None:
    ours = work()
    ours.queue.clear()
    ours.after_commit.clear()
    ours.instead = None
    if ours.orm is not None:
        ours.orm.rollback()
    ours.end()


def constraint_of(error: DBAPIError) -> str | None:
    """The name of the constraint that the database named in ``error``."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "pgcode", None)


def translated(error: BaseException) -> BaseException:
    """What a database error means: a DomainError where it has a name, else the error itself."""
    if isinstance(error, PoolTimeout):
        return Unavailable("Every connection to the database is in use; please try again.")
    if not isinstance(error, DBAPIError):
        return error
    if isinstance(error, IntegrityError):
        refusal = _violations.get(constraint_of(error) or "")
        return refusal() if refusal else error
    state = _state(error)
    if state in RETRIED_STATES:
        return error
    if state == errorcodes.LOCK_NOT_AVAILABLE:
        return Unavailable("Another movement is still under way here. Nothing was changed; please try again.")
    if state in BUSY_STATES or error.connection_invalidated or (isinstance(error, OperationalError) and state is None):
        return Unavailable("The database cannot be reached just now. Nothing was changed; please try again.")
    return error
