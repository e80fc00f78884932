from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from app import clock as product_clock
from app.errors import DomainError
from app.services.ops import clock
from app.transactions import fetch, run


def ahead() -> timedelta:
    return product_clock.now() - datetime.now(UTC)


def test_every_process_follows_and_it_only_goes_forward(new_app, monkeypatch: pytest.MonkeyPatch) -> None:
    app = new_app()
    monkeypatch.setattr(clock, "SECONDS_BETWEEN_LOOKS", -1.0)
    with app.app_context():
        assert run(clock.offset) == timedelta()
        assert run(lambda: clock.advance(timedelta(days=3))) == timedelta(days=3)
        assert run(lambda: clock.advance(timedelta(hours=12))) == timedelta(days=3, hours=12)
        assert run(clock.offset) == timedelta(days=3, hours=12)
    assert abs(ahead() - timedelta(days=3, hours=12)) < timedelta(seconds=5)
    with app.app_context():
        for step in (timedelta(), timedelta(seconds=-1)):
            with pytest.raises(ValueError, match="forward only"):
                run(lambda step=step: clock.advance(step))
        with pytest.raises(DBAPIError, match="forward"):
            run(lambda: fetch("UPDATE product_clock SET offset_seconds = -1 RETURNING 1"))
        entries = run(lambda: fetch("SELECT actor, details FROM audit_log WHERE action = 'clock_advanced' ORDER BY id"))
    assert entries == [("operator", {"seconds": 259200}), ("operator", {"seconds": 43200})]


def test_a_step_that_is_rolled_back_moves_nothing(new_app) -> None:
    app = new_app()
    with app.app_context():
        with pytest.raises(ZeroDivisionError):
            run(lambda: (clock.advance(timedelta(days=1)), 1 / 0))
        assert run(clock.offset) == timedelta()


def test_the_offset_known_last_goes_on_without_the_database(new_app, monkeypatch: pytest.MonkeyPatch) -> None:
    app = new_app()
    monkeypatch.setattr(clock, "SECONDS_BETWEEN_LOOKS", -1.0)
    with app.app_context():
        run(lambda: clock.advance(timedelta(days=2)))
        assert ahead() > timedelta(days=1)
        monkeypatch.setattr(Engine, "connect", refuse)
        assert ahead() > timedelta(days=1)


def refuse(_engine: Engine) -> None:
    raise OperationalError("SELECT", {}, ConnectionError())


def test_never_in_production(new_app, monkeypatch: pytest.MonkeyPatch) -> None:
    app = new_app()
    monkeypatch.setitem(app.config, "APP_ENV", "production")
    with app.app_context(), pytest.raises(DomainError, match="clock_fixed"):
        run(lambda: clock.advance(timedelta(days=1)))
