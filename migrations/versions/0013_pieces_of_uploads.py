"""Where an unfinished upload lies, in a store that keeps it in pieces."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Nothing lies in pieces so far."""
    op.add_column("uploads", sa.Column("pieces", sa.ARRAY(sa.String()), server_default="{}", nullable=False))
