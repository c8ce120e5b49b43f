"""Flags of 42 CFR Part 2 are listed, so that a restore of an older backup does not forget one."""

from collections.abc import Sequence

from alembic import op

revision: str = "0096"
down_revision: str | None = "0091"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    _note("INSERT", "NEW", "part2_flagged")
    _note("DELETE", "OLD", "part2_unflagged")


def _note(event: str, row: str, kind: str) -> None:
    """Without its flag a record could be sent away that may not be."""
    op.execute(
        f"CREATE FUNCTION note_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"  # noqa: S608 - of our own words
        " INSERT INTO removals (practice_id, kind, subject_id, at)"
        f" VALUES ({row}.practice_id, '{kind}', {row}.subject_id, clock_timestamp()) ON CONFLICT DO NOTHING;"
        " RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER note_{kind} AFTER {event} ON part2_flags FOR EACH ROW EXECUTE FUNCTION note_{kind}()"
    )
