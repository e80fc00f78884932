"""Models: how good each is, whether its file may be used, and who changes which serves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from flask import Flask

from app.services.credit import promotion
from app.transactions import fetch, queue, run
from tests import factories
from tests.attacks.walking import Person, make_person
from tests.blueprints.ops.test_scores import send
from tests.blueprints.ops.test_users import noted


@pytest.fixture
def own_app(new_app: Callable[..., Flask]) -> Flask:
    return new_app()


def serving(app: Flask) -> list[str]:
    with app.app_context():
        return [
            version for (version,) in run(lambda: fetch("SELECT version FROM score_models WHERE status = 'serving'"))
        ]


def test_a_model_with_its_metrics_and_a_file_that_is_refused(own_app: Flask) -> None:
    support = make_person(own_app, "support")
    assert "No model was trained yet" in support.browser.get("/ops/models/").text
    version = factories.model(own_app)
    listed, one = support.browser.get("/ops/models/").text, support.browser.get(f"/ops/models/{version}/").text
    for said in (version, "candidate", "0.400", "0.500", "4,000"):
        assert said in listed, said
    for said in ("Its file is refused", "file missing", "2.0%", "4,000 periods of 90 savers", 'class="ops-dot"',
                 "30.0%"):  # fmt: skip
        assert said in one, said
    assert "<style" not in one + listed
    assert '<form class="ops-ask"' not in one + listed
    for nothing in ("logistic-99", "..", "x" * 200, "%00"):
        assert support.browser.get(f"/ops/models/{nothing}/").status_code in {404, 302, 308}, nothing


def test_drift_is_a_table_with_its_words(own_app: Flask) -> None:
    support, version = make_person(own_app, "support"), factories.model(own_app, status="serving")
    report = {
        "rows": 812, "savers": 90, "since": "2026-05-20", "until": "2026-07-15", "refused": None,
        "metrics": {"rule": {"log_loss": 0.51}, version: {"log_loss": 0.43}},
        "bands": [{"code": "good", "rows": 612, "on_time": 0.88, "predicted": {"rule": 0.8, version: 0.86}}],
        "drift": [{"name": "streak", "psi": 0.41, "by_chance": 0.04}, {"name": "score", "psi": 0.1, "by_chance": 0.05}],
        "reasons": [{"code": "inputs_moved", "measured": 0.37, "limit": 0.25, "names": ["streak"]}],
    }  # fmt: skip
    sql = (
        "INSERT INTO score_health (id, measured_at, model_version, verdict, report)"
        " VALUES (gen_random_uuid(), %s, %s, %s, %s)"
    )
    with own_app.app_context():
        run(lambda: queue(sql, (datetime.now(UTC), version, "drifting", orjson.dumps(report).decode())))
    for path in ("/ops/models/", f"/ops/models/{version}/"):
        html = support.browser.get(path).text
        for said in ("drifts", "What is measured of savers has moved: in a row, at most 0.370", "0.370", "86.0%"):
            assert said in html, (path, said)
    assert f"The model {version} drifts" in support.browser.get("/ops/").text


def test_who_changes_which_model_serves_and_why(own_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    admin, support = make_person(own_app, "admin"), make_person(own_app, "support")
    first, second = factories.model(own_app), factories.model(own_app)
    promote = f"/ops/models/{first}/promote"
    assert send(support, promote, reason="It is better")[0] == 403
    assert send(support, "/ops/models/in-service/roll-back", reason="It is worse")[0] == 403
    assert send(admin, promote)[0] == 422
    assert send(admin, promote, reason="It is better")[0] == 303  # a file that is not there is no model
    assert "cannot be used" in admin.browser.get("/ops/models/").text
    assert serving(own_app) == []
    assert send(admin, "/ops/models/in-service/roll-back", reason="It is worse")[0] == 303
    assert "No model is in service" in admin.browser.get("/ops/models/").text

    monkeypatch.setattr(promotion, "read", lambda kept: None)  # as if the files were good
    assert send(admin, promote, reason="It is better", status="retired", version=second) == (
        303,
        f"/ops/models/{first}/",
    )
    assert serving(own_app) == [first]
    assert send(admin, promote, reason="Once more")[0] == 303
    assert f"{first} is in service already" in admin.browser.get("/ops/models/").text
    assert send(admin, f"/ops/models/{second}/promote", reason="Better still")[0] == 303
    assert send(admin, "/ops/models/in-service/roll-back", reason="It is worse") == (303, "/ops/models/")
    assert serving(own_app) == [first]
    assert send(admin, "/ops/models/in-service/roll-back", reason="No model", to_rule="y")[0] == 303
    assert serving(own_app) == []
    told = [(action, details["reason"]) for action, _, details in noted(own_app, admin)]
    assert told == [
        ("score_model_promoted", "It is better"), ("score_model_promoted", "Better still"),
        ("score_model_rolled_back", "It is worse"), ("score_model_rolled_back", "No model"),
    ]  # fmt: skip
    long_ago = datetime.now(UTC) - timedelta(minutes=16)
    with own_app.app_context():
        run(lambda: queue("UPDATE refresh_families SET created_at = %s", (long_ago,)))
    for path in (promote, "/ops/models/in-service/roll-back"):
        status, place = send(admin, path, reason="It is better")
        assert (status, str(place).startswith("/profile/confirm")) == (303, True)
    assert serving(own_app) == []


def test_to_whoever_is_no_staff_there_are_no_models(own_app: Flask) -> None:
    saver: Person = make_person(own_app)
    assert saver.browser.get("/ops/models/").status_code == 404
    assert send(saver, "/ops/models/in-service/roll-back", reason="Mine")[0] == 404


def test_two_who_take_the_same_model_back_go_back_by_one(own_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = make_person(own_app, "admin"), make_person(own_app, "admin")
    first, second = factories.model(own_app), factories.model(own_app)
    monkeypatch.setattr(promotion, "read", lambda kept: None)  # as if the files were good
    for version in (first, second):
        assert send(one, f"/ops/models/{version}/promote", reason="It is better")[0] == 303
    pages = [person.browser.get("/ops/models/").text for person in (one, other)]
    assert all(f'name="serving" type="hidden" value="{second}"' in html for html in pages)
    for person in (one, other):
        assert send(person, "/ops/models/in-service/roll-back", reason="It is worse", serving=second)[0] == 303
    assert serving(own_app) == [first]
    assert "is in service no more" in other.browser.get("/ops/models/").text
