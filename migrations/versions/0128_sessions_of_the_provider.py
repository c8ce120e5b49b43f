"""Browser sessions know the provider's session that they began in, and logout tokens are obeyed once."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import sealing_anew
from shared.db.connection.engine import OPERATOR

revision: str = "0128"
down_revision: str | None = "0127"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("browser_sessions", sa.Column("provider_session", sa.LargeBinary(), nullable=True))
    op.add_column("browser_sessions", sa.Column("id_token", sa.LargeBinary(), nullable=True))
    op.create_index("browser_sessions_by_provider_session", "browser_sessions", ["provider_session"])
    op.execute(f"GRANT SELECT (provider_session) ON browser_sessions TO {OPERATOR}")
    op.execute("DROP TRIGGER retired_key ON browser_sessions")
    op.execute("DROP POLICY sealer ON browser_sessions")
    sealing_anew.allow("browser_sessions", "therapist_id", "address", "agent", "id_token")
    op.create_table(
        "provider_logouts",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.execute(f"GRANT SELECT, INSERT, DELETE ON provider_logouts TO {OPERATOR}")
