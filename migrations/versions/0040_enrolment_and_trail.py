"""Enrolment codes; which credential and which address a line of the audit trail comes from."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0040"
down_revision: str | None = "0047"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    _codes()
    _owners_manage_their_keys()
    _trail()


def _codes() -> None:
    op.create_table(
        "enrolment_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.ForeignKeyConstraint(["practice_id", "therapist_id"], ["therapists.practice_id", "therapists.id"]),
        sa.ForeignKeyConstraint(["practice_id", "issued_by"], ["therapists.practice_id", "therapists.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("prefix"),
    )
    op.create_index("enrolment_codes_by_person", "enrolment_codes", ["therapist_id"])
    row_security.protect("enrolment_codes", "SELECT, INSERT, UPDATE")
    row_security.open_to_operator("enrolment_codes", "SELECT (practice_id, prefix)")


def _owners_manage_their_keys() -> None:
    """Keys are made by their owners alone from now on: whole ones may make and rotate keys."""
    for table in ("api_keys", "therapists"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE api_keys SET scopes = scopes || ARRAY['keys'::varchar] FROM therapists"
        " WHERE therapists.id = api_keys.therapist_id AND therapists.role = 'therapist'"
        " AND scopes @> ARRAY['sessions:read', 'sessions:write', 'notes:read', 'notes:write', 'notes:sign',"
        " 'patients:read', 'patients:write']::varchar[] AND NOT 'keys' = ANY(scopes)"
    )
    for table in ("api_keys", "therapists"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _trail() -> None:
    op.add_column("audit_events", sa.Column("key_id", sa.Uuid(), nullable=True))
    op.add_column("audit_events", sa.Column("address", sa.String(), nullable=True))
    # A call with credentials of no practice is refused on behalf of none; no practice sees such a line.
    op.alter_column("audit_events", "practice_id", existing_type=sa.Uuid(), nullable=True)
    op.execute(
        "CREATE POLICY operator_insert ON audit_events FOR INSERT TO sessionscribe_operator"
        " WITH CHECK (practice_id IS NULL)"
    )
    op.execute("GRANT INSERT ON audit_events TO sessionscribe_operator")
    op.execute("GRANT USAGE ON SEQUENCE audit_events_id_seq TO sessionscribe_operator")
