"""Freezes and pauses

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


# Freezes and parts of one, as held * 100 + parts, after one more closed period; 10000 more where it used a freeze. ``kind``
# is what a met period earns, 0 for a missed one, -1 for one that a pause excuses (services/gamification/habit.py).
FOLD = """
CREATE FUNCTION habit_after(state integer, first integer, kind integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    now integer := coalesce(state % 10000, first);
BEGIN
    IF kind > 0 AND now < 200 THEN
        now := now + kind;
        RETURN CASE WHEN now % 100 >= 28 THEN now + 72 ELSE now END;
    ELSIF kind = 0 AND now >= 100 THEN
        RETURN now + 9900;
    END IF;
    RETURN now;
END $$;
CREATE AGGREGATE habit_fold(first integer, kind integer) (SFUNC = habit_after, STYPE = integer, PARALLEL = SAFE);
"""


def upgrade() -> None:
    op.execute(FOLD)
    op.create_table(
        "saver_habits",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("freezes_held", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("freeze_parts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("closed_through", sa.Date(), nullable=True),
        sa.CheckConstraint("freezes_held BETWEEN 0 AND 2", name=op.f("ck_saver_habits_freezes_held")),
        sa.CheckConstraint("freeze_parts BETWEEN 0 AND 27", name=op.f("ck_saver_habits_freeze_parts")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_saver_habits_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_saver_habits")),
    )
    op.create_index("ix_saver_habits_closed_through", "saver_habits", ["closed_through"])
    op.create_table(
        "frozen_periods",
        sa.Column("jar_id", sa.Uuid(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["jar_id"], ["savings_jars.id"], name=op.f("fk_frozen_periods_jar_id")),
        sa.PrimaryKeyConstraint("jar_id", "period_start", name=op.f("pk_frozen_periods")),
    )
    op.add_column("savings_jars", sa.Column("streak_kept_through", sa.Date(), nullable=True))
    op.add_column("savings_jars", sa.Column("pauses", postgresql.JSONB(), nullable=True))
    # Their history is gone through when they are next looked at, or when the day is next closed.
    op.execute("INSERT INTO saver_habits (user_id) SELECT DISTINCT user_id FROM savings_jars")


def downgrade() -> None:
    op.execute("DROP AGGREGATE habit_fold(integer, integer)")
    op.execute("DROP FUNCTION habit_after(integer, integer, integer)")
    op.drop_column("savings_jars", "pauses")
    op.drop_column("savings_jars", "streak_kept_through")
    op.drop_table("frozen_periods")
    op.drop_table("saver_habits")
