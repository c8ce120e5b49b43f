"""Further recordings join an interrupted session, in order."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import row_security

revision: str = "0124"
down_revision: str | None = "0123"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# As in 0113 and 0123: readings in an emergency and by a supervisor see what they may read, and write nothing.
_RESTRICTED = {
    "emergency": ("app.emergency", "is_of_emergency(session_id)"),
    "supervision": ("app.supervised_session", "session_id = (SELECT supervised_session())"),
}


def upgrade() -> None:
    op.create_table(
        "further_recordings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("begins_at", sa.Float(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=True),
        sa.Column("transcribed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["practice_id", "session_id"], ["sessions.practice_id", "sessions.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("session_id", "number"),
    )
    row_security.protect("further_recordings", "SELECT, INSERT, UPDATE, DELETE")
    for policy, (setting, rows) in _RESTRICTED.items():
        off = f"(SELECT coalesce(current_setting('{setting}', true), '') = '')"
        op.execute(
            f"CREATE POLICY {policy} ON further_recordings AS RESTRICTIVE TO sessionscribe_app"
            f" USING ({off} OR {rows}) WITH CHECK ({off})"
        )
