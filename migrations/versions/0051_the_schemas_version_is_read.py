"""Let the login of the processes, which owns nothing, read which schema there is."""

from collections.abc import Sequence

from alembic import op

from shared.db.connection.engine import OPERATOR

revision: str = "0051"
down_revision: str | None = "0050"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute(f"GRANT SELECT ON alembic_version TO {OPERATOR}")
