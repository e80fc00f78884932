"""What savers are told, what leaves for elsewhere, tallies of closed periods, turns of auto-deposits, runs of jobs

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
TALLIES = ("week_closed", "week_on_time", "month_closed", "month_on_time", "all_closed", "all_on_time")

# A UUID of version 7, whose first 48 bits are the milliseconds of ``instant``: for rows that a statement makes by the
# thousand. PostgreSQL has one of its own from 18 on only, and for its own clock.
UUID_AT = """
CREATE FUNCTION uuid_at(instant timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT encode(set_byte(
        overlay(uuid_send(gen_random_uuid())
            PLACING substring(int8send(floor(extract(epoch FROM instant) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        6, 112 | (random() * 15)::integer), 'hex')::uuid
$$
"""

# saver_habits.time_zone is users.time_zone, whoever writes either.
ZONE_OF_HABITS = """
CREATE FUNCTION place_habits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT time_zone INTO NEW.time_zone FROM users WHERE id = NEW.user_id;
    RETURN NEW;
END $$;
CREATE TRIGGER zone_of_habits BEFORE INSERT ON saver_habits FOR EACH ROW EXECUTE FUNCTION place_habits();
CREATE FUNCTION move_habits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE saver_habits SET time_zone = NEW.time_zone WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER zone_of_habits AFTER UPDATE OF time_zone ON users FOR EACH ROW
    WHEN (OLD.time_zone <> NEW.time_zone) EXECUTE FUNCTION move_habits();
"""


def upgrade() -> None:
    op.execute(UUID_AT)
    op.create_table(
        "notifications",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("once", sa.String(length=120), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('deposit_received', 'auto_deposit', 'streak_at_risk', 'streak_changed', 'badge_earned',"
            " 'target_reached', 'score_changed', 'instalment_due', 'kyc_decided', 'new_device', 'weekly_digest')",
            name=op.f("ck_notifications_kind"),
        ),
        sa.PrimaryKeyConstraint("user_id", "id", name=op.f("pk_notifications")),
    )
    op.create_index(
        "uq_notifications_once",
        "notifications",
        ["user_id", "once"],
        unique=True,
        postgresql_where=sa.text("once IS NOT NULL"),
    )
    op.create_index(
        "ix_notifications_unread", "notifications", ["user_id", "id"], postgresql_where=sa.text("read_at IS NULL")
    )
    op.create_table(
        "push_devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=1000), nullable=False),
        sa.Column("keys", postgresql.JSONB(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('expo', 'web')", name=op.f("ck_push_devices_kind")),
        sa.CheckConstraint("(kind = 'web') = (keys IS NOT NULL)", name=op.f("ck_push_devices_keys")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_push_devices_user_id")),
        sa.ForeignKeyConstraint(
            ["family_id"], ["refresh_families.id"], name=op.f("fk_push_devices_family_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_devices")),
    )
    op.create_index("ix_push_devices_user_id", "push_devices", ["user_id"])
    op.create_index("ix_push_devices_family_id", "push_devices", ["family_id"])
    op.create_index("uq_push_devices_address", "push_devices", ["address"], unique=True)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=8), server_default="waiting", nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.CheckConstraint("channel IN ('email', 'push', 'webpush', 'sms')", name=op.f("ck_deliveries_channel")),
        sa.CheckConstraint("status IN ('waiting', 'sent', 'expired', 'dead')", name=op.f("ck_deliveries_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(
        "uq_deliveries_notification",
        "deliveries",
        ["user_id", "notification_id", "channel", "device_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "ix_deliveries_due_at", "deliveries", ["channel", "due_at"], postgresql_where=sa.text("status = 'waiting'")
    )
    op.create_index("ix_deliveries_dead", "deliveries", ["id"], postgresql_where=sa.text("status = 'dead'"))
    op.add_column("users", sa.Column("quiet_from", sa.Time(), server_default="22:00", nullable=False))
    op.add_column("users", sa.Column("quiet_until", sa.Time(), server_default="07:00", nullable=False))

    op.create_index(
        "ix_users_boards",
        "users",
        ["id"],
        postgresql_where=sa.text("leaderboard_opt_in AND display_name IS NOT NULL AND status = 'active'"),
    )
    for name in TALLIES:
        kind = sa.Integer() if name.startswith("all") else sa.SmallInteger()
        op.add_column("saver_habits", sa.Column(name, kind, server_default="0", nullable=False))
    # The local day of each jar's making, which a change of zone must not move.
    op.add_column("savings_jars", sa.Column("made_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE savings_jars j SET made_on = (j.created_at AT TIME ZONE u.time_zone)::date"
        " FROM users u WHERE u.id = j.user_id"
    )
    op.create_index("ix_users_time_zone_next", "users", ["id"], postgresql_where=sa.text("time_zone_next IS NOT NULL"))
    # Closing a day goes through the savers of one day by their ids, whatever the statistics say of the days.
    op.drop_index("ix_saver_habits_closed_through", "saver_habits")
    # A zone's savers that are behind are found without looking at those of other zones, whose day is another.
    op.add_column("saver_habits", sa.Column("time_zone", sa.String(length=64), nullable=True))
    op.execute("UPDATE saver_habits h SET time_zone = u.time_zone FROM users u WHERE u.id = h.user_id")
    op.alter_column("saver_habits", "time_zone", nullable=False)
    op.execute(ZONE_OF_HABITS)
    op.create_index("ix_saver_habits_time_zone", "saver_habits", ["time_zone", "closed_through", "user_id"])
    op.create_index(
        "ix_saver_habits_user_id", "saver_habits", ["user_id"], postgresql_where=sa.text("closed_through IS NULL")
    )
    # The tallies of what has closed so far come of going through the histories once more.
    op.execute("UPDATE saver_habits SET closed_through = NULL")

    op.create_index(
        "ix_savings_jars_auto_deposit", "savings_jars", ["id"], postgresql_where=sa.text("auto_deposit IS NOT NULL")
    )
    op.create_table(
        "auto_deposit_turns",
        sa.Column("jar_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=8), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("told_at", INSTANT, nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=True),
        sa.Column("trying_since", INSTANT, nullable=True),
        sa.Column("last_error", sa.String(length=120), nullable=True),
        sa.Column("transaction_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'skipped', 'done', 'failed')", name=op.f("ck_auto_deposit_turns_status")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_auto_deposit_turns_amount")),
        sa.CheckConstraint("attempts BETWEEN 0 AND 3", name=op.f("ck_auto_deposit_turns_attempts")),
        sa.ForeignKeyConstraint(["jar_id"], ["savings_jars.id"], name=op.f("fk_auto_deposit_turns_jar_id")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["transactions.id"], name=op.f("fk_auto_deposit_turns_transaction_id")
        ),
        sa.PrimaryKeyConstraint("jar_id", "due_on", name=op.f("pk_auto_deposit_turns")),
    )
    op.create_index(
        "ix_auto_deposit_turns_next_try_at",
        "auto_deposit_turns",
        ["next_try_at"],
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index("ix_auto_deposit_turns_due_on", "auto_deposit_turns", ["due_on"])
    op.create_table(
        "job_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=8), server_default="queued", nullable=False),
        sa.Column("parameters", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("heartbeat_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_job_runs_status")),
        sa.ForeignKeyConstraint(["requested_by"], ["users.id"], name=op.f("fk_job_runs_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_runs")),
    )
    op.create_index(
        "uq_job_runs_kind",
        "job_runs",
        ["kind"],
        unique=True,
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_index("ix_job_runs_created_at", "job_runs", ["created_at"])
    op.create_table(
        "job_marks",
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("ran_at", INSTANT, nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("covered_until", INSTANT, nullable=True),
        sa.CheckConstraint("outcome IN ('done', 'nothing', 'failed')", name=op.f("ck_job_marks_outcome")),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_job_marks")),
    )
    # Jobs that run at an hour of the saver's day go through the savers of the zones where it is that hour.
    op.create_index("ix_users_time_zone", "users", ["time_zone", "id"])


def downgrade() -> None:
    op.drop_index("ix_users_time_zone", "users")
    op.drop_table("job_marks")
    op.drop_table("job_runs")
    op.drop_table("auto_deposit_turns")
    op.drop_index("ix_savings_jars_auto_deposit", "savings_jars")
    op.drop_index("ix_saver_habits_user_id", "saver_habits")
    op.drop_index("ix_saver_habits_time_zone", "saver_habits")
    op.execute("DROP TRIGGER zone_of_habits ON users")
    op.execute("DROP FUNCTION move_habits()")
    op.execute("DROP TRIGGER zone_of_habits ON saver_habits")
    op.execute("DROP FUNCTION place_habits()")
    op.drop_column("saver_habits", "time_zone")
    op.create_index("ix_saver_habits_closed_through", "saver_habits", ["closed_through"])
    op.drop_index("ix_users_time_zone_next", "users")
    op.drop_column("savings_jars", "made_on")
    for name in TALLIES:
        op.drop_column("saver_habits", name)
    op.drop_index("ix_users_boards", "users")
    op.drop_column("users", "quiet_until")
    op.drop_column("users", "quiet_from")
    op.drop_table("deliveries")
    op.drop_table("push_devices")
    op.drop_table("notifications")
    op.execute("DROP FUNCTION uuid_at(timestamptz)")
