"""The loan book against the ledger: what both say of each loan must be the same; each difference is named."""

from __future__ import annotations

from collections.abc import Iterator

from app.ledger.accounts import LATE_CHARGES, LOAN_FEES, LOAN_INTEREST, LOAN_LOSSES
from app.ledger.verify import Finding
from app.transactions import fetch, queue

# What the two accounts of each loan should hold, by its row and its instalments.
BALANCES = """
WITH book AS (
    SELECT l.id, l.status IN ('accepted', 'active') AS open, l.accepted_at IS NOT NULL AS accepted, l.amount - l.fee
        AS locked, (SELECT coalesce(sum(i.principal - i.paid_principal), 0) FROM loan_instalments i
            WHERE i.loan_id = l.id)::bigint AS owed
    FROM loans l
)
SELECT b.id::text, b.accepted, r.balance, CASE WHEN b.open THEN -b.owed ELSE 0 END, k.balance,
    CASE WHEN b.open THEN b.locked ELSE 0 END
FROM book b LEFT JOIN ledger_accounts r ON r.loan_id = b.id AND r.kind = 'loan_receivable'
LEFT JOIN ledger_accounts k ON k.loan_id = b.id AND k.kind = 'loan_locked'
WHERE b.accepted <> (r.id IS NOT NULL AND k.id IS NOT NULL)
    OR b.accepted AND (r.balance, k.balance)
        IS DISTINCT FROM (CASE WHEN b.open THEN -b.owed ELSE 0 END, CASE WHEN b.open THEN b.locked ELSE 0 END)
ORDER BY 1
"""
# What the house took of each loan by its payments, and by the postings beside the loan's own accounts. The fee is there
# unless the loan was cancelled.
INCOME = f"""
WITH own AS (
    SELECT DISTINCT a.loan_id, p.transaction_id FROM ledger_accounts a JOIN postings p ON p.account_id = a.id
    WHERE a.loan_id IS NOT NULL
), posted AS (
    SELECT o.loan_id, coalesce(sum(p.amount) FILTER (WHERE p.account_id = '{LOAN_INTEREST}'), 0) AS interest,
        coalesce(sum(p.amount) FILTER (WHERE p.account_id = '{LATE_CHARGES}'), 0) AS charges,
        coalesce(sum(p.amount) FILTER (WHERE p.account_id = '{LOAN_FEES}'), 0) AS fees,
        coalesce(-sum(p.amount) FILTER (WHERE p.account_id = '{LOAN_LOSSES}'), 0) AS losses
    FROM own o JOIN postings p ON p.transaction_id = o.transaction_id GROUP BY o.loan_id
), booked AS (
    SELECT l.id, coalesce(sum(m.interest), 0) AS interest, coalesce(sum(m.charges), 0) AS charges,
        CASE WHEN l.accepted_at IS NULL OR l.status = 'cancelled' THEN 0 ELSE l.fee END AS fees,
        coalesce(sum(m.written_off), 0) AS losses
    FROM loans l LEFT JOIN loan_payments m ON m.loan_id = l.id GROUP BY l.id
)
SELECT b.id::text, name, said, found FROM booked b LEFT JOIN posted p ON p.loan_id = b.id
CROSS JOIN LATERAL (VALUES ('interest', b.interest, coalesce(p.interest, 0)),
    ('late charges', b.charges, coalesce(p.charges, 0)), ('fee', b.fees, coalesce(p.fees, 0)),
    ('losses', b.losses, coalesce(p.losses, 0))) AS v (name, said, found)
WHERE said <> found ORDER BY 1, 2
"""  # noqa: S608  constants only
# What the instalments say was paid, and the payments that there were.
PAID = """
SELECT i.loan_id::text, i.principal, i.interest, i.charges, coalesce(m.principal, 0), coalesce(m.interest, 0),
    coalesce(m.charges, 0)
FROM (SELECT loan_id, sum(paid_principal) AS principal, sum(paid_interest) AS interest, sum(paid_charge) AS charges
    FROM loan_instalments GROUP BY loan_id) i
LEFT JOIN (SELECT loan_id, sum(principal) AS principal, sum(interest) AS interest, sum(charges) AS charges
    FROM loan_payments WHERE kind <> 'default' GROUP BY loan_id) m ON m.loan_id = i.loan_id
WHERE (i.principal, i.interest, i.charges)
    IS DISTINCT FROM (coalesce(m.principal, 0), coalesce(m.interest, 0), coalesce(m.charges, 0))
ORDER BY 1
"""
# Each payment and the line of its movement on what is to be paid back.
PAYMENTS = """
SELECT m.id::text, m.loan_id::text, m.amount + m.written_off, p.amount FROM loan_payments m
LEFT JOIN ledger_accounts a ON a.loan_id = m.loan_id AND a.kind = 'loan_receivable'
LEFT JOIN postings p ON p.transaction_id = m.transaction_id AND p.account_id = a.id
WHERE m.amount + m.written_off IS DISTINCT FROM p.amount ORDER BY 1
"""
# Movements of loans that no payment knows.
STRAY = """
SELECT t.id::text, t.type FROM transactions t LEFT JOIN loan_payments m ON m.transaction_id = t.id
WHERE t.type IN ('loan_repayment', 'loan_refund', 'loan_default') AND m.id IS NULL ORDER BY 1
"""
TERMS = """
SELECT l.id::text, l.amount, coalesce(sum(i.principal), 0), count(i.number), l.tenure_months,
    encode(sha256(convert_to(l.statement, 'UTF8')), 'hex') = l.statement_version, l.accepted_at IS NOT NULL
FROM loans l LEFT JOIN loan_instalments i ON i.loan_id = l.id GROUP BY l.id
HAVING encode(sha256(convert_to(l.statement, 'UTF8')), 'hex') <> l.statement_version
    OR l.accepted_at IS NOT NULL AND (coalesce(sum(i.principal), 0), count(i.number)) <> (l.amount, l.tenure_months)
ORDER BY 1
"""


