"""Promises about money, against PostgreSQL and with real threads: no unit of it is lost, doubled or invented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
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
from app.blueprints.api import answers, problems
from app.errors import DomainError
from app.ledger import posting
from app.ledger.accounts import OUTSIDE, TRANSIT
from app.services.idempotency.once import Claim
from app.services.ops.reversals import reverse
from app.services.savings import deposits, jars, withdrawals
from app.services.savings.movements import Movement
from app.transactions import run
from tests import factories
from tests.conftest import superuser_connection, with_database
from tests.factories import Saver


def rows(app: Flask, stack: Any, sql: str, *parameters: Any) -> list[Any]:
    connection = superuser_connection(app, stack)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def books_balance(app: Flask, stack: Any) -> None:
    """Sum zero everywhere, each balance its postings, each jar its account, nothing below zero."""
    assert rows(app, stack, "SELECT transaction_id FROM postings GROUP BY 1 HAVING sum(amount) <> 0") == []
    assert rows(
        app, stack,
        "SELECT a.id, a.balance, coalesce(sum(p.amount), 0), count(p), a.head_seq FROM ledger_accounts a"
        " LEFT JOIN postings p ON p.account_id = a.id WHERE a.kind IN ('jar', 'owed') GROUP BY a.id"
        " HAVING a.balance <> coalesce(sum(p.amount), 0) OR count(p) <> a.head_seq",
    ) == []  # fmt: skip
    assert rows(
        app, stack,
        "SELECT j.id FROM savings_jars j JOIN ledger_accounts a ON a.jar_id = j.id"
        " WHERE j.current_amount <> a.balance OR a.balance < 0",
    ) == []  # fmt: skip


# ---- one key, one effect ----


@pytest.mark.no_cover
def test_thirty_two_threads_with_one_key_have_one_effect(new_app: Callable[..., Flask], stack: Any) -> None:
    """A hundred keys, thirty-two threads; each key is sent by several threads at once."""
    app = new_app(DATABASE_POOL_SIZE="32")
    saver = factories.make_saver(app)
    jars = [saver.jar() for _ in range(4)]
    keys = [f"key-{number}" for number in range(100)]

    def send(call: tuple[int, str]) -> tuple[str, int, bytes]:
        _, key = call
        answer = app.test_client().post(
            "/api/jars/deposit/",
            json={"jar_id": jars[int(key[4:]) % 4], "amount": 1 + int(key[4:])},
            headers=saver.headers | {"Idempotency-Key": key},
        )
        return key, answer.status_code, answer.data

    senders = 32
    calls = [(number, key) for key in keys for number in range(senders)]
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(send, calls))
    made: dict[str, set[bytes]] = {}
    for key, status, body in answers:
        # The saver's own row makes them queue: a wait beyond the lock time-out is told, and never a second effect.
        assert status in {201, 409, 503}, body
        if status == 201:
            made.setdefault(key, set()).add(body)
    for key in keys:
        if key not in made:
            _, status, body = send((0, key))
            assert status == 201
            made[key] = {body}
    assert {len(bodies) for bodies in made.values()} == {1}
    assert rows(app, stack, "SELECT count(*), sum(amount) FROM transactions") == [(100, sum(range(1, 101)) * 100)]
    assert rows(app, stack, "SELECT count(*) FROM idempotency_records") == [(100,)]
    assert rows(app, stack, "SELECT count(*) FROM outbox WHERE topic = 'savings.moved'") == [(100,)]
    books_balance(app, stack)


# ---- caps ----


def at_once(saver: Saver, path: str, bodies: list[dict[str, Any]]) -> Counter[str]:
    def send(body: dict[str, Any]) -> str:
        answer = saver.app.test_client().post(path, json=body, headers=saver.headers)
        return str(answer.json.get("code", answer.status_code))

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(send, bodies))


@pytest.fixture
def capped(new_app: Callable[..., Flask]) -> Saver:
    """A saver who may hold 500, take out 300 a month and put in 1,000 a day."""
    return factories.make_saver(
        new_app(
            DATABASE_POOL_SIZE="8",
            UNVERIFIED_HELD_CAP_MINOR="50000",
            UNVERIFIED_WITHDRAWAL_CAP_MINOR="30000",
            DAILY_DEPOSIT_CAP_MINOR="100000",
        )
    )


def test_no_cap_is_passed_by_two_calls_at_once(capped: Saver, stack: Any) -> None:
    jars = [capped.jar() for _ in range(2)]
    deposits = [{"jar_id": jars[number % 2], "amount": "100"} for number in range(12)]
    assert at_once(capped, "/api/jars/deposit/", deposits) == {"201": 5, "kyc_required": 7}
    withdrawals = [{"jar_id": jars[number % 2], "amount": "50"} for number in range(9)]
    outcome = at_once(capped, "/api/jars/withdraw/", withdrawals)
    assert (outcome["201"], sum(outcome.values())) == (6, 9)
    assert set(outcome) <= {"201", "kyc_required", "insufficient_funds"}
    assert outcome["kyc_required"] >= 1
    # Which five deposits came first is chance, and one jar may be empty by now: 200 are left in all.
    held = {item["id"]: float(item["current_amount"]) for item in capped.get("/api/jars/").json["items"]}
    refused = capped.withdraw(max(jars, key=held.__getitem__), "0.01")
    assert (refused.status_code, refused.json["code"]) == (403, "kyc_required")
    assert "₹300" in refused.json["detail"]
    books_balance(capped.app, stack)


def test_a_verified_saver_has_a_days_limit_alone(capped: Saver, stack: Any) -> None:
    rows(capped.app, stack, "UPDATE users SET kyc_status = 'verified' WHERE id = %s", str(capped.id))
    jar = capped.jar()
    deposits = [{"jar_id": jar, "amount": "100"} for _ in range(13)]
    assert at_once(capped, "/api/jars/deposit/", deposits) == {"201": 10, "daily_limit": 3}
    assert capped.withdraw(jar, "1000").status_code == 201


def test_the_same_money_is_not_taken_out_twice(saver: Saver) -> None:
    jar = saver.jar()
    saver.deposit(jar, "100")
    bodies = [{"jar_id": jar, "amount": "100"}] * 8
    assert at_once(saver, "/api/jars/withdraw/", bodies) == {"201": 1, "insufficient_funds": 7}


# ---- no deadlock ----


@pytest.mark.no_cover
def test_moves_both_ways_between_two_jars_never_deadlock(new_app: Callable[..., Flask], stack: Any) -> None:
    app = new_app(DATABASE_POOL_SIZE="16")
    saver = factories.make_saver(app)
    one, two = (UUID(saver.jar()) for _ in range(2))
    for jar in (one, two):
        assert saver.deposit(str(jar), "10000").status_code == 201
    each, at = 500, datetime.now(UTC)

    def mover(number: int) -> Counter[str]:
        outcome: Counter[str] = Counter()
        there, back = (one, two) if number % 2 else (two, one)
        with app.app_context():
            for _ in range(each):
                try:
                    run(lambda: posting.move(there, back, 1 + number, day=at.date(), occurred_at=at))
                    outcome["moved"] += 1
                except DomainError as refusal:
                    outcome[refusal.code] += 1
        return outcome

    with ThreadPoolExecutor(16) as pool:
        outcome = sum(pool.map(mover, range(16)), Counter())
    assert outcome == {"moved": 16 * each}
    assert rows(app, stack, "SELECT sum(amount) FROM postings WHERE account_id = %s", str(TRANSIT)) == [(0,)]
    assert rows(app, stack, "SELECT sum(balance) FROM ledger_accounts WHERE kind = 'jar'") == [(2_000_000,)]
    books_balance(app, stack)


# ---- money is conserved ----


class ThroughTheApi:
    """A saver's calls as the phone makes them: status and body of each answer."""

    def __init__(self, saver: Saver) -> None:
        self.saver = saver

    def make_jar(self) -> str:
        return self.saver.jar(target_amount="300")

    def book(self, kind: str, jar: str, minor: int, key: str | None) -> tuple[int, bytes]:
        answer = getattr(self.saver, kind)(jar, f"{minor // 100}.{minor % 100:02d}", key=key)
        return answer.status_code, answer.data

    def close(self, jar: str) -> tuple[int, bytes]:
        answer = self.saver.call("DELETE", f"/api/jars/{jar}/")
        return answer.status_code, answer.data


