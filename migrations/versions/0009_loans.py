"""Loans: decisions, offers, instalments, payments, and the accounts and movements of the ledger that they have

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
KINDS = ("jar", "owed", "outside", "transit", "interest", "bonus", "fees")
HOUSE = ("loan_interest", "loan_fees", "late_charges", "loan_losses")
LOAN_KINDS = ("loan_receivable", "loan_locked")
TYPES = ("deposit", "withdraw", "interest", "bonus", "fee", "transfer_in", "transfer_out", "reversal")
LOAN_TYPES = (
    "loan_accept",
    "loan_charge",
    "loan_repayment",
    "loan_release",
    "loan_default",
    "loan_cancel",
    "loan_refund",
)

GUARDS = """
-- The terms of an offer are what its saver agrees to, and a state that is left does not come back.
CREATE FUNCTION check_loan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.user_id, NEW.decision_id, NEW.loan_policy_version, NEW.amount, NEW.tenure_months, NEW.rate, NEW.fee,
        NEW.apr, NEW.instalment, NEW.statement, NEW.statement_version, NEW.offered_at, NEW.expires_at)
        IS DISTINCT FROM (OLD.id, OLD.user_id, OLD.decision_id, OLD.loan_policy_version, OLD.amount, OLD.tenure_months,
        OLD.rate, OLD.fee, OLD.apr, OLD.instalment, OLD.statement, OLD.statement_version, OLD.offered_at,
        OLD.expires_at)
        OR OLD.accepted_at IS NOT NULL AND (NEW.accepted_at, NEW.accepted_on, NEW.accepted_in, NEW.cancel_until)
            IS DISTINCT FROM (OLD.accepted_at, OLD.accepted_on, OLD.accepted_in, OLD.cancel_until)
        OR OLD.ended_at IS NOT NULL AND (NEW.ended_at, NEW.ended_on, NEW.cancel_reason)
            IS DISTINCT FROM (OLD.ended_at, OLD.ended_on, OLD.cancel_reason) THEN
        RAISE EXCEPTION 'what was agreed about loan % is not changed', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'loan_terms', TABLE = 'loans';
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
        ('offered', 'accepted'), ('offered', 'cancelled'), ('accepted', 'active'), ('accepted', 'repaid'),
        ('accepted', 'cancelled'), ('active', 'repaid'), ('active', 'defaulted')
    ) THEN
        RAISE EXCEPTION 'a loan that is % does not become %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'loan_moves', TABLE = 'loans';
    END IF;
    RETURN NEW;
END $$;
-- A loan begins as an offer.
CREATE FUNCTION check_new_loan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> 'offered' THEN
        RAISE EXCEPTION 'a loan begins as an offer'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'loan_moves', TABLE = 'loans';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loans_moves BEFORE UPDATE ON loans FOR EACH ROW EXECUTE FUNCTION check_loan();
CREATE TRIGGER loans_begin BEFORE INSERT ON loans FOR EACH ROW EXECUTE FUNCTION check_new_loan();
CREATE TRIGGER loans_stay BEFORE DELETE ON loans FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER loans_no_truncate BEFORE TRUNCATE ON loans FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER loan_instalments_stay BEFORE DELETE ON loan_instalments
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER loan_instalments_terms BEFORE UPDATE OF loan_id, number, user_id, starts_on, due_on, principal, interest
    ON loan_instalments FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
IDENTITY = (
    "CREATE TRIGGER ledger_accounts_identity BEFORE UPDATE OF {columns} ON ledger_accounts"
    " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
)


def _words(names: tuple[str, ...]) -> str:
    return ", ".join(repr(name) for name in names)


def _check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _identity(columns: str) -> None:
    op.execute("DROP TRIGGER ledger_accounts_identity ON ledger_accounts")
    op.execute(IDENTITY.format(columns=columns))


