"""The first page: figures that were counted, each leading to its list, and plain words where something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask

from app import clock
from app.services.audit import log as audit
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.transactions import queue, run
from tests import factories
from tests.attacks.walking import make_person
from tests.conftest import Clock


def verified(app: Flask, findings: int) -> None:
    details = {"findings": findings, "postings": 12}
    with app.app_context():
        run(lambda: audit.record("ledger_verified", subject_type="ledger", subject_id="all", at=clock.now(),
                                 actor="operator", details=details))  # fmt: skip


def test_the_figures_of_a_house_that_is_well(new_app: Callable[..., Flask], clock: Clock) -> None:
    app = new_app()
    saver = factories.make_saver(app)
    jar = saver.jar(target_amount="100000")
    clock.advance(days=-7)
    assert saver.deposit(jar, "300").status_code == 201
    clock.advance(days=7)
    assert saver.deposit(jar, "1000").status_code == 201
    assert saver.withdraw(jar, "20").status_code == 201
    verified(app, 0)
    staff = make_person(app, "support")
    with app.app_context():
        run(lambda: queue("DELETE FROM outbox"))
    html = staff.browser.get("/ops/").text
    assert "never counted" in html  # and says so, before the job has run
    with app.app_context():
        perform(JOBS["console.count"])
    html = staff.browser.get("/ops/").text
    assert "All parts are well" in html
    for said in ("₹1,280", "₹1,000", "the whole day: ₹300 in 1", "₹20", "Moved money within 30 days, of 1 saver",
                 "as of 2026-07-15", "none: the rule predicts", "object store answers"):  # fmt: skip
        assert said in html, said
    for leads in ("/ops/transactions/?type=deposit&amp;from=2026-07-15&amp;to=2026-07-15", "/ops/loans/?due=overdue",
                  "/ops/papers/", "/ops/requests/", "/ops/reversals/?status=waiting", "/ops/models/"):  # fmt: skip
        assert f'href="{leads}"' in html, leads
    clock.advance(minutes=21)
    assert "has not run since" in staff.browser.get("/ops/").text


def test_what_is_wrong_is_said_plainly(new_app: Callable[..., Flask], clock: Clock) -> None:
    app = new_app(SCANNER_URL="tcp://127.0.0.1:9")  # where nothing listens
    staff = make_person(app, "support")
    version = factories.model(app, status="serving")
    verified(app, 2)

    def break_things() -> None:
        queue("UPDATE outbox SET dead_at = %s", (clock.now(),))
        queue("UPDATE score_models SET trouble = 'digest_differs', trouble_since = %s", (clock.now(),))
        queue("INSERT INTO job_marks (kind, ran_at, outcome, took_ms) VALUES ('loans.age', %s, 'failed', 3)",
              (clock.now(),))  # fmt: skip
        queue("INSERT INTO job_runs (id, kind, status, created_at, heartbeat_at) VALUES"
              " (gen_random_uuid(), 'credit.train', 'running', %s, %s)",
              (clock.now() - timedelta(days=300), clock.now() - timedelta(days=300)))  # fmt: skip

    factories.make_saver(app).jar()
    with app.app_context():
        perform(JOBS["console.count"])
        run(break_things)
    html = staff.browser.get("/ops/").text
    for said in ("The ledger has 2 findings", "given up after ten tries", "<code>loans.age</code> failed",
                 "<code>credit.train</code> has said nothing", "The scanner does not answer",
                 f"The file of <code>{version}</code>, the model in service, is refused"):  # fmt: skip
        assert said in html, said
    assert "All parts are well" not in html
