"""Notes about a saver: kept in their order, only added to, and the saver's to see."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg2
import pytest
from flask import Flask

from app.errors import DomainError, Invalid, NotFound
from app.services.ops import saver_notes
from app.transactions import fetch, run
from tests.factories import Saver, make_saver, make_staff

AT = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)


def test_notes_are_read_newest_first_in_pages(app: Flask, saver: Saver) -> None:
    staff = make_staff(app)
    with app.app_context():
        for number in range(5):
            run(
                lambda number=number: saver_notes.write(
                    saver.id, f" Note {number} ", by=staff.id, at=AT + timedelta(minutes=number // 2)
                )
            )
        first, position = run(lambda: saver_notes.page(saver.id, limit=3))
        rest, end = run(lambda: saver_notes.page(saver.id, limit=3, after=position))
        noted = run(lambda: fetch("SELECT count(*) FROM audit_log WHERE action = 'saver_noted' AND subject_id = %s",
                                  (str(saver.id),)))  # fmt: skip
    assert [note.text for note in first + rest] == ["Note 4", "Note 3", "Note 2", "Note 1", "Note 0"]
    assert (first[0].author, first[0].author_id, end) == ("Meera Staff", staff.id, None)
    assert noted == [(5,)]
    exported = json.loads(saver.get("/api/profile/export/").data)
    assert [note["text"] for note in exported["notes_about_you"]] == [f"Note {number}" for number in range(5)]


def test_what_is_no_note_is_refused(app: Flask, saver: Saver) -> None:
    staff, nobody = make_staff(app), make_saver(app)
    with app.app_context():
        for text in (" \n", "x" * 2_001):
            with pytest.raises(Invalid):
                run(lambda text=text: saver_notes.write(saver.id, text, by=staff.id, at=AT))
        with pytest.raises(NotFound):
            run(lambda: saver_notes.write(uuid4(), "Called.", by=staff.id, at=AT))
        with pytest.raises(DomainError, match="not_staff"):
            run(lambda: saver_notes.write(saver.id, "Called.", by=nobody.id, at=AT))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE saver_notes SET text = 'Something else'",
        "UPDATE saver_notes SET text = 'Erased', at = now()",
        "DELETE FROM saver_notes",
        "TRUNCATE saver_notes",
    ],
)
def test_the_database_keeps_notes_as_they_were_written(
    app: Flask, saver: Saver, superuser: psycopg2.extensions.connection, change: str
) -> None:
    staff = make_staff(app)
    with app.app_context():
        run(lambda: saver_notes.write(saver.id, "Called.", by=staff.id, at=AT))
    with superuser.cursor() as cursor, pytest.raises(psycopg2.Error):
        cursor.execute(change)
