"""Idempotency keys and quotas."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """What was asked under a key, what a practice has used of its day, whose request a session is."""
    op.create_table(
        "idempotency_keys",
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Uuid(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "therapist_id"], ["therapists.practice_id", "therapists.id"]),
        sa.PrimaryKeyConstraint("therapist_id", "route", "key_digest"),
    )
    op.create_index("idempotency_keys_by_expiry", "idempotency_keys", ["expires_at"])
    op.create_table(
        "quota_days",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seconds", sa.Double(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.PrimaryKeyConstraint("practice_id", "day"),
    )
    op.add_column("sessions", sa.Column("request_id", sa.String(), nullable=True))
    op.add_column("sessions", sa.Column("charged_on", sa.Date(), nullable=True))
    op.add_column("sessions", sa.Column("charged_seconds", sa.Double(), nullable=True))
    row_security.protect("idempotency_keys", "SELECT, INSERT, UPDATE, DELETE")
    row_security.open_to_operator("idempotency_keys", "SELECT (expires_at)", "DELETE")
    row_security.protect("quota_days", "SELECT, INSERT, UPDATE")
    op.execute("GRANT SELECT (request_id) ON sessions TO sessionscribe_operator")
