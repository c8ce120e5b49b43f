"""A supervisor's reading is held to one session in every table about patients, as that of an emergency is."""

from collections.abc import Sequence

from alembic import op

revision: str = "0123"
down_revision: str | None = "0122"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# As in 0121: while app.supervised_session names a session, only its rows show, and nothing is written.
_OFF = "(SELECT coalesce(current_setting('app.supervised_session', true), '') = '')"
_OF_SESSION = "session_id = (SELECT supervised_session())"
_OF_PATIENT = "patient_id = (SELECT supervised_patient())"
_ROWS = {
    "steps": _OF_SESSION,
    "risk_alerts": _OF_SESSION,
    "note_signatures": _OF_SESSION,
    "proposal_decisions": _OF_SESSION,
    "transcription_usage": _OF_SESSION,
    "session_events": _OF_SESSION,
    "part2_flags": _OF_PATIENT,
}
# What no supervisor reads stays closed.
_CLOSED = (
    "consent_evidence",
    "disclosures",
    "emergency_accesses",
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
            f"CREATE POLICY supervision ON {table} AS RESTRICTIVE TO sessionscribe_app"
            f" USING ({_OFF} OR {rows}) WITH CHECK ({_OFF})"
        )
    # The policies of the others read the grants; a supervisor makes none and ends none.
    op.execute(
        "CREATE POLICY supervision_insert ON supervision_grants AS RESTRICTIVE FOR INSERT TO sessionscribe_app"
        f" WITH CHECK ({_OFF})"
    )
    op.execute(
        "CREATE POLICY supervision_delete ON supervision_grants AS RESTRICTIVE FOR DELETE TO sessionscribe_app"
        f" USING ({_OFF})"
    )
