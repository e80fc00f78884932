"""What the operations console stands on: figures, reversals that wait, notes, exports, indexes of what staff look through

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
NEWEST = (sa.text("occurred_at DESC"), sa.text("id DESC"))
MADE = (sa.text("created_at DESC"), sa.text("id DESC"))
AT = (sa.text("at DESC"), sa.text("id DESC"))
OFFERED = (sa.text("offered_at DESC"), sa.text("id DESC"))
# Name, table, columns, condition.
INDEXES = (
    ("ix_transactions_large", "transactions", NEWEST, "amount >= 1000000"),
    ("ix_audit_log_action", "audit_log", ("action", *AT), None),
    ("ix_audit_log_actor", "audit_log", ("actor", *AT), None),
    ("ix_audit_log_at", "audit_log", AT, None),
    ("ix_credit_scores_score", "credit_scores", ("score", "user_id"), "score IS NOT NULL"),
    ("ix_credit_scores_unscored", "credit_scores", ("status", "user_id"), "status <> 'scored'"),
    ("ix_loans_offered_at", "loans", OFFERED, None),
    ("ix_loans_status", "loans", ("status", *OFFERED), None),
    ("ix_job_runs_kind", "job_runs", ("kind", *MADE), None),
    ("ix_job_runs_failed", "job_runs", MADE, "status = 'failed'"),
    (
        "ix_support_requests_disputes",
        "support_requests",
        (sa.text("answered_at DESC"), sa.text("id DESC")),
        "status = 'answered' AND about_kind IS NOT NULL",
    ),
    ("ix_deliveries_channel", "deliveries", ("channel", sa.text("id DESC")), None),
    ("ix_deliveries_unsent", "deliveries", ("status", sa.text("id DESC")), "status <> 'sent'"),
    ("ix_stored_files_exports", "stored_files", ("created_at",), "purpose = 'export' AND status = 'kept'"),
)
# The same index with what it is read in the order of, and as it was.
LONGER = (
    ("ix_audit_log_subject", ("subject_type", "subject_id"), None),
    ("ix_audit_log_actor_id", ("actor_id",), "actor_id IS NOT NULL"),
)
GUARDS = """
-- A note stays as it was written; an erasure takes its words, and nothing else.
CREATE FUNCTION check_saver_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.user_id, NEW.author_id, NEW.at) IS DISTINCT FROM (OLD.id, OLD.user_id, OLD.author_id, OLD.at)
        OR NEW.text <> 'Erased' THEN
        RAISE EXCEPTION 'notes about savers are only added to'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'saver_notes_stay', TABLE = 'saver_notes';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER saver_notes_words BEFORE UPDATE ON saver_notes FOR EACH ROW EXECUTE FUNCTION check_saver_note();
CREATE TRIGGER saver_notes_stay BEFORE DELETE ON saver_notes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER saver_notes_no_truncate BEFORE TRUNCATE ON saver_notes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def _purposes(*words: str) -> None:
    op.drop_constraint(op.f("ck_stored_files_purpose"), "stored_files", type_="check")
    listed = ", ".join(repr(word) for word in words)
    op.create_check_constraint(op.f("ck_stored_files_purpose"), "stored_files", f"purpose IN ({listed})")


def _index(name: str, table: str, columns: tuple[object, ...], condition: str | None) -> None:
    op.create_index(
        name, table, list(columns), unique=False, postgresql_where=None if condition is None else sa.text(condition)
    )


def upgrade() -> None:
    op.create_table(
        "reversal_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("why", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=8), server_default="waiting", nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("reversal_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'approved', 'declined', 'void')", name=op.f("ck_reversal_requests_status")
        ),
        sa.CheckConstraint("why IN ('limit', 'owed')", name=op.f("ck_reversal_requests_why")),
        sa.CheckConstraint("decided_by <> requested_by", name=op.f("ck_reversal_requests_nobody_decides_their_own")),
        sa.CheckConstraint("(status = 'waiting') = (decided_at IS NULL)", name=op.f("ck_reversal_requests_decided")),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_reversal_requests_decided_by")),
        sa.CheckConstraint(
            "(status = 'approved') = (reversal_id IS NOT NULL)", name=op.f("ck_reversal_requests_approved")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["transactions.id"], name=op.f("fk_reversal_requests_transaction_id")
        ),
        sa.ForeignKeyConstraint(["requested_by"], ["users.id"], name=op.f("fk_reversal_requests_requested_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_reversal_requests_decided_by")),
        sa.ForeignKeyConstraint(["reversal_id"], ["transactions.id"], name=op.f("fk_reversal_requests_reversal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reversal_requests")),
    )
    op.create_index(
        "uq_reversal_requests_waiting",
        "reversal_requests",
        ["transaction_id"],
        unique=True,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    _index("ix_reversal_requests_waiting", "reversal_requests", ("requested_at", "id"), "status = 'waiting'")
    _index(
        "ix_reversal_requests_requested_at",
        "reversal_requests",
        (sa.text("requested_at DESC"), sa.text("id DESC")),
        None,
    )
    _index("ix_reversal_requests_transaction_id", "reversal_requests", ("transaction_id",), None)
    op.create_table(
        "saver_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_saver_notes_user_id")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_saver_notes_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saver_notes")),
    )
    _index("ix_saver_notes_user_id", "saver_notes", ("user_id", *AT), None)
    op.execute(GUARDS)
    op.create_table(
        "daily_figures",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "type", name=op.f("pk_daily_figures")),
    )
    op.create_table(
        "standing_figures",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_standing_figures")),
    )
    _purposes("paper", "photo", "jar", "export")
    for index in INDEXES:
        _index(*index)
    for name, columns, condition in LONGER:
        op.drop_index(name, table_name="audit_log")
        _index(name, "audit_log", (*columns, *AT), condition)


def downgrade() -> None:
    for name, columns, condition in LONGER:
        op.drop_index(name, table_name="audit_log")
        _index(name, "audit_log", columns, condition)
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table_name=table)
    # Their rows are needed by nobody: what was exported is made again.
    op.execute("DELETE FROM stored_files WHERE purpose = 'export'")
    _purposes("paper", "photo", "jar")
    op.drop_table("standing_figures")
    op.drop_table("daily_figures")
    op.drop_table("saver_notes")
    op.execute("DROP FUNCTION check_saver_note")
    op.drop_table("reversal_requests")
