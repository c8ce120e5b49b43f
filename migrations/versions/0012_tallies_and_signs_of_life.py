"""What operators see: tallies, signs of life, what a reconciliation found."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db.connection.engine import APPLICATION, OPERATOR

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_NOW = sa.text("now()")


def upgrade() -> None:
    """Counts and names of processes: of no practice, so that no wall stands between."""
    op.create_table(
        "tallies",
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("event", "step", "code", "bucket", "slot"),
    )
    op.create_table(
        "signs_of_life",
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("process"),
    )
    op.create_table(
        "reconciliations",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("kind"),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON tallies TO {APPLICATION}, {OPERATOR}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON signs_of_life TO {OPERATOR}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON reconciliations TO {OPERATOR}")
    op.execute(f"GRANT SELECT (created_at, updated_at, charged_seconds) ON sessions TO {OPERATOR}")
    op.create_index("sessions_failed", "sessions", ["id"], postgresql_where=sa.text("status = 'failed'"))
    op.add_column(
        "steps", sa.Column("ready_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False)
    )
