"""Cancelled, deleted and followed sessions."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import row_security

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("audio_removed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "session_events",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id", "session_id"],
            ["sessions.practice_id", "sessions.id"],
            name="session_events_practice_id_session_id_fkey",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("session_events_by_session", "session_events", ["session_id", "id"], unique=False)
    op.execute("ALTER TABLE sessions NO FORCE ROW LEVEL SECURITY")  # else there would be none to read
    op.execute(
        "INSERT INTO session_events (session_id, practice_id, status, code, at) "
        "SELECT id, practice_id, status, error_code, updated_at FROM sessions ORDER BY updated_at"
    )
    op.execute("ALTER TABLE sessions FORCE ROW LEVEL SECURITY")
    op.create_table(
        "tombstones",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("removed", postgresql.JSONB(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column(
            "requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("session_id"),
    )
    op.create_table(
        "erasures",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id"),
    )
    op.create_index("erasures_by_due_at", "erasures", ["due_at"], unique=False)
    # The filters of the list, each in the list's own order: without them a page of one patient or
    # one status reads every session that the therapist has. The therapist comes first in both: with
    # the patient alone Postgres thinks that few rows match both, and sorts all that do.
    newest_first = [sa.literal_column("session_date DESC"), sa.literal_column("id DESC")]
    op.create_index(
        "sessions_by_patient", "sessions", ["therapist_id", "patient_id", *newest_first], unique=False
    )
    op.create_index("sessions_by_status", "sessions", ["therapist_id", "status", *newest_first], unique=False)
    _walls()


def _walls() -> None:
    row_security.protect("session_events", "SELECT, INSERT, DELETE")
    op.execute("GRANT USAGE ON SEQUENCE session_events_id_seq TO sessionscribe_app")
    row_security.protect("tombstones", "SELECT, INSERT, UPDATE (erased_at)")
    row_security.protect("erasures", "SELECT, INSERT, UPDATE, DELETE")
    op.execute("GRANT DELETE ON sessions, notes TO sessionscribe_app")  # steps and outputs had it
    # The dispatcher takes what is due of any practice, and then acts within that one.
    row_security.open_to_operator("erasures", "SELECT", "UPDATE (due_at)")
