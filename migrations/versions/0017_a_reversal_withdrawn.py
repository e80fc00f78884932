"""Whoever asked for a reversal can withdraw it; savers hear of a suspension; what waits is found by its kind

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLE = "reversal_requests"
WAITS = "status = 'pending' OR proposed_status IS NOT NULL"
INDEXES = (
    (
        "ix_support_requests_about",
        "support_requests",
        ["about_kind", "answer_by", "id"],
        "status = 'open' AND about_kind IS NOT NULL",
    ),
    ("ix_kyc_documents_waiting_type", "kyc_documents", ["document_type", "uploaded_at", "id"], WAITS),
    ("ix_kyc_documents_proposed", "kyc_documents", ["uploaded_at", "id"], "proposed_status IS NOT NULL"),
)


LETTER_KINDS = "'email_check', 'email_left', 'password_link', 'phone_code'"


def _letters(kinds: str) -> None:
    name = op.f("ck_account_letters_kind")
    op.drop_constraint(name, "account_letters")
    op.create_check_constraint(name, "account_letters", f"kind IN ({kinds})")


def _checks(statuses: str, decided_by: str) -> None:
    for name, condition in (("status", f"status IN ({statuses})"), ("decided_by", decided_by)):
        op.drop_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE)
        op.create_check_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE, condition)


def upgrade() -> None:
    op.alter_column(TABLE, "status", type_=sa.String(length=16))
    _checks(
        "'waiting', 'approved', 'declined', 'void', 'withdrawn'",
        "(decided_by IS NULL) = (status IN ('waiting', 'withdrawn'))",
    )
    _letters(f"{LETTER_KINDS}, 'suspended', 'restored'")
    for name, table, columns, condition in INDEXES:
        op.create_index(name, table, columns, postgresql_where=sa.text(condition))


def downgrade() -> None:
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table_name=table)
    op.execute("DELETE FROM account_letters WHERE kind IN ('suspended', 'restored')")
    _letters(LETTER_KINDS)
    # Nothing was booked for them, and the audit log keeps their story.
    op.execute(f"DELETE FROM {TABLE} WHERE status = 'withdrawn'")
    _checks("'waiting', 'approved', 'declined', 'void'", "(decided_by IS NULL) = (decided_at IS NULL)")
    op.alter_column(TABLE, "status", type_=sa.String(length=8))
