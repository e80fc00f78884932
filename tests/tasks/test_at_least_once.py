"""Every job, delivered three times to a worker that is killed between two of its steps, ends as one clean run does.

The worker is the real one, in small steps. A trigger that only these tests have lets it stand still before a step,
behind a lock that the test holds: there it is killed with SIGKILL, and its work goes on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import redis
from flask import Flask

import config as settings
from app.extensions import celery
from app.integrations.payments import HttpPayments
from app.ledger.verify import verify
from app.loans.schedule import months_after
from app.services.loans import checking
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.tasks.outbox import RECEIVERS
from app.transactions import transaction
from tests import factories
from tests.conftest import (
    ROOT,
    Clock,
    app_settings,
    application,
    connect,
    create_database,
    superuser_connection,
    with_database,
)
from tests.outside import mail_server
from tests.provider import KEY, Provider, provider
from tests.tasks import small_steps
from tests.tasks.conftest import QUEUE, broker_url, use_broker

pytestmark = pytest.mark.early
PATIENCE = 60.0  # seconds, on a machine that is busy with other tests
LOCK = 4_711
# Before which change of which table each job stands still and is killed: the first one that is not its first, where it
# has several. In this order they are run.
STEPS: dict[str, tuple[str, str, int]] = {
    "gamification.close_days": ("saver_habits", "UPDATE", 2),
    "credit.keep_up": ("credit_score_history", "INSERT", 2),
    "credit.recalculate": ("credit_scores", "UPDATE", 2),
    "savings.digest": ("notifications", "INSERT", 2),
    "savings.remind": ("notifications", "INSERT", 2),
    "savings.announce": ("auto_deposit_turns", "INSERT", 2),
    # After the money was collected, and before it is booked.
    "savings.collect": ("transactions", "INSERT", 2),
    "loans.progress": ("loans", "UPDATE", 2),
    "loans.remind": ("notifications", "INSERT", 2),
    # After the late charge, and before the money moves.
    "loans.age": ("transactions", "INSERT", 2),
    "upkeep.dead_letters": ("outbox", "UPDATE", 1),
    "upkeep.purge": ("notifications", "DELETE", 2),
    "credit.health": ("score_health", "INSERT", 1),
    "ledger.seal": ("ledger_checkpoints", "INSERT", 1),
    "ledger.verify": ("audit_log", "INSERT", 1),
    "console.count": ("standing_figures", "INSERT", 2),
    # After the messages were published.
    "outbox.relay": ("outbox", "DELETE", 1),
}
# After the letters went out, and before that is marked.
MARKING = ("deliveries", "UPDATE", 2)
# What the boards hold is in Redis, and letters stand with a mail server: tests of their own, below. Training needs a
# longer history (tests/services/credit/test_training.py), files a store (tests/services/ops/test_stored_files.py and
# test_exports.py).
ELSEWHERE = {
    "jobs.resume",
    "gamification.refresh_boards",
    "notifications.send_due",
    "support.tell_late",
    "support.tell_officer",
    "identity.send_letters",
    "credit.train",
    "uploads.remove",
    "exports.transactions",
}
STAND_STILL = f"""
CREATE TABLE stand_at (step bigint); INSERT INTO stand_at VALUES (NULL);
CREATE SEQUENCE steps;
CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF nextval('steps') = (SELECT step FROM stand_at) THEN PERFORM pg_advisory_xact_lock({LOCK}); END IF;
    RETURN NULL;
