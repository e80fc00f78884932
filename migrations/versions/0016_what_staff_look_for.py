"""Movements are found by their amount alone, scores by when they changed

Revision ID: 0016
Revises: 0014
"""

from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_transactions_amount", "transactions", ["amount"]),
    ("ix_credit_score_history_as_of", "credit_score_history", ["as_of"]),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _ in INDEXES:
        op.drop_index(name, table_name=table)
