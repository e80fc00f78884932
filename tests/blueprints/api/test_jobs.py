from __future__ import annotations

from uuid import uuid4

from flask import Flask

from app import clock
from app.services.ops.job_runs import Job, order, perform
from app.transactions import run
from tests import factories
from tests.factories import Saver


def test_staff_follow_a_run_from_its_order_to_its_end(app: Flask, saver: Saver) -> None:
    admin, support = factories.make_staff(app), factories.make_staff(app, role="support")
    with app.app_context():
        ordered = run(lambda: order("tests.api", {}, by=admin.id, at=clock.now()))
        path = f"/api/jobs/{ordered.id}/"
        assert admin.get(path).json == {
            "id": str(ordered.id),
            "kind": "tests.api",
            "status": "queued",
            "done": 0,
            "total": None,
            "started_at": None,
            "finished_at": None,
            "error": None,
        }
        perform(Job("tests.api", "For tests.", lambda turn: turn.report(3, 5) or 5, 60.0))
    answer = support.get(path).json
    assert (answer["status"], answer["done"], answer["total"]) == ("done", 5, 5)
    assert answer["started_at"] <= answer["finished_at"]
    assert saver.get(path).status_code == 403
    assert admin.get(f"/api/jobs/{uuid4()}/").status_code == 404
