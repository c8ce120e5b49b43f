"""People who sign in with an OpenID provider."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security
from shared.db.connection.engine import APPLICATION

revision: str = "0052"
down_revision: str | None = "0051"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_NO = sa.text("false")


def upgrade() -> None:
    op.add_column("practices", sa.Column("provider_only", sa.Boolean(), server_default=_NO, nullable=False))
    op.execute(f"GRANT UPDATE (provider_only) ON practices TO {APPLICATION}")
    op.add_column("logins", sa.Column("break_glass", sa.Boolean(), server_default=_NO, nullable=False))
    op.add_column(
        "browser_sessions", sa.Column("by_provider", sa.Boolean(), server_default=_NO, nullable=False)
    )
    op.create_table(
        "provider_identities",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "therapist_id"], ["therapists.practice_id", "therapists.id"]),
        sa.PrimaryKeyConstraint("issuer", "subject"),
    )
    op.create_index("ix_provider_identities_therapist_id", "provider_identities", ["therapist_id"])
    row_security.protect("provider_identities", "SELECT, INSERT, UPDATE, DELETE")
    row_security.open_to_operator(
        "provider_identities", "SELECT (issuer, subject, practice_id, therapist_id)"
    )
