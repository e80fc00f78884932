"""The arithmetic of loans: exact to the paisa, and an annual rate that another solver finds too."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from app.loans import policy as policies
from app.loans.policy import policy
from app.loans.rates import apr
from app.loans.schedule import instalment, months_after, schedule
from app.loans.terms import affordable, canonical, key_facts, terms, version_of

amounts = st.integers(1, 10**10)
rates = st.integers(0, 6_000)
tenures = st.integers(1, 120)


def test_the_known_loan_is_what_is_known_of_it() -> None:
    """20,000 at 15 % over 24 months with 400 withheld."""
    found = terms(policy(), 2_000_000, 24)
    assert (found.rate, found.fee, found.instalment, found.apr) == (1_500, 40_000, 96_973, 1_707)
    assert (found.locked, len(found.parts)) == (1_960_000, 24)
    assert found.parts[0].interest == 25_000  # a month of 15 % a year on 20,000
    assert found.repaid == sum(part.total for part in found.parts) == 2_000_000 + found.interest


@settings(max_examples=500, deadline=None)
@given(amount=amounts, rate=rates, months=tenures)
def test_principal_sums_to_the_loan_and_nothing_is_below_zero(amount: int, rate: int, months: int) -> None:
    each, parts = instalment(amount, rate, months), schedule(amount, rate, months)
    assert sum(part.principal for part in parts) == amount
    assert [part.number for part in parts] == list(range(1, months + 1))
    owed = amount
    for part in parts:
        assert min(part.principal, part.interest, part.owed_after) >= 0
        owed -= part.principal
        assert part.owed_after == owed
        if part is not parts[-1] and owed:
            assert part.total == each
    # Each month's rounding is at most half a paisa, and grows as the balance does.
    slack = 1 + sum((1 + rate / 120_000) ** month for month in range(months))
    assert abs(parts[-1].total - each) <= slack


@settings(max_examples=300, deadline=None)
@given(
    amount=st.integers(100_000, 10**10), rate=st.integers(1, 6_000), months=st.integers(2, 120),
    fee=st.integers(0, 500),
)  # fmt: skip
def test_the_annual_rate_is_that_of_another_solver(amount: int, rate: int, months: int, fee: int) -> None:
    received = amount - amount * fee // 10_000
    payments = [part.total for part in schedule(amount, rate, months)]
    monthly = pyxirr.irr([-received, *payments])
    assert monthly is not None
    assert abs(Decimal(apr(received, payments)) / 10_000 - Decimal(12 * monthly)) <= Decimal("0.0001")


@given(
    received=st.integers(1, 10**9), payments=st.lists(st.integers(0, 10**9), min_size=1, max_size=60),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_payments_have_a_rate_or_none(received: int, payments: list[int]) -> None:
    if sum(payments) < received:
        with pytest.raises(ValueError, match="at least as much"):
            apr(received, payments)
        return
    found = apr(received, payments)
    low, high = ((found + step) / 120_000 for step in (-1, 1))

    def worth(rate: float) -> float:
        return sum(payment / (1 + rate) ** month for month, payment in enumerate(payments, 1))

    assert worth(high) <= received * (1 + 1e-9)
    assert found == 0 or worth(low) >= received * (1 - 1e-9)


def test_what_costs_nothing_has_no_rate() -> None:
    assert apr(1_200, [100] * 12) == 0
    assert instalment(1_200, 0, 12) == 100


@settings(max_examples=300, deadline=None)
@given(a_month=st.integers(0, 10**7), months=st.sampled_from(policy().tenures))
def test_the_largest_affordable_loan_is_affordable_and_the_next_is_not(a_month: int, months: int) -> None:
    rules = policy()
    largest = affordable(rules, a_month, months)
    if not largest:
        assert instalment(rules.least, rules.rate, months) > a_month
        return
    assert rules.least <= largest <= rules.most
    assert instalment(largest, rules.rate, months) <= a_month
    if largest < rules.most:
        assert instalment(largest + rules.step, rules.rate, months) > a_month


def test_months_keep_the_day_where_there_is_one() -> None:
    first = date(2028, 1, 31)
    assert [months_after(first, n) for n in (1, 2, 3, 12, 13)] == [
        date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 30), date(2029, 1, 31), date(2029, 2, 28),
    ]  # fmt: skip


def test_a_statement_has_one_text_and_its_version_is_that_text(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = policy()
    made = key_facts(
        rules, terms(rules, 2_000_000, 24), loan_id="1", offered_at="a", expires_at="b", currency="INR", language="hi",
        officer={"name": "आशा"},
    )  # fmt: skip
    text = canonical(made)
    assert canonical(dict(reversed(made.items()))) == text
    assert "आशा" in text
    assert version_of(text) != version_of(canonical(made | {"amount": "20000.01"}))
    assert (made["instalment"], made["apr"], made["fee"], made["locked"]) == ("969.73", "17.07", "400.00", "19600.00")
    assert sum(Decimal(row["instalment"]) for row in made["schedule"]) == Decimal(made["total_repaid"])


def test_no_policy_gives_fewer_than_three_days_to_think_again(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    text = (policies.FOLDER / "loan-1.toml").read_text(encoding="utf-8")
    (tmp_path / "hasty.toml").write_text(text.replace("cooling_off_days = 3 ", "cooling_off_days = 2 "), "utf-8")
    monkeypatch.setattr(policies, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="think again"):
        policy("hasty")
    with pytest.raises(ValueError, match="no policy"):
        policy("../hasty")
