"""Rules of retention, and what they removed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0071"
down_revision: str | None = "0070"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "retention_rules",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("days BETWEEN 0 AND 36500", name="days_in_range"),
        sa.CheckConstraint("grace_days BETWEEN 0 AND 365", name="grace_days_in_range"),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"], name="retention_rules_practice_id_fkey"),
        sa.PrimaryKeyConstraint("practice_id", "kind"),
    )
    op.create_table(
        "patient_retention",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("keep_until", sa.Date(), nullable=True),
        sa.CheckConstraint("birth_year BETWEEN 1900 AND 2200", name="birth_year_in_range"),
        sa.ForeignKeyConstraint(
            ["practice_id", "patient_id"],
            ["patients.practice_id", "patients.id"],
            name="patient_retention_practice_id_patient_id_fkey",
        ),
        sa.PrimaryKeyConstraint("patient_id"),
    )
    for table in ("retention_rules", "patient_retention"):
        row_security.protect(table, "SELECT, INSERT, UPDATE, DELETE")
    row_security.open_to_operator("retention_rules", "SELECT (practice_id)")
    for kind in ("transcript", "drafts"):
        op.add_column("sessions", sa.Column(f"{kind}_removed_at", sa.DateTime(timezone=True), nullable=True))
    for column, kind in (
        ("audio_removed_at", "recording"),
        ("transcript_removed_at", "transcript"),
        ("drafts_removed_at", "drafts"),
    ):
        _note(column, kind)


def _note(column: str, kind: str) -> None:
    """What a rule removed is removed again after a restore."""
    op.execute(
        f"CREATE FUNCTION note_removal_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"  # noqa: S608 - of our own words
        " INSERT INTO removals (practice_id, kind, subject_id, at)"
        f" VALUES (NEW.practice_id, '{kind}', NEW.id, NEW.{column}) ON CONFLICT DO NOTHING;"
        " RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER note_removal_{kind} AFTER UPDATE OF {column} ON sessions FOR EACH ROW"
        f" WHEN (NEW.{column} IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column})"
        f" EXECUTE FUNCTION note_removal_{kind}()"
    )
