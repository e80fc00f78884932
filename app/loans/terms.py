"""What a loan of an amount over some months costs under a policy, and the key facts that a saver agrees to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from app.loans.policy import Policy
from app.loans.rates import apr
from app.loans.schedule import Part, instalment, schedule

#: The form of a statement: names and meaning of its members.
FORM: Final = "kfs-1"


@dataclass(frozen=True, slots=True)
class Terms:
    """All figures of one loan; minor units, rates in hundredths of a percent a year."""

    amount: int
    months: int
    rate: int
    fee: int
    instalment: int
    apr: int
    parts: tuple[Part, ...]

    @property
    def locked(self) -> int:
        """What is kept for the saver until the end."""
        return self.amount - self.fee

    @property
    def interest(self) -> int:
        """All interest, where every instalment is paid as it falls due."""
        return sum(part.interest for part in self.parts)

    @property
    def repaid(self) -> int:
        """The sum of all instalments."""
        return self.amount + self.interest


def terms(policy: Policy, amount: int, months: int) -> Terms:
    """The figures of ``amount`` over ``months``. Raises ValueError for what no loan can be."""
    fee = policy.fee_of(amount)
    parts = schedule(amount, policy.rate, months)
    return Terms(
        amount,
        months,
        policy.rate,
        fee,
        instalment(amount, policy.rate, months),
        apr(amount - fee, [part.total for part in parts]),
        parts,
    )


def affordable(policy: Policy, a_month: int, months: int) -> int:
    """The largest amount whose instalment over ``months`` is at most ``a_month`` minor units, in the policy's steps.

    0 where not even the least amount is.
    """
    low, high = policy.least // policy.step, policy.most // policy.step
    if instalment(policy.least, policy.rate, months) > a_month:
        return 0
    while low < high:
        middle = (low + high + 1) // 2
        if instalment(middle * policy.step, policy.rate, months) <= a_month:
            low = middle
        else:
            high = middle - 1
    return max(policy.least, low * policy.step)


def key_facts(
    policy: Policy, figures: Terms, *, loan_id: str, offered_at: str, expires_at: str, currency: str, language: str,
    officer: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """The key fact statement as plain values: money in major units, rates in percent, as strings.

    Due days are counted in months from the day of acceptance. ``officer``: who answers complaints.
    """
    return {
        "form": FORM,
        "loan_id": loan_id,
        "product": policy.product,
        "policy_version": policy.version,
        "language": language,
        "offered_at": offered_at,
        "expires_at": expires_at,
        "currency": currency,
        "amount": _money(figures.amount),
        "fee": _money(figures.fee),
        "locked": _money(figures.locked),
        "tenure_months": figures.months,
        "interest_rate": percent(figures.rate),
        "apr": percent(figures.apr),
        "instalment": _money(figures.instalment),
        "last_instalment": _money(figures.parts[-1].total),
        "total_interest": _money(figures.interest),
        "total_cost": _money(figures.interest + figures.fee),
        "total_repaid": _money(figures.repaid),
        "cooling_off_days": policy.cooling_off_days,
        "on_time_days": policy.on_time_days,
        "late_charge": _money(policy.charge_of(figures.instalment)),
        "missed_after_days": policy.missed_after_days,
        "default_after_days": policy.default_after_days,
        "officer": dict(officer),
        "schedule": [
            {
                "number": part.number,
                "months_after_acceptance": part.number,
                "principal": _money(part.principal),
                "interest": _money(part.interest),
                "instalment": _money(part.total),
                "owed_after": _money(part.owed_after),
            }
            for part in figures.parts
        ],
    }


def canonical(statement: Mapping[str, Any]) -> str:
    """The one text of a statement: JSON, members in the order of their names, no spaces, not escaped beyond need."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def version_of(text: str) -> str:
    """The SHA-256 of a statement's text in UTF-8, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def percent(hundredths: int) -> str:
    """1707 is "17.07"."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"
