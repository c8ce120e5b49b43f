"""Receipts of deleted patients, and the keys that sign them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import row_security

revision: str = "0072"
down_revision: str | None = "0071"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"], name="signing_keys_practice_id_fkey"),
        sa.PrimaryKeyConstraint("practice_id"),
    )
    op.create_table(
        "patient_deletions",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column(
            "requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("shared_with", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id", "patient_id"],
            ["patients.practice_id", "patients.id"],
            name="patient_deletions_practice_id_patient_id_fkey",
        ),
        sa.PrimaryKeyConstraint("patient_id"),
    )
    row_security.protect("signing_keys", "SELECT, INSERT")
    row_security.protect("patient_deletions", "SELECT, INSERT, UPDATE (shared_with)")
    op.create_index("tombstones_by_patient", "tombstones", ["patient_id"])
