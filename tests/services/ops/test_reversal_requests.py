"""Reversals by two people: what waits, who may decide, and one effect however many decide at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from app import clock as product_clock
from app.errors import DomainError, Invalid, NotFound
from app.services.ops import reversal_requests
from app.services.ops.reversal_requests import Asked, Decided
from app.services.ops.reversals import reverse
from app.transactions import fetch, queue, run
from tests.factories import Saver, make_saver, make_staff


def ask(app: Flask, transaction_id: str, by: Saver, reason: str = "sent twice") -> Asked:
    with app.app_context():
        return run(lambda: reversal_requests.ask(UUID(transaction_id), reason=reason, by=by.id, at=product_clock.now()))


def decide(app: Flask, request_id: UUID | None, by: Saver, *, approve: bool = True, owed: int = 7000) -> Decided:
    assert request_id is not None
    how = partial(reversal_requests.approve, owed=owed) if approve else reversal_requests.decline
    with app.app_context():
        return run(lambda: how(request_id, by=by.id, at=product_clock.now()))


def withdraw(app: Flask, request_id: UUID | None, by: Saver) -> Decided:
    assert request_id is not None
    with app.app_context():
        return run(lambda: reversal_requests.withdraw(request_id, by=by.id, at=product_clock.now()))


def log_of(app: Flask, transaction_id: str) -> list[tuple[Any, ...]]:
    with app.app_context():
        return run(
            lambda: fetch("SELECT action, actor_id FROM audit_log WHERE subject_id = %s ORDER BY id", (transaction_id,))
        )


def balance(saver: Saver, jar: str) -> str:
    return str(saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"])


@pytest.fixture(scope="module")
def pair(app: Flask) -> tuple[Saver, Saver]:
    return make_staff(app, "support"), make_staff(app)


def test_a_small_one_is_done_at_once_by_one(app: Flask, saver: Saver, pair: tuple[Saver, Saver]) -> None:
    jar = saver.jar()
    wrong = saver.deposit(jar, "50").json["transaction"]["id"]
    asked = ask(app, wrong, pair[0])
    assert asked.booked is not None
    assert (asked.request_id, asked.booked.owed, balance(saver, jar)) == (None, 0, "0.00")
    assert log_of(app, wrong) == [("transaction_reversed", pair[0].id)]
    with pytest.raises(DomainError, match="already_reversed"):
        ask(app, wrong, pair[1])


def test_one_above_the_limit_waits_for_somebody_else(app: Flask, saver: Saver, pair: tuple[Saver, Saver]) -> None:
    one, other = pair
    jar = saver.jar(target_amount="50000")
    exact = saver.deposit(jar, "5000").json["transaction"]["id"]
    large = saver.deposit(jar, "5000.01").json["transaction"]["id"]
    assert ask(app, exact, one).booked is not None
    asked = ask(app, large, one)
    assert asked.booked is None
    assert balance(saver, jar) == "5000.01"
    for again in pair:
        with pytest.raises(DomainError, match="reversal_waits"):
            ask(app, large, again)
    for approve in (True, False):
        with pytest.raises(DomainError, match="own_request"):
            decide(app, asked.request_id, one, approve=approve)
    assert decide(app, asked.request_id, other).status == "approved"
    assert balance(saver, jar) == "0.00"
    assert log_of(app, large) == [
        ("reversal_requested", one.id), ("transaction_reversed", one.id), ("reversal_approved", other.id),
    ]  # fmt: skip
    with pytest.raises(DomainError, match="already_decided"):
        decide(app, asked.request_id, other, approve=False)


@pytest.mark.parametrize("second", ["nobody", "the same person"])
def test_nobody_books_a_large_one_alone_by_another_way(
    app: Flask, saver: Saver, pair: tuple[Saver, Saver], second: str
) -> None:
    large = UUID(saver.deposit(saver.jar(target_amount="50000"), "6000").json["transaction"]["id"])
    by = pair[0].id
    agrees = None if second == "nobody" else by
    with app.app_context(), pytest.raises(DomainError, match="second_person_required"):
        run(lambda: reverse(large, reason="test", by=by, second=agrees, at=product_clock.now()))


def test_what_would_be_owed_waits_and_is_booked_as_owed(app: Flask, saver: Saver, pair: tuple[Saver, Saver]) -> None:
    jar = saver.jar()
    deposit = saver.deposit(jar, "100").json["transaction"]["id"]
    saver.withdraw(jar, "70")
    asked = ask(app, deposit, pair[0])
    assert asked.booked is None
    assert balance(saver, jar) == "30.00"
    decided = decide(app, asked.request_id, pair[1])
    assert decided.booked is not None
    assert (decided.booked.owed, balance(saver, jar)) == (7000, "0.00")


def test_no_more_is_booked_as_owed_than_was_agreed_to(app: Flask, saver: Saver, pair: tuple[Saver, Saver]) -> None:
    jar = saver.jar()
    deposit = saver.deposit(jar, "100").json["transaction"]["id"]
    saver.withdraw(jar, "40")
    asked = ask(app, deposit, pair[0])
    saver.withdraw(jar, "10")  # after the second person has opened the page
    with pytest.raises(DomainError, match="owed_more"):
        decide(app, asked.request_id, pair[1], owed=4000)
    assert (balance(saver, jar), log_of(app, deposit)) == ("50.00", [("reversal_requested", pair[0].id)])
    assert decide(app, asked.request_id, pair[1], owed=5000).status == "approved"


def test_what_was_declined_may_be_asked_for_anew(app: Flask, saver: Saver, pair: tuple[Saver, Saver]) -> None:
    jar = saver.jar(target_amount="50000")
    large = saver.deposit(jar, "9000").json["transaction"]["id"]
    first = ask(app, large, pair[0])
    assert decide(app, first.request_id, pair[1], approve=False) == Decided("declined")
    assert balance(saver, jar) == "9000.00"
    second = ask(app, large, pair[1])
    assert decide(app, second.request_id, pair[0]).status == "approved"
    assert [action for action, _ in log_of(app, large)] == [
        "reversal_requested", "reversal_declined", "reversal_requested", "transaction_reversed", "reversal_approved",
    ]  # fmt: skip


def test_whoever_asked_withdraws_it_and_nobody_else(app: Flask, saver: Saver, pair: tuple[Saver, Saver]) -> None:
    one, other = pair
    jar = saver.jar(target_amount="50000")
    large = saver.deposit(jar, "9000").json["transaction"]["id"]
    first = ask(app, large, one)
    with pytest.raises(DomainError, match="not_own_request"):
        withdraw(app, first.request_id, other)
    with pytest.raises(DomainError, match="not_staff"):
        withdraw(app, first.request_id, saver)
    assert withdraw(app, first.request_id, one) == Decided("withdrawn")
    assert balance(saver, jar) == "9000.00"
    with pytest.raises(DomainError, match="already_decided"):
        decide(app, first.request_id, other)
    with pytest.raises(DomainError, match="already_decided"):
        withdraw(app, first.request_id, one)
    second = ask(app, large, one)
    assert decide(app, second.request_id, other).status == "approved"
    with pytest.raises(DomainError, match="already_decided"):
        withdraw(app, second.request_id, one)
    assert log_of(app, large)[:2] == [("reversal_requested", one.id), ("reversal_withdrawn", one.id)]


def test_what_was_taken_back_meanwhile_leaves_a_void_request(
    app: Flask, saver: Saver, pair: tuple[Saver, Saver]
) -> None:
    jar = saver.jar(target_amount="50000")
    large = saver.deposit(jar, "9000").json["transaction"]["id"]
    asked = ask(app, large, pair[0])
    with app.app_context():
        run(lambda: reverse(UUID(large), reason="test", by=pair[1].id, second=pair[0].id, at=product_clock.now()))
    assert decide(app, asked.request_id, pair[1]) == Decided("void")
    assert log_of(app, large)[-1] == ("reversal_void", pair[1].id)


def test_however_many_decide_at_once_one_decision_counts(app: Flask, saver: Saver, pair: tuple[Saver, Saver]) -> None:
    jar = saver.jar(target_amount="90000")
    third = make_staff(app)
    for _ in range(3):
        large = saver.deposit(jar, "9000").json["transaction"]["id"]
        asked = ask(app, large, pair[0])

        def attempt(turn: int, request_id: UUID | None = asked.request_id) -> str:
            try:
                return decide(app, request_id, (pair[1], third)[turn % 2], approve=turn % 3 != 0).status
            except DomainError as refusal:
                return refusal.code

        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(attempt, range(8)))
        assert sorted(outcomes)[:7] == ["already_decided"] * 7
        booked = saver.get(f"/api/jars/{jar}/transactions/?type=reversal&limit=100").json["items"]
        done = [row for row in booked if row["reversal_of"] == large]
        assert len(done) == (1 if "approved" in outcomes else 0)


def test_who_may_not(app: Flask, saver: Saver, pair: tuple[Saver, Saver]) -> None:
    jar = saver.jar()
    deposit = saver.deposit(jar, "50").json["transaction"]["id"]
    own = pair[0].deposit(pair[0].jar(), "50").json["transaction"]["id"]
    with pytest.raises(DomainError, match="not_staff"):
        ask(app, deposit, make_saver(app))
    with pytest.raises(DomainError, match="own_movement"):
        ask(app, own, pair[0])
    with pytest.raises(Invalid):
        ask(app, deposit, pair[0], reason=" \n")
    with pytest.raises(NotFound):
        ask(app, str(uuid4()), pair[0])
    with pytest.raises(NotFound):
        decide(app, uuid4(), pair[0])
    assert balance(saver, jar) == "50.00"


@pytest.mark.parametrize("gone", ["role = 'saver'", "status = 'suspended'"])
def test_the_word_of_somebody_who_is_of_the_staff_no_more_is_none(app: Flask, saver: Saver, gone: str) -> None:
    jar = saver.jar(target_amount="50000")
    large = saver.deposit(jar, "9000").json["transaction"]["id"]
    one, other, third = (make_staff(app) for _ in range(3))
    asked = ask(app, large, one)
    with app.app_context():
        run(lambda: queue(f"UPDATE users SET {gone} WHERE id = %s", (one.id,)))
    with pytest.raises(DomainError, match="requester_gone"):
        decide(app, asked.request_id, other)
    assert balance(saver, jar) == "9000.00"
    assert decide(app, asked.request_id, other, approve=False).status == "declined"
    assert decide(app, ask(app, large, other).request_id, third).status == "approved"


def test_of_withdrawing_agreeing_declining_and_the_command_line_at_once_one_counts(app: Flask, saver: Saver) -> None:
    jar = saver.jar(target_amount="90000")
    one, other, third = (make_staff(app) for _ in range(3))

    def by_command(movement: str, _request: UUID | None) -> str:
        with app.app_context():
            run(lambda: reverse(UUID(movement), reason="test", by=other.id, second=third.id, at=product_clock.now()))
        return "booked"

    ways = [
        lambda _, request: withdraw(app, request, one).status,
        lambda _, request: decide(app, request, other).status,
        lambda _, request: decide(app, request, third, approve=False).status,
        by_command,
        lambda movement, _: str(ask(app, movement, third).booked),
    ]

    def attempt(way: Any, movement: str, request: UUID | None) -> str:
        try:
            return str(way(movement, request))
        except DomainError as refusal:
            return refusal.code

    for _ in range(4):
        large = saver.deposit(jar, "9000").json["transaction"]["id"]
        request = ask(app, large, one).request_id
        with ThreadPoolExecutor(5) as pool:
            outcomes = list(pool.map(lambda way, *about: attempt(way, *about), ways, [large] * 5, [request] * 5))
        decided = {"withdrawn", "approved", "declined", "void"} & set(outcomes[:3])
        assert len(decided) == 1, outcomes
        assert ("approved" in outcomes) + ("booked" in outcomes) <= 1, outcomes
        with app.app_context():
            rows = run(lambda movement=large: fetch("SELECT 1 FROM transactions WHERE reversal_of = %s", (movement,)))
        assert len(rows) == int("approved" in outcomes or "booked" in outcomes)
