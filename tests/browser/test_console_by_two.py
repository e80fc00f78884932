"""The console in a real browser: a large reversal by two, an identity paper decided by keys, a file that is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect

from app.blueprints.ops.transactions import TransactionsView
from app.services.ops import exports
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.transactions import fetch, queue, run
from tests import factories, files
from tests.attacks.walking import Person, make_person
from tests.browser.conftest import DESKTOP, Visit
from tests.browser.test_console import enter


def at_work(visit: Callable[..., Visit], app: Flask, role: str, name: str) -> tuple[Visit, Person]:
    """A member of staff at a browser."""
    person = Person(app, factories.make_saver(app, role=role, name=name))
    browser = visit(size=DESKTOP)
    enter(browser, person)
    return browser, person


def test_a_reversal_above_the_limit_waits_and_is_done_by_another(visit: Callable[..., Visit], app: Flask) -> None:
    owner = make_person(app).saver
    jar = owner.jar(target_amount="50000", name="Goat")
    movement = owner.deposit(jar, "9000").json["transaction"]["id"]
    one, support = at_work(visit, app, "support", "Sunita Support")
    other, admin = at_work(visit, app, "admin", "Anil Admin")
    # Asked for by one: nothing moves, and there is no way to agree with oneself.
    one.go("/ops/")
    one.page.locator("#jump").fill(movement)
    with one.page.expect_navigation():
        one.page.keyboard.press("Enter")
    one.follow("Take it back…")
    assert one.says("More than ₹5,000 takes two of you.")
    one.fill(reason="sent twice")
    one.send("Ask a second person")
    assert one.says("Nothing has moved yet: a second member of staff decides.")
    assert one.says("somebody else decides")
    assert one.page.get_by_role("button", name="Agree and take it back").count() == 0
    address = one.page.url.removeprefix(one.address)
    assert owner.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "9000.00"
    # Agreed to by another, who finds it in the inbox.
    other.go("/ops/inbox/")
    assert other.says("A second pair of eyes")
    with other.page.expect_navigation():
        other.page.locator(f'a[href="{address}"]').click()
    assert other.says("It holds then ₹0")
    other.send("Agree and take it back")
    assert other.says("It is taken back, by two of you.")
    assert owner.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "0.00"
    # The audit log tells the story, and so does the movement's own page.
    one.go(f"/ops/transactions/{movement}/")
    story = one.page.locator(".ops-story li strong").all_inner_texts()
    assert story == ["Sunita Support", "Sunita Support", "Anil Admin"]
    assert one.says("Anil Admin agreed as the second person.")
    sql = "SELECT action, actor_id FROM audit_log WHERE subject_type = 'transaction' AND subject_id = %s ORDER BY id"
    with app.app_context():
        assert run(lambda: fetch(sql, (movement,))) == [
            ("reversal_requested", support.saver.id), ("transaction_reversed", support.saver.id),
            ("reversal_approved", admin.saver.id),
        ]  # fmt: skip
    one.go(address)
    assert one.page.get_by_role("button", name="Agree and take it back").count() == 0
    assert one.complaints + other.complaints == []


def test_a_paper_is_looked_at_closely_and_decided_by_keys(visit: Callable[..., Visit], app: Flask) -> None:
    owner = make_person(app).saver
    paper = owner.upload("/api/kyc-upload/", files.pdf(), document_type="pan").json["kyc"]["id"]
    browser, _ = at_work(visit, app, "support", "Sunita Support")
    page = browser.page
    browser.go(f"/ops/papers/{paper}/")
    picture = page.locator(".ops-leaf img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("(one) => one.naturalWidth") == 2400
    narrow = picture.bounding_box()
    page.keyboard.press("+")
    wide = picture.bounding_box()
    assert narrow is not None
    assert wide is not None
    assert round(wide["width"] / narrow["width"], 1) == 1.5
    page.keyboard.press("r")
    assert picture.evaluate("(one) => getComputedStyle(one).rotate") == "90deg"
    page.get_by_role("button", name="Whole page").click()
    assert picture.evaluate("(one) => getComputedStyle(one).rotate") == "none"
    assert picture.bounding_box() == narrow
    page.keyboard.press("2")
    assert page.get_by_label("The photo cannot be read").is_checked()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert browser.says("Decided, and the saver is told.")
    assert owner.get("/api/kyc/").json["status"] == "resubmit"
    assert browser.complaints == []


def test_a_large_file_is_followed_and_comes_by_itself(
    visit: Callable[..., Visit], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TransactionsView, "export_most", 1)
    over: Any = "UPDATE job_runs SET status = 'done' WHERE kind = %s AND status IN ('queued', 'running')"
    with app.app_context():  # what tests before this one ordered
        run(lambda: queue(over, (exports.KIND,)))
    owner = make_person(app).saver
    jar = owner.jar()
    for amount in ("10", "20"):
        owner.deposit(jar, amount)
    browser, _ = at_work(visit, app, "support", "Sunita Support")
    browser.go(f"/ops/transactions/?user={owner.id}")
    browser.send("Export as CSV")
    assert browser.says("it is being written")
    again: Any = "UPDATE job_runs SET status = 'queued', done = 0 WHERE kind = %s AND status = 'running'"
    half: Any = "UPDATE job_runs SET status = 'running', done = 1, total = 2 WHERE kind = %s AND status = 'queued'"
    with app.app_context():
        run(lambda: queue(half, (exports.KIND,)))
    expect(browser.page.locator("progress")).to_have_attribute("value", "50")
    with app.app_context():
        run(lambda: queue(again, (exports.KIND,)))
        assert perform(JOBS[exports.KIND]).state == "done"
    link = browser.page.get_by_role("link", name="Download, 2 rows")
    expect(link).to_be_visible()
    assert browser.complaints == []
    with browser.page.expect_download() as got:
        link.click()
    assert got.value.suggested_filename.startswith("transactions-")
