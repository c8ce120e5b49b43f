"""Uploads whose length the client does not know yet: recordings that are still being made."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0090"
down_revision: str | None = "0088"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """For the previous release such an upload has the length of the largest and is never whole."""
    op.add_column("uploads", sa.Column("deferred", sa.Boolean(), server_default="false", nullable=False))