class ThroughTheServices:
    """The same calls as the API makes them, without HTTP, which takes half of the time."""

    def __init__(self, saver: Saver) -> None:
        self.app = saver.app
        with self.app.app_context():
            self.person = saver.principal()

    def make_jar(self) -> str:
        with self.app.app_context():
            made = run(
                lambda: jars.create(
                    self.person, name="Bicycle", plan_type="daily", target_amount=30_000, at=product_clock.now()
                )
            )
        return str(made.jar.id)

    def book(self, kind: str, jar: str, minor: int, key: str | None) -> tuple[int, bytes]:
        service = {"deposit": deposits.deposit, "withdraw": withdrawals.withdraw}[kind]
        claim = None if key is None else Claim(self.person.id, key, kind, sha256(f"{jar} {minor}".encode()).digest())
        at = product_clock.now()
        with self.app.app_context():
            try:
                answer = run(
                    lambda: service(self.person, UUID(jar), minor, None, at=at, claim=claim, render=self.render)
                )
            except DomainError as refusal:
                return problems.rendered(refusal)
        return answer.status, answer.body

    def close(self, jar: str) -> tuple[int, bytes]:
        with self.app.app_context():
            try:
                run(lambda: jars.close(self.person, UUID(jar), at=product_clock.now()))
            except DomainError as refusal:
                return problems.rendered(refusal)
        return 204, b""

    @staticmethod
    def render(outcome: Movement | DomainError) -> tuple[int, bytes]:
        if isinstance(outcome, DomainError):
            return problems.rendered(outcome)
        return 201, answers.movement(outcome, currency="INR")


