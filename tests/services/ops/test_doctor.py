from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from flask import Flask

import config as settings
from app.services.audit import log as audit
from app.services.ops import checkpoints, clock, doctor
from app.services.ops.doctor import Check
from app.services.outbox.messages import enqueue
from app.transactions import queue, run
from devstack.stack import Stack
from tests import factories
from tests.clamd import clamd
from tests.conftest import superuser_connection

NOW = datetime.now(UTC)


@pytest.fixture
def fresh(new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A fresh database, and a second of patience less for a worker that is not there."""
    monkeypatch.setattr(doctor, "WORKER_PATIENCE", 0.1)
    return new_app()


def examined(app: Flask, *, now: datetime = NOW, **values: object) -> dict[str, list[Check]]:
    found: dict[str, list[Check]] = {}
    with app.app_context():
        for check in doctor.examine({**app.config, **values}, refused=[], refused_in_production=[], now=now):
            found.setdefault(check.part, []).append(check)
    return found


def only(checks: list[Check]) -> Check:
    assert len(checks) == 1
    return checks[0]


def test_what_is_sound_is_said_line_by_line(fresh: Flask) -> None:
    found = examined(fresh)
    states = {part: only(checks).state for part, checks in found.items()}
    assert states == {
        "settings": "ok",
        "database": "ok",
        "durability": "problem",  # the tests' server does without fsync, and the doctor sees it
        "role": "ok",
        "migrations": "ok",
        "clock": "ok",
        "outbox": "ok",
        "seals": "ok",
        "verification": "note",
        "model": "ok",
        "staff": "note",
        "requests": "ok",
        "papers": "ok",
        "redis": "ok",
        "storage": "ok",
        "scanner": "ok",
        "payments": "note",
        "e-mail": "note",
        "push": "note",
        "web push": "ok",
        "sms": "note",
        "worker": "problem",
    }
    assert "fsync is off" in only(found["durability"]).says
    assert only(found["database"]).says.startswith("PostgreSQL 1")
    assert all(check.remedy for checks in found.values() for check in checks if check.state != "ok")


@pytest.mark.parametrize(
    ("values", "part", "says"),
    [
        ({"DATABASE_URL": ""}, "database", "no usable DATABASE_URL"),
        ({"DATABASE_URL": "postgresql+psycopg2://u:hidden@127.0.0.1:9/none"}, "database", "refused"),
        ({"REDIS_URL": ""}, "redis", "no broker"),
        ({"REDIS_URL": "redis://:hidden@127.0.0.1:9/0"}, "redis", "does not answer (ConnectionError)"),
        ({"REDIS_URL": "nonsense"}, "redis", "does not answer (ValueError)"),
        ({"S3_ENDPOINT_URL": "http://127.0.0.1:9"}, "storage", "does not answer"),
        ({"S3_ENDPOINT_URL": "nonsense"}, "storage", "nonsense"),
        ({"S3_BUCKET": "no-such-bucket"}, "storage", "the bucket no-such-bucket does not answer"),
    ],
)
def test_what_is_away_is_a_problem_and_the_rest_is_still_asked(
    fresh: Flask, values: dict[str, str], part: str, says: str
) -> None:
    found = examined(fresh, **values)
    check = only(found[part])
    assert check.state == "problem"
    assert says in check.says
    assert {"settings", "database", "redis", "storage", "worker"} <= found.keys()
    assert "hidden" not in repr(found)


def test_no_object_store_is_a_note_in_development_and_a_problem_in_production(fresh: Flask) -> None:
    nothing = {"S3_ENDPOINT_URL": "", "S3_ACCESS_KEY_ID": ""}
    assert only(examined(fresh, **nothing)["storage"]).state == "note"
    assert only(examined(fresh, **nothing, APP_ENV="production")["storage"]).state == "problem"


def test_a_scanner_that_is_away_is_a_problem(fresh: Flask) -> None:
    with clamd() as there:
        there_now = only(examined(fresh, SCANNER_URL=there.url)["scanner"])
    gone = only(examined(fresh, SCANNER_URL=there.url)["scanner"])
    assert (there_now.state, gone.state) == ("ok", "problem")
    assert "no file is taken in" in gone.says
    assert only(examined(fresh, SCANNER_URL="", APP_ENV="production")["scanner"]).state == "note"


def test_papers_that_should_have_been_looked_at_and_files_that_stay_are_problems(fresh: Flask, stack: Stack) -> None:
    saver = factories.make_saver(fresh)
    saver.upload("/api/kyc-upload/", document_type="pan")
    saver.upload("/api/kyc-upload/", document_type="pan")
    assert only(examined(fresh)["papers"]).says == "1 identity papers wait for a look"
    assert "files" not in examined(fresh)
    connection = superuser_connection(fresh, stack)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kyc_documents SET uploaded_at = uploaded_at - interval '1 year'")
        cursor.execute("UPDATE stored_files SET changed_at = changed_at - interval '2 hours'")
    connection.close()
    found = examined(fresh)
    assert only(found["papers"]).says == "1 identity papers should have been looked at"
    assert only(found["files"]).state == "problem"


def test_a_role_that_owns_the_tables_and_one_that_nothing_binds(fresh: Flask, stack: Stack) -> None:
    owner = only(examined(fresh, DATABASE_URL=fresh.config["DATABASE_OWNER_URL"])["role"])
    assert (owner.state, "triggers alone" in owner.says) == ("note", True)
    connection = superuser_connection(fresh, stack)
    name = connection.info.dbname
    connection.close()
    url = psycopg2.extensions.make_dsn(stack.settings["DATABASE_SUPERUSER_URL"], dbname=name)
    assert only(examined(fresh, DATABASE_URL=url)["role"]).state == "problem"


def test_a_database_without_tables(fresh: Flask, stack: Stack) -> None:
    empty = psycopg2.extensions.make_dsn(stack.settings["DATABASE_SUPERUSER_URL"], dbname="postgres")
    found = examined(fresh, DATABASE_URL=empty)
    migrations = only(found["migrations"])
    assert (migrations.state, migrations.remedy) == ("problem", "Run `flask db upgrade`.")
    assert "outbox" not in found


def test_the_clock_is_named_where_it_was_moved(fresh: Flask) -> None:
    with fresh.app_context():
        run(lambda: clock.advance(timedelta(days=3)))
    assert only(examined(fresh)["clock"]).says == "3 days, 0:00:00 ahead of real time"
    assert "production goes by real time" in only(examined(fresh, APP_ENV="production")["clock"]).says


def test_messages_that_nobody_hands_on_and_dead_ones(fresh: Flask) -> None:
    with fresh.app_context():
        run(lambda: enqueue("savings.moved", {}, NOW - timedelta(seconds=50)))
        assert only(examined(fresh)["outbox"]).state == "ok"
        late = only(examined(fresh, now=NOW + timedelta(seconds=20))["outbox"])
        assert (late.state, late.says) == ("problem", "1 messages wait, the oldest was due 0:01:10 ago")
        run(lambda: queue("UPDATE outbox SET dead_at = now()"))
    alive, dead = examined(fresh, now=NOW + timedelta(days=1))["outbox"]
    assert (alive.state, dead.state, dead.says) == ("ok", "problem", "1 messages are dead")


def test_seals_and_verification(fresh: Flask) -> None:
    saver = factories.make_saver(fresh)
    jar = saver.jar()
    saver.deposit(jar)
    assert only(examined(fresh)["seals"]).says == "the ledger was never sealed"
    with fresh.app_context():
        run(lambda: checkpoints.seal(at=NOW))
    assert only(examined(fresh, now=NOW + timedelta(days=1))["seals"]).state == "ok"
    saver.deposit(jar)
    assert only(examined(fresh, now=NOW + timedelta(hours=1))["seals"]).state == "ok"
    assert only(examined(fresh, now=NOW + timedelta(hours=3))["seals"]).state == "problem"

    def note(findings: int) -> None:
        audit.record("ledger_verified", subject_type="ledger", subject_id=1, at=NOW, details={"findings": findings})

    for findings, state in ((0, "ok"), (2, "problem")):
        with fresh.app_context():
            run(lambda findings=findings: note(findings))
        assert only(examined(fresh)["verification"]).state == state


def test_an_admin_is_counted(fresh: Flask) -> None:
    factories.make_staff(fresh, "support")
    assert only(examined(fresh)["staff"]).state == "note"
    factories.make_staff(fresh, "admin")
    assert only(examined(fresh)["staff"]).says == "1 with the role admin"


def test_the_command_names_what_production_would_refuse_and_ends_with_1(fresh: Flask) -> None:
    result = fresh.test_cli_runner().invoke(args=["doctor", "--json"])
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    says = [check["says"] for check in found["checks"] if check["part"] == "settings"]
    assert says[0] == "valid for testing"
    assert says[1:] == [
        f"production would refuse: {problem}" for problem in settings.ProductionConfig.problems(fresh.config)
    ]
    assert any("RATELIMIT_ENABLED is 0" in sentence for sentence in says)
    lines = fresh.test_cli_runner().invoke(args=["doctor"])
    assert lines.exit_code == 1
    assert "problem worker        none answered" in lines.stdout


def test_the_command_ends_with_0_where_nothing_needed_is_missing(fresh: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_worker", lambda asked: Check("worker", "ok", "1 answered"))
    monkeypatch.setattr(doctor, "_server", lambda ask, version: iter([Check("durability", "ok", "durable")]))
    result = fresh.test_cli_runner().invoke(args=["doctor", "--json"])
    assert (result.exit_code, json.loads(result.stdout)["ok"]) == (0, True)
