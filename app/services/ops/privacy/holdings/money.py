"""Jars, and what moved in and out of them."""

from __future__ import annotations

from datetime import timedelta

from app.money import to_decimal_string
from app.services.ops.privacy.holding import JARS, Holding, Row, Section, columns
from app.services.ops.privacy.holdings.people import LEDGER


def _instruction(row: Row) -> Row:
    held = row["auto_deposit"]
    if held and "amount" in held:
        row["auto_deposit"] = held | {"amount": to_decimal_string(held["amount"])}
    return row


HOLDINGS = (
    Holding(
        "savings_jars",
        "Jars: goal, plan, standing instruction, streak",
        Section(
            "jars",
            columns(
                "id",
                "name",
                "plan_type",
                "target_amount",
                "installment_amount",
                "current_amount",
                "start_date",
                "end_date",
                "status",
                "completed_on",
                "closed_on",
                "auto_deposit",
                "pauses",
                "streak_count",
                "streak_longest",
                "streak_run",
                "streak_period",
                "streak_net",
                "streak_previous_net",
                "streak_kept_through",
                "created_at",
                "made_on",
            ),
            "FROM savings_jars t WHERE t.user_id = %(user)s ORDER BY t.created_at, t.id",
            money=frozenset(
                {"target_amount", "installment_amount", "current_amount", "streak_net", "streak_previous_net"}
            ),
            shaped=_instruction,
        ),
        erased=("UPDATE savings_jars SET name = 'Erased', auto_deposit = NULL WHERE user_id = %(user)s",),
        stays=f"without its name: {LEDGER}",
    ),
    Holding(
        "past_jar_terms",
        "What jars asked for before that was changed",
        Section(
            "jar_terms_before",
            columns("jar_id", "until", "end_date", "completed_on", "closed_on"),
            f"FROM past_jar_terms t WHERE t.jar_id IN {JARS} ORDER BY t.jar_id, t.until",
        ),
        stays=LEDGER,
    ),
    Holding(
        "transactions",
        "Movements of money",
        Section(
            "movements",
            columns(
                "id",
                "jar_id",
                "type",
                "amount",
                "date",
                "occurred_at",
                "recorded_at",
                "balance_after",
                "reversal_of",
                note="n.note",
            ),
            "FROM transactions t LEFT JOIN transaction_notes n ON n.transaction_id = t.id"
            " WHERE t.user_id = %(user)s ORDER BY t.occurred_at, t.id",
            money=frozenset({"amount", "balance_after"}),
        ),
        withheld={"posting_count": "how many lines the books have for it"},
        stays=LEDGER,
    ),
    Holding(
        "reversal_requests",
        "Movements that staff asked to have taken back",
        Section(
            "reversals_asked_for",
            columns("transaction_id", "reason", "why", "status", "requested_at", "decided_at", "reversal_id"),
            "FROM reversal_requests t JOIN transactions m ON m.id = t.transaction_id WHERE m.user_id = %(user)s"
            " ORDER BY t.requested_at, t.id",
        ),
        withheld={
            "id": "a number of ours",
            **dict.fromkeys(("requested_by", "decided_by"), "who of the staff it was: somebody else's"),
        },
        erased=(
            "UPDATE reversal_requests r SET reason = 'Erased' FROM transactions t"
            " WHERE t.id = r.transaction_id AND t.user_id = %(user)s",
        ),
        stays=f"without its words, to show that two people decided: {LEDGER}",
    ),
    Holding(
        "transaction_notes",
        "What savers wrote beside movements",
        "it stands beside each of the movements",
        erased=(
            "DELETE FROM transaction_notes n USING transactions t"
            " WHERE n.transaction_id = t.id AND t.user_id = %(user)s",
        ),
    ),
    Holding(
        "ledger_accounts",
        "The ledger's accounts",
        Section(
            "accounts",
            columns("id", "kind", "jar_id", "loan_id", "balance"),
            f"FROM ledger_accounts t WHERE t.jar_id IN {JARS} OR (t.kind = 'owed' AND t.user_id = %(user)s)"  # noqa: S608
            " OR t.loan_id IN (SELECT id FROM loans WHERE user_id = %(user)s) ORDER BY t.id",
            money=frozenset({"balance"}),
        ),
        withheld={"head_seq": "the chain's own", "head_hash": "the chain's own"},
        stays=LEDGER,
    ),
    Holding(
        "postings",
        "The ledger's lines",
        "the same movements once more, line by line, with the house's side of each",
        stays=LEDGER,
    ),
    Holding(
        "auto_deposit_turns",
        "Due days of standing instructions and what came of them",
        Section(
            "auto_deposits",
            columns(
                "jar_id",
                "due_on",
                "amount",
                "status",
                "attempts",
                "told_at",
                "next_try_at",
                "trying_since",
                "last_error",
                "transaction_id",
            ),
            f"FROM auto_deposit_turns t WHERE t.jar_id IN {JARS} ORDER BY t.due_on, t.jar_id",
            money=frozenset({"amount"}),
        ),
        erased=(
            f"DELETE FROM auto_deposit_turns WHERE jar_id IN {JARS} AND status = 'waiting'",  # noqa: S608
            f"UPDATE auto_deposit_turns SET last_error = NULL WHERE jar_id IN {JARS}",  # noqa: S608
        ),
        stays="they show that money was taken as announced, until their time is over",
        kept=timedelta(days=400),
        counted="after the due day",
    ),
    Holding(
        "import_accounts",
        "Which account of an imported file became which jar",
        Section(
            "imported_from",
            columns("run_id", "account", "jar_id", "file_balance"),
            f"FROM import_accounts t WHERE t.jar_id IN {JARS} ORDER BY t.run_id, t.account",
            money=frozenset({"file_balance"}),
        ),
        erased=(f"UPDATE import_accounts SET account = 'erased-' || jar_id WHERE jar_id IN {JARS}",),  # noqa: S608
        stays="without the name that the file had for it: an import must not book the same twice",
    ),
)
