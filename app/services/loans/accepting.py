"""Accepting an offer: the money is lent and locked, and the days of its instalments are set."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from app import clock
from app.errors import DomainError, Invalid, NotFound
from app.integrations.saver_cache import forget
from app.ledger import posting
from app.ledger.accounts import LOAN_FEES, open_loan_accounts
from app.ledger.posting import Line
from app.loans.eligibility import Check
from app.sentences import Sentence
from app.services.audit import log as audit
from app.services.idempotency.once import Answer, Claim, Render, once
from app.services.identity.principal import Principal
from app.services.loans.decisions import NotEligible
from app.services.loans.loan import Loan, LoanView, Row, lock, new_book, view
from app.services.savings.rows import LOCK_SAVER
from app.transactions import after_commit, fetch, queue

INSTALMENTS = """
INSERT INTO loan_instalments (loan_id, user_id, number, starts_on, due_on, principal, interest)
SELECT %(loan)s, %(user)s, * FROM unnest(%(number)s::smallint[], %(starts_on)s::date[], %(due_on)s::date[],
    %(principal)s::bigint[], %(interest)s::bigint[])
"""
ACCEPT = """
UPDATE loans SET status = 'accepted', accepted_at = %(at)s, accepted_on = %(today)s, accepted_in = %(family)s,
    cancel_until = %(cancel_until)s, jar_id = %(jar)s WHERE id = %(loan)s
"""


def accept(
    saver: Principal,
    loan_id: UUID,
    *,
    version: str,
    jar_id: UUID | None = None,
    at: datetime,
    claim: Claim | None,
    render: Render,
) -> Answer:
    """Accept the offer whose statement has that ``version``, once for ``claim``.

    ``jar_id``: where the money goes in the end; None for a new jar. Raises NotFound (also for a jar that is not the
    saver's), Invalid for another version; ``offer_expired``, ``already_accepted``, ``loan_over``, ``loan_open`` and
    ``not_eligible`` come rendered where there is a claim.
    """
    return once(claim, lambda: _accept(saver, loan_id, version, jar_id, at=at), render)


def _accept(saver: Principal, loan_id: UUID, version: str, jar_id: UUID | None, *, at: datetime) -> LoanView:
    queue(LOCK_SAVER, (saver.id,))
    loan = lock(saver.id, loan_id)
    _check(saver, loan, version, at=at)
    if jar_id is not None and not fetch(
        "SELECT 1 FROM savings_jars WHERE id = %s AND user_id = %s AND status <> 'closed'", (jar_id, saver.id)
    ):
        raise NotFound("You have no such jar.")
    if fetch("SELECT 1 FROM loans WHERE user_id = %s AND status IN ('accepted', 'active')", (saver.id,)):
        raise DomainError("loan_open", "There is a loan already. It has to be over before the next.")
    today = saver.zone.date(at)
    loan.status, loan.accepted_at, loan.accepted_on, loan.jar_id = "accepted", at, today, jar_id
    loan.cancel_until = at + timedelta(days=loan.policy.cooling_off_days)
    book = new_book(loan, today)
    names = ("number", "starts_on", "due_on", "principal", "interest")
    rows = {name: [getattr(row, name) for row in book] for name in names}
    queue(
        ACCEPT,
        {
            "loan": loan.id,
            "at": at,
            "today": today,
            "family": saver.family_id,
            "cancel_until": loan.cancel_until,
            "jar": jar_id,
        },
    )
    queue(INSTALMENTS, rows | {"loan": loan.id, "user": saver.id})
    receivable, locked = open_loan_accounts(saver.id, loan.id)
    lines = [Line(receivable, -loan.amount), Line(locked, loan.locked)]
    if loan.fee:
        lines.append(Line(LOAN_FEES, loan.fee))
    posted = posting.post(
        user_id=saver.id,
        jar_id=None,
        jar_account=receivable,
        kind="loan_accept",
        amount=loan.amount,
        lines=lines,
        day=today,
        occurred_at=at,
        recorded_at=clock.now(),
    )
    audit.record(
        "loan_accepted",
        subject_type="loan",
        subject_id=loan.id,
        at=at,
        actor_id=saver.id,
        actor=saver.role,
        details={
            "version": version,
            "family": str(saver.family_id),
            "transaction": str(posted.id),
            "decision": str(loan.decision_id),
        },
    )
    after_commit(lambda: forget(saver.id))
    return view(saver, loan, [Row(row, None) for row in book], at=at)


def _check(saver: Principal, loan: Loan, version: str, *, at: datetime) -> None:
    if loan.status in ("accepted", "active"):
        raise DomainError("already_accepted", "This loan was accepted before. Nothing was changed.")
    if loan.status_at(at) == "cancelled" and loan.cancel_reason in (None, "expired", "replaced"):
        raise DomainError("offer_expired", "This offer is over. Ask for a new one; nothing was changed.")
    if loan.status != "offered":
        raise DomainError("loan_over", "This loan is over. Nothing was changed.")
    if version != loan.statement_version:
        raise Invalid({"version": [Sentence("This is not the version of this offer's statement; read it again.")]})
    if saver.kyc_status != "verified":
        raise NotEligible((Check("identity", False, saver.kyc_status, "verified"),), loan.decision_id)