class Ledger(RuleBasedStateMachine):
    """Deposits, withdrawals, moves, reversals and closings, against a dictionary of balances."""

    app: Flask
    watcher: Any
    calls: type[ThroughTheApi | ThroughTheServices]
    histories = 0

    @initialize()
    def begin(self) -> None:
        type(self).histories += 1
        self.saver = factories.make_saver(self.app)
        self.through = self.calls(self.saver)
        self.jars: list[str] = []
        self.balances: dict[str, int] = {}
        self.closed: set[str] = set()
        self.booked: list[tuple[str, str, int]] = []
        self.reversed: set[str] = set()
        self.owed = self.keys = 0
        self.open_jar()

    @rule()
    def open_jar(self) -> None:
        if len(self.jars) < 4:
            jar = self.through.make_jar()
            self.jars.append(jar)
            self.balances[jar] = 0

    def book(self, kind: str, which: int, amount: int, key: bool) -> None:
        jar = self.jars[which % len(self.jars)]
        minor = amount * 25
        self.keys += 1
        name = f"key-{self.keys}" if key else None
        status, body = self.through.book(kind, jar, minor, name)
        answer = orjson.loads(body)
        signed = minor if kind == "deposit" else -minor
        if jar in self.closed:
            assert (status, answer["code"]) == (409, "jar_closed")
        elif self.balances[jar] + signed < 0:
            assert (status, answer["code"]) == (409, "insufficient_funds")
        else:
            assert status == 201, answer
            self.balances[jar] += signed
            self.booked.append((answer["transaction"]["id"], jar, signed))
        if key:
            assert self.through.book(kind, jar, minor, name) == (status, body)

    @rule(which=st.integers(0, 3), amount=st.integers(1, 2000), key=st.booleans())
    def deposit(self, which: int, amount: int, key: bool) -> None:
        self.book("deposit", which, amount, key)

    @rule(which=st.integers(0, 3), amount=st.integers(1, 2000), key=st.booleans())
    def withdraw(self, which: int, amount: int, key: bool) -> None:
        self.book("withdraw", which, amount, key)

    @rule(source=st.integers(0, 3), receiver=st.integers(0, 3), minor=st.integers(1, 40_000))
    def move(self, source: int, receiver: int, minor: int) -> None:
        a, b = self.jars[source % len(self.jars)], self.jars[receiver % len(self.jars)]
        if a == b or {a, b} & self.closed:
            return
        now = product_clock.now()
        with self.app.app_context():
            try:
                run(lambda: posting.move(UUID(a), UUID(b), minor, day=now.date(), occurred_at=now))
            except DomainError as refusal:
                assert (refusal.code, self.balances[a] < minor) == ("insufficient_funds", True)  # noqa: PT017
                return
        assert self.balances[a] >= minor
        self.balances[a] -= minor
        self.balances[b] += minor

    @rule(which=st.integers(0, 200), agreed=st.booleans())
    def take_back(self, which: int, agreed: bool) -> None:
        if not self.booked:
            return
        transaction, jar, signed = self.booked[which % len(self.booked)]
        by, second = UUID(int=1), UUID(int=2) if agreed else None
        with self.app.app_context():
            try:
                done = run(
                    lambda: reverse(UUID(transaction), reason="test", by=by, second=second, at=product_clock.now())
                )
            except DomainError as refusal:
                expected = (
                    "already_reversed" if transaction in self.reversed
                    else "second_person_required" if self.balances[jar] < signed and not agreed
                    else None
                )  # fmt: skip
                assert refusal.code == expected  # noqa: PT017
                return
        assert transaction not in self.reversed
        self.reversed.add(transaction)
        taken = min(signed, self.balances[jar])
        assert done.owed == max(0, signed - taken)
        self.balances[jar] -= taken
        self.owed += done.owed
        if self.balances[jar]:
            self.closed.discard(jar)  # what comes back opens it

    @rule(which=st.integers(0, 3))
    def close(self, which: int) -> None:
        jar = self.jars[which % len(self.jars)]
        status, body = self.through.close(jar)
        if self.balances[jar]:
            assert (status, orjson.loads(body)["code"]) == (409, "jar_not_empty")
        else:
            assert (status, body) == (204, b"")
            self.closed.add(jar)

    @invariant()
    def the_model_agrees(self) -> None:
        if not hasattr(self, "saver"):
            return
        # By a connection of its own: what is committed, not what the application says.
        with self.watcher.cursor() as cursor:
            cursor.execute("EXECUTE balances (%s)", (str(self.saver.id),))
            assert {jar: kept for jar, *kept in cursor.fetchall()} == {
                jar: [balance, balance] for jar, balance in self.balances.items()
            }

    def teardown(self) -> None:
        if not hasattr(self, "saver"):
            return
        with self.watcher.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(sum(balance), 0)::bigint FROM ledger_accounts WHERE user_id = %s AND kind = 'owed'",
                (str(self.saver.id),),
            )
            assert cursor.fetchone() == (-self.owed,)


