"""Second factors, recovery codes, and when a practice signs people out."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security
from shared.db.connection.engine import APPLICATION, OPERATOR

revision: str = "0047"
down_revision: str | None = "0046"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_NOW = sa.text("now()")


def upgrade() -> None:
    op.add_column(
        "practices", sa.Column("idle_minutes", sa.Integer(), server_default=sa.text("15"), nullable=False)
    )
    op.create_check_constraint("idle_minutes_in_range", "practices", "idle_minutes BETWEEN 5 AND 30")
    op.execute(f"GRANT UPDATE (idle_minutes) ON practices TO {APPLICATION}")
    # Sessions of before have shown a passphrase alone.
    op.add_column(
        "browser_sessions",
        sa.Column("complete", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "browser_sessions",
        sa.Column("confirmed_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
    )
    op.execute(f"GRANT SELECT (complete, confirmed_at) ON browser_sessions TO {OPERATOR}")
    op.create_table(
        "totp_factors",
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "therapist_id"], ["therapists.practice_id", "therapists.id"]),
        sa.PrimaryKeyConstraint("therapist_id"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "therapist_id"], ["therapists.practice_id", "therapists.id"]),
        sa.PrimaryKeyConstraint("therapist_id", "digest"),
    )
    for table in ("totp_factors", "recovery_codes"):
        row_security.protect(table, "SELECT, INSERT, UPDATE, DELETE")
