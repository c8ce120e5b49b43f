"""A value that only the deployment's own key store opens."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db.connection.engine import OPERATOR

revision: str = "0046"
down_revision: str | None = "0045"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """One row, of no practice; nothing in the service may change or remove it."""
    op.create_table(
        "key_store_checks",
        sa.Column("id", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute(f"GRANT SELECT, INSERT ON key_store_checks TO {OPERATOR}")
