"""Risk alerts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """What was found of grave risk, and who has acknowledged it."""
    op.create_table(
        "risk_alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("findings", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged_by_somebody"
        ),
        sa.ForeignKeyConstraint(["practice_id", "session_id"], ["sessions.practice_id", "sessions.id"]),
        sa.ForeignKeyConstraint(
            ["practice_id", "acknowledged_by"], ["therapists.practice_id", "therapists.id"]
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("practice_id", "id"),
    )
    op.create_index("risk_alerts_by_session", "risk_alerts", ["session_id"])
    op.create_index(
        "risk_alerts_open", "risk_alerts", ["found_at"], postgresql_where=sa.text("acknowledged_at IS NULL")
    )
    row_security.protect("risk_alerts", "SELECT, INSERT, UPDATE, DELETE")
    # Who reminds looks for what is overdue in every practice, and then acts within that one.
    row_security.open_to_operator(
        "risk_alerts", "SELECT (id, practice_id, session_id, found_at, reminded_at, acknowledged_at)"
    )
