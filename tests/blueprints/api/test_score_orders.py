"""Administrators order scores; a batch that was started twice is one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask

from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.services.ops.scores import KIND, MOST_NAMED
from app.transactions import fetch, run
from tests import factories
from tests.factories import Saver

PATHS = ("/api/predict-score/", "/api/admin/recalculate-scores/")


@pytest.fixture
def own_app(new_app: Callable[..., Flask]) -> Flask:
    """A job of a kind runs once at a time: alone on a database."""
    return new_app()


def scored(app: Flask) -> set[object]:
    with app.app_context():
        return {row[0] for row in run(lambda: fetch("SELECT user_id FROM credit_scores"))}


@pytest.mark.parametrize("path", PATHS)
def test_an_order_is_a_job_and_a_second_one_is_refused_until_it_is_done(own_app: Flask, path: str) -> None:
    admin = factories.make_staff(own_app)
    savers = [factories.make_saver(own_app) for _ in range(3)]
    for saver in savers:
        saver.jar()
    answer = admin.post(path)
    assert answer.status_code == 202
    job = answer.json["job"]
    assert (job["kind"], job["status"], job["done"], job["total"]) == (KIND, "queued", 0, None)
    for other in PATHS:
        second = admin.post(other, {"user_ids": [str(savers[0].id)]})
        assert (second.status_code, second.json["code"]) == (409, "job_running")
    with own_app.app_context():
        assert perform(JOBS[KIND]).state == "done"
    job = admin.get(f"/api/jobs/{job['id']}/").json
    assert (job["status"], job["done"], job["total"]) == ("done", 3, 3)
    assert scored(own_app) == {saver.id for saver in savers}
    with own_app.app_context():
        ((details, actor),) = run(
            lambda: fetch("SELECT details, actor_id FROM audit_log WHERE action = 'scores_ordered'")
        )
    assert (details, actor) == ({"savers": None}, admin.id)
    assert admin.post(path).status_code == 202


def test_only_the_named_ones_are_scored(own_app: Flask) -> None:
    admin = factories.make_staff(own_app)
    savers = [factories.make_saver(own_app) for _ in range(3)]
    named = [str(saver.id) for saver in (savers[2], savers[0], savers[2])]
    job = admin.post(PATHS[0], {"user_ids": named}).json["job"]
    with own_app.app_context():
        assert perform(JOBS[KIND]).done == 2
    assert scored(own_app) == {savers[0].id, savers[2].id}
    job = admin.get(f"/api/jobs/{job['id']}/").json
    assert (job["done"], job["total"]) == (2, 2)


def test_those_who_do_not_exist_are_named_and_nothing_is_ordered(own_app: Flask) -> None:
    admin, saver = factories.make_staff(own_app), factories.make_saver(own_app)
    unknown = [str(uuid4()) for _ in range(2)]
    answer = admin.post(PATHS[1], {"user_ids": [unknown[0], str(saver.id), unknown[1]]})
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert answer.json["errors"] == {"user_ids": [f"There is no saver {each}." for each in unknown]}
    for wrong in ([], ["x"], [str(saver.id)] * (MOST_NAMED + 1), str(saver.id), None):
        assert admin.post(PATHS[1], {"user_ids": wrong}).status_code == 422
    with own_app.app_context():
        assert run(lambda: fetch("SELECT count(*) FROM job_runs")) == [(0,)]


def test_support_and_savers_may_not_order(own_app: Flask, saver: Saver) -> None:
    support = factories.make_staff(own_app, role="support")
    for path in PATHS:
        for person in (support, factories.make_saver(own_app)):
            answer = person.post(path)
            assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
