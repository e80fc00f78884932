"""The score: what it is made of, its history, models and how they hold up; how far a run of a job has come; help

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
STATES = "status IN ('no_history', 'provisional', 'scored')"
KINDS = (
    "deposit_received",
    "auto_deposit",
    "streak_at_risk",
    "streak_changed",
    "badge_earned",
    "target_reached",
    "score_changed",
    "instalment_due",
    "kyc_decided",
    "new_device",
    "weekly_digest",
)


def _scored() -> list[sa.Column]:
    return [
        sa.Column("status", sa.String(length=12), server_default="no_history", nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("policy_version", sa.String(length=32), server_default="rule-1", nullable=False),
        sa.Column("model_version", sa.String(length=32), nullable=True),
        sa.Column("feature_set", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("points", postgresql.ARRAY(sa.SmallInteger()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("features", postgresql.ARRAY(sa.Double()), server_default=sa.text("'{}'"), nullable=False),
    ]


def _kinds(*names: str) -> None:
    """Notices may be of these kinds."""
    op.drop_constraint(op.f("ck_notifications_kind"), "notifications", type_="check")
    op.create_check_constraint(
        op.f("ck_notifications_kind"), "notifications", f"kind IN ({', '.join(repr(name) for name in names)})"
    )


def _help() -> None:
    op.create_table(
        "support_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("about_kind", sa.String(length=16), nullable=True),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("shown", postgresql.JSONB(), nullable=True),
        sa.Column("status", sa.String(length=8), server_default="open", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("told_at", INSTANT, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("about_kind IN ('score', 'loan', 'transaction')", name=op.f("ck_support_requests_about")),
        sa.CheckConstraint("status IN ('open', 'answered')", name=op.f("ck_support_requests_status")),
        sa.CheckConstraint(
            "(status = 'answered') = (answer IS NOT NULL) AND (answer IS NULL) = (answered_at IS NULL)",
            name=op.f("ck_support_requests_answered"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_support_requests_user_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["users.id"], name=op.f("fk_support_requests_answered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_requests")),
        sa.UniqueConstraint("reference", name="uq_support_requests_reference"),
    )
    op.create_index(
        "ix_support_requests_user_id",
        "support_requests",
        ["user_id", sa.text("created_at DESC"), sa.text("id DESC")],
    )
    op.create_index(
        "ix_support_requests_open",
        "support_requests",
        ["answer_by", "id"],
        postgresql_where=sa.text("status = 'open'"),
    )


def upgrade() -> None:
    for column in _scored():
        op.add_column("credit_scores", column)
    op.add_column(
        "credit_scores",
        sa.Column("reasons", postgresql.ARRAY(sa.String(length=16)), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("credit_scores", sa.Column("as_of", INSTANT, nullable=True))
    for name in ("first_score", "told_score"):
        op.add_column("credit_scores", sa.Column(name, sa.SmallInteger(), nullable=True))
    op.add_column("credit_scores", sa.Column("told_at", INSTANT, nullable=True))
    op.execute("UPDATE credit_scores SET as_of = last_updated, status = 'scored' WHERE score IS NOT NULL")
    op.execute("UPDATE credit_scores SET as_of = last_updated WHERE score IS NULL")
    op.alter_column("credit_scores", "as_of", nullable=False)
    op.create_check_constraint(op.f("ck_credit_scores_status"), "credit_scores", STATES)
    op.create_check_constraint(
        op.f("ck_credit_scores_no_score_without_history"),
        "credit_scores",
        "(status = 'no_history') = (score IS NULL)",
    )
    # A score is made anew each day, in its place where the page has room.
    op.execute("ALTER TABLE credit_scores SET (fillfactor = 80)")
    op.create_table(
        "credit_score_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=True),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.Column("predicted_score", sa.SmallInteger(), nullable=True),
        *_scored(),
        sa.CheckConstraint(
            "cause IN ('deposit', 'withdrawal', 'reversal', 'period_closed', 'jar_changed', 'repayment',"
            " 'model', 'policy', 'recalculation')",
            name=op.f("ck_credit_score_history_cause"),
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["transactions.id"], name=op.f("fk_credit_score_history_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_score_history")),
    )
    op.create_index(
        "ix_credit_score_history_user_id",
        "credit_score_history",
        ["user_id", sa.text("as_of DESC"), sa.text("id DESC")],
    )
    op.create_table(
        "score_models",
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("card", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("promoted_at", INSTANT, nullable=True),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.Column("trouble", sa.String(length=32), nullable=True),
        sa.Column("trouble_since", INSTANT, nullable=True),
        sa.CheckConstraint("status IN ('candidate', 'serving', 'retired')", name=op.f("ck_score_models_status")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_score_models")),
        sa.UniqueConstraint("number", name=op.f("uq_score_models_number")),
        sa.UniqueConstraint("sha256", name=op.f("uq_score_models_sha256")),
    )
    op.create_index(
        "uq_score_models_serving",
        "score_models",
        ["status"],
        unique=True,
        postgresql_where=sa.text("status = 'serving'"),
    )
    op.create_table(
        "score_health",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("measured_at", INSTANT, nullable=False),
        sa.Column("model_version", sa.String(length=32), nullable=True),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("report", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("verdict IN ('ok', 'drifting', 'unknown', 'refused')", name=op.f("ck_score_health_verdict")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_health")),
    )
    op.create_index("ix_score_health_measured_at", "score_health", ["measured_at"])
    # What a score of the past is made of, where it has changed since.
    op.create_table(
        "past_jar_terms",
        sa.Column("jar_id", sa.Uuid(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["jar_id"], ["savings_jars.id"], name=op.f("fk_past_jar_terms_jar_id")),
        sa.PrimaryKeyConstraint("jar_id", "until", name=op.f("pk_past_jar_terms")),
    )
    op.create_table(
        "past_time_zones",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("time_zone_next", sa.String(length=64), nullable=True),
        sa.Column("time_zone_from", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_past_time_zones_user_id")),
        sa.PrimaryKeyConstraint("user_id", "until", name=op.f("pk_past_time_zones")),
    )
    # Reversals are few: whoever asks which movements of some savers stand finds them without looking at the others.
    op.create_index(
        "ix_transactions_reversals",
        "transactions",
        ["user_id"],
        postgresql_where=sa.text("reversal_of IS NOT NULL"),
    )
    op.add_column("job_runs", sa.Column("cursor", sa.Text(), nullable=True))
    _help()
    _kinds(*KINDS, "support_answered")


def downgrade() -> None:
    op.execute("DELETE FROM notifications WHERE kind = 'support_answered'")
    _kinds(*KINDS)
    op.drop_table("support_requests")
    op.drop_column("job_runs", "cursor")
    op.drop_index("ix_transactions_reversals", table_name="transactions")
    op.drop_table("past_time_zones")
    op.drop_table("past_jar_terms")
    op.drop_table("score_health")
    op.drop_table("score_models")
    op.drop_table("credit_score_history")
    op.execute("ALTER TABLE credit_scores RESET (fillfactor)")
    for name in ("status", "no_score_without_history"):
        op.drop_constraint(op.f(f"ck_credit_scores_{name}"), "credit_scores", type_="check")
    for column in (*(each.name for each in _scored()), "reasons", "as_of", "first_score", "told_score", "told_at"):
        op.drop_column("credit_scores", column)
