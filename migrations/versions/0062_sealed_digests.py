"""The hash of a recording, sealed: a plain one tells for ever whether somebody has a copy."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0062"
down_revision: str | None = "0052"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """The previous release goes on writing plain hashes; the dispatcher seals what it finds of them."""
    op.add_column("sessions", sa.Column("audio_digest", sa.LargeBinary(), nullable=True))
    op.alter_column("sessions", "audio_sha256", existing_type=sa.String(), server_default="")
    op.create_index(
        "sessions_with_plain_digests", "sessions", ["id"], postgresql_where=sa.text("audio_sha256 <> ''")
    )
