"""What a practice chose of speech engines, an upload's choice, and what transcripts took."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Two tables and a column; the operator may add up what transcripts took."""
    op.create_table(
        "practice_engines",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("transcriber", sa.String(), nullable=True),
        sa.Column("vocabulary", sa.LargeBinary(), nullable=True),
        sa.Column("away_allowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("away_allowed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(
            ["practice_id", "away_allowed_by"], ["therapists.practice_id", "therapists.id"]
        ),
        sa.PrimaryKeyConstraint("practice_id"),
    )
    op.create_table(
        "transcription_usage",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("audio_seconds", sa.Double(), nullable=False),
        sa.Column("cost_usd", sa.Double(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "session_id"], ["sessions.practice_id", "sessions.id"]),
        sa.PrimaryKeyConstraint("session_id", "engine"),
    )
    op.add_column("sessions", sa.Column("transcriber", sa.String(), nullable=True))
    row_security.protect("practice_engines", "SELECT, INSERT, UPDATE")
    row_security.protect("transcription_usage", "SELECT, INSERT, DELETE")
    row_security.open_to_operator("transcription_usage", "SELECT")
