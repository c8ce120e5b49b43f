"""Copies of whole records, which are prepared in the background and stored until they are fetched."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import row_security, sealing_anew

revision: str = "0110"
down_revision: str | None = "0100"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_STATES = "'expired', 'failed', 'fetched', 'preparing', 'ready', 'waiting', 'withdrawn'"
_OPEN = "state IN ('preparing', 'ready', 'waiting')"


def upgrade() -> None:
    def time(name: str) -> sa.Column:
        return sa.Column(name, sa.DateTime(timezone=True), nullable=True)

    op.create_table(
        "record_packages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("contents", postgresql.JSONB(), nullable=False),
        sa.Column("parts_done", sa.Integer(), nullable=False),
        sa.Column("parts_total", sa.Integer(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        time("lease_until"),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        time("ready_at"),
        time("expires_at"),
        time("fetched_at"),
        time("ended_at"),
        sa.CheckConstraint("form IN ('age', 'zip')", name="form_known"),
        sa.CheckConstraint(f"state IN ({_STATES})", name="state_known"),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "patient_id"], ["patients.practice_id", "patients.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("record_packages_by_patient", "record_packages", ["patient_id", "created_at"])
    op.create_index(
        "record_packages_open", "record_packages", ["created_at"], postgresql_where=sa.text(_OPEN)
    )
    row_security.protect("record_packages", "SELECT, INSERT, UPDATE")
    row_security.open_to_operator("record_packages", "SELECT (practice_id, state)")
    sealing_anew.allow("record_packages", "id", "secret")
