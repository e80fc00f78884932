"""Loans in a real browser: from the first deposit to a score that a loan has moved, with a script and without one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import expect

from app.services.credit.refresh import refresh_all
from app.services.credit.storing import Cause
from app.services.identity.kyc import review
from app.services.ops import loans as days
from app.services.ops.job_runs import Round
from app.transactions import fetch, run
from tests import factories, files, hindi
from tests.browser.conftest import DESKTOP, Visit
from tests.browser.walk import Walk
from tests.conftest import Clock
from tests.factories import make_borrower, make_loan

pytestmark = pytest.mark.browser


def as_the_worker_does(app: Flask, user_id: UUID, clock: Clock) -> None:
    """The score after what moved, and what the day brings to loans."""
    with app.app_context():
        run(lambda: refresh_all([user_id], Cause("deposit"), at=clock.now()))
        for job in (days.progress, days.age):
            job(Round(clock.now()))


def score_of(browser: Visit) -> int:
    browser.go("/score")
    (label,) = re.findall(r"Your score: (\d+),", browser.page.locator(".gauge").first.get_attribute("aria-label") or "")
    return int(label)


def test_eight_weeks_of_saving_a_loan_and_a_score_that_it_moved(
    visit: Callable[..., Visit], app: Flask, clock: Clock, tmp_path: Path
) -> None:
    """All of it on pages. Longer than other tests: it is the whole way, and half a year of it."""
    saver, email = visit(), factories.email()
    saver.go("/signup")
    saver.fill(name="Lakshmi Rao", email=email, phone=factories.phone(), password=factories.PASSWORD)
    saver.send("Create my account")
    with app.app_context():
        ((user_id,),) = run(lambda: fetch("SELECT id FROM users WHERE email = %s", (email,)))

    # Eight weeks of saving.
    saver.go("/jars/new")
    saver.fill(name="Sewing machine", target_amount="8,000", installment_amount="1,000")
    saver.page.locator("input[name=plan_type][value=weekly]").check(force=True)
    saver.send("Make this jar")
    jar = saver.page.url.partition(saver.address)[2]
    for _ in range(8):
        saver.go(f"{jar}/deposit")
        saver.send("Put it in")
        as_the_worker_does(app, user_id, clock)
        clock.advance(days=7)
    clock.advance(days=7)
    as_the_worker_does(app, user_id, clock)
    saver.go("/score")
    saver.follow("Credit-builder loan Instalments paid in time count for your score; see what it needs and costs")
    assert saver.says("9 of 10 are in place")
    assert saver.says("Verify who you are with one paper")

    # Who this is, decided by staff.
    saver.follow("Show who you are")
    saver.page.get_by_text("PAN card").click()
    paper = tmp_path / "pan.png"
    paper.write_bytes(files.picture("PNG"))
    saver.page.get_by_label("Choose a file").set_input_files(paper)
    saver.send("Send it")
    saver.go("/loans")
    assert saver.says("A person looks at your paper; you are told when it is done.")
    staff = factories.make_staff(app)
    with app.app_context():
        ((document,),) = run(lambda: fetch("SELECT id FROM kyc_documents WHERE user_id = %s", (user_id,)))
        assert run(partial(review.decide, document, "verified", by=staff.id, at=clock.now()))

    # How much and for how long, with figures that follow the slider.
    saver.go("/loans")
    assert saver.says("You can have up to")
    saver.follow("Choose an amount")
    figures = saver.page.locator("#figures")
    slider = saver.page.locator("[data-slider]")
    expect(slider).to_be_visible()
    expect(saver.page.get_by_role("button", name="Work it out")).to_be_hidden()
    slider.fill("5000")
    saver.page.get_by_text("6 months").click()
    expect(figures).to_contain_text("₹870.17")
    slider.focus()
    saver.page.keyboard.press("ArrowRight")
    assert saver.page.input_value("#amount") == "5100"
    expect(figures).to_contain_text("₹887.57")
    saver.fill(amount="6,000")
    expect(figures).to_contain_text("₹1,044.20")
    saver.send("Read the key facts")

    # All of it read, and agreed to.
    assert saver.says("Nothing is agreed yet.")
    assert saver.says("You pay ₹1,044.20 a month for 6 months")
    saver.send("I agree")
    assert saver.says("Tick this once you have read the key facts.")
    saver.page.locator("#agree").check(force=True)
    saver.page.select_option("#jar", label="Sewing machine")
    saver.send("I agree")
    assert saver.says("Agreed. The money is kept for you")
    assert saver.says("You can still think again: until")
    before = score_of(saver)

    # Two instalments on their day, then all that is left.
    for _ in range(2):
        clock.set(datetime.combine(_next_due(app, user_id), datetime.min.time(), UTC).replace(hour=6))
        as_the_worker_does(app, user_id, clock)
        saver.go("/dashboard")
        assert saver.says("An instalment of your loan is due today.")
        saver.follow("Pay ₹1,044.20 of your loan")
        saver.send("Pay")
        assert saver.says("₹1,044.20 is paid. The next instalment is due on")
    assert saver.says("2 of 6 instalments")
    saver.follow("Pay")
    saver.page.get_by_text("all of it, today").click()
    saver.send("Pay")
    assert saver.says("and with it the whole loan. ₹5,880 is in your jar now.")
    assert saver.says("A new badge")
    clock.advance(minutes=1)
    as_the_worker_does(app, user_id, clock)

    # What it did.
    saver.page.reload()
    assert saver.says("2 of 2 instalments were on time: that brought 18 points.")
    after = score_of(saver)
    assert after == before + 18
    made_of = saver.page.get_by_role("table", name="What the score is made of")
    assert "56" in made_of.get_by_role("row", name="Loan instalments").inner_text()
    saver.go("/notifications")
    saver.follow("Your loan is paid back")
    assert saver.says("Paid back on")
    assert saver.complaints == []


def _next_due(app: Flask, user_id: UUID) -> datetime:
    with app.app_context():
        ((day,),) = run(
            lambda: fetch("SELECT min(due_on) FROM loan_instalments WHERE user_id = %s AND paid_on IS NULL", (user_id,))
        )
    return day  # type: ignore[no-any-return]


def test_without_a_script_all_of_it_works(visit: Callable[..., Visit], app: Flask, clock: Clock) -> None:
    borrower = make_borrower(app, clock)
    browser = visit(script=False)
    browser.log_in(borrower.email)
    browser.go("/loans")
    browser.follow("Choose an amount")
    assert not browser.page.locator("[data-slider]").is_visible()
    browser.fill(amount="20,000")
    browser.page.get_by_text("24 months").click()
    browser.send("Work it out")
    assert browser.says("₹969.73 24 times")
    assert browser.says("17.07 % a year")
    browser.send("Read the key facts")
    browser.page.get_by_text("I have read the key facts.").click()
    browser.send("I agree")
    browser.follow("Pay")
    browser.page.locator("label", has_text="up to ₹20,000").click()
    browser.fill(amount="20,001")
    browser.send("Pay")
    assert browser.says("That is more than is owed: ₹20,000 closes the loan today. Nothing was taken.")
    browser.fill(amount="100")
    browser.send("Pay")
    assert browser.says("₹100 is paid.")
    browser.follow("Cancel it")
    browser.send("Cancel this loan")
    assert browser.says("The loan is cancelled. All is as if it had never been, and it cost nothing.")
    assert browser.complaints == []


def test_a_double_tap_is_one_payment(visit: Callable[..., Visit], app: Flask, clock: Clock) -> None:
    borrower = make_borrower(app, clock)
    loan_id = make_loan(borrower)
    browser = visit()
    browser.log_in(borrower.email)
    browser.go(f"/loans/{loan_id}/repay")
    browser.fill(amount="50")
    assert browser.page.locator("input[value=other]").is_checked(), "typing another amount chooses it"
    browser.page.get_by_role("button", name="Pay", exact=True).dblclick()
    browser.page.wait_for_url(f"**/loans/{loan_id}")
    assert browser.says("₹50 is paid.")
    assert borrower.get(f"/api/loans/{loan_id}/").json["loan"]["paid"] == "50.00"


@pytest.mark.early
def test_what_only_a_borrower_sees_is_open_to_everybody(visit: Callable[..., Visit], app: Flask, clock: Clock) -> None:
    """In Hindi, whose words are the longest; every page walks what others see of loans in both languages."""
    borrower = make_borrower(app, clock, language="hi", name="सुनीता")
    browser = visit(language="hi")
    walk = Walk(browser)
    browser.log_in(borrower.email)
    for path in walk.through(("/loans", "/loans/new")):
        assert list(hindi.english_in(browser.page.locator("main").inner_html())) == [], path
    browser.fill(amount="")
    browser.send("मुख्य बातें पढ़ें")
    walk.look("choosing, refused")
    loan_id = make_loan(borrower, amount="20000", accept=False)
    browser.go(f"/loans/{loan_id}/key-facts")
    browser.send("मुझे मंज़ूर है")
    walk.look("key facts, not agreed")
    version = borrower.get(f"/api/loans/{loan_id}/").json["loan"]["statement_version"]
    assert borrower.post(f"/api/loans/{loan_id}/accept/", {"version": version}).status_code == 200
    clock.advance(days=31)
    assert borrower.post(f"/api/loans/{loan_id}/repay/", {"amount": "969.73"}).status_code == 201
    left = borrower.get(f"/api/loans/{loan_id}/").json["loan"]["closing_amount"]
    assert borrower.post(f"/api/loans/{loan_id}/repay/", {"amount": left}).status_code == 201
    for _ in walk.through((f"/loans/{loan_id}",)):
        pass
    found = walk.found()
    assert not found, found


def test_a_keyboard_chooses_an_amount(visit: Callable[..., Visit], app: Flask, clock: Clock) -> None:
    borrower = make_borrower(app, clock)
    browser = visit(size=DESKTOP)
    browser.log_in(borrower.email)
    browser.go("/loans/new")
    page = browser.page
    page.locator("#amount").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "range"
    page.keyboard.press("Home")
    assert page.input_value("#amount") == "2000"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.querySelector('input[name=months]:checked').value") == "18"
    expect(page.locator("#figures")).to_contain_text("18 times")
    assert browser.complaints == []
