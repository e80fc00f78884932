"""Taking a movement back: once, whoever tries how often, with the rest owed where the jar holds less."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from flask import Flask

from app import clock as product_clock
from app.errors import DomainError, NotFound
from app.ledger.verify import verify
from app.services.ops.reversals import Reversal, reverse
from app.transactions import fetch, run, transaction
from tests.conftest import Clock
from tests.factories import PASSWORD, Saver, make_saver, make_staff


def undo(app: Flask, transaction_id: str, *, by: UUID | None = None, second: UUID | None = None) -> Reversal:
    """Reverse as the operator's command does."""
    with app.app_context():
        return run(lambda: reverse(UUID(transaction_id), reason="test", by=by, second=second, at=product_clock.now()))


def test_a_reversed_deposit_leaves_the_jar_and_stays_in_the_history(app: Flask, saver: Saver) -> None:
    jar = saver.jar()
    saver.deposit(jar, "30")
    wrong = saver.deposit(jar, "50").json["transaction"]["id"]
    booked = undo(app, wrong)
    assert booked.owed == 0
    assert booked.transaction.balance_after == 3000
    history = saver.get(f"/api/jars/{jar}/transactions/").json["items"]
    assert [(row["type"], row["amount"], row["status"], row["reversal_of"]) for row in history] == [
        ("reversal", "50.00", "posted", wrong),
        ("deposit", "50.00", "reversed", None),
        ("deposit", "30.00", "posted", None),
    ]
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "30.00"


def test_a_reversed_withdrawal_comes_back(app: Flask, saver: Saver) -> None:
    jar = saver.jar()
    saver.deposit(jar, "100")
    taken = saver.withdraw(jar, "40").json["transaction"]["id"]
    undo(app, taken)
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "100.00"


