"""Loans over time, against PostgreSQL: whatever is offered, paid, cancelled or missed, book and ledger agree."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
import psycopg2
import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from app import clock as product_clock
from app.blueprints.api import loans as edge
from app.blueprints.api import problems
from app.errors import DomainError
from app.ledger.verify import verify
from app.services.idempotency.once import Answer, Claim
from app.services.loans import accepting, cancelling, checking, decisions, loan, offers, repaying, standing
from app.services.ops import loans as days
from app.services.ops.job_runs import Round
from app.transactions import run, transaction
from tests import factories
from tests.conftest import Clock, superuser_connection
from tests.factories import Saver, make_borrower, make_loan

BEGIN = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)


def pass_the_day(app: Flask, at: datetime) -> None:
    """What the jobs do, each of them twice."""
    with app.app_context():
        for job in (days.progress, days.age) * 2:
            job(Round(at))


class Loans(RuleBasedStateMachine):
    """One saver's offers, acceptances, payments, cancels and days, against a model of what is owed and held."""

    app: Flask
    watcher: Any
    moving: Clock
    histories = 0

    @initialize()
    def begin(self) -> None:
        type(self).histories += 1
        self.moving.set(BEGIN)
        self.saver = factories.make_saver(self.app)
        factories.verify(self.saver)
        with self.app.app_context():
            self.person = self.saver.principal()
            # The checks have tests of their own: here the decision is one that reaches to everything.
            made = run(lambda: decisions.decide(self.person, at=product_clock.now()))
        self.decision = decisions.Decision(
            **{name: getattr(made, name) for name in made.__slots__} | {"eligible": True, "affordable": 10**9}
        )
        self.jar = self.saver.jar(target_amount="90000")
        self.keys = 0
        self.loan: str | None = None
        # A loan to begin with: chance alone would seldom come so far.
        self.offer(20_000, 12, False)
        self.accept(False, 1)

    def call(self, work: Callable[[Claim | None], Answer], key: bool, body: str) -> tuple[int, Any]:
        claim = None
        if key:
            self.keys += 1
            claim = Claim(self.person.id, f"key-{self.keys}", "loan", sha256(body.encode()).digest())
        with self.app.app_context():
            try:
                answer = run(lambda: work(claim))
            except DomainError as refusal:
                status, text = problems.rendered(refusal)
                return status, orjson.loads(text)
            if claim is not None:
                again = run(lambda: work(claim))
                assert (again.status, again.body, again.replayed) == (answer.status, answer.body, True)
        return answer.status, orjson.loads(answer.body)

    @property
    def view(self) -> loan.LoanView:
        assert self.loan is not None
        with self.app.app_context():
            return run(lambda: loan.read(self.person, UUID(self.loan), at=product_clock.now()))

    @rule(amount=st.integers(100, 9_000))
    def save(self, amount: int) -> None:
        assert self.saver.deposit(self.jar, str(amount)).status_code in {201, 403}

    @rule(amount=st.integers(2_000, 50_000), months=st.sampled_from([6, 12, 18, 24]), key=st.booleans())
    def offer(self, amount: int, months: int, key: bool) -> None:
        if self.loan is not None and self.view.open:
            return
        at = product_clock.now()
        status, body = self.call(
            lambda claim: offers.offer(
                self.person, amount * 100, months, decision=self.decision, at=at, claim=claim, render=edge._offered
            ),
            key,
            f"{amount} {months}",
        )
        assert status == 201, body
        self.loan = body["loan"]["id"]

    @rule(key=st.booleans(), right=st.integers(0, 5))
    def accept(self, key: bool, right: int) -> None:
        if self.loan is None:
            return
        before, at = self.view, product_clock.now()
        version = before.loan.statement_version if right else "0" * 64
        status, body = self.call(
            lambda claim: accepting.accept(
                self.person, before.loan.id, version=version, jar_id=None, at=at, claim=claim, render=edge._changed
            ),
            key,
            version,
        )
        if before.status == "offered" and right:
            assert status == 200, body
            assert body["loan"]["outstanding"] == body["loan"]["amount"]
        else:
            code = {
                "offered": "validation_error", "accepted": "already_accepted", "active": "already_accepted",
                "repaid": "loan_over", "defaulted": "loan_over",
                "cancelled": "offer_expired" if before.cancel_reason in {"expired", "replaced"} else "loan_over",
            }[before.status]  # fmt: skip
            assert body["code"] == code

    @rule(
        share=st.sampled_from([1, 10, 50, 99, 100, 100, 101, 130]),
        from_jar=st.booleans(),
        key=st.booleans(),
        of=st.sampled_from(["next", "all"]),
    )
    def pay(self, share: int, from_jar: bool, key: bool, of: str) -> None:
        if self.loan is None:
            return
        before, at = self.view, product_clock.now()
        whole = before.closing.total if before.closing else 100_00
        due = before.next_due
        amount = max(1, (due.open if of == "next" and due else whole) * share // 100)
        jar = UUID(self.jar) if from_jar else None
        status, body = self.call(
            lambda claim: repaying.repay(
                self.person, before.loan.id, amount, jar_id=jar, at=at, claim=claim, render=edge._paid
            ),
            key,
            f"{amount} {jar}",
        )
        after = self.view
        if status != 201:
            assert body["code"] in {"loan_not_open", "more_than_owed", "insufficient_funds"}
            assert (body["code"] == "loan_not_open") == (not before.open)
            assert after.paid == before.paid
            return
        assert after.paid == before.paid + amount
        left = after.closing.total if after.closing else 0
        # A charge that the day's job has not written yet is written by whoever pays.
        assert left - (whole - amount) == sum(row.charge or 0 for row in after.book) - sum(
            row.charge or 0 for row in before.book
        )
        assert (after.status == "repaid") == (left == 0)
        if after.status == "repaid":
            with self.watcher.cursor() as cursor:
                cursor.execute(
                    "SELECT current_amount FROM savings_jars WHERE id = %s", (body["payment"]["released_to"],)
                )
                assert cursor.fetchone() == (after.loan.locked,)

    @rule(key=st.booleans())
    def pay_all(self, key: bool) -> None:
        self.pay(100, False, key, "all")

    @rule(key=st.booleans())
    def cancel(self, key: bool) -> None:
        if self.loan is None:
            return
        before, at = self.view, product_clock.now()
        status, body = self.call(
            lambda claim: cancelling.cancel(self.person, before.loan.id, at=at, claim=claim, render=edge._changed),
            key,
            "cancel",
        )
        if before.loan.status == "offered" or before.status == "accepted":
            assert status == 200, body
            assert body["loan"]["status"] == "cancelled"
            assert self.view.paid == 0
        else:
            assert body["code"] == ("cooling_off_over" if before.status == "active" else "loan_over")

    @rule(hours=st.sampled_from([1, 24, 72, 30 * 24, 31 * 24, 95 * 24]), jobs=st.booleans())
    def days_go_by(self, hours: int, jobs: bool) -> None:
        self.moving.advance(hours=hours)
        if not jobs:
            return
        late = self.view.days_overdue if self.loan is not None else 0
        pass_the_day(self.app, product_clock.now())
        if self.loan is not None and late > 90:
            assert self.view.status == "defaulted"
            assert self.view.outstanding == 0

    @invariant()
    def book_and_ledger_agree(self) -> None:
        if not hasattr(self, "saver"):
            return
        with self.app.app_context(), transaction():
            assert list(checking.verify()) == []
        with self.watcher.cursor() as cursor:
            cursor.execute(
                "SELECT a.kind, a.balance, coalesce(sum(p.amount), 0)::bigint FROM ledger_accounts a"
                " LEFT JOIN postings p ON p.account_id = a.id WHERE a.user_id = %s GROUP BY a.id"
                " HAVING a.balance <> coalesce(sum(p.amount), 0)",
                (str(self.saver.id),),
            )
            assert cursor.fetchall() == []
        if self.loan is not None:
            view = self.view
            with self.app.app_context():
                assert run(lambda: standing.has_open_loan(self.saver.id)) == view.open


@pytest.mark.early
def test_book_and_ledger_agree_whatever_happens(new_app: Callable[..., Flask], stack: Any, clock: Clock) -> None:
    Loans.app = new_app()
    Loans.moving = clock
    Loans.watcher = superuser_connection(Loans.app, stack)
    run_state_machine_as_test(
        Loans,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None, derandomize=True, print_blob=True, database=None,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    with Loans.watcher.cursor() as cursor:
        cursor.execute("SELECT array_agg(DISTINCT status::text ORDER BY status::text) FROM loans")
        ((seen,),) = cursor.fetchall()
        assert {"cancelled", "repaid", "defaulted"} <= set(seen), seen
        cursor.execute("SELECT sum(amount) FROM postings")
        assert cursor.fetchone() == (0,)
    Loans.watcher.close()
    assert Loans.histories >= 40
    with Loans.app.app_context(), transaction():
        assert list(verify()) == []


# ---- at once ----


@pytest.fixture
def borrower(app: Flask, clock: Clock) -> Saver:
    return make_borrower(app, clock)


def test_a_payment_sent_at_once_by_sixteen_moves_once(app: Flask, borrower: Saver, clock: Clock) -> None:
    loan_id = make_loan(borrower)
    headers = borrower.headers | {"Idempotency-Key": "pay"}

    def pay(_: int) -> tuple[int, bytes]:
        answer = app.test_client().post(f"/api/loans/{loan_id}/repay/", json={"amount": "969.73"}, headers=headers)
        return answer.status_code, answer.data

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(pay, range(16)))
    good = {body for status, body in answers if status == 201}
    assert len(good) == 1
    assert {status for status, _ in answers} <= {201, 409}  # 409: the first had not finished within the lock's time
    assert borrower.get(f"/api/loans/{loan_id}/").json["loan"]["paid"] == "969.73"


def test_two_payments_of_all_that_is_owed_at_once_close_it_once(app: Flask, borrower: Saver) -> None:
    loan_id = make_loan(borrower)

    def pay(_: int) -> tuple[int, str]:
        answer = app.test_client().post(
            f"/api/loans/{loan_id}/repay/", json={"amount": "20000"}, headers=borrower.headers
        )
        return answer.status_code, (answer.json or {}).get("code", "")

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(pay, range(4)))
    assert answers == [(201, ""), *[(409, "loan_not_open")] * 3]
    jars = [jar for jar in borrower.get("/api/jars/").json["items"] if jar["name"] == "Credit builder"]
    assert [jar["current_amount"] for jar in jars] == ["19600.00"]


