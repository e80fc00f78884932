"""Offering a loan: on a decision that reaches to it, with a key fact statement that never changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids
from flask import current_app

from app import money
from app.errors import Invalid
from app.loans.policy import policy
from app.loans.terms import canonical, key_facts, terms, version_of
from app.sentences import Sentence
from app.services.idempotency.once import Answer, Claim, Render, once
from app.services.identity.principal import Principal
from app.services.loans.decisions import Decision, refuse_unless
from app.services.loans.loan import COLUMNS, Loan, LoanView, view
from app.services.savings.rows import LOCK_SAVER
from app.transactions import fetch, queue

INSERT = f"""
INSERT INTO loans AS l (id, user_id, decision_id, loan_policy_version, amount, tenure_months, rate, fee, apr,
    instalment, statement, statement_version, offered_at, expires_at)
VALUES (%(id)s, %(user)s, %(decision)s, %(policy)s, %(amount)s, %(months)s, %(rate)s, %(fee)s, %(apr)s, %(each)s,
    %(statement)s, %(version)s, %(at)s, %(expires_at)s)
RETURNING {COLUMNS}
"""  # noqa: S608  constants only
# One offer at a time: a new one takes the place of the one before.
REPLACE = """
UPDATE loans SET status = 'cancelled', ended_at = %(at)s, ended_on = %(today)s,
    cancel_reason = CASE WHEN expires_at <= %(at)s THEN 'expired' ELSE 'replaced' END
WHERE user_id = %(user)s AND status = 'offered'
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """A loan that is offered, with the statement that its saver would agree to."""

    view: LoanView
    statement: dict[str, Any]


def offer(
    saver: Principal,
    amount: int,
    months: int,
    *,
    decision: Decision,
    at: datetime,
    claim: Claim | None,
    render: Render,
) -> Answer:
    """Offer ``amount`` minor units over ``months`` on ``decision``, once for ``claim``; older offers are replaced.

    Raises Invalid with the product's limits; ``not_eligible`` comes rendered where there is a claim.
    """
    check(amount, months)

    def work() -> Offer:
        refuse_unless(decision, amount, months)
        return _make(saver, amount, months, decision, at=at)

    return once(claim, work, render)


def officer() -> dict[str, str]:
    """Who answers complaints about a loan."""
    config = current_app.config
    return {part: config[f"GRIEVANCE_OFFICER_{part.upper()}"] for part in ("name", "email", "phone")}


def _make(saver: Principal, amount: int, months: int, decision: Decision, *, at: datetime) -> Offer:
    rules = policy(decision.loan_policy_version)
    figures = terms(rules, amount, months)
    loan_id: UUID = uuids.uuid7()
    expires_at = at + timedelta(days=rules.offer_days)
    statement = key_facts(
        rules,
        figures,
        loan_id=str(loan_id),
        offered_at=_instant(at),
        expires_at=_instant(expires_at),
        currency=current_app.config["CURRENCY"],
        language=saver.language,
        officer=officer(),
    )
    text = canonical(statement)
    queue(LOCK_SAVER, (saver.id,))
    queue(REPLACE, {"user": saver.id, "at": at, "today": saver.zone.date(at)})
    ((*row,),) = fetch(
        INSERT,
        {
            "id": loan_id,
            "user": saver.id,
            "decision": decision.id,
            "policy": rules.version,
            "amount": amount,
            "months": months,
            "rate": figures.rate,
            "fee": figures.fee,
            "apr": figures.apr,
            "each": figures.instalment,
            "statement": text,
            "version": version_of(text),
            "at": at,
            "expires_at": expires_at,
        },
    )
    return Offer(view(saver, Loan(*row), [], at=at), {"version": version_of(text), **statement})


def check(amount: int, months: int) -> None:
    """Refuse what the product does not have. Raises Invalid with its limits."""
    rules, errors = policy(), {}
    if not rules.least <= amount <= rules.most:
        errors["amount"] = [
            Sentence(
                "Choose an amount from %(least)s to %(most)s.",
                least=money.format_rupees(rules.least, currency=current_app.config["CURRENCY"]),
                most=money.format_rupees(rules.most, currency=current_app.config["CURRENCY"]),
            )
        ]
    if months not in rules.tenures:
        errors["tenure_months"] = [
            Sentence("Choose one of %(tenures)s months.", tenures=", ".join(map(str, rules.tenures)))
        ]
    if errors:
        raise Invalid(errors)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
