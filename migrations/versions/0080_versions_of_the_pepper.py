"""With which version of the pepper an API key was digested, so that the pepper can be rotated."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db.connection.engine import OPERATOR

revision: str = "0080"
down_revision: str | None = "0077"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """The previous release knows the first version alone, which is the default."""
    op.add_column("api_keys", sa.Column("pepper_version", sa.Integer(), server_default="1", nullable=False))
    op.execute(f"GRANT UPDATE (digest, pepper_version) ON api_keys TO {OPERATOR}")