# Hypothesis takes its seed from a class's text: these two tell different histories.
class LedgerThroughTheApi(Ledger):
    calls = ThroughTheApi


class LedgerThroughTheServices(Ledger):
    calls = ThroughTheServices


BALANCES = (
    "PREPARE balances (uuid) AS SELECT j.id::text, j.current_amount, a.balance"
    " FROM savings_jars j JOIN ledger_accounts a ON a.jar_id = j.id WHERE j.user_id = $1"
)


@pytest.mark.early
@pytest.mark.no_cover
@pytest.mark.parametrize("machine", [LedgerThroughTheApi, LedgerThroughTheServices])
def test_money_is_conserved(new_app: Callable[..., Flask], stack: Any, machine: type[Ledger]) -> None:
    """500 histories of up to 50 steps, half of them without HTTP."""
    Ledger.app = new_app()
    Ledger.watcher = superuser_connection(Ledger.app, stack)
    with Ledger.watcher.cursor() as cursor:
        cursor.execute(BALANCES)
    examples, steps = 250, 50
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True, print_blob=True,
            database=None,
            phases=[Phase.generate],  # shrinking would take longer than reading the steps
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    Ledger.watcher.close()
    assert machine.histories >= examples
    books_balance(Ledger.app, stack)
    ((total,),) = rows(Ledger.app, stack, "SELECT sum(amount) FROM postings")
    assert total == 0