# ---- the database by itself ----

REFUSED = {
    "terms": "UPDATE loans SET amount = amount + 1 WHERE id = %(loan)s",
    "statement": "UPDATE loans SET statement = '{}' WHERE id = %(loan)s",
    "back to an offer": "UPDATE loans SET status = 'offered' WHERE id = %(loan)s",
    "a default at once": "UPDATE loans SET status = 'defaulted', ended_at = now(), ended_on = now()"
    " WHERE id = %(loan)s",
    "another cooling-off": "UPDATE loans SET cancel_until = now() WHERE id = %(loan)s",
    "away with it": "DELETE FROM loans WHERE id = %(loan)s",
    "away with an instalment": "DELETE FROM loan_instalments WHERE loan_id = %(loan)s",
    "a later day": "UPDATE loan_instalments SET due_on = due_on + 1 WHERE loan_id = %(loan)s",
    "paid by hand": "UPDATE loan_instalments SET paid_on = now() WHERE loan_id = %(loan)s",
    "paid too much": "UPDATE loan_instalments SET paid_principal = principal + 1 WHERE loan_id = %(loan)s",
    "another decision": "UPDATE loan_decisions SET eligible = false",
    "another payment": "UPDATE loan_payments SET amount = 1, principal = 1, interest = 0, charges = 0",
    "owed less than nothing": "UPDATE ledger_accounts SET balance = 1 WHERE loan_id = %(loan)s"
    " AND kind = 'loan_receivable'",
    "locked less than nothing": "UPDATE ledger_accounts SET balance = -1 WHERE loan_id = %(loan)s"
    " AND kind = 'loan_locked'",
    "another's account": "UPDATE ledger_accounts SET loan_id = NULL WHERE loan_id = %(loan)s",
    "a movement without a jar": "INSERT INTO transactions (id, user_id, type, amount, date, occurred_at, recorded_at,"
    " balance_after, posting_count) SELECT gen_random_uuid(), user_id, 'deposit', 1, now(), now(), now(), 0, 2"
    " FROM loans WHERE id = %(loan)s",
}


