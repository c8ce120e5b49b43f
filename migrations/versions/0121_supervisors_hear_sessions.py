"""A therapist opens a session to their supervisor, who reads it alone, and Postgres holds them to it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0121"
down_revision: str | None = "0120"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# While app.supervised_session names a session, only its rows show, and nothing is written; without a grant to
# app.supervisor there is no row at all. Selected, so that Postgres asks once for a statement.
_OFF = "(SELECT coalesce(current_setting('app.supervised_session', true), '') = '')"
_SESSION = "(SELECT supervised_session())"
_ROWS = {
    "sessions": f"id = {_SESSION}",
    "patients": "id = (SELECT supervised_patient())",
    "outputs": f"session_id = {_SESSION}",
    "notes": f"session_id = {_SESSION}",
    "consents": "false",
    "participants": "false",
    "rights_requests": "false",
    "process_notes": "false",
}


def upgrade() -> None:
    op.create_table(
        "supervision_grants",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("supervisor_id", sa.Uuid(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "session_id"], ["sessions.practice_id", "sessions.id"]),
        sa.ForeignKeyConstraint(["practice_id", "therapist_id"], ["therapists.practice_id", "therapists.id"]),
        sa.ForeignKeyConstraint(
            ["practice_id", "supervisor_id"], ["therapists.practice_id", "therapists.id"]
        ),
        sa.PrimaryKeyConstraint("session_id"),
    )
    op.create_index("supervision_grants_by_therapist", "supervision_grants", ["therapist_id"])
    op.create_index("supervision_grants_by_supervisor", "supervision_grants", ["supervisor_id"])
    row_security.protect("supervision_grants", "SELECT, INSERT, DELETE")
    # As in 0113: no reading of an emergency needs it.
    off = "(SELECT coalesce(current_setting('app.emergency', true), '') = '')"
    op.execute(
        "CREATE POLICY emergency ON supervision_grants AS RESTRICTIVE TO sessionscribe_app"
        f" USING ({off}) WITH CHECK ({off})"
    )
    op.execute(
        "CREATE FUNCTION supervised_session() RETURNS uuid LANGUAGE sql STABLE AS $$"
        " SELECT granted.session_id FROM supervision_grants granted"
        " JOIN therapists ON therapists.id = granted.therapist_id"
        " AND therapists.supervisor_id = granted.supervisor_id"
        " WHERE granted.session_id = nullif(current_setting('app.supervised_session', true), '')::uuid"
        " AND granted.supervisor_id = nullif(current_setting('app.supervisor', true), '')::uuid $$"
    )
    # In plpgsql, which the planner does not look into: else each query of patients would plan one of sessions.
    op.execute(
        "CREATE FUNCTION supervised_patient() RETURNS uuid LANGUAGE plpgsql STABLE AS $$ BEGIN"
        " RETURN (SELECT patient_id FROM sessions WHERE id = supervised_session()); END $$"
    )
    for table, rows in _ROWS.items():
        op.execute(
            f"CREATE POLICY supervision ON {table} AS RESTRICTIVE TO sessionscribe_app"
            f" USING ({_OFF} OR {rows}) WITH CHECK ({_OFF})"
        )