def _ledger() -> None:
    op.add_column("ledger_accounts", sa.Column("loan_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_ledger_accounts_loan_id"), "ledger_accounts", "loans", ["loan_id"], ["id"])
    op.create_index(
        "uq_ledger_accounts_loan_id",
        "ledger_accounts",
        ["loan_id", "kind"],
        unique=True,
        postgresql_where=sa.text("loan_id IS NOT NULL"),
    )
    running = _words(("jar", "owed", *LOAN_KINDS))
    _check("ledger_accounts", "kind", f"kind IN ({_words((*KINDS, *LOAN_KINDS, *HOUSE))})")
    _check("ledger_accounts", "no_running_balance", f"kind IN ({running}) OR (balance = 0 AND head_seq = 0)")
    for name, condition in (
        ("receivable_not_above_zero", "kind <> 'loan_receivable' OR balance <= 0"),
        ("locked_not_below_zero", "kind <> 'loan_locked' OR balance >= 0"),
        ("loan", f"(kind IN ({_words(LOAN_KINDS)})) = (loan_id IS NOT NULL)"),
    ):
        op.create_check_constraint(op.f(f"ck_ledger_accounts_{name}"), "ledger_accounts", condition)
    _identity("id, kind, user_id, jar_id, loan_id")
    op.alter_column("transactions", "jar_id", nullable=True)
    _check("transactions", "type", f"type IN ({_words((*TYPES, *LOAN_TYPES))})")
    op.create_check_constraint(
        op.f("ck_transactions_jar"), "transactions", f"jar_id IS NOT NULL OR type IN ({_words(LOAN_TYPES)})"
    )
    for number, kind in enumerate(HOUSE, 6):
        op.execute(f"INSERT INTO ledger_accounts (id, kind) VALUES ('00000000-0000-0000-0000-{number:012d}', '{kind}')")


