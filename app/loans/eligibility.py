"""Who may have a loan, and how large: a policy's checks on what was measured. Nothing else is an input."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.loans.policy import Policy
from app.loans.schedule import instalment
from app.loans.terms import affordable, percent, terms


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a saver. Money in minor units.

    ``history_days``: since the first deposit. ``score``: None without one. ``on_time`` of the last ``periods``.
    ``deposits_a_month``: deposits less withdrawals, on average. ``open_loans``: accepted and not over. ``owed``: what
    the saver owes besides, by corrections. ``defaults``: loans that were not paid back. ``paused``: jars that pause.
    """

    kyc_status: str
    active: bool
    paused: int
    history_days: int
    score: int | None
    score_status: str
    on_time: int
    periods: int
    open_loans: int
    overdue: int
    owed: int
    defaults: int
    deposits_a_month: int


@dataclass(frozen=True, slots=True)
class Check:
    """One check: ``actual`` against ``required``, plain JSON values; amounts of money in minor units."""

    code: str
    passed: bool
    actual: Any
    required: Any


@dataclass(frozen=True, slots=True)
class Assessment:
    """``max_amount``: the largest that is affordable over the longest time, 0 where none is or a check fails.

    ``instalment`` and ``apr`` are of that amount over ``months``; where there is none, of the least that is lent.
    """

    eligible: bool
    checks: tuple[Check, ...]
    max_amount: int
    months: int
    instalment: int
    apr: str


def assess(facts: Facts, policy: Policy) -> Assessment:
    """Every check of ``policy``, in the order in which they are shown, and what follows from them."""
    a_month = affordable_a_month(facts, policy)
    longest = max(policy.tenures)
    least = instalment(policy.least, policy.rate, longest)
    share = Decimal(facts.on_time) / facts.periods if facts.periods else None
    checks = (
        Check("identity", facts.kyc_status == "verified", facts.kyc_status, "verified"),
        Check("account", facts.active, "active" if facts.active else "suspended", "active"),
        Check("paused_jars", not facts.paused, facts.paused, 0),
        Check("history_days", facts.history_days >= policy.history_days, facts.history_days, policy.history_days),
        Check(
            "score",
            facts.score_status == "scored" and facts.score is not None and facts.score >= policy.score,
            facts.score,
            policy.score,
        ),
        Check(
            "on_time_rate",
            share is not None and share >= policy.on_time_rate,
            None if share is None else round(float(share), 4),
            float(policy.on_time_rate),
        ),
        Check("open_loans", not facts.open_loans, facts.open_loans, 0),
        Check("arrears", not facts.overdue + facts.owed, facts.overdue + facts.owed, 0),
        Check("defaults", not facts.defaults, facts.defaults, 0),
        Check("affordability", a_month >= least, a_month, least),
    )
    eligible = all(check.passed for check in checks)
    largest = affordable(policy, a_month, longest) if eligible else 0
    shown = terms(policy, largest or policy.least, longest)
    return Assessment(eligible, checks, largest, longest, shown.instalment, percent(shown.apr))


def affordable_a_month(facts: Facts, policy: Policy) -> int:
    """The largest instalment that is lent on: a share of what the saver puts aside in a month."""
    return max(0, int(facts.deposits_a_month * policy.affordable_share))
