"""Sessions know what their recording still holds off the record, and what of the uploaded one was damaged."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0129"
down_revision: str | None = "0128"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_READ = ("outputs", "steps", "sessions")


def upgrade() -> None:
    no = sa.text("false")
    op.add_column("sessions", sa.Column("off_record_due", sa.Boolean(), server_default=no, nullable=False))
    op.add_column("sessions", sa.Column("damage", postgresql.JSONB(), nullable=True))
    for table in _READ:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")  # else there would be no rows
    op.execute(
        "UPDATE sessions SET off_record_due = true FROM outputs, steps"
        " WHERE outputs.session_id = sessions.id AND outputs.name = 'off_record'"
        " AND steps.session_id = sessions.id AND steps.name = 'redact' AND steps.state <> 'done'"
    )
    for table in _READ:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