def upgrade() -> None:
    op.create_table(
        "loan_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("valid_until", INSTANT, nullable=False),
        sa.Column("eligible", sa.Boolean(), nullable=False),
        sa.Column("assessment", postgresql.JSONB(), nullable=False),
        sa.Column("features", postgresql.JSONB(), nullable=False),
        sa.Column("loan_policy_version", sa.String(length=32), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.Column("score_as_of", INSTANT, nullable=True),
        sa.Column("policy_version", sa.String(length=32), nullable=True),
        sa.Column("model_version", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_loan_decisions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_decisions")),
    )
    op.create_index(
        "ix_loan_decisions_user_id", "loan_decisions", ["user_id", sa.text("decided_at DESC"), sa.text("id DESC")]
    )
    op.create_table(
        "loans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("loan_policy_version", sa.String(length=32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("tenure_months", sa.SmallInteger(), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("apr", sa.Integer(), nullable=False),
        sa.Column("instalment", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("statement_version", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), server_default="offered", nullable=False),
        sa.Column("offered_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("accepted_at", INSTANT, nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("accepted_in", sa.Uuid(), nullable=True),
        sa.Column("cancel_until", INSTANT, nullable=True),
        sa.Column("jar_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("cancel_reason", sa.String(length=16), nullable=True),
        sa.CheckConstraint(
            "status IN ('offered', 'accepted', 'active', 'repaid', 'cancelled', 'defaulted')",
            name=op.f("ck_loans_status"),
        ),
        sa.CheckConstraint(
            "amount > 0 AND fee >= 0 AND fee < amount AND tenure_months > 0", name=op.f("ck_loans_terms")
        ),
        sa.CheckConstraint(
            "(accepted_at IS NULL) = (cancel_until IS NULL) AND (accepted_at IS NULL) = (accepted_on IS NULL)",
            name=op.f("ck_loans_accepted"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('accepted', 'active', 'repaid', 'defaulted') OR accepted_at IS NOT NULL",
            name=op.f("ck_loans_accepted_first"),
        ),
        sa.CheckConstraint("status <> 'offered' OR accepted_at IS NULL", name=op.f("ck_loans_offered")),
        sa.CheckConstraint(
            "(status IN ('repaid', 'cancelled', 'defaulted')) = (ended_at IS NOT NULL)", name=op.f("ck_loans_ended")
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_on IS NULL)", name=op.f("ck_loans_ended_on")),
        sa.CheckConstraint("(status = 'cancelled') = (cancel_reason IS NOT NULL)", name=op.f("ck_loans_cancelled")),
        sa.CheckConstraint(
            "cancel_reason IN ('expired', 'replaced', 'declined', 'cooling_off')", name=op.f("ck_loans_cancel_reason")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_loans_user_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["loan_decisions.id"], name=op.f("fk_loans_decision_id")),
        sa.ForeignKeyConstraint(["jar_id"], ["savings_jars.id"], name=op.f("fk_loans_jar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loans")),
    )
    op.create_index("ix_loans_user_id", "loans", ["user_id", sa.text("offered_at DESC"), sa.text("id DESC")])
    op.create_index(
        "uq_loans_offered", "loans", ["user_id"], unique=True, postgresql_where=sa.text("status = 'offered'")
    )
    op.create_index(
        "uq_loans_open", "loans", ["user_id"], unique=True,
        postgresql_where=sa.text("status IN ('accepted', 'active')"),
    )  # fmt: skip
    op.create_index("ix_loans_expires_at", "loans", ["expires_at"], postgresql_where=sa.text("status = 'offered'"))
    op.create_index("ix_loans_cancel_until", "loans", ["cancel_until"], postgresql_where=sa.text("status = 'accepted'"))
    op.create_table(
        "loan_instalments",
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("interest", sa.BigInteger(), nullable=False),
        sa.Column("paid_principal", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_interest", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("waived", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("charge", sa.BigInteger(), nullable=True),
        sa.Column("paid_charge", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("paid_at", INSTANT, nullable=True),
        sa.CheckConstraint("paid_principal BETWEEN 0 AND principal", name=op.f("ck_loan_instalments_paid_principal")),
        sa.CheckConstraint(
            "waived BETWEEN 0 AND interest AND paid_interest BETWEEN 0 AND interest - waived",
            name=op.f("ck_loan_instalments_paid_interest"),
        ),
        sa.CheckConstraint("charge > 0", name=op.f("ck_loan_instalments_charge")),
        sa.CheckConstraint(
            "paid_charge BETWEEN 0 AND coalesce(charge, 0)", name=op.f("ck_loan_instalments_paid_charge")
        ),
        sa.CheckConstraint(
            "(paid_on IS NOT NULL) = (paid_principal + paid_interest + waived = principal + interest)",
            name=op.f("ck_loan_instalments_paid"),
        ),
        sa.CheckConstraint("(paid_on IS NULL) = (paid_at IS NULL)", name=op.f("ck_loan_instalments_paid_at")),
        sa.CheckConstraint("starts_on < due_on", name=op.f("ck_loan_instalments_month")),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_loan_instalments_loan_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_loan_instalments_user_id")),
        sa.PrimaryKeyConstraint("loan_id", "number", name=op.f("pk_loan_instalments")),
    )
    op.create_index("ix_loan_instalments_user_id", "loan_instalments", ["user_id"])
    op.create_index(
        "ix_loan_instalments_due_on", "loan_instalments", ["due_on", "loan_id"],
        postgresql_where=sa.text("paid_on IS NULL"),
    )  # fmt: skip
    op.create_table(
        "loan_payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("interest", sa.BigInteger(), nullable=False),
        sa.Column("charges", sa.BigInteger(), nullable=False),
        sa.Column("written_off", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("jar_id", sa.Uuid(), nullable=True),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('repayment', 'refund', 'default')", name=op.f("ck_loan_payments_kind")),
        sa.CheckConstraint("amount = principal + interest + charges", name=op.f("ck_loan_payments_sum")),
        sa.CheckConstraint("(kind = 'refund') = (amount < 0)", name=op.f("ck_loan_payments_direction")),
        sa.CheckConstraint("written_off >= 0", name=op.f("ck_loan_payments_written_off")),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_loan_payments_loan_id")),
        sa.ForeignKeyConstraint(["jar_id"], ["savings_jars.id"], name=op.f("fk_loan_payments_jar_id")),
        sa.ForeignKeyConstraint(["transaction_id"], ["transactions.id"], name=op.f("fk_loan_payments_transaction_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_payments")),
    )
    op.create_index("ix_loan_payments_loan_id", "loan_payments", ["loan_id", "made_at", "id"])
    op.execute(GUARDS)
    for table in ("loan_decisions", "loan_payments"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            f" CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();"
        )
    _ledger()


def downgrade() -> None:
    """Where a loan was ever accepted there is no way back: its movements stay in the ledger."""
    op.drop_constraint(op.f("ck_transactions_jar"), "transactions", type_="check")
    _check("transactions", "type", f"type IN ({_words(TYPES)})")
    op.alter_column("transactions", "jar_id", nullable=False)
    op.execute("ALTER TABLE ledger_accounts DISABLE TRIGGER ledger_accounts_stay")
    op.execute(f"DELETE FROM ledger_accounts WHERE kind IN ({_words(HOUSE)})")
    op.execute("ALTER TABLE ledger_accounts ENABLE TRIGGER ledger_accounts_stay")
    _identity("id, kind, user_id, jar_id")
    for name in ("loan", "locked_not_below_zero", "receivable_not_above_zero"):
        op.drop_constraint(op.f(f"ck_ledger_accounts_{name}"), "ledger_accounts", type_="check")
    _check("ledger_accounts", "no_running_balance", "kind IN ('jar', 'owed') OR (balance = 0 AND head_seq = 0)")
    _check("ledger_accounts", "kind", f"kind IN ({_words(KINDS)})")
    op.drop_index("uq_ledger_accounts_loan_id", table_name="ledger_accounts")
    op.drop_constraint(op.f("fk_ledger_accounts_loan_id"), "ledger_accounts", type_="foreignkey")
    op.drop_column("ledger_accounts", "loan_id")
    op.drop_table("loan_payments")
    op.drop_table("loan_instalments")
    op.drop_table("loans")
    op.drop_table("loan_decisions")
    op.execute("DROP FUNCTION check_loan")
    op.execute("DROP FUNCTION check_new_loan")
