"""The first schema: savers, jars, the ledger with its guards, outbox, audit log

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Rows of these tables are history: nobody changes or removes them, whatever role asks.
APPEND_ONLY = ("transactions", "postings", "audit_log", "ledger_checkpoints")

GUARDS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only', TABLE = TG_TABLE_NAME;
END $$;

-- All lines of a transaction come in one statement: numbered from 1, as many as it announces, with sum zero, between
-- accounts that exist. The primary key keeps a second set out. A function's plan is kept for as long as its connection:
-- one made while the tables were small must not read them whole when they have grown, so each lookup stands alone and
-- goes by the key.
CREATE FUNCTION check_postings() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    refused uuid;
BEGIN
    SELECT lines.transaction_id INTO refused
    FROM (
        SELECT added.transaction_id, added.line, added.amount,
            (SELECT count(*) FROM ledger_accounts WHERE ledger_accounts.id = added.account_id) AS accounts
        FROM added
    ) lines
    GROUP BY lines.transaction_id
    HAVING sum(lines.amount) <> 0
        OR min(lines.line) <> 1 OR max(lines.line) <> count(*) OR sum(lines.accounts) <> count(*)
        OR count(*) IS DISTINCT FROM
            (SELECT posting_count::bigint FROM transactions WHERE transactions.id = lines.transaction_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the postings of transaction % do not balance', refused
            USING ERRCODE = 'check_violation', CONSTRAINT = 'balanced', TABLE = 'postings';
    END IF;
    RETURN NULL;
END $$;

-- Deferred: the transaction row comes before its postings.
CREATE FUNCTION check_transaction() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF (SELECT count(*) FROM postings WHERE transaction_id = NEW.id) = 0 THEN
        RAISE EXCEPTION 'transaction % has no postings', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'balanced', TABLE = 'transactions';
    END IF;
    RETURN NULL;
END $$;

-- Waits for another call with the same key. A wait that is too long says what was waited for: for an advisory lock
-- PostgreSQL itself does not.
CREATE FUNCTION lock_idempotency_key(key bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(key);
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'the first call with this key is under way'
        USING ERRCODE = 'lock_not_available', CONSTRAINT = 'idempotency_key';
END $$;

CREATE TRIGGER postings_balance AFTER INSERT ON postings
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_postings();
CREATE CONSTRAINT TRIGGER transactions_have_postings AFTER INSERT ON transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_transaction();
CREATE TRIGGER ledger_accounts_identity BEFORE UPDATE OF id, kind, user_id, jar_id ON ledger_accounts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_accounts_stay BEFORE DELETE ON ledger_accounts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_accounts_no_truncate BEFORE TRUNCATE ON ledger_accounts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The house's own accounts (app/ledger/accounts.py), the head of the audit log, the product's clock.
INSERT INTO ledger_accounts (id, kind) VALUES
    ('00000000-0000-0000-0000-000000000001', 'outside'),
    ('00000000-0000-0000-0000-000000000002', 'transit'),
    ('00000000-0000-0000-0000-000000000003', 'interest'),
    ('00000000-0000-0000-0000-000000000004', 'bonus'),
    ('00000000-0000-0000-0000-000000000005', 'fees');
INSERT INTO audit_head (id, last_id, last_hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'));
INSERT INTO product_clock (id, offset_seconds) VALUES (1, 0);

-- Rows that every deposit rewrites find room on their page.
ALTER TABLE savings_jars SET (fillfactor = 70);
ALTER TABLE ledger_accounts SET (fillfactor = 70);
ALTER TABLE refresh_families SET (fillfactor = 80);
"""


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject_type", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_subject", "audit_log", ["subject_type", "subject_id"], unique=False)
    op.create_table(
        "idempotency_records",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("route", sa.String(length=100), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency_records")),
    )
    op.create_table(
        "import_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("file_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mapping_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_booked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_refused", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('running', 'done')", name=op.f("ck_import_runs_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
        sa.UniqueConstraint("file_hash", "mapping_hash", name="uq_import_runs_file_hash"),
    )
    op.create_table(
        "ledger_checkpoints",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("sealed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("accounts", sa.Integer(), nullable=False),
        sa.Column("heads", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_checkpoints")),
    )
    op.create_table(
        "ledger_sealed_heads",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_ledger_sealed_heads")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("available_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("dead_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_table(
        "product_clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("offset_seconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_product_clock_one_row")),
        sa.CheckConstraint("offset_seconds >= 0", name=op.f("ck_product_clock_forward")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_clock")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("role", sa.String(length=16), server_default="saver", nullable=False),
        sa.Column("status", sa.String(length=16), server_default="active", nullable=False),
        sa.Column("kyc_status", sa.String(length=16), server_default="none", nullable=False),
        sa.Column("kyc_file", sa.String(length=200), nullable=True),
        sa.Column("email_verified_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("phone_verified_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("time_zone_next", sa.String(length=64), nullable=True),
        sa.Column("time_zone_from", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("language", sa.String(length=8), server_default="en", nullable=False),
        sa.Column("display_name", sa.String(length=40), nullable=True),
        sa.Column("leaderboard_opt_in", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("notification_preferences", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kyc_status IN ('none', 'pending', 'verified', 'rejected', 'resubmit')", name=op.f("ck_users_kyc_status")
        ),
        sa.CheckConstraint("role IN ('saver', 'support', 'admin')", name=op.f("ck_users_role")),
        sa.CheckConstraint("status IN ('active', 'suspended', 'erased')", name=op.f("ck_users_status")),
        sa.CheckConstraint(
            "(time_zone_next IS NULL) = (time_zone_from IS NULL)", name=op.f("ck_users_time_zone_change")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
        sa.UniqueConstraint("phone", name="uq_users_phone"),
    )
    op.create_table(
        "credit_scores",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.Column("predicted_score", sa.SmallInteger(), nullable=True),
        sa.Column("last_updated", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("predicted_score BETWEEN 300 AND 900", name=op.f("ck_credit_scores_predicted_score")),
        sa.CheckConstraint("score BETWEEN 300 AND 900", name=op.f("ck_credit_scores_score")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_credit_scores_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_scores")),
        sa.UniqueConstraint("user_id", name="uq_credit_scores_user_id"),
    )
    op.create_table(
        "import_refusals",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("file", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_runs.id"], name=op.f("fk_import_refusals_run_id")),
        sa.PrimaryKeyConstraint("run_id", "file", "line", name=op.f("pk_import_refusals")),
    )
    op.create_table(
        "refresh_families",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_used_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("current_jti", sa.Uuid(), nullable=True),
        sa.Column("current_issued_at", sa.BigInteger(), nullable=True),
        sa.Column("previous_jti", sa.Uuid(), nullable=True),
        sa.Column("rotated_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_for", sa.String(length=32), nullable=True),
        sa.Column("device", sa.String(length=200), nullable=True),
        sa.CheckConstraint("kind IN ('api', 'web')", name=op.f("ck_refresh_families_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_refresh_families_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_families")),
    )
    op.create_index("ix_refresh_families_expires_at", "refresh_families", ["expires_at"], unique=False)
    op.create_index("ix_refresh_families_user_id", "refresh_families", ["user_id"], unique=False)
    op.create_table(
        "savings_jars",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("plan_type", sa.String(length=16), nullable=False),
        sa.Column("target_amount", sa.BigInteger(), nullable=False),
        sa.Column("installment_amount", sa.BigInteger(), nullable=True),
        sa.Column("current_amount", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=16), server_default="active", nullable=False),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("auto_deposit", postgresql.JSONB(), nullable=True),
        sa.Column("streak_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("streak_longest", sa.Integer(), server_default="0", nullable=False),
        sa.Column("streak_run", sa.Integer(), server_default="0", nullable=False),
        sa.Column("streak_period", sa.Date(), nullable=True),
        sa.Column("streak_net", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("streak_previous_net", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "plan_type IN ('daily', 'weekly', 'monthly', 'flexible')", name=op.f("ck_savings_jars_plan_type")
        ),
        sa.CheckConstraint("status <> 'closed' OR current_amount = 0", name=op.f("ck_savings_jars_closed_is_empty")),
        sa.CheckConstraint("status IN ('active', 'completed', 'closed')", name=op.f("ck_savings_jars_status")),
        sa.CheckConstraint("current_amount >= 0", name=op.f("ck_savings_jars_current_amount")),
        sa.CheckConstraint("end_date >= start_date", name=op.f("ck_savings_jars_end_date")),
        sa.CheckConstraint("installment_amount > 0", name=op.f("ck_savings_jars_installment_amount")),
        sa.CheckConstraint("target_amount > 0", name=op.f("ck_savings_jars_target_amount")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_savings_jars_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_jars")),
    )
    op.create_index("ix_savings_jars_user_id", "savings_jars", ["user_id", "created_at", "id"], unique=False)
    op.create_table(
        "import_accounts",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("jar_id", sa.Uuid(), nullable=False),
        sa.Column("file_balance", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["jar_id"], ["savings_jars.id"], name=op.f("fk_import_accounts_jar_id")),
        sa.ForeignKeyConstraint(["run_id"], ["import_runs.id"], name=op.f("fk_import_accounts_run_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_import_accounts_user_id")),
        sa.PrimaryKeyConstraint("run_id", "account", name=op.f("pk_import_accounts")),
    )
    op.create_index("ix_import_accounts_jar_id", "import_accounts", ["jar_id"], unique=False)
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("jar_id", sa.Uuid(), nullable=True),
        sa.Column("balance", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("head_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("head_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(kind = 'jar') = (jar_id IS NOT NULL)", name=op.f("ck_ledger_accounts_jar")),
        sa.CheckConstraint("kind <> 'jar' OR balance >= 0", name=op.f("ck_ledger_accounts_jar_not_below_zero")),
        sa.CheckConstraint(
            "kind IN ('jar', 'owed') OR (balance = 0 AND head_seq = 0)",
            name=op.f("ck_ledger_accounts_no_running_balance"),
        ),
        sa.CheckConstraint(
            "kind IN ('jar', 'owed', 'outside', 'transit', 'interest', 'bonus', 'fees')",
            name=op.f("ck_ledger_accounts_kind"),
        ),
        sa.ForeignKeyConstraint(["jar_id"], ["savings_jars.id"], name=op.f("fk_ledger_accounts_jar_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ledger_accounts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint("jar_id", name="uq_ledger_accounts_jar_id"),
    )
    op.create_index(
        "uq_ledger_accounts_owed",
        "ledger_accounts",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'owed'"),
    )
    op.create_table(
        "transactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("jar_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("posting_count", sa.SmallInteger(), nullable=False),
        sa.Column("reversal_of", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(type = 'reversal') = (reversal_of IS NOT NULL)", name=op.f("ck_transactions_reversal")),
        sa.CheckConstraint(
            "type IN ('deposit', 'withdraw', 'interest', 'bonus', 'fee', 'transfer_in', 'transfer_out', 'reversal')",
            name=op.f("ck_transactions_type"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_transactions_amount")),
        sa.CheckConstraint("posting_count >= 2", name=op.f("ck_transactions_posting_count")),
        sa.ForeignKeyConstraint(["jar_id"], ["savings_jars.id"], name=op.f("fk_transactions_jar_id")),
        sa.ForeignKeyConstraint(["reversal_of"], ["transactions.id"], name=op.f("fk_transactions_reversal_of")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_transactions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
    )
    op.create_index(
        "uq_transactions_reversal_of",
        "transactions",
        ["reversal_of"],
        unique=True,
        postgresql_where=sa.text("reversal_of IS NOT NULL"),
    )
    op.create_index(
        "ix_transactions_jar_id",
        "transactions",
        ["jar_id", sa.literal_column("occurred_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_transactions_user_id",
        "transactions",
        ["user_id", sa.literal_column("occurred_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "badges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("jar_id", sa.Uuid(), nullable=True),
        sa.Column("badge_type", sa.String(length=32), nullable=False),
        sa.Column("earned_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["jar_id"], ["savings_jars.id"], name=op.f("fk_badges_jar_id")),
        sa.ForeignKeyConstraint(["transaction_id"], ["transactions.id"], name=op.f("fk_badges_transaction_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_badges_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badges")),
        sa.UniqueConstraint(
            "user_id", "badge_type", "jar_id", name="uq_badges_user_id", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_table(
        "postings",
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("balance_after", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(seq IS NULL) = (hash IS NULL) AND (seq IS NULL) = (balance_after IS NULL)", name=op.f("ck_postings_chain")
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_postings_amount")),
        sa.PrimaryKeyConstraint("transaction_id", "line", name=op.f("pk_postings")),
    )
    op.create_index(
        "uq_postings_account_id_seq",
        "postings",
        ["account_id", "seq"],
        unique=True,
        postgresql_where=sa.text("seq IS NOT NULL"),
    )
    op.create_table(
        "transaction_notes",
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["transactions.id"], name=op.f("fk_transaction_notes_transaction_id")
        ),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_transaction_notes")),
    )
    op.execute(GUARDS)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            f" CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();"
        )


def downgrade() -> None:
    op.drop_table("transaction_notes")
    op.drop_index("uq_postings_account_id_seq", table_name="postings", postgresql_where=sa.text("seq IS NOT NULL"))
    op.drop_table("postings")
    op.drop_table("badges")
    op.drop_index("ix_transactions_user_id", table_name="transactions")
    op.drop_index("ix_transactions_jar_id", table_name="transactions")
    op.drop_index(
        "uq_transactions_reversal_of", table_name="transactions", postgresql_where=sa.text("reversal_of IS NOT NULL")
    )
    op.drop_table("transactions")
    op.drop_index("uq_ledger_accounts_owed", table_name="ledger_accounts", postgresql_where=sa.text("kind = 'owed'"))
    op.drop_table("ledger_accounts")
    op.drop_index("ix_import_accounts_jar_id", table_name="import_accounts")
    op.drop_table("import_accounts")
    op.drop_index("ix_savings_jars_user_id", table_name="savings_jars")
    op.drop_table("savings_jars")
    op.drop_index("ix_refresh_families_user_id", table_name="refresh_families")
    op.drop_index("ix_refresh_families_expires_at", table_name="refresh_families")
    op.drop_table("refresh_families")
    op.drop_table("import_refusals")
    op.drop_table("credit_scores")
    op.drop_table("users")
    op.drop_table("product_clock")
    op.drop_table("outbox")
    op.drop_table("ledger_sealed_heads")
    op.drop_table("ledger_checkpoints")
    op.drop_table("import_runs")
    op.drop_table("idempotency_records")
    op.drop_index("ix_audit_log_subject", table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_table("audit_head")
    for function in ("lock_idempotency_key", "check_transaction", "check_postings", "refuse_change"):
        op.execute(f"DROP FUNCTION {function}")
