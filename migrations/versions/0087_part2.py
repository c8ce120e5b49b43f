"""Records of substance use disorder treatment (42 CFR Part 2): a flag, and a consent of their own."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0087"
down_revision: str | None = "0086"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "part2_flags",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),  # the patient, or one session
        sa.Column("flagged_by", sa.Uuid(), nullable=False),
        sa.Column("flagged_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "patient_id"], ["patients.practice_id", "patients.id"]),
        sa.PrimaryKeyConstraint("patient_id", "subject_id"),
    )
    row_security.protect("part2_flags", "SELECT, INSERT, DELETE")
    op.drop_constraint("scope_known", "consents")
    op.create_check_constraint(
        "scope_known", "consents", "scope IN ('ai_notes', 'part2', 'recording', 'sending_away')"
    )
