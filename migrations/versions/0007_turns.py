"""Whose turn it is: the order of the steps, and when each practice was served."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "steps",
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.add_column("steps", sa.Column("urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    _close_what_no_longer_counts()
    op.create_index(
        "steps_ready",
        "steps",
        ["name", "practice_id", "due_at", "session_id", "part"],
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index(
        "steps_running", "steps", ["name", "practice_id"], postgresql_where=sa.text("state = 'running'")
    )
    op.create_table(
        "turns",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.PrimaryKeyConstraint("practice_id"),
    )
    row_security.protect("turns", "SELECT, INSERT, UPDATE")
    row_security.open_to_operator("turns", "SELECT")


def _close_what_no_longer_counts() -> None:
    """Steps of ended sessions that were left open: nobody may claim them, and everybody would look."""
    for table in ("steps", "sessions"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE steps SET state = 'failed', lease_token = NULL, lease_until = NULL,"
        " error_code = coalesce(steps.error_code, sessions.error_code) FROM sessions"
        " WHERE sessions.id = steps.session_id AND sessions.status IN ('failed', 'cancelled', 'processed')"
        " AND steps.state IN ('ready', 'running')"
    )
    for table in ("steps", "sessions"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
