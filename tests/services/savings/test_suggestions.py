from uuid import UUID

import pytest

from app.services.savings import histories, jars
from app.services.savings.histories import Filter
from app.services.savings.overview import overview
from app.services.savings.suggestions import amount_for, next_deposit, pace_needed
from tests.factories import Saver

# Noon in Kolkata on Wednesday 15 July 2026 by the fixture `clock`.


def suggested(app, saver: Saver, clock):
    with app.app_context():
        rows, _ = histories.page(saver.id, Filter(), limit=30)
        found = next_deposit(overview(saver.principal(), at=clock.now()).jars, rows)
    return None if found is None else (found.jar.jar.name, found.amount)


def view(app, saver, clock, jar):
    with app.app_context():
        return jars.read(saver.principal(), UUID(jar), at=clock.now())


def test_none_without_a_jar_that_takes_money(app, saver, clock):
    assert suggested(app, saver, clock) is None
    full = saver.jar(target_amount="10")
    saver.deposit(full, "10")
    assert suggested(app, saver, clock) is None


def test_the_jar_that_is_due_first(app, saver, clock):
    saver.jar(name="School", plan_type="monthly", installment_amount="300")
    saver.jar(name="Sweets", plan_type="weekly", installment_amount="100")
    assert suggested(app, saver, clock) == ("Sweets", 100_00)
    daily = saver.jar(name="Bicycle", installment_amount="50")
    assert suggested(app, saver, clock) == ("Bicycle", 50_00)
    saver.deposit(daily, "50")
    assert suggested(app, saver, clock) == ("Bicycle", 50_00), "tomorrow comes before Sunday"


def test_what_the_period_still_lacks(app, saver, clock):
    jar = saver.jar(installment_amount="50")
    saver.deposit(jar, "20")
    assert suggested(app, saver, clock) == ("Bicycle", 30_00)


def test_the_last_amount_where_none_is_set(app, saver, clock):
    jar = saver.jar()
    assert suggested(app, saver, clock) == ("Bicycle", 50_00)
    saver.deposit(jar, "35.50")
    assert suggested(app, saver, clock) == ("Bicycle", 35_50)


def test_never_more_than_what_is_left(app, saver, clock):
    jar = saver.jar(target_amount="120", installment_amount="50")
    saver.deposit(jar, "100")
    assert suggested(app, saver, clock) == ("Bicycle", 20_00)


def test_among_flexible_jars_the_one_used_last(app, saver, clock):
    first, second = (saver.jar(name=name, plan_type="flexible") for name in ("First", "Second"))
    saver.deposit(second, "7")
    clock.advance(minutes=1)
    saver.deposit(first, "9")
    assert suggested(app, saver, clock) == ("First", 9_00)


def test_a_jar_that_has_not_begun_waits(app, saver, clock):
    saver.jar(name="Later", start_date="2026-07-20")
    assert suggested(app, saver, clock) is None


@pytest.mark.parametrize(
    ("plan", "end", "target", "pace"),
    [
        ("daily", "2026-07-15", "100", 100_00),  # today alone
        ("daily", "2026-07-24", "1000", 100_00),  # ten days with today
        ("daily", "2026-07-24", "1001", 101_00),  # up to a whole rupee
        ("weekly", "2026-07-26", "1000", 500_00),  # this week and the next
        ("monthly", "2027-06-30", "12000", 1000_00),  # July to June
        ("flexible", "2026-07-26", "1000", 500_00),  # by weeks
    ],
)
def test_the_pace_that_is_in_time(app, saver, clock, plan, end, target, pace):
    jar = saver.jar(plan_type=plan, end_date=end, target_amount=target)
    assert pace_needed(view(app, saver, clock, jar)) == pace


def test_no_pace_without_an_end_to_come(app, saver, clock):
    assert pace_needed(view(app, saver, clock, saver.jar())) is None
    jar = saver.jar(end_date="2026-07-16")
    clock.advance(days=2)
    assert pace_needed(view(app, saver, clock, jar)) is None


def test_a_new_jar_with_an_end_begins_at_its_pace(app, saver, clock):
    jar = saver.jar(target_amount="1000", end_date="2026-07-24")
    assert amount_for(view(app, saver, clock, jar)) == 100_00