# ---- the database refuses by itself ----


@pytest.fixture
def posted(app: Flask, saver: Saver) -> dict[str, str]:
    """One booked deposit: its id, the jar, its account, the saver."""
    jar = saver.jar()
    transaction = saver.deposit(jar, "100").json["transaction"]["id"]
    return {"transaction": transaction, "jar": jar, "saver": str(saver.id), "outside": str(OUTSIDE)}


ACCOUNT = "(SELECT id FROM ledger_accounts WHERE jar_id = %(jar)s)"
NEW = (
    "INSERT INTO transactions (id, user_id, jar_id, type, amount, date, occurred_at, recorded_at, balance_after,"
    " posting_count) VALUES ('00000000-0000-4000-8000-00000000000{n}', %(saver)s, %(jar)s, 'deposit', {amount}, now(),"
    " now(), now(), 0, {count});"
)
LINE = "('00000000-0000-4000-8000-00000000000{n}', {line}, {account}, {amount})"
LINES = "INSERT INTO postings (transaction_id, line, account_id, amount) VALUES "
AUDITED = (
    "INSERT INTO audit_log (id, at, actor, action, subject_type, subject_id, details, hash)"
    " VALUES (1000000, now(), 'system', 'test', 'user', '1', '{}', '');"
)
AGREED = (
    "INSERT INTO consents (id, user_id, purpose, version, given, at, how)"
    " VALUES (gen_random_uuid(), %(saver)s, 'terms', '0', true, now(), 'api');"
)
SEALED = "INSERT INTO ledger_checkpoints (id, sealed_at, accounts, heads, digest) VALUES (1000000, now(), 0, '', '');"
REFUSED: dict[str, str] = {
    "unbalanced": NEW.format(n=1, amount=5, count=2)
    + LINES
    + LINE.format(n=1, line=1, account=ACCOUNT, amount=5)
    + ","
    + LINE.format(n=1, line=2, account="%(outside)s", amount=-4),
    "a lone posting": NEW.format(n=1, amount=5, count=2) + LINES + LINE.format(n=1, line=1, account=ACCOUNT, amount=5),
    "one line announced": NEW.format(n=1, amount=5, count=1),
    "no posting at all": NEW.format(n=1, amount=5, count=2),
    "two lines in two statements": NEW.format(n=1, amount=5, count=2)
    + LINES
    + LINE.format(n=1, line=1, account=ACCOUNT, amount=5)
    + ";"
    + LINES
    + LINE.format(n=1, line=2, account="%(outside)s", amount=-5),
    "a line of zero": NEW.format(n=1, amount=5, count=2)
    + LINES
    + LINE.format(n=1, line=1, account=ACCOUNT, amount=0)
    + ","
    + LINE.format(n=1, line=2, account="%(outside)s", amount=0),
    "an account that is not there": NEW.format(n=1, amount=5, count=2)
    + LINES
    + LINE.format(n=1, line=1, account="'00000000-0000-4000-8000-000000000abc'", amount=5)
    + ","
    + LINE.format(n=1, line=2, account="%(outside)s", amount=-5),
    "an amount of zero": NEW.format(n=1, amount=0, count=2),
    "extra lines to an old transaction": LINES
    + f"(%(transaction)s, 3, {ACCOUNT}, 5), (%(transaction)s, 4, %(outside)s, -5)",
    "change a posting": "UPDATE postings SET amount = amount + 1 WHERE transaction_id = %(transaction)s",
    "remove postings": "DELETE FROM postings WHERE transaction_id = %(transaction)s",
    "empty the postings": "TRUNCATE postings CASCADE",
    "change a transaction": "UPDATE transactions SET amount = amount + 1 WHERE id = %(transaction)s",
    "remove a transaction": "DELETE FROM transactions WHERE id = %(transaction)s",
    "empty the transactions": "TRUNCATE transactions CASCADE",
    "a jar below zero": "UPDATE ledger_accounts SET balance = -1 WHERE jar_id = %(jar)s",
    "a jar's amount below zero": "UPDATE savings_jars SET current_amount = -1 WHERE id = %(jar)s",
    "close a jar with money": "UPDATE savings_jars SET status = 'closed' WHERE id = %(jar)s",
    "give an account away": "UPDATE ledger_accounts SET user_id = NULL WHERE jar_id = %(jar)s",
    "remove an account": "DELETE FROM ledger_accounts WHERE jar_id = %(jar)s",
    "empty the accounts": "TRUNCATE ledger_accounts CASCADE",
    "a balance of the house": "UPDATE ledger_accounts SET balance = 1 WHERE id = %(outside)s",
    "a second account of a jar": "INSERT INTO ledger_accounts (id, kind, user_id, jar_id) VALUES"
    " ('00000000-0000-4000-8000-000000000001', 'jar', %(saver)s, %(jar)s)",
    "change the audit log": AUDITED + "UPDATE audit_log SET action = 'nothing'",
    "empty the audit log": "TRUNCATE audit_log",
    "take the audit log's head away": "DELETE FROM audit_head",
    "empty the audit log's head": "TRUNCATE audit_head",
    "change a consent": AGREED + "UPDATE consents SET given = false",
    "empty the consents": "TRUNCATE consents",
    "change a checkpoint": SEALED + "UPDATE ledger_checkpoints SET digest = ''",
    "empty the checkpoints": "TRUNCATE ledger_checkpoints",
}