END $$;
"""
# What a database holds, without ids that are made anew and without instants.
HELD = {
    "habits": "SELECT user_id, freezes_held, freeze_parts, closed_through FROM saver_habits",
    "jars": "SELECT id, status, current_amount, streak_count, streak_longest, streak_run, streak_period, streak_net,"
    " streak_previous_net, streak_kept_through FROM savings_jars",
    "frozen": "SELECT jar_id, period_start, closed_on FROM frozen_periods",
    "notices": "SELECT user_id, kind, (facts - 'transaction_id')::text, once, read_at IS NULL FROM notifications",
    "deliveries": "SELECT d.user_id, d.channel, d.status, n.kind, n.once FROM deliveries d"
    " LEFT JOIN notifications n ON n.user_id = d.user_id AND n.id = d.notification_id",
    "turns": "SELECT jar_id, due_on, amount, status, attempts, transaction_id IS NULL FROM auto_deposit_turns",
    "transactions": "SELECT user_id, jar_id, type, amount, date, balance_after FROM transactions",
    "scores": "SELECT user_id, status, score, predicted_score, points, features::text, reasons, first_score, told_score"
    " FROM credit_scores",
    "score_history": "SELECT user_id, cause, status, score, predicted_score FROM credit_score_history",
    "badges": "SELECT user_id, jar_id, badge_type FROM badges",
    "answers": "SELECT user_id, key, status FROM idempotency_records",
    "loans": "SELECT user_id, amount, status, cancel_reason, ended_on FROM loans",
    "instalments": "SELECT loan_id, number, charge, paid_on FROM loan_instalments",
    "loan_payments": "SELECT loan_id, kind, amount, written_off FROM loan_payments",
    "locked": "SELECT loan_id, kind, balance FROM ledger_accounts WHERE loan_id IS NOT NULL",
    "seals": "SELECT id, accounts FROM ledger_checkpoints",
    "outbox": "SELECT topic, dead_at IS NULL FROM outbox",
    "days": "SELECT day, type, count, amount FROM daily_figures",
    "figures": "SELECT name, value FROM standing_figures",
    "runs": "SELECT status FROM job_runs WHERE status <> 'done'",
}


def evening() -> datetime:
    """Twenty past seven on a Monday to come, in Kolkata: an hour at which every job has something to do."""
    day = (datetime.now(UTC) + timedelta(days=12)).date()
    monday = day - timedelta(days=day.weekday())
    return datetime.combine(monday, datetime.min.time(), ZoneInfo("Asia/Kolkata")).astimezone(UTC) + timedelta(
        hours=19, minutes=20
    )


def told_of(at: datetime) -> datetime:
    """When a loan was accepted whose first instalment is due on the day of ``at``, or three days later."""
    today = at.astimezone(ZoneInfo("Asia/Kolkata")).date()
    days = next(
        days for days in range(25, 35) if (months_after(today - timedelta(days=days), 1) - today).days in (0, 3)
    )
    return at - timedelta(days=days)


@pytest.fixture
def prepared(stack: Any, template: str, clock: Clock) -> tuple[str, datetime]:
    """A database in which every job has work in several steps at an instant: its name, and the instant."""
    name, at = f"many_steps_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}", evening()
    create_database(stack, name, template)
    with application(app_settings(stack), name) as app, app.app_context():
        savers = []
        clock.set(at - timedelta(days=4))
        for _ in range(6):
            saver = factories.make_saver(app)
            jars = [saver.jar(auto_deposit={"amount": "20"}), saver.jar(), saver.jar(plan_type="weekly")]
            saver.deposit(jars[0])
            savers.append((saver, jars))
        for number, (saver, jars) in enumerate(savers):
            # Three that have paid nothing for a hundred days, and three with an instalment that is told of today.
            factories.lend(saver, jars[1], at - timedelta(days=135) if number < 3 else told_of(at))
            factories.lend(saver, None, at - timedelta(days=8))
        clock.set(at - timedelta(days=1, hours=10))
        perform(JOBS["savings.announce"])
        for number, (saver, jars) in enumerate(savers):
            for jar in jars[: 1 + number % 3]:
                assert saver.deposit(jar, "30", key=f"of-{jar}").status_code == 201
        connection = superuser_connection(app, stack)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE idempotency_records SET created_at = now() - interval '3 days' WHERE key LIKE 'of %'"
            )
            for saver, _ in savers:
                old = UUID(int=int((datetime.now(UTC) - timedelta(days=200)).timestamp() * 1000) << 80)
                cursor.execute(
                    "INSERT INTO notifications (user_id, id, kind, facts, created_at, read_at) VALUES"
                    " (%s, %s, 'badge_earned', '{}', now() - interval '200 days', now())",
                    (str(saver.id), str(old)),
                )
            cursor.execute(
                "INSERT INTO outbox (topic, payload, created_at, available_at, attempts, last_error, dead_at)"
                " VALUES ('savings.moved', %s, now(), now(), 10, 'OperationalError', now())",
                (f'{{"user_id": "{uuid4()}", "transaction_id": "{uuid4()}"}}',),
            )
            cursor.execute(STAND_STILL)
        connection.close()
    return name, at


@pytest.fixture
def copied(stack: Any, prepared: tuple[str, datetime]) -> Callable[[str], str]:
    """Make a copy of the prepared database."""

    def copy(of: str) -> str:
        create_database(stack, f"{prepared[0]}_{of}", prepared[0])
        return f"{prepared[0]}_{of}"

    return copy


def held(connection: Any) -> dict[str, list[Any]]:
    found = {}
    with connection.cursor() as cursor:
        for name, sql in HELD.items():
            cursor.execute(sql)
            found[name] = sorted(map(str, cursor.fetchall()))
    return found


def ask(connection: Any, sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def until(condition: Callable[[], Any], what: str) -> Any:
    """What ``condition`` answers once it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return found


