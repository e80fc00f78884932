from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.services.outbox.messages import enqueue
from app.services.outbox.relay import ATTEMPTS, relay
from app.transactions import run
from tests.cli.conftest import command_of


def broken(topic: str, payload: dict[str, object]) -> None:
    raise ConnectionError


def test_dead_messages_are_shown_and_given_another_go(new_app) -> None:
    app = new_app()
    flask = command_of(app)
    assert flask("outbox").stdout == "waiting  0\ndead     0\n"
    assert flask("outbox", "retry").stdout == "There is no dead message.\n"
    now = datetime.now(UTC)
    with app.app_context():
        run(lambda: enqueue("savings.moved", {"user_id": "1"}, now))
        assert flask("outbox").stdout.startswith("waiting  1  (the oldest for 0:00:0")
        for day in range(ATTEMPTS):
            at = now + timedelta(days=day)
            run(lambda at=at: relay(broken, now=at))
    shown = flask("outbox").stdout
    assert "waiting  0\ndead     1  (`flask outbox retry` tries them again)\n" in shown
    assert "1 × savings.moved: ConnectionError" in shown
    assert flask("outbox", "retry").stdout == "1 dead messages are back in line.\n"
    published = []
    with app.app_context():
        assert run(lambda: relay(lambda topic, messages: published.extend(messages), now=datetime.now(UTC))) == 1
    assert published == [{"user_id": "1"}]
