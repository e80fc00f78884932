"""What savers hold of their own data: consents, a nominee, requests for help that go on; the audit log's head stays

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)


# Whoever was at it while the account was erased waits for that, and then adds nothing to it any more.
TAKE_NOTHING_MORE = """
CREATE FUNCTION refuse_erased() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    standing text;
BEGIN
    SELECT status INTO standing FROM users WHERE id = NEW.user_id FOR KEY SHARE;
    IF standing = 'erased' THEN
        RAISE EXCEPTION 'an erased account takes nothing more'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'erased_account', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
"""
TAKING = ("savings_jars", "support_requests", "nominees", "consents", "push_devices", "refresh_families")


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('terms', 'privacy', 'marketing', 'training')", name=op.f("ck_consents_purpose")
        ),
        sa.CheckConstraint("how IN ('signup', 'asked', 'profile', 'api')", name=op.f("ck_consents_how")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_consents_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_user_id", "consents", ["user_id", "purpose", sa.text("at DESC"), sa.text("id DESC")])
    op.execute(
        "CREATE TRIGGER consents_append_only BEFORE UPDATE OR DELETE ON consents"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change();"
        " CREATE TRIGGER consents_no_truncate BEFORE TRUNCATE ON consents"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();"
    )
    # What stands now, beside who it is: every page asks.
    op.add_column("users", sa.Column("terms_version", sa.String(length=16), nullable=True))
    op.add_column("users", sa.Column("privacy_version", sa.String(length=16), nullable=True))
    op.add_column("users", sa.Column("train_on_history", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index("ix_users_train_on_history", "users", ["id"], postgresql_where=sa.text("train_on_history"))
    # Whoever imported a history had the right to; savers are asked first.
    op.execute("UPDATE users SET train_on_history = true WHERE id IN (SELECT user_id FROM import_accounts)")


def _nominees() -> None:
    op.create_table(
        "nominees",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("relation", sa.String(length=16), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("guardian", sa.String(length=100), nullable=True),
        sa.Column("phone", sa.String(length=16), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "relation IN ('spouse', 'mother', 'father', 'daughter', 'son', 'sister', 'brother', 'grandparent',"
            " 'grandchild', 'other')",
            name=op.f("ck_nominees_relation"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_nominees_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_nominees")),
    )


def _help() -> None:
    op.add_column("support_requests", sa.Column("appeal_of", sa.Uuid(), nullable=True))
    op.add_column("support_requests", sa.Column("late_told_at", INSTANT, nullable=True))
    op.create_foreign_key(
        op.f("fk_support_requests_appeal_of"),
        "support_requests",
        "support_requests",
        ["appeal_of"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_unique_constraint(op.f("uq_support_requests_appeal_of"), "support_requests", ["appeal_of"])
    op.create_index(
        "ix_support_requests_answered",
        "support_requests",
        ["answered_at"],
        postgresql_where=sa.text("status = 'answered'"),
    )


def upgrade() -> None:
    op.execute(
        "CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION refuse_change();"
        " CREATE TRIGGER audit_head_no_truncate BEFORE TRUNCATE ON audit_head"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();"
    )
    # What is held of somebody in the log, for whoever asks for it.
    op.create_index(
        "ix_audit_log_actor_id", "audit_log", ["actor_id"], postgresql_where=sa.text("actor_id IS NOT NULL")
    )
    _consents()
    _nominees()
    _help()
    op.execute(TAKE_NOTHING_MORE)
    for table in TAKING:
        op.execute(
            f"CREATE TRIGGER {table}_not_erased BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_erased()"
        )


def downgrade() -> None:
    for table in TAKING:
        op.execute(f"DROP TRIGGER {table}_not_erased ON {table}")
    op.execute("DROP FUNCTION refuse_erased()")
    op.drop_index("ix_support_requests_answered", "support_requests")
    op.drop_constraint(op.f("uq_support_requests_appeal_of"), "support_requests", type_="unique")
    op.drop_constraint(op.f("fk_support_requests_appeal_of"), "support_requests", type_="foreignkey")
    op.execute("DELETE FROM support_requests WHERE appeal_of IS NOT NULL")
    op.drop_column("support_requests", "late_told_at")
    op.drop_column("support_requests", "appeal_of")
    op.drop_table("nominees")
    op.drop_index("ix_users_train_on_history", "users")
    op.drop_column("users", "train_on_history")
    op.drop_column("users", "privacy_version")
    op.drop_column("users", "terms_version")
    op.drop_table("consents")
    op.drop_index("ix_audit_log_actor_id", "audit_log")
    op.execute("DROP TRIGGER audit_head_no_truncate ON audit_head; DROP TRIGGER audit_head_stays ON audit_head")
