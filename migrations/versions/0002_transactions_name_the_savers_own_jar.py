"""A transaction's jar is its saver's own: one foreign key over both instead of two

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_unique_constraint("uq_savings_jars_id", "savings_jars", ["id", "user_id"])
    op.create_foreign_key(
        "fk_transactions_jar_id_user_id", "transactions", "savings_jars", ["jar_id", "user_id"], ["id", "user_id"]
    )
    op.drop_constraint("fk_transactions_jar_id", "transactions", type_="foreignkey")
    op.drop_constraint("fk_transactions_user_id", "transactions", type_="foreignkey")
    op.execute("ALTER TABLE transactions RENAME CONSTRAINT fk_transactions_jar_id_user_id TO fk_transactions_jar_id")


def downgrade() -> None:
    op.create_foreign_key("fk_transactions_user_id", "transactions", "users", ["user_id"], ["id"])
    op.drop_constraint("fk_transactions_jar_id", "transactions", type_="foreignkey")
    op.create_foreign_key("fk_transactions_jar_id", "transactions", "savings_jars", ["jar_id"], ["id"])
    op.drop_constraint("uq_savings_jars_id", "savings_jars", type_="unique")
