"""A client's own reference of a session: sealed to be shown, and as a keyed hash to be found."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0091"
down_revision: str | None = "0090"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """New columns that the previous release leaves empty; the index holds only sessions with a reference."""
    op.add_column("sessions", sa.Column("external_id", sa.LargeBinary(), nullable=True))
    op.add_column("sessions", sa.Column("external_id_hash", sa.LargeBinary(), nullable=True))
    op.create_index(
        "sessions_by_external_id",
        "sessions",
        ["therapist_id", "external_id_hash"],
        postgresql_where=sa.text("external_id_hash IS NOT NULL"),
    )
