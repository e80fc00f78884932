"""What savers send as files: identity papers, what came of them, photos and pictures

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "stored_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("content_type", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=8), server_default="arriving", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint("purpose IN ('paper', 'photo', 'jar')", name=op.f("ck_stored_files_purpose")),
        sa.CheckConstraint("status IN ('arriving', 'kept', 'leaving', 'gone')", name=op.f("ck_stored_files_status")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_stored_files_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
    )
    op.create_index("uq_stored_files_key", "stored_files", ["key"], unique=True)
    op.create_index("ix_stored_files_user_id", "stored_files", ["user_id", "created_at"])
    op.create_index(
        "ix_stored_files_changed_at",
        "stored_files",
        ["status", "changed_at"],
        postgresql_where=sa.text("status <> 'kept'"),
    )
    op.create_table(
        "kyc_documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("document_type", sa.String(length=16), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("number_masked", sa.String(length=24), nullable=True),
        sa.Column("number_hash", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(length=8), server_default="pending", nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("uploaded_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("proposed_status", sa.String(length=8), nullable=True),
        sa.Column("proposed_reason", sa.String(length=16), nullable=True),
        sa.Column("proposed_by", sa.Uuid(), nullable=True),
        sa.Column("decisions", sa.SmallInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "document_type IN ('pan', 'aadhaar', 'passport', 'voter_id', 'driving_licence')",
            name=op.f("ck_kyc_documents_document_type"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'verified', 'rejected', 'resubmit', 'replaced')",
            name=op.f("ck_kyc_documents_status"),
        ),
        sa.CheckConstraint(
            "reason IN ('unreadable', 'incomplete', 'expired', 'name_mismatch', 'wrong_document', 'not_genuine')",
            name=op.f("ck_kyc_documents_reason"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('rejected', 'resubmit') OR reason IS NOT NULL",
            name=op.f("ck_kyc_documents_refused_for_a_reason"),
        ),
        sa.CheckConstraint(
            "status <> 'pending' OR decided_at IS NULL", name=op.f("ck_kyc_documents_pending_is_undecided")
        ),
        sa.CheckConstraint("(number_hash IS NULL) = (number_masked IS NULL)", name=op.f("ck_kyc_documents_number")),
        sa.CheckConstraint(
            "decided_by <> user_id AND proposed_by <> user_id",
            name=op.f("ck_kyc_documents_nobody_reviews_their_own"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_kyc_documents_user_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_kyc_documents_file_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_kyc_documents_decided_by")),
        sa.ForeignKeyConstraint(["proposed_by"], ["users.id"], name=op.f("fk_kyc_documents_proposed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyc_documents")),
    )
    op.create_index("ix_kyc_documents_user_id", "kyc_documents", ["user_id", "id"])
    op.create_index(
        "ix_kyc_documents_waiting",
        "kyc_documents",
        ["uploaded_at", "id"],
        postgresql_where=sa.text("status = 'pending' OR proposed_status IS NOT NULL"),
    )
    op.create_index(
        "ix_kyc_documents_refused",
        "kyc_documents",
        ["decided_at"],
        postgresql_where=sa.text("file_id IS NOT NULL AND status IN ('rejected', 'resubmit')"),
    )
    op.create_index(
        "ix_kyc_documents_number_hash",
        "kyc_documents",
        ["number_hash"],
        postgresql_where=sa.text("number_hash IS NOT NULL"),
    )
    op.create_index(
        "uq_kyc_documents_pending",
        "kyc_documents",
        ["user_id", "document_type"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_kyc_documents_file_id", "kyc_documents", ["file_id"], postgresql_where=sa.text("file_id IS NOT NULL")
    )
    op.create_table(
        "pictures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("jar_id", sa.Uuid(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_pictures_user_id")),
        sa.ForeignKeyConstraint(["jar_id"], ["savings_jars.id"], name=op.f("fk_pictures_jar_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_pictures_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
    )
    op.create_index(
        "uq_pictures_photo", "pictures", ["user_id"], unique=True, postgresql_where=sa.text("jar_id IS NULL")
    )
    op.create_index(
        "uq_pictures_jar_id", "pictures", ["jar_id"], unique=True, postgresql_where=sa.text("jar_id IS NOT NULL")
    )
    op.create_index("ix_pictures_user_id", "pictures", ["user_id"])
    op.create_index("ix_pictures_file_id", "pictures", ["file_id"])


def downgrade() -> None:
    op.drop_table("pictures")
    op.drop_table("kyc_documents")
    op.drop_table("stored_files")
