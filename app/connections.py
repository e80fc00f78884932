"""One database connection for each application context, shared by plain SQL and the ORM.

psycopg2 sends BEGIN and COMMIT as round trips of their own. Here its connections are in autocommit, and
app.transactions writes both words into what it sends anyway; the ORM joins in, so that both see one transaction.
"""

from __future__ import annotations

import codecs
import os
import time
from collections.abc import Callable
from functools import lru_cache
from threading import get_ident, main_thread
from typing import Any, cast
from uuid import UUID

import psycopg2
from flask import current_app
from flask.globals import app_ctx
from flask_sqlalchemy.session import Session as FlaskSession
from psycopg2.extensions import AsIs, encodings, new_type, register_adapter, register_type
from psycopg2.extras import register_uuid
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import Pool

register_uuid()  # psycopg2 then reads uuid.UUID
# The ids of those who are active come again and again, and making a UUID of its text is half of reading a row of them.
read_uuid = lru_cache(maxsize=16_384)(UUID)
_UUID_OID = 2950
_quick_uuid = new_type((_UUID_OID,), "UUID", lambda text, _cursor: None if text is None else read_uuid(text))
# psycopg2 reads each text and each column's name through Python's codec of that name, whose decoder is written in
# Python; the same decoder in C goes by another name.
codecs.register(
    lambda name: codecs.CodecInfo(codecs.utf_8_encode, codecs.utf_8_decode, name=name) if name == "utf_8_in_c" else None
)
encodings["UTF8"] = "utf_8_in_c"
IDLE_SECONDS_BEFORE_CHECK = 1.0


class Work:
    """What one application context does with the database: its connection, what is queued, what follows the commit."""

    __slots__ = ("after_commit", "begun", "instead", "joined", "orm", "pool", "pooled", "queue")

    def __init__(self) -> None:
        self.queue: list[tuple[Any, Any]] = []
        self.after_commit: list[Callable[[], None]] = []
        self.instead: tuple[str, Callable[[], Any]] | None = None
        self.pool: Pool | None = None
        self.pooled: Any = None  # a DBAPI connection out of SQLAlchemy's pool
        self.joined: Connection | None = None  # the same one, as the ORM knows it
        self.orm: Session | None = None  # where anybody asked for one
        self.begun = False

    def connect(self) -> Any:
        """The DBAPI connection, out of the pool at first. Raises DBAPIError, and the pool's TimeoutError."""
        if self.pooled is None:
            ours = engine()
            self.pool = ours.pool
            self.pooled = _spare.take(self.pool)
            if self.pooled is None:
                try:
                    self.pooled = ours.raw_connection()
                except psycopg2.Error as error:
                    raise wrapped(error) from error
                self.pooled.dbapi_connection.autocommit = True
        return self.pooled

    def join(self) -> Connection:
        """The connection as the ORM's bind, in a transaction. Raises as ``connect``."""
        if self.joined is None:
            self.joined = Connection(engine(), self.begin())
        return self.joined

    def begin(self) -> Any:
        """The DBAPI connection, in a transaction. Raises as ``connect``."""
        pooled = self.connect()
        if not self.begun:
            self._say("BEGIN")
            self.begun = True
        return pooled

    def commit(self) -> None:
        """Commit what was begun. Raises DBAPIError."""
        if self.begun:
            self._say("COMMIT")
            self.begun = False

    def _say(self, word: str) -> None:
        with self.pooled.cursor() as cursor:
            try:
                cursor.execute(word)
            except psycopg2.Error as error:
                raise self.lost(error) from error

    def lost(self, error: psycopg2.Error) -> DBAPIError:
        """``error`` as SQLAlchemy says it; where it broke the connection, the pool forgets that one."""
        pooled = self.pooled
        gone = engine().dialect.is_disconnect(error, pooled, None)  # type: ignore[arg-type]
        if gone:
            pooled.invalidate(error)
            self.begun = False
        return wrapped(error, connection_invalidated=gone)

    def end(self) -> None:
        """Give the connection back, rolled back where a transaction is open."""
        pooled, joined, begun = self.pooled, self.joined, self.begun
        self.pooled, self.joined, self.begun = None, None, False
        if pooled is None or (not begun and joined is None and _spare.keep(pooled, self.pool)):
            return
        connection = pooled.dbapi_connection
        if connection is not None:  # None where it was lost
            try:
                if begun:
                    with connection.cursor() as cursor:
                        cursor.execute("ROLLBACK")
                connection.autocommit = False
            except psycopg2.Error as error:
                pooled.invalidate(error)
        if joined is None:
            pooled.close()
        else:
            joined.close()