def test_a_reversal_counts_on_the_day_of_what_it_reverses(app: Flask, saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    days = []
    for _ in range(4):
        days.append(saver.deposit(jar, "10").json["transaction"]["id"])
        clock.advance(days=1)
    clock.advance(days=-1)
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["streak_count"] == 4
    undo(app, days[1])
    # The second day is dark: the run is the two days after it.
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["streak_count"] == 2
    assert saver.deposit(jar, "10").json["streak"]["longest"] == 4


def test_a_badge_goes_with_the_deposit_that_earned_it(app: Flask, saver: Saver) -> None:
    jar = saver.jar()
    first = saver.deposit(jar, "10").json
    assert [badge["badge_type"] for badge in first["badges_earned"]] == ["first_deposit"]
    undo(app, first["transaction"]["id"])
    with app.app_context(), transaction():
        assert fetch("SELECT 1 FROM badges WHERE user_id = %s", (saver.id,)) == []


def test_a_completed_jar_opens_again_when_its_last_deposit_goes(app: Flask, saver: Saver) -> None:
    jar = saver.jar(target_amount="100")
    saver.deposit(jar, "60")
    last = saver.deposit(jar, "60").json
    assert last["jar"]["status"] == "completed"
    assert "target_reached" in [badge["badge_type"] for badge in last["badges_earned"]]
    undo(app, last["transaction"]["id"])
    shown = saver.get(f"/api/jars/{jar}/").json["jar"]
    assert (shown["status"], shown["current_amount"]) == ("active", "60.00")


@pytest.mark.parametrize("kind", ["withdraw", "deposit"])
def test_a_filled_jar_stays_filled_where_what_is_undone_did_not_fill_it(app: Flask, saver: Saver, kind: str) -> None:
    jar = saver.jar(target_amount="100")
    saver.deposit(jar, "100")
    saver.withdraw(jar, "70")
    later = getattr(saver, kind)(jar, "10").json["transaction"]["id"]
    undo(app, later)
    shown = saver.get(f"/api/jars/{jar}/").json["jar"]
    assert (shown["status"], shown["current_amount"]) == ("completed", "30.00")


def test_what_the_jar_no_longer_holds_is_owed_and_takes_two_people(app: Flask, saver: Saver) -> None:
    jar = saver.jar()
    deposit = saver.deposit(jar, "100").json["transaction"]["id"]
    saver.withdraw(jar, "70")
    one, other = make_staff(app), make_staff(app)
    for second in (None, one.id):
        with pytest.raises(DomainError) as refusal:
            undo(app, deposit, by=one.id, second=second)
        assert refusal.value.code == "second_person_required"
    booked = undo(app, deposit, by=one.id, second=other.id)
    assert (booked.owed, booked.transaction.balance_after) == (7000, 0)
    with app.app_context(), transaction():
        assert fetch("SELECT balance FROM ledger_accounts WHERE user_id = %s AND kind = 'owed'", (saver.id,)) == [
            (-7000,)
        ]
        entries = fetch("SELECT action, actor_id FROM audit_log WHERE subject_id = %s", (deposit,))
    assert entries == [("transaction_reversed", one.id)]


def test_money_that_comes_back_opens_a_closed_jar(app: Flask, saver: Saver) -> None:
    jar = saver.jar()
    saver.deposit(jar, "100")
    taken = saver.withdraw(jar, "100").json["transaction"]["id"]
    assert saver.call("DELETE", f"/api/jars/{jar}/").status_code == 204
    undo(app, taken)
    shown = saver.get(f"/api/jars/{jar}/").json["jar"]
    assert (shown["status"], shown["current_amount"]) == ("active", "100.00")
    assert saver.withdraw(jar, "100").status_code == 201


def test_only_what_can_be_is_reversed(app: Flask, saver: Saver) -> None:
    jar = saver.jar()
    deposit = saver.deposit(jar, "100").json["transaction"]["id"]
    reversal = str(undo(app, deposit).transaction.id)
    for id_, code in ((deposit, "already_reversed"), (reversal, "not_reversible")):
        with pytest.raises(DomainError) as refusal:
            undo(app, id_)
        assert refusal.value.code == code
    with pytest.raises(NotFound):
        undo(app, "00000000-0000-7000-8000-000000000000")


@pytest.mark.no_cover
def test_five_hundred_movements_each_reversed_twice_by_twenty_workers(new_app: Callable[..., Flask]) -> None:
    app = new_app(DATABASE_POOL_SIZE="20")
    movements = []
    for _ in range(10):
        saver = make_saver(app)
        jar = saver.jar(target_amount="100000")
        movements += [saver.deposit(jar, "10").json["transaction"]["id"] for _ in range(50)]

    def attempt(transaction_id: str) -> str:
        try:
            undo(app, transaction_id)
        except DomainError as refusal:
            return refusal.code
        return "reversed"

    with ThreadPoolExecutor(20) as workers:
        outcomes = list(workers.map(attempt, [id_ for id_ in movements for _ in range(2)]))
    assert outcomes.count("reversed") == 500
    assert outcomes.count("already_reversed") == 500
    with app.app_context(), transaction():
        assert list(verify()) == []
    with app.app_context(), transaction():
        assert fetch("SELECT count(*), sum(current_amount)::int FROM savings_jars") == [(10, 0)]
        assert fetch("SELECT count(*) FROM transactions WHERE type = 'reversal'") == [(500,)]


def test_nobody_takes_back_or_agrees_to_a_movement_of_their_own(app: Flask) -> None:
    staff, other = make_staff(app), make_staff(app)
    movement = staff.deposit(staff.jar(), "50").json["transaction"]["id"]
    for by, second in ((staff.id, None), (staff.id, other.id), (other.id, staff.id)):
        with pytest.raises(DomainError, match="own_movement"):
            undo(app, movement, by=by, second=second)
    undo(app, movement, by=other.id)


def test_nothing_comes_back_to_an_account_that_is_erased(app: Flask, saver: Saver) -> None:
    """Nobody could take it out again. What it should never have had is owed, whoever is gone."""
    jar = saver.jar()
    deposit, withdrawal = (
        move(jar, "100").json["transaction"]["id"] for move in (saver.deposit, saver.withdraw)
    )  # fmt: skip
    assert saver.call("DELETE", "/api/profile/", {"password": PASSWORD}).status_code == 204
    one, other = make_staff(app), make_staff(app)
    with pytest.raises(DomainError, match="not_reversible"):
        undo(app, withdrawal, by=one.id, second=other.id)
    assert undo(app, deposit, by=one.id, second=other.id).owed == 10_000
    with app.app_context():
        assert run(lambda: fetch("SELECT status, current_amount FROM savings_jars WHERE id = %s", (jar,))) == [
            ("closed", 0)
        ]
