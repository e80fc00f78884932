"""Exports: what the list has, by the worker, encrypted, for whoever ordered it, for a day."""

from __future__ import annotations

import csv
import io
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from app.errors import DomainError, NotFound
from app.services.ops import exports
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.transactions import fetch, queue, run
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver


@pytest.fixture
def own_app(new_app: Callable[..., Flask]) -> Any:
    app = new_app()
    with app.app_context():
        yield app


def ordered(staff: Saver, clock: Clock, **filters: Any) -> Any:
    return run(lambda: exports.order(filters, by=staff.id, at=clock.now()))


def file_of(link: str) -> tuple[list[list[str]], Any]:
    with urllib.request.urlopen(link, timeout=10) as answer:
        return list(csv.reader(io.StringIO(answer.read().decode(), newline=""))), answer.headers


def test_a_filtered_list_becomes_a_file(own_app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "CHUNK", 2)
    staff, saver, other = factories.make_staff(own_app), factories.make_saver(own_app), factories.make_saver(own_app)
    jar = saver.jar(name='=HYPERLINK("http://x","y")')
    for amount in ("10", "20.50", "30", "40"):
        saver.deposit(jar, amount)
        clock.advance(minutes=1)
    saver.withdraw(jar, "5")
    other.deposit(other.jar(), "77")
    job = ordered(staff, clock, user=saver.id, type="deposit", at_least=2_000)
    (waiting,) = run(lambda: exports.mine(staff.id))
    assert (waiting.job.status, waiting.size) == ("queued", None)
    with pytest.raises(NotFound):
        run(lambda: exports.link(job.id, by=staff.id, at=clock.now()))
    assert perform(JOBS[exports.KIND]).state == "done"
    (done,) = run(lambda: exports.mine(staff.id))
    assert (done.job.status, done.job.done, done.job.total) == ("done", 3, 3)
    assert done.filters == {"user": str(saver.id), "type": "deposit", "at_least": 2000}
    address = run(lambda: exports.link(job.id, by=staff.id, at=clock.now()))
    (header, *lines), headers = file_of(address)
    assert tuple(header) == exports.HEADER
    assert [(line[2], line[3], line[5]) for line in lines] == [
        ("deposit", "40.00", "100.50"), ("deposit", "30.00", "60.50"), ("deposit", "20.50", "30.50"),
    ]  # fmt: skip
    assert {line[8] for line in lines} == {'\'=HYPERLINK("http://x","y")'}
    assert {(line[6], line[7]) for line in lines} == {(str(saver.id), jar)}
    assert headers["Content-Disposition"].startswith('attachment; filename="transactions-2026-')
    assert headers["Cache-Control"] == "private, no-store"
    assert done.size == int(headers["Content-Length"])
    assert headers["x-amz-server-side-encryption"] == "AES256"
    actions = run(
        lambda: fetch("SELECT action, actor_id FROM audit_log WHERE subject_id = %s ORDER BY id", (str(job.id),))
    )
    assert actions == [("export_ordered", staff.id), ("export_opened", staff.id)]


def test_a_large_file_goes_in_parts_and_no_further_than_a_spreadsheet(
    own_app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of five megabytes: what is kept is what was written, to the byte."""
    body = bytes(range(256)) * 80_000
    store = own_app.extensions["object_store"]
    store.put_file("exports/large.csv", io.BytesIO(body), exports.CONTENT_TYPE)
    assert store.get("exports/large.csv") == body
    monkeypatch.setattr(exports, "MOST_ROWS", 2)
    staff, saver = factories.make_staff(own_app), factories.make_saver(own_app)
    jar = saver.jar()
    for _ in range(3):
        saver.deposit(jar, "10")
    job = ordered(staff, clock)
    perform(JOBS[exports.KIND])
    (done,) = run(lambda: exports.mine(staff.id))
    assert (done.job.done, done.job.total) == (2, 2)
    lines, _ = file_of(run(lambda: exports.link(job.id, by=staff.id, at=clock.now())))
    assert len(lines) == 3


def test_only_whoever_ordered_it_gets_it_and_only_for_a_day(own_app: Flask, clock: Clock) -> None:
    staff, other, saver = factories.make_staff(own_app), factories.make_staff(own_app), factories.make_saver(own_app)
    saver.deposit(saver.jar(), "10")
    job = ordered(staff, clock)
    with pytest.raises(DomainError, match="job_running"):
        ordered(other, clock)
    perform(JOBS[exports.KIND])
    address = run(lambda: exports.link(job.id, by=staff.id, at=clock.now()))
    assert run(lambda: exports.mine(other.id)) == []
    for wrong, id_ in ((other, job.id), (staff, uuid4())):
        with pytest.raises(NotFound):
            run(lambda wrong=wrong, id_=id_: exports.link(id_, by=wrong.id, at=clock.now()))
    with pytest.raises(DomainError, match="not_staff"):
        ordered(saver, clock)
    run(lambda: queue("UPDATE stored_files SET created_at = created_at - interval '25 hours'"))
    with pytest.raises(NotFound):
        run(lambda: exports.link(job.id, by=staff.id, at=clock.now()))
    assert perform(JOBS[exports.KIND]).state == "nothing"
    perform(JOBS["uploads.remove"])
    with pytest.raises(urllib.error.HTTPError):
        file_of(address)
    assert run(lambda: exports.mine(staff.id))[0].size is None


def test_a_run_that_died_begins_anew_and_one_that_had_come_to_the_end_does_nothing(
    own_app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff, saver = factories.make_staff(own_app), factories.make_saver(own_app)
    saver.deposit(saver.jar(), "10")
    job = ordered(staff, clock)
    store = own_app.extensions["object_store"]

    def dies(*_: Any) -> None:
        raise SystemExit

    silent = datetime.now(UTC) - timedelta(minutes=5)
    with monkeypatch.context() as broken:
        broken.setattr(store, "put_file", dies)
        with pytest.raises(SystemExit):
            perform(JOBS[exports.KIND])
    again = "UPDATE job_runs SET status = 'running', heartbeat_at = %s WHERE id = %s"
    run(lambda: queue(again, (silent, job.id)))
    assert perform(JOBS[exports.KIND]).state == "done"
    kept = run(lambda: fetch("SELECT key FROM stored_files WHERE status = 'kept'"))
    run(lambda: queue(again, (silent, job.id)))
    perform(JOBS[exports.KIND])
    assert run(lambda: fetch("SELECT key FROM stored_files")) == kept
    assert len(file_of(run(lambda: exports.link(job.id, by=staff.id, at=clock.now())))[0]) == 2


@pytest.mark.parametrize("gone", ["role = 'saver'", "status = 'suspended'"])
def test_nothing_is_kept_for_somebody_who_is_of_the_staff_no_more(own_app: Flask, clock: Clock, gone: str) -> None:
    staff, saver = factories.make_staff(own_app), factories.make_saver(own_app)
    saver.deposit(saver.jar(), "10")
    job = ordered(staff, clock)
    run(lambda: queue(f"UPDATE users SET {gone} WHERE id = %s", (staff.id,)))
    assert perform(JOBS[exports.KIND]).state == "done"
    assert run(lambda: fetch("SELECT 1 FROM stored_files")) == []
    run(lambda: queue("UPDATE users SET role = 'admin', status = 'active' WHERE id = %s", (staff.id,)))
    with pytest.raises(NotFound):
        run(lambda: exports.link(job.id, by=staff.id, at=clock.now()))
