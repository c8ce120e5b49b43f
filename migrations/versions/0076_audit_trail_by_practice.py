"""An index by which a practice's part of the audit trail is read."""

from collections.abc import Sequence

from alembic import op

revision: str = "0076"
down_revision: str | None = "0075"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("audit_events_by_practice", "audit_events", ["practice_id", "id"])
