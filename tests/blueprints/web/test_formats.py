from datetime import UTC, date, datetime

import pytest

from app.blueprints.web import formats
from app.periods import Period, SaverZone

TODAY = date(2026, 7, 15)


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize(
    ("minor", "words"), [(0, "₹0"), (1_248_000, "₹12,480"), (1_00_000_00, "₹1,00,000"), (1_050, "₹10.50"), (5, "₹0.05")]
)
def test_money(minor, words):
    assert formats.in_words(minor) == words


@pytest.mark.usefixtures("context")
def test_the_currencys_sign():
    assert formats.currency_sign() == "₹"


@pytest.mark.parametrize(("minor", "typed"), [(5_000, "50"), (1_250, "12.50"), (100_000_000, "1000000")])
def test_amounts_to_type(minor, typed):
    assert formats.typed_amount(minor) == typed


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (TODAY, "Today"),
        (date(2026, 7, 14), "Yesterday"),
        (date(2026, 7, 13), "Mon 13\xa0Jul"),
        (date(2025, 12, 31), "31\xa0Dec\xa02025"),
    ],
)
def test_days_of_the_past(day, words):
    assert formats.day_of(day, TODAY) == words


def test_the_time_is_that_of_the_zone_in_force_then():
    zone = SaverZone("Asia/Kolkata", "Asia/Dubai", datetime(2026, 7, 15, 20, 0, tzinfo=UTC))
    assert formats.time_of(datetime(2026, 7, 15, 18, 29, tzinfo=UTC), zone) == "11:59 pm"
    assert formats.time_of(datetime(2026, 7, 15, 20, 0, tzinfo=UTC), zone) == "12:00 am"


@pytest.mark.parametrize(
    ("plan", "period", "label", "name"),
    [
        ("daily", Period(TODAY, TODAY), "Wed", "Wednesday 15 July"),
        ("weekly", Period(date(2026, 7, 13), date(2026, 7, 19)), "13 Jul", "week of Monday 13 July"),
        ("monthly", Period(date(2026, 7, 1), date(2026, 7, 31)), "Jul", "July 2026"),
    ],
)
def test_periods(plan, period, label, name):
    assert formats.period_label(period, plan) == label
    assert formats.period_name(period, plan) == name