def clean_run(stack: Any, name: str, at: datetime, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Each job once in this process, and what the outbox holds given to its receivers; what is held then."""
    with provider() as there, application(app_settings(stack), name) as app, app.app_context():
        app.extensions["payments"] = HttpPayments(there.url, KEY, "INR")
        monkeypatch.setitem(app.extensions, "publish", publish_here)
        clock.set(at)
        for job in STEPS:
            assert perform(JOBS[job]).state == "done", job
        while perform(JOBS["outbox.relay"]).done:
            pass
        connection = superuser_connection(app, stack)
        answer = held(connection)
        connection.close()
        assert len(there.settled) == 6
    return answer


def publish_here(topic: str, messages: list[dict[str, Any]]) -> None:
    celery.loader.import_default_modules()
    for task in RECEIVERS[topic]:
        celery.tasks[task].run(messages=messages)


class Worker:
    """The worker's process tree on one database."""

    def __init__(self, values: dict[str, str], log: Path) -> None:
        self.log = log
        environment = {name: value for name, value in os.environ.items() if name not in settings.NAMES}
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.tasks.small_steps"],
                cwd=ROOT,
                env={**environment, **values, "PYTHONPATH": str(ROOT)},
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def children(self) -> list[int]:
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill_child(self) -> None:
        """The process that does the work, as the kernel kills one that takes too much memory."""
        for child in self.children():
            os.kill(child, signal.SIGKILL)

    def kill_all(self) -> None:
        """All of it, as where the machine goes down."""
        children = self.children()
        self.process.kill()
        self.process.wait(20)
        for child in children:
            os.kill(child, signal.SIGKILL)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.kill_all()


@contextmanager
def worker_on(
    stack: Any, name: str, at: datetime, there: Provider, log: Path, **more: str
) -> Iterator[tuple[Callable[[], Worker], Any, redis.Redis]]:
    """Start workers on the database ``name`` at the product's instant ``at``; a superuser's connection, the broker.

    ``more``: settings of the workers.
    """
    values = app_settings(stack, REDIS_URL=broker_url(stack), PAYMENTS_URL=there.url, PAYMENTS_KEY=KEY, **more)
    values["DATABASE_URL"] = with_database(values["DATABASE_URL"], name)
    values["DATABASE_OWNER_URL"] = ""
    connection = connect(with_database(stack.settings["DATABASE_SUPERUSER_URL"], name))
    ahead = int((at - datetime.now(UTC)).total_seconds())
    ask(
        connection,
        "INSERT INTO product_clock (id, offset_seconds) VALUES (1, %s)"
        " ON CONFLICT (id) DO UPDATE SET offset_seconds = excluded.offset_seconds",
        ahead,
    )
    ask(connection, "SELECT pg_advisory_lock(%s)", LOCK)
    broker = redis.from_url(broker_url(stack))
    broker.flushdb()
    started: list[Worker] = []

    def start() -> Worker:
        started.append(Worker(values, log))
        return started[-1]

    try:
        yield start, connection, broker
    finally:
        for worker in started:
            worker.stop()
        connection.close()
        broker.flushdb()
        broker.close()


def stand_still_before(connection: Any, job: str) -> None:
    table, event, step = STEPS.get(job, MARKING)
    ask(connection, "ALTER SEQUENCE steps RESTART")
    ask(connection, "UPDATE stand_at SET step = %s", step)
    ask(
        connection,
        f"CREATE TRIGGER zz_stand_still BEFORE {event} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION stand_still()",
    )


def go_on(connection: Any, job: str) -> None:
    """Let whoever comes now through; the dead one's session ends, as its host's silence would end it."""
    ask(connection, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    until(lambda: not standing(connection), f"{job}: the session of the dead goes on")
    ask(connection, f"DROP TRIGGER zz_stand_still ON {STEPS.get(job, MARKING)[0]}")


def standing(connection: Any) -> bool:
    sql = (
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %s"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return bool(ask(connection, sql, LOCK))


def silence(connection: Any) -> None:
    ask(connection, "UPDATE job_runs SET heartbeat_at = heartbeat_at - interval '91 s' WHERE status = 'running'")


def idle(connection: Any, broker: redis.Redis) -> bool:
    waiting = broker.llen(QUEUE) + broker.hlen("chhota:unacked")
    return not waiting and not ask(connection, "SELECT 1 FROM job_runs WHERE status IN ('queued', 'running')")


def test_every_job_of_the_registry_is_killed_here() -> None:
    assert set(STEPS) | ELSEWHERE == set(JOBS)


def test_killed_between_two_steps_and_delivered_three_times_each_job_ends_as_a_clean_run(
    stack: Any,
    prepared: tuple[str, datetime],
    copied: Callable[[str], str],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tasks_app: Flask,
) -> None:
    name, at = copied("killed"), prepared[1]
    log = tmp_path / "worker.log"
    with provider() as there, worker_on(stack, name, at, there, log) as (start, connection, broker):
        worker = start()
        expected = clean_run(stack, copied("clean"), at, clock, monkeypatch)
        use_broker(broker_url(stack))
        for job in STEPS:
            stand_still_before(connection, job)
            for _ in range(3):
                celery.send_task(job)
            until(lambda: standing(connection), f"{job} never came to its step\n{log.read_text()[-3000:]}")
            worker.kill_child()
            go_on(connection, job)
            silence(connection)
            celery.send_task("jobs.resume")  # as beat does each 20 seconds
            until(lambda: idle(connection, broker), f"{job} is not done\n{log.read_text()[-3000:]}")
            if job == "savings.collect":
                # The try whose worker died is asked about again when its time is over.
                ask(connection, "UPDATE product_clock SET offset_seconds = offset_seconds + 91")
                until(lambda: _again(connection, broker, "savings.collect"), log.read_text()[-3000:])
        until(lambda: _again(connection, broker, "outbox.relay"), log.read_text()[-3000:])
        assert held(connection) == expected
        assert len(there.settled) == 6
        assert urlsplit(there.url).port
    with application(app_settings(stack), name) as app, app.app_context(), transaction():
        assert list(verify(lambda count: None)) == []
    with application(app_settings(stack), name) as app, app.app_context(), transaction():
        assert list(checking.verify()) == []


def _again(connection: Any, broker: redis.Redis, job: str) -> bool:
    celery.send_task(job)
    until(lambda: idle(connection, broker), f"{job} is not done")
    left = {"savings.collect": "SELECT 1 FROM auto_deposit_turns WHERE trying_since IS NOT NULL"}
    return not ask(connection, left.get(job, "SELECT 1 FROM outbox WHERE dead_at IS NULL"))


def test_where_a_whole_worker_dies_another_goes_on_with_its_work(
    stack: Any, prepared: tuple[str, datetime], copied: Callable[[str], str], tmp_path: Path, tasks_app: Flask
) -> None:
    name, log = copied("dead"), tmp_path / "worker.log"
    with provider() as there, worker_on(stack, name, prepared[1], there, log) as (start, connection, broker):
        worker = start()
        # Reminders close what days are open first: done before, so that the steps stood at are their own.
        celery.send_task("gamification.close_days")
        until(
            lambda: ask(
                connection, "SELECT 1 FROM job_runs WHERE kind = 'gamification.close_days' AND status = 'done'"
            ),
            log.read_text()[-3000:],
        )
        stand_still_before(connection, "savings.remind")
        celery.send_task("savings.remind")
        until(lambda: standing(connection), log.read_text()[-3000:])
        worker.kill_all()
        go_on(connection, "savings.remind")
        told = "SELECT count(*) FROM notifications WHERE kind = 'streak_at_risk'"
        ((before,),) = ask(connection, told)
        start()
        celery.send_task("jobs.resume")  # the dead one has been silent for a moment only: nothing is taken from it
        until(lambda: not broker.llen(QUEUE), log.read_text()[-3000:])
        assert ask(connection, "SELECT status, attempts FROM job_runs WHERE status = 'running'") == [("running", 1)]
        silence(connection)
        celery.send_task("jobs.resume")
        until(
            lambda: ask(connection, "SELECT 1 FROM job_runs WHERE status = 'done' AND attempts = 2"),
            log.read_text()[-3000:],
        )
        ((after,),) = ask(connection, told)
        assert 0 < before < after == len(ask(connection, "SELECT DISTINCT once FROM notifications WHERE kind ="
                                                         " 'streak_at_risk'"))  # fmt: skip


def board_sets_of(broker: redis.Redis) -> dict[bytes, list[tuple[bytes, float]]]:
    keys = [key for key in broker.keys("chhota:board:*") if broker.type(key) == b"zset"]
    return {key: broker.zrange(key, 0, -1, withscores=True) for key in sorted(keys)}


def test_a_rebuild_of_the_boards_killed_on_its_way_leaves_the_boards_of_a_clean_one(
    stack: Any, prepared: tuple[str, datetime], copied: Callable[[str], str], tmp_path: Path, tasks_app: Flask
) -> None:
    name, log = copied("boards"), tmp_path / "worker.log"
    with provider() as there, worker_on(stack, name, prepared[1], there, log) as (start, connection, broker):
        ask(connection, "UPDATE users SET leaderboard_opt_in = true, display_name = 'Saver'")
        worker = start()
        celery.send_task("gamification.close_days")
        done = "SELECT 1 FROM job_runs WHERE kind = %s AND status = 'done'"
        until(lambda: ask(connection, done, "gamification.close_days"), log.read_text()[-3000:])
        celery.send_task("gamification.refresh_boards")
        until(lambda: ask(connection, done, "gamification.refresh_boards"), log.read_text()[-3000:])
        clean = board_sets_of(broker)
        assert len(clean) == 6
        assert len(clean[b"chhota:board:streak:all:ever"]) == 7  # six savers, and the member of no value

        broker.delete(*clean)  # lost, so that they are made anew
        blocker = connect(with_database(stack.settings["DATABASE_SUPERUSER_URL"], name))
        ask(blocker, "BEGIN")
        ask(blocker, "LOCK TABLE savings_jars IN ACCESS EXCLUSIVE MODE")
        for _ in range(3):
            celery.send_task("gamification.refresh_boards")
        waits = "SELECT 1 FROM pg_locks WHERE relation = 'savings_jars'::regclass AND NOT granted"
        until(lambda: broker.exists("chhota:board:rebuilding") and ask(connection, waits), log.read_text()[-3000:])
        worker.kill_child()
        ask(blocker, "ROLLBACK")
        blocker.close()
        assert board_sets_of(broker).keys().isdisjoint(clean), "nothing half made takes their place"
        broker.delete("chhota:board:rebuilding")  # the dead one's time is over
        silence(connection)
        celery.send_task("jobs.resume")
        until(lambda: idle(connection, broker), log.read_text()[-3000:])
        for _ in range(3):
            celery.send_task("gamification.refresh_boards")
        until(lambda: idle(connection, broker), log.read_text()[-3000:])
        assert {key: members for key, members in board_sets_of(broker).items() if key in clean} == clean


def test_letters_of_a_worker_killed_before_it_could_mark_them_go_out_once_more_the_same_and_then_never(
    stack: Any, prepared: tuple[str, datetime], copied: Callable[[str], str], tmp_path: Path, tasks_app: Flask
) -> None:
    name, at, log = copied("letters"), prepared[1], tmp_path / "worker.log"
    with (
        mail_server() as mail,
        provider() as there,
        worker_on(stack, name, at, there, log, SMTP_URL=mail.url, MAIL_FROM="Chhota <hello@example.com>")
        as (start, connection, broker),
    ):  # fmt: skip
        ask(
            connection,
            "WITH told AS (INSERT INTO notifications (user_id, id, kind, facts, created_at)"
            " SELECT j.user_id, uuid_at(now()), 'target_reached',"
            " jsonb_build_object('jar_id', min(j.id::text), 'jar', 'Bicycle', 'target', 500000), %s"
            " FROM savings_jars j GROUP BY j.user_id RETURNING user_id, id)"
            " INSERT INTO deliveries (user_id, notification_id, channel, due_at, created_at)"
            " SELECT user_id, id, 'email', %s, %s FROM told",
            *([at - timedelta(hours=1)] * 3),
        )
        worker = start()
        stand_still_before(connection, "notifications.send_due")
        for _ in range(3):
            celery.send_task("notifications.send_due")
        until(lambda: standing(connection), log.read_text()[-3000:])
        worker.kill_child()
        go_on(connection, "notifications.send_due")
        assert len(mail.raw) == 6
        # Their lease over, the same letters go once more.
        ask(connection, "UPDATE product_clock SET offset_seconds = offset_seconds + 301")
        waiting = "SELECT 1 FROM deliveries WHERE status <> 'sent'"

        def all_sent() -> bool:
            celery.send_task("notifications.send_due")
            until(lambda: idle(connection, broker), log.read_text()[-3000:])
            return not ask(connection, waiting)

        until(all_sent, log.read_text()[-3000:])
        assert len(mail.raw) == 12
        assert sorted(mail.raw[:6]) == sorted(mail.raw[6:]), "byte for byte"
        ask(connection, "UPDATE product_clock SET offset_seconds = offset_seconds + 86400")
        assert all_sent()
        assert len(mail.raw) == 12


assert small_steps.STEP < 6  # or there would be one step only
