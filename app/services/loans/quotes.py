"""What a loan would cost, before anybody asks for it: the figures of an amount over some months, on a decision."""

from __future__ import annotations

from dataclasses import dataclass

from app.loans.policy import policy
from app.loans.terms import Terms, terms
from app.services.loans.decisions import Decision
from app.services.loans.offers import check

#: Where a choice begins: over a year, where that is one of the times, and at half of what is affordable.
MONTHS = 12
#: Minor units; a first amount is a round one.
ROUND = 50_000


@dataclass(frozen=True, slots=True)
class Quote:
    """The figures of one loan, and ``most``: minor units that the decision reaches to over that time."""

    terms: Terms
    most: int

    @property
    def within(self) -> bool:
        """Whether the decision reaches to it."""
        return self.terms.amount <= self.most


def quote(decision: Decision, amount: int, months: int) -> Quote:
    """The figures of ``amount`` minor units over ``months``. Raises Invalid with the product's limits."""
    check(amount, months)
    return Quote(terms(policy(decision.loan_policy_version), amount, months), most_over(decision, months))


def most_over(decision: Decision, months: int) -> int:
    """The largest loan over ``months`` that the decision reaches to, in minor units; 0 where there is none."""
    return next((option.max_amount for option in decision.options if option.months == months), 0)


def first_choice(decision: Decision) -> tuple[int, int]:
    """Amount and months to begin choosing with: a modest loan, never the largest there is."""
    times = [option.months for option in decision.options]
    months = MONTHS if MONTHS in times or not times else times[-1]
    half = most_over(decision, months) // 2
    return max(decision.least, half // ROUND * ROUND), months