@pytest.mark.parametrize("attempt", REFUSED)
def test_postgresql_refuses_by_itself(borrower: Saver, superuser: Any, attempt: str) -> None:
    loan_id = make_loan(borrower)
    assert borrower.post(f"/api/loans/{loan_id}/repay/", {"amount": "100"}).status_code == 201
    with superuser.cursor() as cursor, pytest.raises(psycopg2.Error) as refusal:
        cursor.execute(REFUSED[attempt], {"loan": loan_id})
    assert refusal.value.pgcode in {"23514", "23001"}


# ---- what is checked is found ----

TAMPERED = {
    "loan_owed": "UPDATE loan_instalments SET paid_principal = paid_principal + 1 WHERE loan_id = %(loan)s"
    " AND number = 2",
    "loan_paid": "UPDATE loan_instalments SET paid_interest = paid_interest - 1 WHERE loan_id = %(loan)s"
    " AND number = 1 AND paid_interest > 0",
    "loan_statement": "UPDATE loans SET statement = '{}' WHERE id = %(loan)s",
    "loan_locked": "UPDATE ledger_accounts SET balance = balance - 1 WHERE loan_id = %(loan)s AND kind = 'loan_locked'",
    "loan_payment": "UPDATE loan_payments SET amount = amount + 1, principal = principal + 1 WHERE loan_id = %(loan)s",
    "loan_income": "UPDATE loan_payments SET principal = principal + 1, interest = interest - 1"
    " WHERE loan_id = %(loan)s",
    "loan_terms": "DELETE FROM loan_instalments WHERE loan_id = %(loan)s AND number = 24",
}


