"""The jobs and their runs: begun by an administrator who has just signed in, followed by all of the staff."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import orjson
import pytest
from flask import Flask

from app.services.ops import jobs
from app.services.ops.job_runs import perform
from app.transactions import fetch, queue, run
from tests.attacks.walking import Person
from tests.blueprints.ops.test_users import noted


@pytest.fixture(autouse=True)
def _no_runs(app: Flask) -> Iterator[None]:
    """What other tests ordered is no concern of these."""

    def clear() -> None:
        with app.app_context():
            run(lambda: queue("DELETE FROM job_runs WHERE status IN ('queued', 'running')"))

    clear()
    yield
    clear()


def made(app: Flask, kind: str, status: str, **more: object) -> UUID:
    """A run that stands so; its columns by name."""
    id_, now = uuid4(), datetime.now(UTC)
    values = {"id": id_, "kind": kind, "status": status, "created_at": now, "heartbeat_at": now, **more}
    names = ", ".join(values)
    with app.app_context():
        run(
            lambda: queue(
                f"INSERT INTO job_runs ({names}) VALUES ({', '.join(['%s'] * len(values))})", tuple(values.values())
            )
        )
    return id_


def send(person: Person, path: str, **form: str) -> tuple[int, str | None]:
    answer = person.browser.post(path, data={"csrf_token": person.form_token, **form})
    return answer.status_code, answer.location


def test_every_job_stands_there_with_what_it_does(app: Flask, support: Person, admin: Person) -> None:
    html = support.browser.get("/ops/jobs/").text
    for job in jobs.JOBS.values():
        assert job.name in html
        assert job.about.replace("'", "&#39;") in html
    assert "Run now" not in html
    offered = set(re.findall(r'name="kind" value="([^"]+)"', admin.browser.get("/ops/jobs/").text))
    assert offered == {job.name for job in jobs.JOBS.values() if job.recorded} - {"exports.transactions"}


def test_a_job_is_begun_and_followed(app: Flask, admin: Person, support: Person) -> None:
    status, place = send(admin, "/ops/jobs/run", kind="ledger.seal", status="done", parameters="{}")
    assert status == 303
    assert place is not None
    action, _, details = noted(app, admin)[-1]
    assert (action, details) == ("job_run", {"kind": "ledger.seal"})
    waiting = support.browser.get(place).text
    assert "waits for the worker" in waiting
    assert 'data-live="2"' in waiting
    assert send(admin, "/ops/jobs/run", kind="ledger.seal") == (303, "/ops/jobs/")  # it is under way
    assert "ordered or is running already" in admin.browser.get("/ops/jobs/").text
    with app.app_context():
        perform(jobs.JOBS["ledger.seal"])
    after = support.browser.get(place)
    assert "data-live" not in after.text
    row = support.browser.get("/ops/jobs/").text.split('id="job-ledger.seal"')[1].split("</tr>")[0]
    assert "done" in row or "nothing to do" in row


@pytest.mark.parametrize("kind", ["", "no.job", "outbox.relay"])
def test_what_is_no_job_of_the_list_does_not_begin(app: Flask, admin: Person, kind: str) -> None:
    status, place = send(admin, "/ops/jobs/run", kind=kind)
    assert (status, place) in {(422, None), (303, "/ops/jobs/")}
    with app.app_context():
        assert run(lambda: fetch("SELECT 1 FROM job_runs WHERE status = 'queued'")) == []


def test_jobs_are_begun_by_administrators_who_have_just_signed_in(app: Flask, admin: Person, support: Person) -> None:
    failed = made(app, "credit.recalculate", "failed")
    for path in ("/ops/jobs/run", f"/ops/runs/{failed}/again"):
        assert send(support, path, kind="ledger.seal")[0] == 403
    with app.app_context():
        long_ago = datetime.now(UTC) - timedelta(minutes=16)
        run(lambda: queue("UPDATE refresh_families SET created_at = %s WHERE user_id = %s", (long_ago, admin.saver.id)))
    for path in ("/ops/jobs/run", f"/ops/runs/{failed}/again"):
        status, place = send(admin, path, kind="ledger.seal")
        assert status == 303
        assert str(place).startswith("/profile/confirm")
    with app.app_context():
        assert run(lambda: fetch("SELECT 1 FROM job_runs WHERE status = 'queued'")) == []


def test_a_failed_run_is_done_anew_with_what_it_was_ordered_with(app: Flask, admin: Person) -> None:
    asked = {"user_ids": [str(uuid4())]}
    failed = made(app, "credit.recalculate", "failed", parameters=orjson.dumps(asked).decode(), error="KeyError")
    html = admin.browser.get(f"/ops/runs/{failed}/").text
    assert "KeyError" in html
    assert "Try again" in html
    status, place = send(admin, f"/ops/runs/{failed}/again", parameters="{}", kind="upkeep.purge")
    assert status == 303
    with app.app_context():
        rows = run(lambda: fetch("SELECT id, kind, parameters FROM job_runs WHERE status = 'queued'"))
    ((id_, kind, parameters),) = rows
    assert (place, kind, parameters) == (f"/ops/runs/{id_}/", "credit.recalculate", asked)
    action, _, details = noted(app, admin)[-1]
    assert (action, details["instead_of"]) == ("job_run", str(failed))


def test_only_what_failed_is_done_anew(app: Flask, admin: Person) -> None:
    done, exported = made(app, "ledger.seal", "done"), made(app, "exports.transactions", "failed")
    for id_ in (done, exported):
        assert "Try again" not in admin.browser.get(f"/ops/runs/{id_}/").text
        assert send(admin, f"/ops/runs/{id_}/again") == (303, f"/ops/runs/{id_}/")
    assert send(admin, f"/ops/runs/{uuid4()}/again")[0] == 404
    assert admin.browser.get(f"/ops/runs/{uuid4()}/").status_code == 404


def test_how_far_a_run_is_and_that_it_went_silent(app: Flask, support: Person) -> None:
    now = datetime.now(UTC)
    going = made(app, "credit.recalculate", "running", done=250, total=1000, started_at=now)
    silent = made(app, "ledger.seal", "running", started_at=now, heartbeat_at=now - timedelta(minutes=2))
    html = support.browser.get(f"/ops/runs/{going}/").text
    assert "250 of 1,000" in html
    assert 'value="25"' in html
    assert "Silent" not in html
    assert "Silent" in support.browser.get(f"/ops/runs/{silent}/").text
    listed = support.browser.get("/ops/jobs/").text
    assert listed.index("credit.recalculate</a>") < listed.index("outbox.relay</a>")  # under way comes first
    assert "silent: ledger.seal" in listed
    assert str(going) in support.browser.get("/ops/runs/?kind=credit.recalculate&status=running").text


def test_each_page_makes_few_round_trips(admin: Person, sent: list[str]) -> None:
    for path in ("jobs", "runs", "given-up", "notifications", "notifications/?status=dead", "templates", "audit",
                 "policies", "settings"):  # fmt: skip
        sent.clear()
        assert admin.browser.get(f"/ops/{path}{'' if '?' in path else '/'}").status_code == 200
        asked = [one for one in sent if one != "[]"]
        assert len(asked) <= 6, (path, len(asked), asked)