class _Spare:
    """The connection that the main thread used last: the next request takes it without a visit to the pool.

    The pool's own bookkeeping costs as much as a query. A process that serves in other threads keeps one connection
    here at most; one that lay idle goes back to the pool, which tests it.
    """

    def __init__(self) -> None:
        self._kept: tuple[Any, Pool | None, float, int] | None = None
        self._inherited: list[Any] = []

    def take(self, pool: Pool) -> Any:
        """The connection, where it is one of ``pool`` and fresh; else None."""
        if self._kept is None or get_ident() != main_thread().ident:
            return None
        pooled, own, since, process = self._kept
        if process == os.getpid() and own is pool and time.monotonic() - since < IDLE_SECONDS_BEFORE_CHECK:
            self._kept = None
            return pooled
        self.give_back()
        return None

    def keep(self, pooled: Any, pool: Pool | None) -> bool:
        """Keep a connection on which no transaction is open; False where it is none to keep."""
        if self._kept is not None or pooled.dbapi_connection is None or get_ident() != main_thread().ident:
            return False
        self._kept = (pooled, pool, time.monotonic(), os.getpid())
        return True

    def give_back(self) -> None:
        """Return the connection to its pool."""
        if self._kept is not None:
            pooled, _, _, process = self._kept
            self._kept = None
            if process != os.getpid():
                # Its socket is the parent's: closing it would end the parent's session.
                self._inherited.append(pooled)
            elif pooled.dbapi_connection is not None:
                pooled.dbapi_connection.autocommit = False
                pooled.close()


_spare = _Spare()
give_back_spare = _spare.give_back


class Session(FlaskSession):
    """The ORM's session, on the connection and in the transaction of its application context."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        work().orm = self

    def get_bind(self, *_args: Any, **_options: Any) -> Connection:
        """The connection of this application context."""
        return work().join()

    def commit(self) -> None:
        """Commit what this application context did, plain SQL included."""
        self.flush()
        work().commit()
        super().commit()
        work().end()

    def rollback(self) -> None:
        """Roll back what this application context did, plain SQL included."""
        super().rollback()
        work().end()


def work() -> Work:
    """The work of this application context."""
    context = app_ctx._get_current_object()  # type: ignore[attr-defined]
    try:
        ours: Work = context.database_work
    except AttributeError:
        ours = context.database_work = Work()
    return ours


def end(_error: BaseException | None = None) -> None:
    """When an application context ends: give its connection back."""
    work().end()


def engine() -> Engine:
    """The engine of the current application: the pool, and the dialect that reads errors."""
    found: Engine = current_app.extensions["sqlalchemy"].engine
    return found


def wrapped(error: psycopg2.Error, *, connection_invalidated: bool = False) -> DBAPIError:
    """``error`` as SQLAlchemy's DBAPIError."""
    raised = DBAPIError.instance(
        None, None, error, psycopg2.Error, connection_invalidated=connection_invalidated, dialect=engine().dialect
    )
    return cast("DBAPIError", raised)


def tend_connections(engine: Engine) -> None:
    """Have the pool of ``engine`` make quick connections, and test one that lay idle before it is handed out.

    A restarted PostgreSQL leaves dead connections in every pool. Testing each one at each checkout would cost a round
    trip on the path of every deposit; testing the idle ones costs nothing under load and shows nobody a dead one.
    """

    @event.listens_for(engine, "connect")
    def read_and_write_uuids_quickly(connection: Any, _record: Any) -> None:
        # SQLAlchemy has just registered psycopg2's own adapter, which formats, encodes and casts in Python; the text
        # alone is what every column takes.
        register_adapter(UUID, lambda value: AsIs(f"'{value.int:032x}'"))
        register_type(_quick_uuid, connection)

    @event.listens_for(engine, "checkin")
    def note_time(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def look_if_idle(connection: Any, record: Any, proxy: Any) -> None:
        idle_since = record.info.get("idle_since")
        if idle_since is None or time.monotonic() - idle_since < IDLE_SECONDS_BEFORE_CHECK:
            return
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            connection.rollback()
        except Exception as error:
            raise DisconnectionError("the server has closed this connection") from error
