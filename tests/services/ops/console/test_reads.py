"""What staff read: each list has what it says, in pages that meet, with names masked and looks noted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import pytest
from flask import Flask

import config
from app.errors import DomainError, NotFound
from app.services.ops import job_list, job_runs, reversal_requests, support_answers, trying_again
from app.services.ops.console import (
    audit_log,
    loans,
    models,
    outgoing,
    papers,
    requests,
    reversals,
    runs,
    scores,
    settings,
)
from app.services.ops.console.listing import Asked, Page
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.transactions import fetch, queue, run
from tests import factories
from tests.conftest import Clock

AT = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)


@pytest.fixture
def own_app(new_app: Callable[..., Flask], clock: Clock) -> Any:
    app = new_app()
    with app.app_context():
        yield app


def walked(read: Callable[[Asked], Page[Any]], asked: Asked) -> list[Any]:
    """All rows of a list, two to a page: what a single page has."""
    rows: list[Any] = []
    after = None
    while True:
        page = run(partial(read, Asked(asked.filters, asked.order, after, 2)))
        rows += page.rows
        after = page.next
        if after is None:
            break
        assert len(page.rows) == 2
    assert rows == run(lambda: read(asked)).rows
    return rows


def test_scores(own_app: Flask, clock: Clock) -> None:
    staff = factories.make_staff(own_app)
    savers = [factories.make_saver(own_app) for _ in range(5)]
    kept = ("1111", "1010", "0000", "1")
    for saver, weeks in zip(savers, kept, strict=False):
        factories.live_weeks(saver, clock, weeks)
        clock.advance(weeks=-len(weeks))
    clock.advance(weeks=4)
    everybody = walked(scores.listed, Asked({}, "-user"))
    assert [row.user_id for row in everybody] == [saver.id for saver in savers[3::-1]]
    assert {row.name for row in everybody} == {"A••• D•••"}
    lowest = walked(scores.listed, Asked({}, "score"))
    assert [row.score for row in lowest] == sorted(row.score for row in everybody if row.score is not None)
    highest = lowest[-1]
    assert walked(scores.listed, Asked({"at_least": highest.score}, "-score")) == [highest]
    assert walked(scores.listed, Asked({"at_most": highest.score - 1}, "-score")) == lowest[-2::-1]
    assert len(walked(scores.listed, Asked({"status": "no_history"}, "user"))) + len(lowest) == 4
    changed = walked(scores.listed, Asked({}, "-changed_at"))
    assert {row.user_id for row in changed} == {row.user_id for row in everybody if row.score}
    times = [row.changed_at for row in changed if row.changed_at is not None]
    assert (len(times), times) == (len(changed), sorted(times, reverse=True))
    for order in ("-changed_at", "-score"):
        later = walked(scores.listed, Asked({"since": times[0], "at_least": 300}, order))
        assert {row.user_id for row in later} == {r.user_id for r in changed if r.changed_at == times[0] and r.score}
    of_all = walked(scores.changes, Asked({}, "-as_of"))
    own = [one for one in of_all if one.user_id == highest.user_id]
    assert [one.before for one in own] == [*(one.score for one in own[1:]), None]
    assert all(one.base + sum(factor.points for factor in one.factors) == one.score for one in own if one.factors)
    whole = run(lambda: scores.read(highest.user_id, by=staff.principal(), at=AT))
    assert whole.base + sum(factor.points for factor in whole.factors) == highest.score
    assert whole.features
    by = staff.principal()
    changes = walked(lambda asked: scores.history(highest.user_id, asked, by=by, at=AT), Asked({}, "-as_of"))
    assert changes[0].score == highest.score
    assert [one.as_of for one in changes] == sorted((one.as_of for one in changes), reverse=True)
    looks = run(lambda: fetch("SELECT DISTINCT details->>'what' FROM audit_log WHERE action = 'looked_at'"))
    assert sorted(looks) == [("score",), ("score_history",)]
    with pytest.raises(NotFound):
        run(lambda: scores.read(savers[4].id, by=by, at=AT))


def test_loans_and_those_in_arrears(own_app: Flask, clock: Clock) -> None:
    borrowers = [factories.make_saver(own_app) for _ in range(3)]
    lent = []
    for number, saver in enumerate(borrowers):
        lent.append(factories.lend(saver, saver.jar() if number else None, clock.now()))
        clock.advance(days=10)
    day = clock.now().date()
    rows = walked(lambda asked: loans.listed(asked, day=day), Asked({}, "-offered_at"))
    assert [row.id for row in rows] == lent[::-1]
    assert [(row.status, row.owed, row.late) for row in rows] == [
        ("accepted", 500_000, 0), ("accepted", 500_000, 0), ("offered", 0, 0),
    ]  # fmt: skip
    assert [row.id for row in walked(lambda a: loans.listed(a, day=day), Asked({"status": "offered"}, "offered_at"))
            ] == lent[:1]  # fmt: skip
    assert walked(lambda asked: loans.in_arrears(asked, day=day), Asked({}, "due_on")) == []
    day += timedelta(days=70)
    late = walked(lambda asked: loans.in_arrears(asked, day=day), Asked({}, "due_on"))
    assert [row.id for row in late] == lent[1:]
    assert all(row.late > 0 and row.oldest < day for row in late)


def test_jobs_runs_and_beginning_one(own_app: Flask, clock: Clock) -> None:
    staff = factories.make_staff(own_app)
    saver = factories.make_saver(own_app)
    saver.deposit(saver.jar(), "5")
    perform(JOBS["ledger.seal"])
    ordered = run(lambda: trying_again.start("ledger.seal", by=staff.id, at=AT))
    run(lambda: queue("INSERT INTO job_runs (id, kind, status, created_at, error) VALUES"
                      " (gen_random_uuid(), 'credit.train', 'failed', %s, 'KeyError')", (AT,)))  # fmt: skip
    found = walked(runs.listed, Asked({}, "-created_at"))
    assert [row.status for row in found] == ["queued", "done", "failed"]
    assert (found[0].id, found[0].asked_by, found[1].asked_by) == (ordered.id, "Meera Staff", None)
    assert [row.error for row in walked(runs.listed, Asked({"status": "failed"}, "-created_at"))] == ["KeyError"]
    assert len(walked(runs.listed, Asked({"kind": "ledger.seal"}, "created_at"))) == 2
    listed = {job.name: job for job in run(job_list.scheduled)}
    assert set(listed) == set(JOBS)
    sealing = listed["ledger.seal"]
    assert sealing.last is not None
    assert sealing.under_way is not None
    assert (sealing.last.outcome, sealing.under_way.status, listed["credit.train"].last) == ("done", "queued", None)
    for kind, code in (("ledger.seal", "job_running"), ("outbox.relay", "job_not_ordered"),
                       ("exports.transactions", "job_not_ordered"), ("no.job", "not_found")):  # fmt: skip
        with pytest.raises(DomainError, match=code):
            run(lambda kind=kind: trying_again.start(kind, by=staff.id, at=AT))
    with pytest.raises(DomainError, match="not_staff"):
        run(lambda: trying_again.start("upkeep.purge", by=saver.id, at=AT))
    assert run(lambda: job_runs.read(ordered.id)).kind == "ledger.seal"


def test_what_was_given_up_is_tried_again(own_app: Flask) -> None:
    staff, saver = factories.make_staff(own_app), factories.make_saver(own_app)
    for _ in range(3):
        saver.deposit(saver.jar(), "5")
    run(lambda: queue("UPDATE outbox SET dead_at = now(), attempts = 10, last_error = 'ConnectionError'"))
    dead = walked(outgoing.dead_messages, Asked({}, "-id"))
    assert len(dead) >= 3
    assert {row.last_error for row in dead} == {"ConnectionError"}
    topic = dead[0].topic
    assert {row.topic for row in walked(outgoing.dead_messages, Asked({"topic": topic}, "-id"))} == {topic}
    assert run(lambda: trying_again.messages([dead[0].id], by=staff.id, at=AT)) == 1
    with pytest.raises(NotFound):
        run(lambda: trying_again.messages([dead[0].id], by=staff.id, at=AT))
    assert run(lambda: trying_again.messages(by=staff.id, at=AT)) == len(dead) - 1
    assert walked(outgoing.dead_messages, Asked({}, "-id")) == []
    tried = run(lambda: fetch("SELECT subject_id, details FROM audit_log WHERE action = 'tried_again' ORDER BY id"))
    assert tried == [(str(dead[0].id), {"count": 1}), ("all", {"count": len(dead) - 1})]


def test_the_log_of_deliveries(own_app: Flask) -> None:
    staff, saver, other = factories.make_staff(own_app), factories.make_saver(own_app), factories.make_saver(own_app)
    saver.deposit(saver.jar(), "5")
    run(
        lambda: queue(
            "INSERT INTO deliveries (user_id, notification_id, channel, status, due_at, expires_at, created_at)"
            " SELECT user_id, id, channel, status, now(), CASE WHEN status = 'dead' THEN now() + interval '1 day' END,"
            " now() FROM (SELECT user_id, id FROM notifications WHERE user_id = %s LIMIT 1) n,"
            " (VALUES ('email', 'sent'), ('sms', 'dead'), ('push', 'waiting')) AS made (channel, status)",
            (saver.id,),
        )
    )
    rows = walked(outgoing.deliveries, Asked({}, "-id"))
    assert [(row.channel, row.status) for row in rows] == [("push", "waiting"), ("sms", "dead"), ("email", "sent")]
    assert rows[0].kind is not None
    assert walked(outgoing.deliveries, Asked({"channel": "sms"}, "-id")) == [rows[1]]
    assert walked(outgoing.deliveries, Asked({"status": "waiting"}, "-id")) == [rows[0]]
    assert walked(outgoing.deliveries, Asked({"user": other.id}, "-id")) == []
    with pytest.raises(NotFound):
        run(lambda: trying_again.deliveries([rows[2].id], by=staff.id, at=AT))
    assert run(lambda: trying_again.deliveries([rows[1].id], by=staff.id, at=AT)) == 1
    assert len(walked(outgoing.deliveries, Asked({"status": "waiting"}, "-id"))) == 2


def test_the_audit_log_is_searched(own_app: Flask, clock: Clock) -> None:
    staff, saver = factories.make_staff(own_app, "support"), factories.make_saver(own_app)
    for number in range(3):
        clock.advance(hours=1)
        run(
            lambda number=number: trying_again.audit.record(
                ("noted", "seen")[number % 2], subject_type="user", subject_id=saver.id, at=clock.now(),
                actor_id=staff.id, actor="staff",
            )
        )  # fmt: skip
    ours = walked(audit_log.listed, Asked({"subject_type": "user", "subject": str(saver.id), "role": "staff"}, "-at"))
    assert [(row.action, row.by, row.actor_id) for row in ours] == [
        ("noted", "Meera Staff", staff.id), ("seen", "Meera Staff", staff.id), ("noted", "Meera Staff", staff.id),
    ]  # fmt: skip
    assert walked(audit_log.listed, Asked({"action": "seen"}, "-at")) == [ours[1]]
    assert walked(audit_log.listed, Asked({"actor": staff.id, "since": clock.now()}, "-at")) == [ours[0]]
    between = {"actor": staff.id, "since": clock.now() - timedelta(hours=1), "before": clock.now()}
    assert walked(audit_log.listed, Asked(between, "-at")) == [ours[1]]
    with pytest.raises(KeyError):
        run(lambda: audit_log.listed(Asked({"details": "x"}, "-at")))


def test_requests_disputes_and_papers(own_app: Flask, clock: Clock) -> None:
    staff, saver = factories.make_staff(own_app), factories.make_saver(own_app)
    jar = saver.jar()
    movement = saver.deposit(jar, "5").json["transaction"]["id"]
    asked = []
    for about in (None, {"kind": "transaction", "id": movement}, {"kind": "score"}):
        body = {"subject": "A question", "text": "What is this?"} | ({"about": about} if about else {})
        asked.append(saver.post("/api/support-requests/", body).json["reference"])
        clock.advance(days=1)
    day = clock.now().date()

    def waiting(asked: Asked) -> Page[Any]:
        return requests.listed("open", asked, day=day)

    rows = walked(waiting, Asked({}, "answer_by"))
    assert [(row.reference, row.about, row.late) for row in rows] == [
        (asked[0], None, False), (asked[1], "transaction", False), (asked[2], "score", False),
    ]  # fmt: skip
    assert [row.about for row in walked(waiting, Asked({"disputes": True}, ""))] == ["transaction", "score"]
    assert [row.about for row in walked(waiting, Asked({"about": "score"}, ""))] == ["score"]
    day += timedelta(days=5)
    assert [row.reference for row in walked(waiting, Asked({"late": True}, "")) if row.late] == asked[:1]
    run(lambda: support_answers.answer(asked[1], "It is yours.", by=staff.id, at=clock.now()))
    (answered,) = walked(lambda a: requests.listed("answered", a, day=day), Asked({"disputes": True}, ""))
    assert (answered.reference, answered.answered_by) == (asked[1], "Meera Staff")
    assert len(walked(lambda a: requests.of(saver.id, a, day=day), Asked({}, ""))) == 3
    whole = run(lambda: support_answers.show(asked[0], at=clock.now(), by=staff.id))
    assert whole.user_id == saver.id
    looks = "SELECT actor, actor_id FROM audit_log WHERE action = 'support_request_read'"
    assert run(lambda: fetch(looks)) == [("staff", staff.id)]
    for kind in ("pan", "passport"):
        saver.upload("/api/kyc-upload/", document_type=kind)
    queued = walked(papers.waiting, Asked({}, ""))
    assert [(row.document_type, row.name, row.status) for row in queued] == [
        ("pan", "A••• D•••", "pending"), ("passport", "A••• D•••", "pending"),
    ]  # fmt: skip
    assert walked(papers.waiting, Asked({"proposed": True}, "")) == []
    assert walked(papers.waiting, Asked({"document_type": "passport"}, "")) == queued[1:]


def test_reversals_that_wait(own_app: Flask, clock: Clock) -> None:
    one, other, saver = factories.make_staff(own_app), factories.make_staff(own_app), factories.make_saver(own_app)
    jar = saver.jar(target_amount="90000")
    ids: list[UUID] = []
    for _ in range(3):
        movement = UUID(saver.deposit(jar, "6000").json["transaction"]["id"])
        asked = run(
            lambda movement=movement: reversal_requests.ask(movement, reason="twice", by=one.id, at=clock.now())
        )
        assert asked.request_id is not None
        ids.append(asked.request_id)
        clock.advance(minutes=1)
    run(lambda: reversal_requests.approve(ids[1], owed=0, by=other.id, at=clock.now()))
    rows = walked(reversals.listed, Asked({"status": "waiting"}, "requested_at"))
    assert [(row.id, row.why, row.amount, row.asked_by, row.decided_by) for row in rows] == [
        (id_, "limit", 600_000, "Meera Staff", None) for id_ in (ids[0], ids[2])
    ]
    (done,) = walked(reversals.listed, Asked({"status": "approved"}, "-requested_at"))
    assert (done.id, done.decided_by, done.reversal_id is None) == (ids[1], "Meera Staff", False)
    assert len(walked(reversals.listed, Asked({}, "-requested_at"))) == 3


def test_models_with_how_good_they_were_and_who_may_change_which_serves(own_app: Flask) -> None:
    staff, saver = factories.make_staff(own_app), factories.make_saver(own_app)
    measured = {"log_loss": 0.4, "auc": 0.8, "ece": 0.02, "rows": 900}
    card = {
        "metrics": {"logistic": measured, "rule": measured | {"log_loss": 0.5}}, "rows": 4_000, "savers": 90,
        "window": {"from": "2026-01-01", "split": "2026-05-01", "until": "2026-06-30"}, "baseline": {"large": 1},
        "calibration": [{"predicted": 0.25, "observed": 0.3, "count": 400}, {"predicted": 0.9, "observed": 0.88,
                                                                              "count": 500}],
    }  # fmt: skip
    run(
        lambda: queue(
            "INSERT INTO score_models (version, number, kind, status, location, sha256, size, card, created_at)"
            " VALUES ('logistic-1', 1, 'logistic', 'candidate', 'nowhere', %s, 10, %s, %s)",
            (b"x" * 32, orjson.dumps(card).decode(), AT),
        )
    )
    (only,) = run(models.versions)
    assert (only.model.version, only.metrics["logistic"]["auc"], only.rows) == ("logistic-1", 0.8, 4_000)
    assert "baseline" not in run(lambda: models.card("logistic-1"))
    drawn = run(lambda: models.calibration("logistic-1"))
    assert drawn.startswith("<svg")
    assert "Predicted 25%, on time 30%." in drawn
    for by, code in ((staff, "model_refused"), (saver, "not_staff")):
        with pytest.raises(DomainError, match=code):
            run(lambda by=by: models.promote("logistic-1", reason="A trial", by=by.id, at=AT))
    for by, code in ((staff, "no_model_serving"), (saver, "not_staff")):
        with pytest.raises(DomainError, match=code):
            run(lambda by=by: models.roll_back(reason="A trial", by=by.id, at=AT))
    run(lambda: queue("INSERT INTO score_health (id, measured_at, verdict, report) VALUES"
                      " (gen_random_uuid(), %s, 'unknown', '{\"rows\": 3}')", (AT,)))  # fmt: skip
    assert [one.verdict for one in run(models.measurements)] == ["unknown"]


def test_settings_say_where_they_come_from_and_keep_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a canary that nobody may see")
    monkeypatch.setenv("MAX_JARS", "7")
    found = {one.name: one for one in settings.settings()}
    assert set(found) == config.NAMES
    assert (found["MAX_JARS"].value, found["MAX_JARS"].source) == ("7", "environment")
    assert (found["SECRET_KEY"].value, found["SECRET_KEY"].given, found["SECRET_KEY"].secret) == (None, True, True)
    assert "canary" not in repr(found)
    assert {one.name for one in found.values() if one.value is None} == {
        one.name for one in config.SETTINGS if one.secret
    }
    policies = {policy.about: policy for policy in settings.in_force(AT)}
    assert {"score", "loans", "terms", "privacy"} == set(policies)
    assert policies["score"].values["base"] > 0
