"""Accounts: links and codes that prove addresses and numbers, second factors, known devices, letters about the account

Revision ID: 0007
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
KIND = "account_changed"


def _kinds() -> list[str]:
    """The kinds that notices may be of now, as the database's own constraint has them."""
    ((text,),) = op.get_bind().exec_driver_sql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_notifications_kind'"
    )
    return [part for number, part in enumerate(text.split("'")) if number % 2]


def _allow(kinds: list[str]) -> None:
    op.drop_constraint(op.f("ck_notifications_kind"), "notifications", type_="check")
    op.create_check_constraint(
        op.f("ck_notifications_kind"), "notifications", f"kind IN ({', '.join(repr(name) for name in kinds)})"
    )


def upgrade() -> None:
    op.add_column("users", sa.Column("two_factor_at", INSTANT, nullable=True))
    op.add_column("refresh_families", sa.Column("authenticated_at", INSTANT, nullable=True))
    op.create_table(
        "proofs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("about", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("spent_at", INSTANT, nullable=True),
        sa.CheckConstraint("purpose IN ('email', 'phone', 'password')", name=op.f("ck_proofs_purpose")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_proofs_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proofs")),
    )
    op.create_index("ix_proofs_user_id", "proofs", ["user_id", "purpose", "created_at"])
    op.create_index("ix_proofs_about", "proofs", ["about", "created_at"])
    op.create_index("ix_proofs_expires_at", "proofs", ["expires_at"])
    op.create_table(
        "account_letters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("proof_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=8), server_default="waiting", nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("last_error", sa.String(length=40), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('email_check', 'email_left', 'password_link', 'phone_code')",
            name=op.f("ck_account_letters_kind"),
        ),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck_account_letters_channel")),
        sa.CheckConstraint("status IN ('waiting', 'sent', 'expired', 'dead')", name=op.f("ck_account_letters_status")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_account_letters_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_letters")),
    )
    op.create_index(
        "ix_account_letters_due_at",
        "account_letters",
        ["channel", "due_at"],
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index("ix_account_letters_expires_at", "account_letters", ["expires_at"])
    op.create_table(
        "two_factor",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_two_factor_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_two_factor")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "known_devices",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_known_devices_user_id")),
        sa.PrimaryKeyConstraint("digest", "user_id", name=op.f("pk_known_devices")),
    )
    op.create_index("ix_known_devices_user_id", "known_devices", ["user_id", "last_used_at"])
    op.create_index("ix_known_devices_last_used_at", "known_devices", ["last_used_at"])
    _allow([*_kinds(), KIND])


def downgrade() -> None:
    op.execute(f"DELETE FROM notifications WHERE kind = '{KIND}'")
    _allow([kind for kind in _kinds() if kind != KIND])
    for table in ("known_devices", "recovery_codes", "two_factor", "account_letters", "proofs"):
        op.drop_table(table)
    op.drop_column("refresh_families", "authenticated_at")
    op.drop_column("users", "two_factor_at")