def test_each_difference_is_named(new_app: Callable[..., Flask], stack: Any, clock: Clock) -> None:
    app = new_app()
    saver = make_borrower(app, clock)
    loan_id = make_loan(saver)
    assert saver.post(f"/api/loans/{loan_id}/repay/", {"amount": "100"}).status_code == 201
    connection = superuser_connection(app, stack)
    connection.autocommit = True
    with app.app_context(), connection.cursor() as cursor:
        with transaction():
            assert list(checking.verify()) == []
        cursor.execute("SET session_replication_role = replica")  # without triggers
        for code, sql in TAMPERED.items():
            cursor.execute("BEGIN")
            cursor.execute(sql, {"loan": loan_id})
            cursor.execute("COMMIT")
            with transaction():
                found = {finding.code for finding in checking.verify()}
            assert code in found, (code, found)
    connection.close()


# ---- by time ----


def test_who_missed_for_ninety_days_gets_the_rest_of_what_was_kept(app: Flask, borrower: Saver, clock: Clock) -> None:
    loan_id = make_loan(borrower)
    clock.advance(days=30)
    assert borrower.post(f"/api/loans/{loan_id}/repay/", {"amount": "969.73"}).status_code == 201
    clock.advance(days=31 + 90)  # the second was due on 23 November
    pass_the_day(app, clock.now())
    assert borrower.get(f"/api/loans/{loan_id}/").json["loan"]["status"] == "active"
    clock.advance(days=1)
    pass_the_day(app, clock.now())
    shown = borrower.get(f"/api/loans/{loan_id}/").json["loan"]
    assert (shown["status"], shown["outstanding"], shown["closing_amount"]) == ("defaulted", "0.00", None)
    notices = [n for n in borrower.get("/api/notifications/").json["items"] if n["kind"] == "loan_ended"]
    assert [notice["action"]["path"] for notice in notices] == [f"/loans/{loan_id}"]
    eligible = borrower.get("/api/loan-eligibility/").json
    failed = [reason["code"] for reason in eligible["reasons"] if not reason["passed"]]
    assert "defaults" in failed


def test_where_nothing_was_ever_paid_the_fee_is_what_is_lost(
    app: Flask, borrower: Saver, clock: Clock, superuser: Any
) -> None:
    loan_id = make_loan(borrower)
    clock.advance(days=30 + 91)
    pass_the_day(app, clock.now())
    with superuser.cursor() as cursor:
        cursor.execute(
            "SELECT amount, principal, interest, charges, written_off FROM loan_payments WHERE loan_id = %s", (loan_id,)
        )
        assert cursor.fetchall() == [(1_960_000, 1_960_000, 0, 0, 40_000)]
        cursor.execute("SELECT DISTINCT balance FROM ledger_accounts WHERE loan_id = %s", (loan_id,))
        assert cursor.fetchall() == [(0,)]


def test_a_saver_hears_before_the_day_on_it_and_after(app: Flask, borrower: Saver, clock: Clock) -> None:
    make_loan(borrower)  # accepted on 23 September, due on 23 October
    told: list[tuple[str, int]] = []
    with app.app_context():
        last = clock.now() - timedelta(hours=1)
        for _ in range(48):
            clock.advance(days=1)
            for _ in range(2):
                before = clock.now()
                days.remind(Round(before, since=last))
            last = clock.now()
            count = len([n for n in borrower.get("/api/notifications/?limit=100").json["items"]
                         if n["kind"] == "instalment_due"])  # fmt: skip
            if count > len(told):
                told.append((clock.now().date().isoformat(), count))
    assert [day for day, _ in told] == ["2026-10-20", "2026-10-23", "2026-10-27", "2026-11-03"]


