from datetime import timedelta
from uuid import UUID

from app.services.savings import balances, jars
from app.transactions import run


def read(saver, jar, clock):
    with saver.app.app_context():
        return run(lambda: balances.over_time(jars.read(saver.principal(), UUID(jar), at=clock.now())))


def test_the_last_of_each_day_and_nothing_without_movements(saver, clock):
    jar = saver.jar()
    assert read(saver, jar, clock) == []
    today = clock.now().date()
    saver.deposit(jar, "50")
    clock.advance(minutes=1)
    saver.withdraw(jar, "20")
    clock.advance(days=2)
    saver.deposit(jar, "5")
    assert read(saver, jar, clock) == [
        balances.Balance(today, 30_00),
        balances.Balance(today + timedelta(days=2), 35_00),
    ]


def test_a_long_history_is_a_few_points_and_ends_with_what_is_there(saver, clock, monkeypatch):
    monkeypatch.setattr(balances, "MOST_POINTS", 5)
    jar = saver.jar()
    for _ in range(12):
        saver.deposit(jar, "10")
        clock.advance(days=1)
    saver.deposit(jar, "10")
    points = read(saver, jar, clock)
    assert len(points) <= 5
    assert points[-1].held == 130_00
    assert points == sorted(points, key=lambda one: one.day)
