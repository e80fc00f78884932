"""The end of a loan is a kind of notice of its own, apart from the instalments that are due

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KIND = "loan_ended"
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
    "support_answered",
    "account_changed",
)


def _allow(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_notifications_kind"), "notifications", type_="check")
    op.create_check_constraint(
        op.f("ck_notifications_kind"), "notifications", f"kind IN ({', '.join(repr(name) for name in kinds)})"
    )


def upgrade() -> None:
    _allow(*KINDS, KIND)
    op.execute(
        "UPDATE notifications SET kind = 'loan_ended'"
        " WHERE kind = 'instalment_due' AND facts->>'event' IN ('repaid', 'defaulted')"
    )


def downgrade() -> None:
    op.execute("UPDATE notifications SET kind = 'instalment_due' WHERE kind = 'loan_ended'")
    _allow(*KINDS)
