"""Files that leave the store: each once it may, none that is kept, whatever runs twice or ends halfway."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask

from app.errors import Unavailable
from app.services.identity import photos
from app.services.identity.kyc import papers, review
from app.services.ops import stored_files
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.tasks.outbox import RECEIVERS
from app.transactions import fetch, queue, run
from tests import factories, files
from tests.conftest import Clock
from tests.factories import Saver

PICTURE = files.picture(size=(60, 40))


@pytest.fixture
def fresh(new_app: Callable[..., Flask]) -> Any:
    app = new_app()
    with app.app_context():
        yield app


@pytest.fixture
def owner(fresh: Flask, clock: Clock) -> Saver:
    return factories.make_saver(fresh)


def send(saver: Saver, clock: Clock, kind: str = "pan") -> papers.Paper:
    return papers.send(saver.principal(), document_type=kind, number=None, sent=PICTURE, at=clock.now())


def rows() -> dict[str, str]:
    """State by key."""
    return dict(run(lambda: fetch("SELECT key, status FROM stored_files ORDER BY id")))


def in_store(app: Flask, key: str) -> bool:
    return app.extensions["object_store"].get(key) is not None


def remove() -> None:
    assert perform(JOBS["uploads.remove"]).state in {"done", "nothing"}


def make(sql: str, *parameters: Any) -> None:
    run(lambda: queue(sql, parameters))


def test_what_was_replaced_is_deleted_and_what_counts_stays(fresh: Flask, owner: Saver, clock: Clock) -> None:
    send(owner, clock)
    send(owner, clock)
    photos.send(owner.principal(), PICTURE, at=clock.now())
    photos.send(owner.principal(), PICTURE, at=clock.now())
    old, new, first, second = rows()
    assert RECEIVERS["uploads.leaving"] == ("uploads.remove",)
    assert run(lambda: fetch("SELECT count(*) FROM outbox WHERE topic = 'uploads.leaving'")) == [(2,)]
    for _ in range(3):
        remove()
        assert rows() == {old: "gone", new: "kept", first: "gone", second: "kept"}
        assert [in_store(fresh, key) for key in (old, new, first, second)] == [False, True, False, True]
    make("UPDATE stored_files SET changed_at = now() - interval '49 hours'")
    remove()
    assert rows() == {new: "kept", second: "kept"}


def test_an_object_that_nobody_will_ask_for_is_swept(
    fresh: Flask, owner: Saver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object, **__: object) -> None:
        raise RuntimeError("the process ended here")

    monkeypatch.setattr(papers.storing, "keep", ended)
    with pytest.raises(RuntimeError):
        send(owner, clock)
    ((key, status),) = rows().items()
    assert (status, in_store(fresh, key)) == ("arriving", True)
    remove()
    assert in_store(fresh, key), "it may still arrive"
    make("UPDATE stored_files SET changed_at = %s", datetime.now(UTC) - timedelta(minutes=61))
    remove()
    assert (rows()[key], in_store(fresh, key)) == ("gone", False)


def test_while_the_store_is_away_they_wait(
    fresh: Flask, owner: Saver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(owner, clock)
    send(owner, clock)
    old, _ = rows()
    store = fresh.extensions["object_store"]

    def away(_key: str) -> None:
        raise Unavailable("away", "storage_unavailable")

    with monkeypatch.context() as patched:
        patched.setattr(store, "delete", away)
        remove()
        assert (rows()[old], in_store(fresh, old)) == ("leaving", True)
    remove()
    assert (rows()[old], in_store(fresh, old)) == ("gone", False)


def test_a_run_that_ends_between_two_steps_is_finished_by_the_next(
    fresh: Flask, owner: Saver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        send(owner, clock)
    *old, new = rows()
    delete, times = fresh.extensions["object_store"].delete, []

    def killed(key: str) -> None:
        delete(key)
        times.append(key)
        if len(times) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(fresh.extensions["object_store"], "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            stored_files._delete(run(lambda: fetch(stored_files.LEAVING, (datetime.now(UTC), 10))))
    assert [rows()[key] for key in old] == ["gone", "leaving", "leaving"]
    remove()
    assert [rows()[key] for key in old] == ["gone"] * 3
    assert not any(in_store(fresh, key) for key in old)
    assert in_store(fresh, new)


def test_a_paper_that_was_not_accepted_is_removed_with_time(fresh: Flask, owner: Saver, clock: Clock) -> None:
    by = factories.make_staff(fresh).id
    refused, accepted, waiting = (send(owner, clock, kind) for kind in ("pan", "passport", "aadhaar"))
    for paper, verdict, reason in ((refused, "rejected", "expired"), (accepted, "verified", None)):
        run(partial(review.decide, paper.id, verdict, reason=reason, by=by, at=clock.now()))
    # What somebody would have overturned is nothing to decide any more without its file, and waits no longer.
    assert not run(partial(review.decide, refused.id, "verified", by=by, at=clock.now()))
    keys = list(rows())
    clock.advance(days=89)
    remove()
    assert set(rows().values()) == {"kept"}
    clock.advance(days=2)
    remove()
    remove()
    assert [rows().get(key) for key in keys] == ["gone", "kept", "kept"]
    assert not in_store(fresh, keys[0])
    assert [row.id for row in run(review.waiting)] == [waiting.id]
    seen = run(lambda: papers.standing(owner.principal()))
    assert [paper.status for paper in seen.papers] == ["pending", "verified", "rejected"]
    assert {accepted.id, waiting.id, refused.id} == {paper.id for paper in seen.papers}


def test_every_look_for_files_is_by_an_index(fresh: Flask, owner: Saver, clock: Clock) -> None:
    send(owner, clock)

    def plan(sql: str, *parameters: Any) -> str:
        return "\n".join(line for (line,) in run(lambda: fetch(f"EXPLAIN {sql}", parameters)))

    now = datetime.now(UTC)
    for text in (
        plan(stored_files.LEAVING, now, 10),
        plan(stored_files.REFUSED, now, 10),
        plan(review.WAITING, 10),
        plan("SELECT 1 FROM stored_files WHERE user_id = %s AND created_at > %s", owner.id, now),
    ):
        assert "Seq Scan" not in text, text
