"""The pages of loans: what one needs, choosing, key facts, agreeing, paying back, cancelling."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from uuid import uuid4

import pypdfium2
import pytest
from flask import Flask

from app import transactions
from app.blueprints.web import eligibility
from app.blueprints.web.loan_chart import chart
from app.loans.eligibility import Check
from app.services.loans import loan, payments
from app.services.ops import loans as days
from app.services.ops.job_runs import Round
from app.transactions import run
from tests import factories, hindi
from tests.blueprints.web.conftest import Visitor, said
from tests.conftest import Clock
from tests.factories import Saver, make_borrower, make_loan

SHAME = re.compile(r"\b(too low|poor|bad|failed|denied|rejected|refused|sorry)\b|!", re.IGNORECASE)


def text(page: object) -> str:
    return plain(page.text.partition("<main")[2].partition(">")[2].partition("</main>")[0])  # type: ignore[attr-defined]


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).replace("\xa0", " ").split())


@pytest.fixture
def borrower(app: Flask, clock: Clock) -> Saver:
    return make_borrower(app, clock)


@pytest.fixture
def at_home(app: Flask, borrower: Saver) -> Visitor:
    """The borrower at a browser."""
    visitor = Visitor(app)
    assert visitor.log_in(borrower.email).status_code == 303
    return visitor


def pass_the_day(app: Flask, clock: Clock) -> None:
    with app.app_context():
        for job in (days.progress, days.age):
            job(Round(clock.now()))


def state(saver: Saver, loan_id: str) -> str:
    return str(saver.get(f"/api/loans/{loan_id}/").json["loan"]["status"])


# ---- who may have one ----


def test_whoever_may_not_have_one_sees_how_far_it_is_and_the_next_step_first(asha: Visitor, saver: Saver) -> None:
    page = asha.get("/loans")
    seen = text(page)
    assert "Towards your first loan 5 of 10 are in place" in seen
    assert "The next step Verify who you are with one paper; it takes a few minutes." in seen
    assert 'href="/profile/papers"' in page.text
    assert "0 of 60 days" in seen
    assert "No deposit has been due yet." in seen
    assert "There is no score yet; 600 is needed." in seen
    assert "₹0 of ₹96.97 a month" in seen
    assert "Nothing is overdue." in seen
    assert "The money is not paid out. It is kept for you." in seen
    assert not SHAME.search(seen)
    assert asha.get("/loans/").status_code == 200
    assert asha.get("/loans/new").location == "/loans", "what stands in the way is said there"
    answer = asha.send("/loans/new", form="/loans", amount="5000", months="6", offer="y")
    assert answer.status_code == 409
    assert "This loan cannot be offered to you now. Nothing was changed." in text(answer)
    assert "5 of 10 are in place" in text(answer)


def test_what_can_be_done_today_comes_first(app: Flask) -> None:
    checks = (
        Check("identity", False, "pending", "verified"), Check("account", True, "active", "active"),
        Check("history_days", False, 52, 60), Check("score", False, 450, 600),
        Check("on_time_rate", False, 0.5, 0.75), Check("affordability", False, 4_500, 9_697),
        Check("arrears", False, 96_973, 0),
    )  # fmt: skip
    with app.test_request_context("/"):
        found = eligibility.asked(checks)
        assert [one.code for one in found] == [
            "arrears", "affordability", "on_time_rate", "score", "history_days", "identity",
        ]  # fmt: skip
        shares = {one.code: one.share for one in found}
        assert shares["score"] == 0.5, "a score begins at 300"
        assert shares["history_days"] == pytest.approx(52 / 60)
        assert shares["on_time_rate"] == pytest.approx(2 / 3)
        assert shares["identity"] is None
        assert found[-1].step == "A person looks at your paper; you are told when it is done."
        unsent = eligibility.asked([Check("identity", False, "none", "verified"), checks[2]])
        assert [one.code for one in unsent] == ["identity", "history_days"]


def test_whoever_may_have_one_sees_how_large_and_until_when(at_home: Visitor, borrower: Saver) -> None:
    asked = borrower.get("/api/loan-eligibility/").json
    seen = text(at_home.get("/loans"))
    largest = f"{float(asked['max_amount']):,.0f}"
    assert f"You can have up to ₹{largest} over 24 months, ₹" in seen
    assert "It holds until Wednesday 30 September" in seen
    assert "together about 17.07 % a year" in seen
    assert "Choose an amount" in seen
    assert "are in place" not in seen


def test_few_queries(at_home: Visitor, borrower: Saver, monkeypatch: pytest.MonkeyPatch) -> None:
    make_loan(borrower)
    for path in ("/loans", f"/loans/{borrower.get('/api/loans/').json['items'][0]['id']}"):
        at_home.get(path)
        seen: list[str] = []
        send = transactions._send
        monkeypatch.setattr(
            transactions,
            "_send",
            lambda work, send=send, seen=seen, **options: seen.append(str(work.queue)) or send(work, **options),
        )
        assert at_home.get(path).status_code == 200
        assert len(seen) <= 5, (path, seen)


# ---- choosing ----


def test_choosing_begins_with_a_modest_loan_and_its_figures(at_home: Visitor, borrower: Saver) -> None:
    options = borrower.get("/api/loan-eligibility/").json["options"]
    year = next(float(option["max_amount"]) for option in options if option["tenure_months"] == 12)
    page = at_home.get("/loans/new")
    (begun,) = re.findall(r'name="amount"[^>]*value="(\d+)"', page.text)
    assert year / 3 < int(begun) <= year / 2
    assert re.search(r'value="12"[^>]* checked', page.text)
    assert "Each month ₹" in text(page)
    assert borrower.get("/api/loans/").json["items"] == [], "looking offers nothing"


def test_every_figure_is_the_servers(at_home: Visitor, borrower: Saver) -> None:
    """The known loan: 20,000 at 15 % over 24 months with 400 withheld."""
    known = (
        "Each month ₹969.73 24 times What it costs a year, all in (APR) 17.07 % a year"
        " All it costs: interest and fee ₹3,673.58 All instalments together ₹23,273.58"
        " Comes into your jar at the end ₹19,600"
    )
    part = at_home.get("/loans/new/figures?amount=20,000&months=24")
    assert part.status_code == 200
    assert plain(part.text) == known
    assert "<html" not in part.text
    without_script = at_home.send("/loans/new", amount="20000", months="24", what="figures")
    assert without_script.status_code == 200
    assert known in text(without_script)
    assert 'value="20000"' in without_script.text
    assert borrower.get("/api/loans/").json["items"] == []


@pytest.mark.parametrize(
    ("amount", "months", "words"),
    [
        ("1,999", "24", "Choose an amount from ₹2,000 to ₹50,000."),
        ("50000.01", "24", "Choose an amount from ₹2,000 to ₹50,000."),
        ("many", "24", "Type an amount such as 250 or 1,00,000.50."),
        ("", "24", "Enter an amount, like 5,000."),
        ("5000", "7", "Not a valid choice."),
        ("5000", "", "Choose over how many months."),
    ],
)
def test_what_the_product_does_not_have(
    at_home: Visitor, borrower: Saver, amount: str, months: str, words: str
) -> None:
    part = at_home.get("/loans/new/figures", query_string={"amount": amount, "months": months})
    assert part.status_code == 200
    assert words in plain(part.text)
    for button in ({"what": "figures"}, {"offer": "y"}):
        answer = at_home.send("/loans/new", amount=amount, months=months, **button)
        assert answer.status_code == 422
        assert words in text(answer)
        assert not amount or f'value="{amount}"' in answer.text, "what was typed is kept"
    assert borrower.get("/api/loans/").json["items"] == []


def test_more_than_is_affordable(app: Flask, clock: Clock) -> None:
    small = make_borrower(app, clock, weekly="100")
    visitor = Visitor(app)
    visitor.log_in(small.email)
    assert "Over 12 months you can have up to ₹2,300." in visitor.get("/loans/new/figures?amount=9000&months=12").text
    answer = visitor.send("/loans/new", amount="9000", months="12", offer="y")
    assert answer.status_code == 403
    assert text(answer).count("Over 12 months you can have up to ₹2,300.") >= 2
    assert 'value="9000"' in answer.text


def test_a_form_that_arrives_twice_is_one_offer(at_home: Visitor, borrower: Saver) -> None:
    carried = at_home.hidden("/loans/new")
    answers = [at_home.send("/loans/new", carried=carried, amount="5000", months="6", offer="y") for _ in range(2)]
    (made,) = borrower.get("/api/loans/").json["items"]
    assert [(one.status_code, one.location) for one in answers] == [(303, f"/loans/{made['id']}/key-facts")] * 2
    # Whoever goes back and chooses anew gets what was chosen, also the first amount once more.
    for amount in ("6000", "5000"):
        again = at_home.send("/loans/new", carried=carried, amount=amount, months="6", offer="y")
        assert "Nothing is agreed yet." in text(at_home.get(again.location))
        assert again.location != answers[0].location
    assert [one["status"] for one in borrower.get("/api/loans/").json["items"]] == ["offered", "cancelled", "cancelled"]


# ---- key facts and agreeing ----


def test_the_key_facts_say_all_of_it(at_home: Visitor, borrower: Saver) -> None:
    loan_id = make_loan(borrower, accept=False)
    stated = borrower.get(f"/api/loans/{loan_id}/statement/").json
    page = at_home.get(f"/loans/{loan_id}/key-facts")
    seen = text(page)
    for part in (
        "What it costs a year, all in (APR) 17.07 % a year",
        "You pay ₹969.73 a month for 24 months, ₹23,273.58 in all.",
        "With the last payment ₹19,600.00 comes into your jar. So it costs you ₹3,673.58.",
        "Fee, withheld from it ₹400.00",
        "The last instalment ₹969.79",
        "You can think again for 3 days after you have accepted",
        "one late charge for it, of ₹19.39 at most",
        "month 24 ₹969.79 principal ₹957.82, interest ₹11.97 ₹0.00",
        stated["officer"]["name"],
        stated["officer"]["email"],
        f"Version of this statement: {stated['version']}",
        "Nothing is agreed yet.",
    ):
        assert part in seen, part
    assert seen.count("month ") >= 24
    assert f'value="{stated["version"]}"' in page.text
    at_home.send("/amounts", form="/dashboard")
    assert "₹969.73" in text(at_home.get(f"/loans/{loan_id}/key-facts")), "nobody agrees to amounts that are hidden"
    paper = at_home.get(f"/loans/{loan_id}/key-facts.pdf")
    assert (paper.status_code, paper.mimetype) == (200, "application/pdf")
    words = "".join(sheet.get_textpage().get_text_range() for sheet in pypdfium2.PdfDocument(paper.data))
    assert "969.73" in words
    assert "17.07" in words


def test_agreeing_is_a_tick_to_this_version_and_counts_once(at_home: Visitor, borrower: Saver, clock: Clock) -> None:
    loan_id = make_loan(borrower, accept=False)
    here, jar = f"/loans/{loan_id}/key-facts", borrower.jar(name="For later")
    unread = at_home.send(here, jar="")
    assert unread.status_code == 422
    assert text(unread).count("Tick this once you have read the key facts.") == 2
    other = at_home.send(here, carried=at_home.hidden(here) | {"version": "0" * 64}, jar="", agree="y")
    assert other.status_code == 422
    assert "This is not the version of this offer’s statement; read it again." in text(other).replace("'", "’")
    assert f'value="{"0" * 64}"' not in other.text
    strange = at_home.send(here, jar=str(uuid4()), agree="y")
    assert strange.status_code == 422
    assert state(borrower, loan_id) == "offered"
    carried = at_home.hidden(here)
    answers = [at_home.send(here, carried=carried, jar=jar, agree="y") for _ in range(2)]
    assert [(one.status_code, one.location) for one in answers] == [(303, f"/loans/{loan_id}")] * 2
    page = at_home.get(f"/loans/{loan_id}")
    assert "Agreed. The money is kept for you" in said(page)
    assert "Loan of ₹20,000 time to think" in text(page)
    assert "until Saturday 26 September, 12:00 pm, cancelling undoes all of it at no cost." in text(page)
    assert borrower.get(f"/api/loans/{loan_id}/").json["loan"]["jar_id"] == jar
    again = at_home.send(here, carried=at_home.hidden("/profile") | {"key": "k" * 20, "version": "0" * 64},
                         jar="", agree="y")  # fmt: skip
    assert again.location == f"/loans/{loan_id}"
    assert "This loan was accepted before. Nothing was changed." in said(at_home.get(f"/loans/{loan_id}"))
    assert "You agreed to this on 23 Sept." in text(at_home.get(here))
    assert "I agree" not in text(at_home.get(here))


def test_an_offer_that_is_over_says_so(at_home: Visitor, borrower: Saver, clock: Clock) -> None:
    loan_id = make_loan(borrower, accept=False)
    here = f"/loans/{loan_id}/key-facts"
    carried = at_home.hidden(here)
    clock.advance(days=7)
    answer = at_home.send(here, carried=carried, jar="", agree="y")
    assert answer.status_code == 409
    assert "This offer is over. Ask for a new one; nothing was changed." in text(answer)
    assert 'href="/loans"' in answer.text
    assert "This offer ran out. Nothing was agreed" in text(at_home.get(f"/loans/{loan_id}"))
    first = make_loan(borrower, accept=False)
    make_loan(borrower, accept=False)
    assert "A newer offer took the place of this one." in text(at_home.get(f"/loans/{first}"))


# ---- the loan ----


def test_a_loan_says_plainly_how_it_stands(app: Flask, at_home: Visitor, borrower: Saver, clock: Clock) -> None:
    loan_id = make_loan(borrower, accept=False)
    here = f"/loans/{loan_id}"
    assert "It is offered to you until Wednesday 30 September, 12:00 pm. Nothing is agreed yet." in text(
        at_home.get(here)
    )
    assert "Loan of ₹20,000 offered" in text(at_home.get("/loans"))
    version = borrower.get(f"/api/loans/{loan_id}/").json["loan"]["statement_version"]
    assert borrower.post(f"/api/loans/{loan_id}/accept/", {"version": version}).status_code == 200
    clock.advance(days=3, seconds=1)
    seen = text(at_home.get(here))
    assert "Loan of ₹20,000 running" in seen
    assert "Next instalment, due on Friday 23 October ₹969.73" in seen
    assert "Cancel it" not in seen
    assert "Nothing is paid yet, of ₹23,273.58 until 23 Sept 2028." in seen
    clock.set(datetime(2026, 10, 28, 6, 30, tzinfo=UTC))  # five days late
    pass_the_day(app, clock)
    page = at_home.get(here)
    seen = text(page)
    assert "Due since Friday 23 October ₹969.73" in seen
    assert "Late charges beside it: ₹19.39. No interest is taken on them." in seen
    assert "late charge ₹19.39, open" in seen
    assert "23 Oct still open" in seen
    assert not SHAME.search(seen)
    assert borrower.post(f"/api/loans/{loan_id}/repay/", {"amount": "989.12"}).status_code == 201
    page = at_home.get(here)
    seen = text(page)
    assert "₹969.73 of ₹23,273.58 is paid: 1 of 24 instalments." in seen
    assert "paid on 28 Oct" in seen
    assert "From outside Today Paid ₹989.12 Principal ₹719.73 Interest ₹250 Late charge ₹19.39" in seen
    drawing = page.text.partition('<svg class="chart"')[2].partition("</svg>")[0]
    assert drawing.count("chart-line") == 2
    at_home.send("/amounts", form="/dashboard")
    hidden = at_home.get(here)
    assert "969.73" not in hidden.text.partition("<main")[2]
    assert '<svg class="chart"' not in hidden.text
    assert "1 of 24 instalments are paid. Its line is hidden, as the amounts are." in text(hidden)


def test_what_stayed_open_for_long_ends_and_is_told(
    app: Flask, at_home: Visitor, borrower: Saver, clock: Clock
) -> None:
    loan_id = make_loan(borrower)
    clock.advance(days=4)
    pass_the_day(app, clock)
    clock.advance(days=26 + 92)
    pass_the_day(app, clock)
    seen = text(at_home.get(f"/loans/{loan_id}"))
    assert "ended early" in seen
    assert "because an instalment stayed open for long" in seen
    assert "Out of the money that was kept" in seen
    assert not SHAME.search(seen)
    inbox = at_home.get("/notifications")
    assert "Your loan has ended" in inbox.text
    (form,) = re.findall(r'action="(/notifications/[^"]+/read)"[^§]*?Your loan has ended', inbox.text)[-1:]
    assert at_home.client.post(form, data=at_home.carried_in(inbox)).location == f"/loans/{loan_id}"


@pytest.mark.parametrize("kind", ["", "/key-facts", "/key-facts.pdf", "/repay", "/cancel"])
def test_a_loan_of_somebody_else_is_none(asha: Visitor, borrower: Saver, kind: str) -> None:
    loan_id = make_loan(borrower)
    for target in (loan_id, str(uuid4())):
        assert asha.get(f"/loans/{target}{kind}").status_code == 404
        if kind in {"/key-facts", "/repay", "/cancel"}:
            values = {"key": "k" * 20, "what": "1", "amount": "", "jar": "", "agree": "y", "version": "0" * 64}
            answer = asha.send(f"/loans/{target}{kind}", form="/profile", **values)
            assert answer.status_code == 404
    assert state(borrower, loan_id) == "accepted"


def test_earlier_loans_are_listed_and_offers_that_nobody_took_are_not(
    at_home: Visitor, borrower: Saver, clock: Clock
) -> None:
    first, second = make_loan(borrower, amount="3000", months=6), None
    assert borrower.post(f"/api/loans/{first}/cancel/").status_code == 200
    make_loan(borrower, amount="7000", accept=False)
    second = make_loan(borrower, amount="4000", months=6)
    assert borrower.post(f"/api/loans/{second}/repay/", {"amount": "4000"}).status_code == 201
    page = at_home.get("/loans")
    seen = text(page).partition("Earlier loans")[2]
    assert "Loan of ₹4,000 Paid back on 23 Sept." in seen
    assert "Loan of ₹3,000 You cancelled it on 23 Sept" in seen
    assert "7,000" not in text(page)
    assert f'href="/loans/{first}"' in page.text


# ---- paying ----


def pay(visitor: Visitor, loan_id: str, **values: str):
    here = f"/loans/{loan_id}/repay"
    return visitor.send(here, **{"amount": "", "jar": ""} | values)


def test_paying_the_instalment_another_amount_and_everything(at_home: Visitor, borrower: Saver, clock: Clock) -> None:
    loan_id = make_loan(borrower)
    clock.advance(days=30)
    page = at_home.get(f"/loans/{loan_id}/repay")
    assert re.findall(r'name="what" value="([^"]+)"', page.text) == ["969.73", "20250", "other"]
    assert "₹969.73 the instalment of Friday 23 October" in text(page)
    answer = pay(at_home, loan_id, what="969.73")
    assert (answer.status_code, answer.location) == (303, f"/loans/{loan_id}")
    assert "₹969.73 is paid. The next instalment is due on Monday 23 November." in said(
        at_home.get(f"/loans/{loan_id}")
    )
    assert pay(at_home, loan_id, what="other", amount="₹ 500").status_code == 303
    assert "₹469.73 the instalment of Monday 23 November" in text(at_home.get(f"/loans/{loan_id}/repay"))
    left = borrower.get(f"/api/loans/{loan_id}/").json["loan"]["closing_amount"]
    assert pay(at_home, loan_id, what=left).status_code == 303
    page = at_home.get(f"/loans/{loan_id}")
    assert "and with it the whole loan. ₹19,600 is in your jar now." in said(page)
    assert "A new badge" in said(page)
    assert "Paid back on 23 Oct. ₹19,600 that was kept for you went into your jar." in text(page)
    assert at_home.get(f"/loans/{loan_id}/repay").location == f"/loans/{loan_id}"
    late = at_home.send(f"/loans/{loan_id}/repay", form="/profile", key="k" * 20, what="other", amount="5", jar="")
    assert late.status_code == 409
    assert "There is nothing to be paid back here. Nothing was taken." in text(late)


def test_a_payment_sent_twice_is_one(at_home: Visitor, borrower: Saver) -> None:
    loan_id = make_loan(borrower)
    here = f"/loans/{loan_id}/repay"
    carried = at_home.hidden(here)
    for _ in range(2):
        assert at_home.send(here, carried=carried, what="969.73", amount="", jar="").status_code == 303
    assert borrower.get(f"/api/loans/{loan_id}/").json["loan"]["paid"] == "969.73"


def test_more_than_is_owed_takes_nothing_and_keeps_what_was_typed(at_home: Visitor, borrower: Saver) -> None:
    loan_id = make_loan(borrower)
    answer = pay(at_home, loan_id, what="other", amount="20,000.01")
    assert answer.status_code == 409
    assert text(answer).count("That is more than is owed: ₹20,000 closes the loan today. Nothing was taken.") == 2
    assert 'value="20000.01"' in answer.text
    assert re.search(r'value="other"[^>]* checked', answer.text)
    assert borrower.get(f"/api/loans/{loan_id}/").json["loan"]["paid"] == "0.00"
    # The refusal is remembered under its own key; the form that came back is a new one.
    again = at_home.send(
        f"/loans/{loan_id}/repay", carried=at_home.carried_in(answer), what="other", amount="5", jar=""
    )
    assert again.status_code == 303


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"what": "other"}, "Enter an amount, like 500."),
        ({"what": "other", "amount": "soon"}, "Type an amount such as 250 or 1,00,000.50."),
        ({"what": "969.73", "amount": "5"}, "Choose “Another amount” to pay this, or leave it empty."),
        ({"amount": "5"}, "Choose how much to pay."),
        ({"what": "-5"}, "The amount must be more than zero."),
        ({"what": "969.73", "jar": "nobody"}, "Not a valid choice."),
    ],
)
def test_what_is_no_payment_moves_nothing(
    at_home: Visitor, borrower: Saver, values: dict[str, str], words: str
) -> None:
    loan_id = make_loan(borrower)
    answer = pay(at_home, loan_id, **values)
    assert answer.status_code == 422
    assert words in text(answer)
    assert not values.get("amount") or f'value="{values["amount"]}"' in answer.text
    assert borrower.get(f"/api/loans/{loan_id}/").json["loan"]["paid"] == "0.00"


def test_paying_out_of_a_jar(at_home: Visitor, borrower: Saver) -> None:
    loan_id = make_loan(borrower)
    poor = borrower.jar(name="Umbrella")
    borrower.deposit(poor, "10")
    answer = pay(at_home, loan_id, what="969.73", jar=poor)
    assert answer.status_code == 409
    assert text(answer).count("There is less in this jar than that. Nothing was taken.") == 2
    assert "Umbrella, holds ₹10" in text(answer)
    jar = next(one["id"] for one in borrower.get("/api/jars/").json["items"] if one["id"] != poor)
    assert pay(at_home, loan_id, what="969.73", jar=jar).status_code == 303
    assert "From Bicycle" in text(at_home.get(f"/loans/{loan_id}"))
    assert borrower.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "9030.27"


def test_the_last_instalment_ahead_asks_for_no_more_than_closing_costs(
    app: Flask, at_home: Visitor, borrower: Saver, clock: Clock
) -> None:
    loan_id = make_loan(borrower, amount="2000", months=6)
    shown = borrower.get(f"/api/loans/{loan_id}/").json["loan"]
    for row in shown["schedule"][:-1]:
        clock.set(datetime.combine(date.fromisoformat(row["due_date"]), time(6, 30), UTC))
        assert pay(at_home, loan_id, what=row["amount"]).status_code == 303
    clock.advance(days=1)
    page = at_home.get(f"/loans/{loan_id}/repay")
    (all_of_it,) = [one for one in re.findall(r'name="what" value="([^"]+)"', page.text) if one != "other"]
    assert float(all_of_it) < float(shown["schedule"][-1]["amount"])
    assert pay(at_home, loan_id, what=all_of_it).status_code == 303
    assert state(borrower, loan_id) == "repaid"


def test_what_it_did_for_the_score(at_home: Visitor, borrower: Saver, clock: Clock) -> None:
    loan_id = make_loan(borrower)
    for day in (datetime(2026, 10, 23, 6, 30, tzinfo=UTC), datetime(2026, 11, 23, 6, 30, tzinfo=UTC)):
        clock.set(day)
        assert pay(at_home, loan_id, what="969.73").status_code == 303
    left = borrower.get(f"/api/loans/{loan_id}/").json["loan"]["closing_amount"]
    assert pay(at_home, loan_id, what=left).status_code == 303
    clock.advance(seconds=5)
    factories.score(borrower, clock)
    clock.advance(minutes=5)
    seen = text(at_home.get(f"/loans/{loan_id}"))
    assert "What it did for your score" in seen
    assert "2 of 2 instalments were on time: that brought 18 points." in seen
    assert "Loan instalments 56 of 75 points" in seen
    assert "Loan instalments 56 of / 75" in text(at_home.get("/score"))


def test_paid_back_at_once_it_moved_nothing(at_home: Visitor, borrower: Saver) -> None:
    loan_id = make_loan(borrower)
    assert pay(at_home, loan_id, what="20000").status_code == 303
    assert "It was paid back before an instalment fell due, so it moved nothing, up or down." in text(
        at_home.get(f"/loans/{loan_id}")
    )


# ---- cancelling ----


def test_cancelling_while_there_is_time_and_a_second_after(at_home: Visitor, borrower: Saver, clock: Clock) -> None:
    loan_id = make_loan(borrower)
    here = f"/loans/{loan_id}/cancel"
    page = at_home.get(here)
    assert "Cancel this loan?" in text(page)
    assert "This works until Saturday 26 September, 12:00 pm." in text(page)
    carried = at_home.hidden(here)
    clock.advance(days=3, seconds=1)
    answer = at_home.send(here, carried=carried)
    assert answer.status_code == 409
    assert "The days to think again are over. The loan can be paid back early; nothing was changed." in text(answer)
    assert state(borrower, loan_id) == "active"
    assert at_home.get(here).location == f"/loans/{loan_id}"
    clock.advance(seconds=-2)
    answers = [at_home.send(here, carried=at_home.hidden(here)) for _ in range(1)]
    assert answers[0].location == "/loans"
    assert "The loan is cancelled. All is as if it had never been, and it cost nothing." in said(at_home.get("/loans"))
    assert "You cancelled it on 26 Sept" in text(at_home.get(f"/loans/{loan_id}"))


def test_an_offer_is_put_away(at_home: Visitor, borrower: Saver) -> None:
    loan_id = make_loan(borrower, accept=False)
    here = f"/loans/{loan_id}/cancel"
    assert "No loan after all?" in text(at_home.get(here))
    assert at_home.send(here).location == "/loans"
    assert "The offer is put away. Nothing was agreed." in said(at_home.get("/loans"))
    assert "You did not want this offer." in text(at_home.get(f"/loans/{loan_id}"))


# ---- where it is met ----


def test_home_asks_for_an_instalment_that_is_near(app: Flask, at_home: Visitor, borrower: Saver, clock: Clock) -> None:
    assert "Credit-builder loan Saved for you while you pay" in text(at_home.get("/dashboard"))
    loan_id = make_loan(borrower)
    far = at_home.get("/dashboard")
    assert "of your loan" not in text(far)
    assert "Your loan ₹969.73 by 23 Oct" in text(far)
    for days_on, words in ((27, "An instalment of your loan is due on Friday 23 October."),
                           (3, "An instalment of your loan is due today."),
                           (5, "An instalment of your loan is still open, since Friday 23 October.")):  # fmt: skip
        clock.advance(days=days_on)
        pass_the_day(app, clock)
        page = at_home.get("/dashboard")
        assert words in text(page)
        assert f'href="/loans/{loan_id}/repay"' in page.text
    assert "Pay ₹989.12 of your loan" in text(page), "with its late charge"
    assert page.text.partition("<main")[2].count("button-primary") == 1, "one thing to do"
    assert pay(at_home, loan_id, what="989.12").status_code == 303
    assert "of your loan" not in text(at_home.get("/dashboard")).replace("Paid", "")


def test_the_score_leads_here_and_stays_lit_in_the_bar(asha: Visitor, saver: Saver) -> None:
    assert 'href="/loans"' in asha.get("/score").text
    assert 'href="/loans"' in asha.get("/profile").text
    page = asha.get("/loans")
    assert re.search(r'href="/score" aria-current="true"', page.text)
    assert 'aria-current="true"' not in asha.get("/jars").text


# ---- the drawing ----


def test_the_line_of_what_is_paid_beside_its_plan(app: Flask, borrower: Saver, clock: Clock) -> None:
    loan_id = make_loan(borrower, amount="6000", months=6)

    def drawn():
        with app.app_context():
            person = borrower.principal()
            return run(lambda: chart(loan.read(person, loan_id, at=clock.now()), payments.made(person, loan_id)))

    begun = drawn()
    assert (begun.paid, begun.instalments, begun.of, begun.lines) == (0, 0, 6, [])
    assert begun.path == "M1 128H1.0"
    assert begun.plan.endswith(f"H313.0V{begun.total_y}"), "the plan ends at the top, on the last day"
    clock.advance(days=30)
    assert borrower.post(f"/api/loans/{loan_id}/repay/", {"amount": "1000"}).status_code == 201
    assert borrower.post(f"/api/loans/{loan_id}/repay/", {"amount": "50"}).status_code == 201
    clock.advance(days=10)
    one = drawn()
    assert (one.paid, one.lines) == (105_000, [(clock.now().date() - timedelta(days=10), 105_000)])
    assert one.path.startswith("M1 128H52.7V")
    assert 1 < one.end[0] < 313
    left = borrower.get(f"/api/loans/{loan_id}/").json["loan"]["closing_amount"]
    assert borrower.post(f"/api/loans/{loan_id}/repay/", {"amount": left}).status_code == 201
    whole = drawn()
    assert whole.paid == whole.total
    assert whole.end[1] == whole.total_y
    other = make_loan(borrower, amount="2000", months=6)
    assert borrower.post(f"/api/loans/{other}/cancel/").status_code == 200
    loan_id = other
    assert drawn() is None, "all of it was undone"


# ---- in Hindi ----


def test_every_state_in_one_language(app: Flask, clock: Clock) -> None:
    """A loan from its offer to its end, and what is refused on the way."""
    saver = make_borrower(app, clock, language="hi", name="सुनीता")
    for jar in saver.get("/api/jars/").json["items"]:
        saver.call("PATCH", f"/api/jars/{jar['id']}/", {"name": "साइकिल"})
    visitor = Visitor(app)
    visitor.log_in(saver.email)

    def look(path: str, answer: object = None) -> None:
        page = answer or visitor.get(path)
        assert list(hindi.english_in(page.text)) == [], path  # type: ignore[attr-defined]

    for path in ("/loans", "/loans/new", "/score", "/dashboard", "/loans/new/figures?amount=1&months=6",
                 "/loans/new/figures?amount=9000&months=12", "/loans/new/figures?months=6"):  # fmt: skip
        look(path)
    look("refused", visitor.send("/loans/new", amount="", months="", offer="y"))
    offer = visitor.send("/loans/new", amount="20000", months="24", offer="y").location
    here = offer.removesuffix("/key-facts")
    look(offer)
    look(here)
    look("/loans")
    look(f"{here}/cancel")
    look("not agreed", visitor.send(offer, jar=""))
    assert visitor.send(offer, jar="", agree="y").status_code == 303
    look(here)
    look(f"{here}/cancel")
    look("too much", visitor.send(f"{here}/repay", what="other", amount="99999", jar=""))
    look("nothing", visitor.send(f"{here}/repay", what="other", amount="", jar=""))
    clock.set(datetime(2026, 10, 23, 6, 30, tzinfo=UTC))
    pass_the_day(app, clock)
    look("/dashboard")
    look("too late", visitor.send(f"{here}/cancel", form=f"{here}/repay"))
    assert visitor.send(f"{here}/repay", what="969.73", amount="", jar="").status_code == 303
    look(here)
    clock.set(datetime(2026, 11, 28, 6, 30, tzinfo=UTC))
    pass_the_day(app, clock)
    for path in (here, "/loans", f"{here}/repay", "/dashboard"):
        look(path)
    left = saver.get(f"/api/loans/{here.rpartition('/')[2]}/").json["loan"]["closing_amount"]
    assert visitor.send(f"{here}/repay", what=left, amount="", jar="").status_code == 303
    look(here)
    clock.advance(seconds=5)
    factories.score(saver, clock)
    clock.advance(minutes=1)
    for path in (here, "/loans", offer):
        look(path)
