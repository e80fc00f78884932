from uuid import UUID

import pytest

from app.services.identity.principal import principal
from app.services.notifications import inbox
from app.services.notifications.notices import write
from app.transactions import run, transaction


@pytest.fixture
def told(app, saver, clock):
    """Write a number of notices to the saver; the ids, oldest first."""

    def many(count: int, *, seen: bool = False) -> list[UUID]:
        facts = {"score": 640, "before": 610}
        with app.app_context():
            return run(
                lambda: [write(saver.id, "score_changed", facts, at=clock.now(), seen=seen) for _ in range(count)]
            )

    return many


@pytest.mark.usefixtures("context")
def test_the_count_ends_at_a_hundred(saver, told):
    told(3, seen=True)
    assert run(lambda: inbox.unread_count(saver.id)) == 0
    told(4)
    assert run(lambda: inbox.unread_count(saver.id)) == 4
    told(100)
    assert run(lambda: inbox.unread_count(saver.id)) == inbox.MOST_COUNTED


def test_a_page_learns_it_with_who_is_there(app, saver, told):
    told(2)
    with app.app_context(), transaction():
        assert principal(saver.family_id, at_a_page=True).unread == 2
        assert principal(saver.family_id).unread == 0


@pytest.mark.usefixtures("context")
def test_what_came_after_the_page_stays_new(saver, told, clock):
    before = told(3)
    later = told(1)
    run(lambda: inbox.mark_all_read(saver.id, through=before[-1], at=clock.now()))
    unread, _ = run(lambda: inbox.page(saver.id, limit=10, unread=True))
    assert [notice.id for notice in unread] == later


@pytest.mark.usefixtures("context")
def test_unread_ones_are_found_by_their_own_index(saver, told, superuser):
    """However much has been read: those ten thousand are not looked at."""
    told(2)
    with superuser.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications (user_id, id, kind, facts, created_at, read_at)"
            " SELECT %s, uuid_at(now()), 'score_changed', '{}', now(), now() FROM generate_series(1, 10000)",
            (str(saver.id),),
        )
        cursor.execute("ANALYZE notifications")
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(
            f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT {inbox.UNREAD} FROM (SELECT %s::uuid AS id) AS u",
            (str(saver.id),),
        )
        plan = str(cursor.fetchone()[0])
    assert "ix_notifications_unread" in plan
    assert run(lambda: inbox.unread_count(saver.id)) == 2
