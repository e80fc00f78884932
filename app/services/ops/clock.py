"""The product's clock: real time plus an offset in the database, which goes forward only and never in production."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from app.errors import DomainError
from app.extensions import db
from app.services.audit import log as audit
from app.transactions import fetch

# How long a process may go on with the offset that it read last.
SECONDS_BETWEEN_LOOKS = 1.0


def offset_from_database(app: Flask) -> Callable[[], timedelta]:
    """A provider for ``app.clock``: the offset of ``app``'s database, asked for once a second at most.

    Where the database cannot be asked, the offset known last goes on.
    """
    known, looked_at = timedelta(), float("-inf")

    def ahead() -> timedelta:
        nonlocal known, looked_at
        if time.monotonic() - looked_at > SECONDS_BETWEEN_LOOKS:
            looked_at = time.monotonic()
            try:
                with app.app_context(), db.engine.connect() as connection:
                    seconds = connection.exec_driver_sql("SELECT offset_seconds FROM product_clock").scalar()
                    known = timedelta(seconds=seconds or 0)
            except SQLAlchemyError:
                pass
        return known

    return ahead


def offset() -> timedelta:
    """How far the database says that the product's clock is ahead of real time."""
    rows = fetch("SELECT offset_seconds FROM product_clock")
    return timedelta(seconds=rows[0][0] if rows else 0)


def advance(by: timedelta) -> timedelta:
    """Move the clock forward by ``by``; how far it is ahead of real time then.

    Raises DomainError ``clock_fixed`` in production, ValueError for a step that is not forward.
    """
    if current_app.config["APP_ENV"] == "production":
        raise DomainError("clock_fixed", "The clock is real time in production and is never moved.")
    if by <= timedelta():
        raise ValueError("the clock goes forward only")
    ((seconds,),) = fetch(
        "UPDATE product_clock SET offset_seconds = offset_seconds + %s WHERE id = 1 RETURNING offset_seconds",
        (int(by.total_seconds()),),
    )
    audit.record(
        "clock_advanced", subject_type="clock", subject_id=1, at=datetime.now(UTC), actor="operator",
        details={"seconds": int(by.total_seconds())},
    )  # fmt: skip
    return timedelta(seconds=seconds)
