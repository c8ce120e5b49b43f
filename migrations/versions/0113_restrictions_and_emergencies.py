"""Agreed restrictions survive a restore, and emergency access is held to one patient in every table."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import sealing_anew

revision: str = "0113"
down_revision: str | None = "0112"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# As in 0088: while app.emergency names an access, only rows of its patient show, and nothing is written.
_OFF = "(SELECT coalesce(current_setting('app.emergency', true), '') = '')"
_OF_SESSION, _OF_PATIENT = "is_of_emergency(session_id)", "patient_id = (SELECT emergency_patient())"
_ROWS = {
    "steps": _OF_SESSION,
    "risk_alerts": _OF_SESSION,
    "note_signatures": _OF_SESSION,
    "proposal_decisions": _OF_SESSION,
    "transcription_usage": _OF_SESSION,
    "session_events": _OF_SESSION,
    "part2_flags": _OF_PATIENT,
}
# What no reading of an emergency needs stays closed.
_CLOSED = (
    "consent_evidence",
    "disclosures",
    "erasures",
    "holds",
    "patient_deletions",
    "patient_retention",
    "record_packages",
    "tombstones",
    "uploads",
    "webhook_deliveries",
)


def upgrade() -> None:
    for table, rows in {**_ROWS, **dict.fromkeys(_CLOSED, "false")}.items():
        op.execute(
            f"CREATE POLICY emergency ON {table} AS RESTRICTIVE TO sessionscribe_app"
            f" USING ({_OFF} OR {rows}) WITH CHECK ({_OFF})"
        )
    op.add_column("rights_requests", sa.Column("agreed", sa.LargeBinary(), nullable=True))
    op.execute("GRANT UPDATE (agreed) ON rights_requests TO sessionscribe_app")
    op.execute("DROP TRIGGER retired_key ON rights_requests")
    op.execute("DROP POLICY sealer ON rights_requests")
    sealing_anew.allow("rights_requests", "patient_id", "words", "answer", "agreed")
    _note(
        "restriction", "OLD.status <> 'fulfilled' AND NEW.status = 'fulfilled' AND NEW.agreed IS NOT NULL",
        "NEW.patient_id", "NEW.agreed",
    )  # fmt: skip
    _note("restriction_ended", "OLD.status = 'fulfilled' AND NEW.status = 'ended'", "NEW.id", "NULL")


def _note(kind: str, condition: str, subject: str, sealed: str) -> None:
    """An export after a restore that forgot a restriction would go where the patient does not want it."""
    op.execute(
        f"CREATE FUNCTION note_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"  # noqa: S608 - of our own words
        " INSERT INTO removals (practice_id, kind, subject_id, at, sealed)"
        f" VALUES (NEW.practice_id, '{kind}', {subject}, clock_timestamp(), {sealed}) ON CONFLICT DO NOTHING;"
        " RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER note_{kind} AFTER UPDATE ON rights_requests FOR EACH ROW"
        f" WHEN ({condition}) EXECUTE FUNCTION note_{kind}()"
    )
