from __future__ import annotations

import pytest
from flask import Flask

from app import transactions
from tests.attacks.walking import Person, make_person


@pytest.fixture
def support(app: Flask) -> Person:
    """A member of staff who helps savers, at a browser."""
    return make_person(app, "support")


@pytest.fixture
def admin(app: Flask) -> Person:
    """An administrator, at a browser."""
    return make_person(app, "admin")


@pytest.fixture
def owner(app: Flask) -> Person:
    """A saver whose things are looked at."""
    return make_person(app)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What goes to PostgreSQL, one for each round trip."""
    seen: list[str] = []
    send = transactions._send
    monkeypatch.setattr(
        transactions, "_send", lambda work, **options: seen.append(str(work.queue)) or send(work, **options)
    )
    return seen
