"""What is done with loans: what was decided, agreed and paid stays with the ledger, without a name."""

from __future__ import annotations

from typing import Final

from app.services.ops.privacy.holding import Holding, Section, columns

LOANS: Final = "what was lent and paid back is in the books, and the books are kept; it holds figures and no name"

HOLDINGS = (
    Holding(
        "loan_decisions",
        "Decisions about loans, with everything they went by",
        Section(
            "loan_decisions",
            columns(
                "id",
                "decided_at",
                "valid_until",
                "eligible",
                "assessment",
                "features",
                "loan_policy_version",
                "score",
                "score_as_of",
                "policy_version",
                "model_version",
            ),
            "FROM loan_decisions t WHERE t.user_id = %(user)s ORDER BY t.decided_at, t.id",
        ),
        stays=LOANS,
    ),
    Holding(
        "loans",
        "Loans and offers, with their key fact statements",
        Section(
            "loans",
            columns(
                "id",
                "decision_id",
                "loan_policy_version",
                "amount",
                "tenure_months",
                "rate",
                "fee",
                "apr",
                "instalment",
                "statement",
                "statement_version",
                "status",
                "offered_at",
                "expires_at",
                "accepted_at",
                "accepted_on",
                "accepted_in",
                "cancel_until",
                "jar_id",
                "ended_at",
                "ended_on",
                "cancel_reason",
            ),
            "FROM loans t WHERE t.user_id = %(user)s ORDER BY t.offered_at, t.id",
            money=frozenset({"amount", "fee", "instalment"}),
        ),
        stays=LOANS,
    ),
    Holding(
        "loan_instalments",
        "Instalments of loans",
        Section(
            "loan_instalments",
            columns(
                "loan_id",
                "number",
                "starts_on",
                "due_on",
                "principal",
                "interest",
                "paid_principal",
                "paid_interest",
                "waived",
                "charge",
                "paid_charge",
                "paid_on",
                "paid_at",
            ),
            "FROM loan_instalments t WHERE t.user_id = %(user)s ORDER BY t.loan_id, t.number",
            money=frozenset(
                {"principal", "interest", "paid_principal", "paid_interest", "waived", "charge", "paid_charge"}
            ),
        ),
        stays=LOANS,
    ),
    Holding(
        "loan_payments",
        "What was paid towards loans",
        Section(
            "loan_payments",
            columns(
                "id",
                "loan_id",
                "kind",
                "amount",
                "principal",
                "interest",
                "charges",
                "written_off",
                "jar_id",
                "transaction_id",
                "made_on",
                "made_at",
            ),
            "FROM loan_payments t JOIN loans l ON l.id = t.loan_id WHERE l.user_id = %(user)s ORDER BY t.made_at, t.id",
            money=frozenset({"amount", "principal", "interest", "charges", "written_off"}),
        ),
        stays=LOANS,
    ),
)
