"""Emergency access: a colleague reads one patient's record for a day, and Postgres holds them to both."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0088"
down_revision: str | None = "0087"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# While app.emergency names an access, only rows of its patient show, nothing is written, and after its end
# there is no row at all. Selected, so that Postgres asks once for a statement and not once for a row.
_OFF = "(SELECT coalesce(current_setting('app.emergency', true), '') = '')"
_PATIENT = "(SELECT emergency_patient())"
# In a function, which the planner does not look into: else each query of these tables would plan one of sessions.
_SESSIONS = "is_of_emergency(session_id)"
_ROWS = {
    "patients": f"id = {_PATIENT}",
    "sessions": f"patient_id = {_PATIENT}",
    "consents": f"patient_id = {_PATIENT}",
    "participants": f"patient_id = {_PATIENT}",
    "rights_requests": f"patient_id = {_PATIENT}",
    "outputs": _SESSIONS,
    "notes": _SESSIONS,
    "process_notes": "false",
}


def upgrade() -> None:
    def time(name: str, *, nullable: bool = True, now: bool = False) -> sa.Column:
        default = sa.text("now()") if now else None
        return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)

    def person(name: str) -> sa.ForeignKeyConstraint:
        return sa.ForeignKeyConstraint(["practice_id", name], ["therapists.practice_id", "therapists.id"])

    op.create_table(
        "emergency_accesses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        time("started_at", nullable=False, now=True),
        time("until_at", nullable=False),
        time("ended_at"),
        time("seen_at"),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "patient_id"], ["patients.practice_id", "patients.id"]),
        person("owner_id"),
        person("therapist_id"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("emergency_accesses_by_owner", "emergency_accesses", ["owner_id"])
    op.create_index("emergency_accesses_by_therapist", "emergency_accesses", ["therapist_id"])
    row_security.protect("emergency_accesses", "SELECT, INSERT, UPDATE (ended_at, seen_at)")
    op.execute(
        "CREATE FUNCTION emergency_patient() RETURNS uuid LANGUAGE sql STABLE AS $$"
        " SELECT patient_id FROM emergency_accesses"
        " WHERE id = nullif(current_setting('app.emergency', true), '')::uuid"
        " AND ended_at IS NULL AND until_at > now() $$"
    )
    op.execute(
        "CREATE FUNCTION is_of_emergency(the_session uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN"
        " RETURN EXISTS (SELECT FROM sessions WHERE id = the_session AND patient_id = emergency_patient());"
        " END $$"
    )
    for table, rows in _ROWS.items():
        op.execute(
            f"CREATE POLICY emergency ON {table} AS RESTRICTIVE TO sessionscribe_app"
            f" USING ({_OFF} OR {rows}) WITH CHECK ({_OFF})"
        )
