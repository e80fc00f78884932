"""Movements are found by their amount alone, scores by when they changed, savers by an identity that is verified

Revision ID: 0016
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_transactions_amount", "transactions", ["amount"]),
    ("ix_credit_score_history_as_of", "credit_score_history", ["as_of"]),
    # Of the states that a request ends in, some are rare.
    (
        "ix_reversal_requests_status",
        "reversal_requests",
        ["status", sa.text("requested_at DESC"), sa.text("id DESC")],
    ),
)


def _identity(condition: str) -> None:
    op.drop_index("ix_users_kyc_status", table_name="users")
    op.create_index(
        "ix_users_kyc_status", "users", ["kyc_status", "created_at", "id"], postgresql_where=sa.text(condition)
    )


def upgrade() -> None:
    _identity("kyc_status <> 'none'")
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    _identity("kyc_status <> 'none' AND kyc_status <> 'verified'")
    for name, table, _ in INDEXES:
        op.drop_index(name, table_name=table)