@pytest.mark.parametrize("role", ["DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SUPERUSER_URL"])
@pytest.mark.parametrize("attempt", REFUSED)
def test_postgresql_refuses_by_itself(app: Flask, stack: Any, posted: dict[str, str], role: str, attempt: str) -> None:
    database = app.config["DATABASE_URL"].rpartition("/")[2]
    connection = psycopg2.connect(with_database(stack.settings[role], database))
    before = rows(app, stack, "SELECT count(*), sum(abs(amount)) FROM postings")
    try:
        with connection.cursor() as cursor, pytest.raises(psycopg2.Error) as refusal:  # noqa: PT012  commit is the test
            cursor.execute(REFUSED[attempt], posted)
            connection.commit()
    finally:
        connection.close()
    assert refusal.value.pgcode in {"23514", "23001", "23505", "42501", "23503"}
    assert rows(app, stack, "SELECT count(*), sum(abs(amount)) FROM postings") == before


def test_a_second_reversal_is_refused_by_the_database(app: Flask, posted: dict[str, str], superuser: Any) -> None:
    insert = (
        "INSERT INTO transactions (id, user_id, jar_id, type, amount, date, occurred_at, recorded_at, balance_after,"
        " posting_count, reversal_of) VALUES (gen_random_uuid(), %(saver)s, %(jar)s, 'reversal', 5, now(), now(),"
        " now(), 0, 2, %(transaction)s);"
    )
    with superuser.cursor() as cursor, pytest.raises(psycopg2.errors.UniqueViolation):
        cursor.execute("BEGIN;" + insert + insert, posted)


def test_the_right_lines_are_taken(app: Flask, posted: dict[str, str], superuser: Any) -> None:
    """What the refusals above leave out: the same statement, balanced, goes through (and is rolled back here)."""
    statement = (
        NEW.format(n=1, amount=5, count=2) + LINES
        + LINE.format(n=1, line=1, account=ACCOUNT, amount=5) + ","
        + LINE.format(n=1, line=2, account="%(outside)s", amount=-5)
    )  # fmt: skip
    superuser.autocommit = False
    with superuser.cursor() as cursor:
        cursor.execute(statement + "; SET CONSTRAINTS ALL IMMEDIATE", posted)
    superuser.rollback()
