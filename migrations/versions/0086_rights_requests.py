"""What patients ask of their records: access, amendment, restriction."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0086"
down_revision: str | None = "0085"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    def time(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column:
        default = sa.text("now()") if now else None
        return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)

    op.create_table(
        "rights_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),  # not a reference: the session may be deleted
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        time("received_at"),
        time("due_at"),
        time("decided_at", nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        time("created_at", now=True),
        sa.CheckConstraint("kind IN ('access', 'amendment', 'restriction')", name="kind_known"),
        sa.CheckConstraint("status IN ('denied', 'ended', 'fulfilled', 'open')", name="status_known"),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "patient_id"], ["patients.practice_id", "patients.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("rights_requests_by_patient", "rights_requests", ["patient_id", "created_at"])
    row_security.protect("rights_requests", "SELECT, INSERT, UPDATE (status, answer, decided_at, decided_by)")
