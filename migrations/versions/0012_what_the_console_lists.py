"""Indexes for the console's lists

Revision ID: 0012
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_users_created_at", "users", ["created_at", "id"], postgresql_include=["status", "role", "kyc_status"]
    )
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


def downgrade() -> None:
    op.drop_index("ix_transactions_occurred_at", "transactions")
    for name in ("name_prefix", "phone_prefix", "email_prefix", "created_at"):
        op.drop_index(f"ix_users_{name}", "users")
