"""Words that therapists have their own recordings expect, and the offers that they dismissed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security, sealing_anew

revision: str = "0120"
down_revision: str | None = "0113"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """One sealed row a therapist."""
    op.create_table(
        "therapist_words",
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "therapist_id"], ["therapists.practice_id", "therapists.id"]),
        sa.PrimaryKeyConstraint("therapist_id"),
    )
    row_security.protect("therapist_words", "SELECT, INSERT, UPDATE")
    sealing_anew.allow("therapist_words", "therapist_id", "body")
