"""What the console's scripts add: parts that keep themselves up to date, letters drawn as they look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from flask import Flask

from app.transactions import queue, run
from tests.attacks.walking import make_person
from tests.browser.conftest import DESKTOP, Visit
from tests.browser.test_console import enter


def test_a_run_is_followed_without_loading_the_page_again(visit: Callable[..., Visit], app: Flask) -> None:
    id_, now = uuid4(), datetime.now(UTC)
    columns = "id, kind, status, done, total, created_at, started_at, heartbeat_at"
    with app.app_context():
        run(lambda: queue("DELETE FROM job_runs WHERE status IN ('queued', 'running')"))
        run(lambda: queue(f"INSERT INTO job_runs ({columns}) VALUES (%s, 'ledger.seal', 'running', 1, 4, %s, %s, %s)",
                          (id_, now, now, now)))  # fmt: skip
    browser = visit(size=DESKTOP)
    enter(browser, make_person(app, "support"))
    browser.go(f"/ops/runs/{id_}/")
    browser.page.evaluate("window.loadedOnce = true")
    assert browser.says("1 of 4")
    with app.app_context():
        run(lambda: queue("UPDATE job_runs SET status = 'done', done = 4, finished_at = %s WHERE id = %s", (now, id_)))
    browser.page.locator('progress[value="100"]').wait_for()
    assert browser.says("4 of 4")
    assert browser.says("It is over.")
    assert browser.page.locator("[data-live]").count() == 0  # nothing more to follow
    assert browser.page.evaluate("window.loadedOnce")
    assert browser.complaints == []


def test_a_letter_is_drawn_as_it_looks_and_cannot_be_pressed(visit: Callable[..., Visit], app: Flask) -> None:
    staff = make_person(app, "support")
    browser = visit(size=DESKTOP)
    enter(browser, staff)
    browser.go("/ops/templates/?kind=target_reached&language=hi")
    drawn = browser.page.evaluate(
        "(() => { const root = document.getElementById('letter').shadowRoot, link = root.querySelector('a.button');"
        " return [root.textContent.includes('आशा'), getComputedStyle(link).backgroundColor,"
        " !!link.closest('[inert]') || !!root.host.inert]; })()"
    )
    assert drawn == [True, "rgb(168, 68, 42)", True]
    assert browser.complaints == []
    plain = visit(size=DESKTOP, script=False)
    enter(plain, staff)
    plain.go("/ops/templates/?kind=target_reached")
    plain.page.get_by_text("As plain text").click()
    assert plain.says("Namaste Asha")
