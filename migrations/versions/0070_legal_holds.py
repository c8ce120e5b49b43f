"""Legal holds, which survive a restore as the removals do."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0070"
down_revision: str | None = "0062"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=False),
        sa.Column(
            "placed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("lift_asked_by", sa.Uuid(), nullable=True),
        sa.Column("lift_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("lifted_by <> lift_asked_by", name="lifted_by_another"),
        sa.CheckConstraint(
            "(lift_asked_by IS NULL) = (lift_asked_at IS NULL)", name="lift_asked_by_somebody"
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "patient_id"],
            ["patients.practice_id", "patients.id"],
            name="holds_practice_id_patient_id_fkey",
        ),
        sa.PrimaryKeyConstraint("id"),
    )  # fmt: skip
    op.create_index("holds_active", "holds", ["patient_id"], postgresql_where=sa.text("lifted_at IS NULL"))
    op.create_index("holds_by_practice", "holds", ["practice_id", "placed_at"])
    row_security.protect(
        "holds",
        "SELECT, INSERT, UPDATE (review_on, lift_asked_by, lift_asked_at, lifted_by, lifted_at)",
    )
    _note("hold_placed", "INSERT", "true", "'hold', NEW.patient_id, NEW.placed_at, NEW.details")
    _note(
        "hold_lifted", "UPDATE", "OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL",
        "'hold_lifted', NEW.id, clock_timestamp(), NULL",
    )  # fmt: skip


def _note(name: str, event: str, condition: str, values: str) -> None:
    """A hold that a restore of an older backup forgot would let go what must be kept."""
    op.execute(
        f"CREATE FUNCTION note_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"  # noqa: S608 - of our own words
        " INSERT INTO removals (practice_id, kind, subject_id, at, sealed)"
        f" VALUES (NEW.practice_id, {values}) ON CONFLICT DO NOTHING; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER note_{name} AFTER {event} ON holds FOR EACH ROW"
        f" WHEN ({condition}) EXECUTE FUNCTION note_{name}()"
    )
