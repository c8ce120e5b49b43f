"""Passkeys, and the challenges that they sign."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security
from shared.db.connection.engine import OPERATOR

revision: str = "0048"
down_revision: str | None = "0040"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "therapist_id"], ["therapists.practice_id", "therapists.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credential_id"),
    )
    op.create_index("ix_passkeys_therapist_id", "passkeys", ["therapist_id"])
    op.create_table(
        "passkey_challenges",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    row_security.protect("passkeys", "SELECT, INSERT, UPDATE, DELETE")
    row_security.open_to_operator("passkeys", "SELECT (practice_id, credential_id)")
    op.execute(f"GRANT SELECT, INSERT, DELETE ON passkey_challenges TO {OPERATOR}")
