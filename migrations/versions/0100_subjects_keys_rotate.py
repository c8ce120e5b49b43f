"""Subjects' keys rotate: who may seal values anew, what is left to do, and no value under a former key."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security, sealing_anew
from shared.db.connection.engine import SEALER

revision: str = "0100"
down_revision: str | None = "0096"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Table, the column of the subject, the sealed columns.
_SEALED = (
    ("patients", "id", ("name",)),
    ("sessions", "id", ("audio_filename", "audio_digest", "external_id", "vocabulary")),
    ("outputs", "session_id", ("body",)),
    ("notes", "session_id", ("body",)),
    ("process_notes", "session_id", ("body",)),
    ("risk_alerts", "session_id", ("findings", "note")),
    ("uploads", "id", ("details",)),
    ("participants", "patient_id", ("name",)),
    ("consents", "patient_id", ("text",)),
    ("holds", "patient_id", ("details",)),
    ("disclosures", "patient_id", ("details",)),
    ("rights_requests", "patient_id", ("words", "answer")),
    ("emergency_accesses", "patient_id", ("reason",)),
    ("removals", "subject_id", ("sealed",)),
    ("note_templates", "id", ("body",)),
    ("signing_keys", "id", ("private_key",)),
    ("practice_engines", "practice_id", ("vocabulary",)),
    ("browser_sessions", "therapist_id", ("address", "agent")),
    ("totp_factors", "therapist_id", ("secret",)),
    ("webhook_endpoints", "id", ("url", "label", "secret", "old_secret")),
)
# What is never changed but by sealing it anew: the trigger, its table, its events and its function.
_APPEND_ONLY = (
    ("never_changed", "notes", "UPDATE", "refuse_change_of_notes"),
    ("append_only", "consents", "UPDATE", "refuse_change_of_consents"),
    ("append_only", "removals", "UPDATE OR DELETE", "refuse_change_of_removals"),
)


def upgrade() -> None:
    row_security.make_roles()
    op.create_table(
        "subject_rotations",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"], name="subject_rotations_practice_id_fkey"),
        sa.PrimaryKeyConstraint("subject_id"),
    )
    op.create_index(
        "subject_rotations_open", "subject_rotations", ["practice_id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
    row_security.protect("subject_rotations", "SELECT, INSERT, UPDATE")
    row_security.open_to_operator("subject_rotations", "SELECT")
    op.execute(
        f"CREATE POLICY sealer ON subject_rotations FOR SELECT TO {SEALER} USING ({row_security.OWN_PRACTICE})"
    )
    op.execute(f"GRANT SELECT ON subject_rotations TO {SEALER}")
    sealing_anew.make_functions()
    for table, subject, columns in _SEALED:
        sealing_anew.allow(table, subject, *columns)
    for trigger, table, events, function in _APPEND_ONLY:
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE {events} ON {table} FOR EACH ROW"
            f" WHEN (current_user <> '{SEALER}') EXECUTE FUNCTION {function}()"
        )
