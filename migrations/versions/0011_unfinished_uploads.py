"""Resumable uploads that are not whole yet."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """What has arrived of each, whose it is, and until when it is kept."""
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("segments", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("writer", sa.Uuid(), nullable=True),
        sa.Column("stored_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["practice_id", "therapist_id"], ["therapists.practice_id", "therapists.id"]),
        sa.ForeignKeyConstraint(["practice_id", "patient_id"], ["patients.practice_id", "patients.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uploads_by_expiry", "uploads", ["expires_at"])
    op.create_index("uploads_by_practice", "uploads", ["practice_id"])
    op.create_index("uploads_by_patient", "uploads", ["patient_id"])
    row_security.protect("uploads", "SELECT, INSERT, UPDATE, DELETE")
    row_security.open_to_operator("uploads", "SELECT (id, practice_id, expires_at)")
