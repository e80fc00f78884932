"""Indexes for the console's lists

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_users_created_at", "users", ["created_at", "id"], postgresql_include=["status", "role", "kyc_status"]
    )
    for column, rare in (
        ("status", "status <> 'active'"),
        ("role", "role <> 'saver'"),
        ("kyc_status", "kyc_status <> 'none' AND kyc_status <> 'verified'"),
    ):
        op.create_index(f"ix_users_{column}", "users", [column, "created_at", "id"], postgresql_where=sa.text(rare))
    for column in ("email_key", "phone"):
        name = f"ix_users_{column.removesuffix('_key')}_prefix"
        op.create_index(name, "users", [column], postgresql_ops={column: "text_pattern_ops"})
    op.create_index(
        "ix_users_name_prefix",
        "users",
        [sa.text("lower(name)"), "id"],
        postgresql_ops={"lower(name)": "text_pattern_ops"},
    )
    op.create_index(
        "ix_transactions_occurred_at",
        "transactions",
        [sa.text("occurred_at DESC"), sa.text("id DESC")],
        postgresql_include=["type", "amount"],
    )
    op.create_index(
        "ix_transactions_rare",
        "transactions",
        ["type", sa.text("occurred_at DESC"), sa.text("id DESC")],
        postgresql_where=sa.text("type <> 'deposit' AND type <> 'withdraw'"),
    )


def downgrade() -> None:
    for name in ("rare", "occurred_at"):
        op.drop_index(f"ix_transactions_{name}", "transactions")
    for name in ("name_prefix", "phone_prefix", "email_prefix", "kyc_status", "role", "status", "created_at"):
        op.drop_index(f"ix_users_{name}", "users")