def test_instalments_make_history_for_the_score(app: Flask, borrower: Saver, clock: Clock) -> None:
    """On time is within three days, late is later, and more than thirty is missed; as known on each day."""
    loan_id = make_loan(borrower, months=24)
    clock.set(datetime(2026, 10, 26, 6, 30, tzinfo=UTC))  # three days after the day
    assert borrower.post(f"/api/loans/{loan_id}/repay/", {"amount": "969.73"}).status_code == 201
    clock.set(datetime(2026, 11, 28, 6, 30, tzinfo=UTC))  # five after
    assert borrower.post(f"/api/loans/{loan_id}/repay/", {"amount": "969.73"}).status_code == 201
    clock.set(datetime(2027, 1, 24, 6, 30, tzinfo=UTC))  # the third was due on 23 December: 32 days
    asked = {
        datetime(2026, 10, 25, 6, 30, tzinfo=UTC): (0, 0, None),
        datetime(2026, 10, 26, 6, 30, tzinfo=UTC): (1, 1, 3.0),
        datetime(2026, 11, 27, 6, 30, tzinfo=UTC): (1, 1, 3.0),
        datetime(2026, 11, 28, 6, 30, tzinfo=UTC): (1, 2, 5.0),
        datetime(2027, 1, 22, 6, 30, tzinfo=UTC): (1, 2, 5.0),
        datetime(2027, 1, 23, 6, 30, tzinfo=UTC): (1, 3, 31.0),
    }
    from app.services.credit.gathering import gather, gather_next

    with app.app_context():
        for at, expected in asked.items():
            found = run(lambda at=at: gather([borrower.id], at=at, past=True)).features()
            last = found.columns["last_days_late"][0]
            measured = (
                int(found.instalments_on_time[0]), int(found.instalments[0]), None if last != last else float(last),
            )  # fmt: skip
            assert measured == expected, at
        everybody = run(lambda: gather_next(UUID(int=borrower.id.int - 1), 5, at=clock.now()))
        place = list(everybody.savers).index(borrower.id)
        assert int(everybody.features().instalments[place]) == 3
    factories.score(borrower, clock)
    reading = borrower.get("/api/credit-score/").json
    repayment = next(factor for factor in reading["factors"] if factor["code"] == "repayment")
    assert repayment["observed"] == {"on_time": 1, "of": 3}
    assert repayment["points"] == 30  # of 75, for (1 + 1) of (3 + 2)


def test_paying_a_loan_back_at_once_is_no_history(app: Flask, borrower: Saver, clock: Clock) -> None:
    loan_id = make_loan(borrower)
    assert borrower.post(f"/api/loans/{loan_id}/repay/", {"amount": "20000"}).status_code == 201
    factories.score(borrower, clock)
    repayment = [
        factor for factor in borrower.get("/api/credit-score/").json["factors"] if factor["code"] == "repayment"
    ]
    assert repayment[0]["observed"] == {"on_time": 0, "of": 0}
    with app.app_context():
        seen = run(lambda: standing.effect(borrower.id, UUID(loan_id), at=clock.now()))
    assert (seen.points_before, seen.points_after, seen.most, seen.on_time, seen.paid) == (38, 38, 75, 0, 0)


def test_a_repayment_is_the_cause_of_a_score(app: Flask, borrower: Saver, clock: Clock, superuser: Any) -> None:
    loan_id = make_loan(borrower)
    clock.advance(days=30)
    assert borrower.post(f"/api/loans/{loan_id}/repay/", {"amount": "969.73"}).status_code == 201
    with superuser.cursor() as cursor:
        cursor.execute(
            "SELECT payload FROM outbox WHERE topic = 'savings.moved' AND payload->>'user_id' = %s"
            " AND payload->>'kind' = 'repayment'",
            (str(borrower.id),),
        )
        messages = [payload for (payload,) in cursor.fetchall()]
    assert len(messages) == 1
    from app.services.credit.refresh import causes_of, refresh

    with app.app_context():
        run(lambda: refresh(causes_of(messages), at=clock.now()))
    with superuser.cursor() as cursor:
        cursor.execute(
            "SELECT cause, transaction_id::text FROM credit_score_history WHERE user_id = %s"
            " ORDER BY as_of DESC LIMIT 1",
            (str(borrower.id),),
        )
        assert cursor.fetchall() == [("repayment", messages[0]["transaction_id"])]
