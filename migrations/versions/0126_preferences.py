"""How a person likes the pages: the theme, and how fast recordings play."""

from collections.abc import Sequence

from alembic import op

revision: str = "0126"
down_revision: str | None = "0124"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE therapists ADD COLUMN theme varchar NOT NULL DEFAULT 'system',"
        " ADD COLUMN playback_speed double precision NOT NULL DEFAULT 1,"
        " ADD CONSTRAINT ck_therapists_theme_known CHECK (theme IN ('system', 'light', 'dark')),"
        " ADD CONSTRAINT ck_therapists_speed_in_range CHECK (playback_speed BETWEEN 0.5 AND 3)"
    )