def verify() -> Iterator[Finding]:
    """Everything in which the loan book and the ledger differ, in one snapshot; nothing where both are sound.

    Call it in a transaction of its own, before any other statement.
    """
    queue("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    queue("SET LOCAL statement_timeout = 0")
    queue("SET LOCAL enable_seqscan = on")
    for loan, accepted, owed, owed_by_book, locked, locked_by_book in fetch(BALANCES):
        if not accepted:
            yield Finding("loan_accounts", f"loan {loan}", "it has accounts and was never accepted")
        elif owed is None or locked is None:
            yield Finding("loan_accounts", f"loan {loan}", "it was accepted and has no accounts")
        else:
            if owed != owed_by_book:
                yield Finding("loan_owed", f"loan {loan}", f"its book says {owed_by_book}, the ledger {owed}")
            if locked != locked_by_book:
                yield Finding(
                    "loan_locked", f"loan {loan}", f"{locked_by_book} should be locked, the ledger has {locked}"
                )
    for loan, name, said, found in fetch(INCOME):
        yield Finding("loan_income", f"loan {loan}", f"{name} by its payments {said}, by the ledger {found}")
    for loan, *parts in fetch(PAID):
        by_rows, by_payments = (", ".join(map(str, half)) for half in (parts[:3], parts[3:]))
        yield Finding(
            "loan_paid", f"loan {loan}", f"principal, interest, charges by instalments {by_rows}, paid {by_payments}"
        )
    for payment, loan, amount, posted in fetch(PAYMENTS):
        yield Finding("loan_payment", f"loan {loan}", f"payment {payment} is {amount}, its posting {posted}")
    for transaction, kind in fetch(STRAY):
        yield Finding("loan_stray", f"transaction {transaction}", f"a {kind} that no loan knows")
    for loan, amount, principal, count, months, stated, accepted in fetch(TERMS):
        if not stated:
            yield Finding("loan_statement", f"loan {loan}", "its key fact statement is not what its version says")
        if accepted and (principal, count) != (amount, months):
            yield Finding(
                "loan_terms", f"loan {loan}", f"{count} instalments of {months}, principal {principal} of {amount}"
            )
