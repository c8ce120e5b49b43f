"""Roles that an OpenID provider gives, by the values of a claim."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db.connection.engine import APPLICATION

revision: str = "0122"
down_revision: str | None = "0121"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    for name in ("provider_claim", "provider_therapists", "provider_administrators"):
        op.add_column("practices", sa.Column(name, sa.String(), nullable=True))
        op.execute(f"GRANT UPDATE ({name}) ON practices TO {APPLICATION}")
