"""Loans over the API: the contract's shapes, codes and words."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pypdfium2
import pytest
from flask import Flask

from app.services.loans import decisions
from app.transactions import run
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver, make_borrower, make_loan

ELIGIBILITY = "/api/loan-eligibility/"


@pytest.fixture
def borrower(app: Flask, clock: Clock) -> Saver:
    return make_borrower(app, clock)


def refused(answer: Any) -> tuple[int, str]:
    assert answer.mimetype == "application/problem+json"
    return answer.status_code, answer.json["code"]


def codes(answer: Any, *, passed: bool) -> list[str]:
    return [reason["code"] for reason in answer.json["reasons"] if reason["passed"] is passed]


# ---- eligibility ----


def test_a_new_saver_is_told_each_check_and_what_to_do(saver: Saver) -> None:
    answer = saver.get(ELIGIBILITY)
    assert answer.status_code == 200
    assert (answer.json["eligible"], answer.json["max_amount"], answer.json["tenure_months"]) == (False, "0.00", [])
    assert codes(answer, passed=False) == ["identity", "history_days", "score", "on_time_rate", "affordability"]
    assert codes(answer, passed=True) == ["account", "paused_jars", "open_loans", "arrears", "defaults"]
    assert len(answer.json["next_steps"]) == 5
    for reason in answer.json["reasons"]:
        assert list(reason) == ["code", "passed", "actual", "required", "text"]
        assert reason["text"].endswith(".")
    by_code = {reason["code"]: reason for reason in answer.json["reasons"]}
    assert (by_code["identity"]["actual"], by_code["identity"]["required"]) == ("none", "verified")
    assert (by_code["score"]["actual"], by_code["score"]["required"]) == (None, 600)
    assert (by_code["affordability"]["actual"], by_code["affordability"]["required"]) == ("0.00", "96.97")


def test_a_saver_with_a_habit_may_have_a_loan_and_the_decision_is_kept(
    app: Flask, borrower: Saver, clock: Clock, superuser: Any
) -> None:
    answer = borrower.get(ELIGIBILITY)
    assert answer.json["eligible"] is True, answer.json
    assert codes(answer, passed=False) == []
    assert answer.json["tenure_months"] == [6, 12, 18, 24]
    assert answer.json["max_amount"] == answer.json["options"][-1]["max_amount"]
    assert answer.json["apr"] == "17.07"
    assert len(answer.json["next_steps"]) == 1
    # The same decision for as long as nothing is different; another one where something is.
    assert borrower.get(ELIGIBILITY).json == answer.json
    clock.advance(days=1)
    assert borrower.get(ELIGIBILITY).json["decision_id"] != answer.json["decision_id"]
    with app.app_context():
        kept = run(lambda: decisions.shown(borrower.id, answer.json["decision_id"]))
    assert [(check.code, check.passed) for check in kept.checks] == [
        (reason["code"], reason["passed"]) for reason in answer.json["reasons"]
    ]
    assert (kept.score, kept.policy_version, kept.loan_policy_version) == (answer.json["score"], "rule-1", "loan-1")
    assert kept.features["on_rate_12"] > 0.75
    with superuser.cursor() as cursor, pytest.raises(Exception, match="never changed"):
        cursor.execute("UPDATE loan_decisions SET eligible = false WHERE id = %s", (str(kept.id),))


def test_eligibility_speaks_the_savers_language(app: Flask, clock: Clock) -> None:
    saver = factories.make_saver(app, language="hi")
    said = saver.get(ELIGIBILITY).json
    for text in [*(reason["text"] for reason in said["reasons"]), *said["next_steps"]]:
        assert any("\u0900" <= character <= "\u097f" for character in text), text


def test_deposits_decide_how_large(app: Flask, clock: Clock) -> None:
    small = make_borrower(app, clock, weekly="100")
    asked = small.get(ELIGIBILITY).json
    # ten deposits of 100 within 70 days are 422 a month, of which half may be an instalment
    assert Decimal(asked["max_amount"]) == Decimal("4300")
    assert Decimal(asked["instalment"]) <= Decimal("211")
    clock.advance(days=-1)
    answer = small.post("/api/loans/", {"amount": "10000", "tenure_months": 24})
    assert refused(answer) == (403, "not_eligible")
    assert codes(answer, passed=False) == ["affordability"]
    assert "decision_id" in answer.json


# ---- offers ----


def test_an_offer_has_its_key_facts(borrower: Saver, clock: Clock) -> None:
    answer = borrower.post("/api/loans/", {"amount": "20000", "tenure_months": 24})
    assert answer.status_code == 201, answer.json
    loan, stated = answer.json["loan"], answer.json["statement"]
    assert (loan["status"], loan["amount"], loan["instalment"], loan["apr"], loan["fee"]) == (
        "offered", "20000.00", "969.73", "17.07", "400.00",
    )  # fmt: skip
    assert (loan["outstanding"], loan["closing_amount"], len(loan["schedule"])) == ("0.00", None, 24)
    assert loan["statement_version"] == stated["version"]
    assert (stated["instalment"], stated["apr"], stated["locked"]) == ("969.73", "17.07", "19600.00")
    # Anyone can work the version out.
    rest = {name: value for name, value in stated.items() if name != "version"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert sha256(text.encode()).hexdigest() == stated["version"]
    again = borrower.get(f"/api/loans/{loan['id']}/statement/")
    assert again.json == stated
    assert again.headers["ETag"].strip('"') == stated["version"]
    assert borrower.get(f"/api/loans/{loan['id']}/").json["loan"] == loan
    assert [each["id"] for each in borrower.get("/api/loans/").json["items"]] == [loan["id"]]


@pytest.mark.parametrize(
    ("amount", "months", "fields"),
    [
        ("1999.99", 24, ["amount"]),
        ("50000.01", 24, ["amount"]),
        ("20000", 7, ["tenure_months"]),
        ("1", 1, ["amount", "tenure_months"]),
    ],
)
def test_what_the_product_does_not_have_is_refused_with_its_limits(
    borrower: Saver, amount: str, months: int, fields: list[str]
) -> None:
    answer = borrower.post("/api/loans/", {"amount": amount, "tenure_months": months})
    assert refused(answer) == (422, "validation_error")
    assert sorted(answer.json["errors"]) == fields
    said = str(answer.json["errors"])
    assert "amount" not in fields or ("2,000" in said and "50,000" in said)
    assert "tenure_months" not in fields or "6, 12, 18, 24" in said


@pytest.mark.parametrize("body", [{}, {"amount": 1.5, "tenure_months": 6}, {"amount": "5000", "tenure_months": "6"},
                                  {"amount": "5000", "tenure_months": True}])  # fmt: skip
def test_what_is_no_order_is_refused(borrower: Saver, body: dict[str, Any]) -> None:
    assert refused(borrower.post("/api/loans/", body)) == (422, "validation_error")


def test_who_may_not_have_one_is_told_every_check(saver: Saver) -> None:
    answer = saver.post("/api/loans/", {"amount": "5000", "tenure_months": 6})
    assert refused(answer) == (403, "not_eligible")
    assert "identity" in codes(answer, passed=False)
    assert answer.json["next_steps"]
    assert answer.json["decision_id"] == saver.get(ELIGIBILITY).json["decision_id"]
    keyed = saver.post("/api/loans/", {"amount": "5000", "tenure_months": 6}, key="once")
    assert saver.post("/api/loans/", {"amount": "5000", "tenure_months": 6}, key="once").data == keyed.data


def test_one_offer_at_a_time(borrower: Saver) -> None:
    first = make_loan(borrower, accept=False)
    version = borrower.get(f"/api/loans/{first}/").json["loan"]["statement_version"]
    second = make_loan(borrower, amount="10000", accept=False)
    loans = {each["id"]: each for each in borrower.get("/api/loans/").json["items"]}
    assert (loans[first]["status"], loans[first]["cancel_reason"]) == ("cancelled", "replaced")
    assert loans[second]["status"] == "offered"
    assert refused(borrower.post(f"/api/loans/{first}/accept/", {"version": version})) == (409, "offer_expired")


def test_a_stale_offer_is_over(borrower: Saver, clock: Clock) -> None:
    loan = make_loan(borrower, accept=False)
    version = borrower.get(f"/api/loans/{loan}/").json["loan"]["statement_version"]
    clock.advance(days=7)
    answer = borrower.post(f"/api/loans/{loan}/accept/", {"version": version}, key="late")
    assert refused(answer) == (409, "offer_expired")
    shown = borrower.get(f"/api/loans/{loan}/").json["loan"]
    assert (shown["status"], shown["cancel_reason"]) == ("cancelled", "expired")


# ---- accepting ----


def test_accepting_lends_and_locks(borrower: Saver, superuser: Any) -> None:
    loan = make_loan(borrower, accept=False)
    shown = borrower.get(f"/api/loans/{loan}/").json["loan"]
    wrong = borrower.post(f"/api/loans/{loan}/accept/", {"version": "0" * 64})
    assert refused(wrong) == (422, "validation_error")
    assert list(wrong.json["errors"]) == ["version"]
    answer = borrower.post(f"/api/loans/{loan}/accept/", {"version": shown["statement_version"]}, key="yes")
    assert answer.status_code == 200, answer.json
    accepted = answer.json["loan"]
    assert (accepted["status"], accepted["outstanding"], accepted["closing_amount"]) == (
        "accepted", "20000.00", "20000.00",
    )  # fmt: skip
    replay = borrower.post(f"/api/loans/{loan}/accept/", {"version": shown["statement_version"]}, key="yes")
    assert (replay.data, replay.headers["Idempotency-Replayed"]) == (answer.data, "true")
    again = borrower.post(f"/api/loans/{loan}/accept/", {"version": shown["statement_version"]})
    assert refused(again) == (409, "already_accepted")
    with superuser.cursor() as cursor:
        cursor.execute("SELECT kind, balance FROM ledger_accounts WHERE loan_id = %s ORDER BY 1", (loan,))
        assert cursor.fetchall() == [("loan_locked", 1_960_000), ("loan_receivable", -2_000_000)]
        cursor.execute("SELECT accepted_in::text, statement_version FROM loans WHERE id = %s", (loan,))
        assert cursor.fetchall() == [(str(borrower.family_id), shown["statement_version"])]
    assert codes(borrower.get(ELIGIBILITY), passed=False) == ["open_loans"]
    assert refused(borrower.post("/api/loans/", {"amount": "5000", "tenure_months": 6})) == (403, "not_eligible")


def test_a_key_belongs_to_its_loan(borrower: Saver) -> None:
    loan = make_loan(borrower)
    assert borrower.post(f"/api/loans/{loan}/repay/", {"amount": "1"}, key="k").status_code == 201
    other = borrower.post(f"/api/loans/{loan}/repay/", {"amount": "2"}, key="k")
    assert refused(other) == (422, "idempotency_key_reused")
    assert refused(borrower.post(f"/api/loans/{loan}/cancel/", key="k")) == (422, "idempotency_key_reused")
    assert refused(borrower.post(f"/api/loans/{loan}/cancel/", key="a key")) == (400, "idempotency_key_invalid")
    # A refusal of the business stays one, whatever is different by then.
    first = borrower.post(f"/api/loans/{loan}/repay/", {"amount": "20000"}, key="too-much")
    assert refused(first) == (409, "more_than_owed")
    assert borrower.post(f"/api/loans/{loan}/repay/", {"amount": "20000"}, key="too-much").data == first.data


def test_of_two_acceptances_at_once_one_counts(app: Flask, borrower: Saver) -> None:
    loan = make_loan(borrower, accept=False)
    version = borrower.get(f"/api/loans/{loan}/").json["loan"]["statement_version"]

    def accept(_: int) -> tuple[int, str]:
        answer = app.test_client().post(
            f"/api/loans/{loan}/accept/", json={"version": version}, headers=borrower.headers
        )
        return answer.status_code, (answer.json or {}).get("code", "")

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(accept, range(4)))
    assert answers == [(200, ""), *[(409, "already_accepted")] * 3]
    assert len(borrower.get(f"/api/loans/{loan}/").json["loan"]["schedule"]) == 24


def test_a_jar_of_somebody_else_is_none(app: Flask, borrower: Saver, saver: Saver) -> None:
    loan = make_loan(borrower, accept=False)
    version = borrower.get(f"/api/loans/{loan}/").json["loan"]["statement_version"]
    body = {"version": version, "jar_id": saver.jar()}
    assert refused(borrower.post(f"/api/loans/{loan}/accept/", body)) == (404, "not_found")
    assert borrower.get(f"/api/loans/{loan}/").json["loan"]["status"] == "offered"


# ---- paying ----


def test_paying_pays_the_oldest_instalment(borrower: Saver, clock: Clock) -> None:
    loan = make_loan(borrower)
    clock.advance(days=31)
    answer = borrower.post(f"/api/loans/{loan}/repay/", {"amount": "969.73"}, key="first")
    assert answer.status_code == 201, answer.json
    payment, shown = answer.json["payment"], answer.json["loan"]
    assert (payment["principal"], payment["interest"], payment["late_charges"]) == ("719.73", "250.00", "0.00")
    assert (shown["status"], shown["outstanding"]) == ("active", "19280.27")
    assert [row["status"] for row in shown["schedule"][:2]] == ["paid", "open"]
    assert shown["schedule"][0]["paid_at"] is not None
    again = borrower.post(f"/api/loans/{loan}/repay/", {"amount": "969.73"}, key="first")
    assert (again.data, again.headers["Idempotency-Replayed"]) == (answer.data, "true")
    assert borrower.get(f"/api/loans/{loan}/").json["loan"]["outstanding"] == "19280.27"


def test_paying_from_a_jar(borrower: Saver, clock: Clock) -> None:
    jar = borrower.get("/api/jars/").json["items"][0]["id"]
    before = Decimal(borrower.get(f"/api/jars/{jar}/").json["jar"]["current_amount"])
    streak = borrower.get(f"/api/jars/{jar}/").json["jar"]["streak_count"]
    loan = make_loan(borrower)
    answer = borrower.post(f"/api/loans/{loan}/repay/", {"amount": "969.73", "jar_id": jar})
    assert answer.status_code == 201
    shown = borrower.get(f"/api/jars/{jar}/").json["jar"]
    assert Decimal(shown["current_amount"]) == before - Decimal("969.73")
    assert shown["streak_count"] == streak
    newest = borrower.get(f"/api/jars/{jar}/transactions/").json["items"][0]
    assert (newest["type"], newest["amount"]) == ("loan_repayment", "969.73")
    poor = borrower.jar()
    refusal = borrower.post(f"/api/loans/{loan}/repay/", {"amount": "1", "jar_id": poor})
    assert refused(refusal) == (409, "insufficient_funds")
    missing = borrower.post(f"/api/loans/{loan}/repay/", {"amount": "1", "jar_id": str(uuid4())})
    assert refused(missing) == (404, "not_found")


def test_closing_early_pays_interest_to_date_and_releases_the_money(borrower: Saver, clock: Clock) -> None:
    loan = make_loan(borrower)
    clock.advance(days=30)  # from 23 September to 23 October
    due = borrower.get(f"/api/loans/{loan}/").json["loan"]["closing_amount"]
    assert due == "20250.00"
    more = borrower.post(f"/api/loans/{loan}/repay/", {"amount": "20250.01"}, key="more")
    assert refused(more) == (409, "more_than_owed")
    assert "20,250" in more.json["detail"]
    answer = borrower.post(f"/api/loans/{loan}/repay/", {"amount": due})
    assert answer.status_code == 201, answer.json
    assert (answer.json["loan"]["status"], answer.json["loan"]["outstanding"]) == ("repaid", "0.00")
    jar = borrower.get(f"/api/jars/{answer.json['payment']['released_to']}/").json["jar"]
    assert (jar["name"], jar["current_amount"], jar["status"]) == ("Credit builder", "19600.00", "completed")
    assert borrower.withdraw(jar["id"], "19600").status_code == 201
    over = borrower.post(f"/api/loans/{loan}/repay/", {"amount": "1"})
    assert refused(over) == (409, "loan_not_open")
    assert "loan_repaid" in [badge["badge_type"] for badge in borrower.get("/api/badges/").json["earned"]]


def test_the_last_instalment_releases_into_the_jar_that_was_named(borrower: Saver, clock: Clock) -> None:
    jar = borrower.get("/api/jars/").json["items"][0]["id"]
    loan = make_loan(borrower, amount="6000", months=6, jar_id=jar)
    shown = borrower.get(f"/api/loans/{loan}/").json["loan"]
    for row in shown["schedule"]:
        clock.set(datetime.combine(date.fromisoformat(row["due_date"]), time(6, 30), UTC))
        answer = borrower.post(f"/api/loans/{loan}/repay/", {"amount": row["amount"], "jar_id": jar})
        assert answer.status_code == 201, answer.json
    assert answer.json["loan"]["status"] == "repaid"
    assert answer.json["payment"]["released_to"] == jar
    paid = sum(Decimal(row["amount"]) for row in shown["schedule"])
    assert Decimal(borrower.get(f"/api/jars/{jar}/").json["jar"]["current_amount"]) == 10_000 - paid + 5_880


def test_a_late_charge_stands_on_its_own(borrower: Saver, clock: Clock) -> None:
    loan = make_loan(borrower)
    clock.advance(days=30 + 4)
    shown = borrower.get(f"/api/loans/{loan}/").json["loan"]
    assert (shown["days_overdue"], shown["overdue"]) == (4, "969.73")
    answer = borrower.post(f"/api/loans/{loan}/repay/", {"amount": "979.73"})
    assert (answer.json["payment"]["principal"], answer.json["payment"]["interest"]) == ("719.73", "250.00")
    assert answer.json["payment"]["late_charges"] == "10.00"
    row = answer.json["loan"]["schedule"][0]
    assert (row["late_charge"], row["late_charge_paid"], row["status"]) == ("19.39", "10.00", "paid")


# ---- cancelling ----


def test_within_the_cooling_off_all_of_it_is_undone(borrower: Saver, clock: Clock, superuser: Any) -> None:
    jar = borrower.get("/api/jars/").json["items"][0]["id"]
    loan = make_loan(borrower)
    assert borrower.post(f"/api/loans/{loan}/repay/", {"amount": "1500", "jar_id": jar}).status_code == 201
    assert borrower.post(f"/api/loans/{loan}/repay/", {"amount": "200"}).status_code == 201
    clock.advance(days=3, seconds=-1)
    answer = borrower.post(f"/api/loans/{loan}/cancel/", key="no")
    assert answer.status_code == 200, answer.json
    assert (answer.json["loan"]["status"], answer.json["loan"]["cancel_reason"]) == ("cancelled", "cooling_off")
    assert borrower.post(f"/api/loans/{loan}/cancel/", key="no").data == answer.data
    assert refused(borrower.post(f"/api/loans/{loan}/cancel/")) == (409, "loan_over")
    assert borrower.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "10000.00"
    with superuser.cursor() as cursor:
        cursor.execute("SELECT DISTINCT balance FROM ledger_accounts WHERE loan_id = %s", (loan,))
        assert cursor.fetchall() == [(0,)]
        cursor.execute(
            "SELECT p.account_id::text, sum(p.amount) FROM postings p JOIN transactions t ON t.id = p.transaction_id"
            " WHERE t.user_id = %s AND t.type LIKE 'loan%%' AND p.seq IS NULL GROUP BY 1 HAVING sum(p.amount) <> 0",
            (str(borrower.id),),
        )
        assert cursor.fetchall() == []


def test_what_a_closed_jar_paid_comes_back_into_a_new_one(borrower: Saver) -> None:
    jar = borrower.jar()
    borrower.deposit(jar, "300")
    loan = make_loan(borrower)
    assert borrower.post(f"/api/loans/{loan}/repay/", {"amount": "300", "jar_id": jar}).status_code == 201
    assert borrower.call("DELETE", f"/api/jars/{jar}/").status_code == 204
    assert borrower.post(f"/api/loans/{loan}/cancel/").status_code == 200
    jars = {each["name"]: each for each in borrower.get("/api/jars/").json["items"] if each["id"] != jar}
    assert jars["Credit builder"]["current_amount"] == "300.00"
    assert borrower.get(f"/api/jars/{jar}/").json["jar"]["status"] == "closed"


def test_a_named_jar_that_was_closed_is_replaced_by_a_new_one(borrower: Saver) -> None:
    jar = borrower.jar()
    loan = make_loan(borrower, jar_id=jar)
    assert borrower.call("DELETE", f"/api/jars/{jar}/").status_code == 204
    answer = borrower.post(f"/api/loans/{loan}/repay/", {"amount": "20000"})
    assert answer.status_code == 201, answer.json
    assert answer.json["payment"]["released_to"] != jar


def test_a_second_after_the_cooling_off_it_is_too_late(borrower: Saver, clock: Clock) -> None:
    loan = make_loan(borrower)
    clock.advance(days=3, seconds=1)
    assert refused(borrower.post(f"/api/loans/{loan}/cancel/", key="late")) == (409, "cooling_off_over")
    shown = borrower.get(f"/api/loans/{loan}/").json["loan"]
    assert (shown["status"], shown["outstanding"]) == ("active", "20000.00")


def test_an_offer_is_declined(borrower: Saver) -> None:
    loan = make_loan(borrower, accept=False)
    answer = borrower.post(f"/api/loans/{loan}/cancel/")
    assert (answer.json["loan"]["status"], answer.json["loan"]["cancel_reason"]) == ("cancelled", "declined")


# ---- whose ----


@pytest.mark.parametrize("call", ["accept", "repay", "cancel", "statement", ""])
def test_a_loan_of_somebody_else_is_none(borrower: Saver, saver: Saver, call: str) -> None:
    loan = make_loan(borrower, accept=False)
    version = borrower.get(f"/api/loans/{loan}/").json["loan"]["statement_version"]
    bodies: dict[str, Any] = {"accept": {"version": version}, "repay": {"amount": "1"}, "cancel": None}
    answers = []
    for target in (loan, str(uuid4())):
        path = f"/api/loans/{target}/" + (f"{call}/" if call else "")
        answer = saver.post(path, bodies[call]) if call in bodies else saver.get(path)
        assert refused(answer) == (404, "not_found")
        answers.append(answer.json | {"request_id": ""})
    assert answers[0] == answers[1]


# ---- paper ----


@pytest.mark.parametrize(("language", "word"), [("en", "Key facts"), ("hi", "क़र्ज़")])
def test_the_statement_is_paper_too(app: Flask, clock: Clock, language: str, word: str) -> None:
    person = make_borrower(app, clock, language=language)
    loan = make_loan(person, accept=False)
    answer = person.get(f"/api/loans/{loan}/statement/", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    pages = pypdfium2.PdfDocument(answer.data)
    text = "".join(page.get_textpage().get_text_range() for page in pages)
    assert word in text
    assert "969.73" in text
    assert "17.07" in text
    neither = person.get(f"/api/loans/{loan}/statement/", headers={"Accept": "image/png"})
    assert neither.status_code == 406
