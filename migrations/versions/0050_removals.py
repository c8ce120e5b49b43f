"""One append-only list of everything that was taken away, kept by Postgres itself."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0050"
down_revision: str | None = "0048"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Table, what happens to a row, under which condition, what of the row is the subject, and the kind of removal.
# Triggers, because a way to take something away that forgot to say so would be undone by the next restore.
_SOURCES = (
    ("tombstones", "INSERT", "true", "session_id", "session"),
    ("sessions", "UPDATE", "OLD.status <> 'cancelled' AND NEW.status = 'cancelled'", "id", "session_cancelled"),
    ("patients", "UPDATE", "OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL", "id", "patient"),
    ("patients", "UPDATE", "{consents_old} AND NOT {consents_new}", "id", "consent_withdrawn"),
    ("patients", "UPDATE", "{consents_new} AND NOT {consents_old}", "id", "consent_given"),
    ("process_notes", "DELETE", "true", "session_id", "process_notes"),
    ("api_keys", "UPDATE", "{ends_sooner}", "id", "key"),
    (
        "logins", "UPDATE", "OLD.passphrase_hash <> NEW.passphrase_hash",
        "therapist_id", "passphrase",
    ),
    ("logins", "DELETE", "true", "therapist_id", "passphrase"),
    ("passkeys", "DELETE", "true", "id", "passkey"),
    ("totp_factors", "DELETE", "true", "therapist_id", "second_factor"),
    ("therapists", "UPDATE", "OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL", "id", "person_disabled"),
    ("therapists", "UPDATE", "OLD.disabled_at IS NOT NULL AND NEW.disabled_at IS NULL", "id", "person_enabled"),
    ("webhook_endpoints", "DELETE", "true", "id", "webhook"),
    (
        "practice_engines", "UPDATE", "OLD.away_allowed_at IS NOT NULL AND NEW.away_allowed_at IS NULL",
        "practice_id", "away_forbidden",
    ),
    (
        "practice_engines", "UPDATE", "OLD.away_allowed_at IS NULL AND NEW.away_allowed_at IS NOT NULL",
        "practice_id", "away_allowed",
    ),
    ("outputs", "INSERT", "NEW.name = 'off_record'", "session_id", "off_record"),
)  # fmt: skip
_CONDITIONS = {
    "consents_old": "(OLD.consent_given_at IS NOT NULL AND OLD.consent_revoked_at IS NULL)",
    "consents_new": "(NEW.consent_given_at IS NOT NULL AND NEW.consent_revoked_at IS NULL)",
    "ends_sooner": "(OLD.revoked_at IS NULL AND (NEW.revoked_at IS NOT NULL"
    " OR coalesce(NEW.expires_at, 'infinity') < coalesce(OLD.expires_at, 'infinity')))",
}
# What had been taken away before, as far as rows still tell.
_BEFORE = (
    ("tombstones", "session_id", "requested_at", "true", "session"),
    ("patients", "id", "deleted_at", "deleted_at IS NOT NULL", "patient"),
    ("patients", "id", "consent_revoked_at", "consent_revoked_at IS NOT NULL", "consent_withdrawn"),
    ("api_keys", "id", "revoked_at", "revoked_at IS NOT NULL", "key"),
    ("therapists", "id", "disabled_at", "disabled_at IS NOT NULL", "person_disabled"),
    ("sessions", "id", "updated_at", "status = 'cancelled'", "session_cancelled"),
)


def upgrade() -> None:
    op.create_table(
        "removals",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("practice_id", "kind", "subject_id", "at"),
    )
    _copy_what_is_known()
    row_security.protect("removals", "SELECT, INSERT")
    _append_only()
    for source in _SOURCES:
        _note(*source)


def _copy_what_is_known() -> None:
    for table, subject, at, condition, kind in _BEFORE:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")  # else there would be none to read
        op.execute(
            "INSERT INTO removals (practice_id, kind, subject_id, at)"  # noqa: S608 - of our own words
            f" SELECT practice_id, '{kind}', {subject}, {at} FROM {table} WHERE {condition}"
        )
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE outputs NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "INSERT INTO removals (practice_id, kind, subject_id, at, sealed)"
        " SELECT practice_id, 'off_record', session_id, created_at, body FROM outputs WHERE name = 'off_record'"
    )
    op.execute("ALTER TABLE outputs FORCE ROW LEVEL SECURITY")


def _append_only() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change_of_removals() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'the list of removals is append-only' USING ERRCODE = 'insufficient_privilege';"
        " END $$"
    )
    for name, events, scope in (
        ("append_only", "UPDATE OR DELETE", "ROW"), ("never_emptied", "TRUNCATE", "STATEMENT")
    ):  # fmt: skip
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {events} ON removals"
            f" FOR EACH {scope} EXECUTE FUNCTION refuse_change_of_removals()"
        )


def _note(table: str, event: str, condition: str, subject: str, kind: str) -> None:
    """Have ``table`` note a removal of this ``kind`` by itself."""
    row = "OLD" if event == "DELETE" else "NEW"
    sealed = "NEW.body" if kind == "off_record" else "NULL"
    # A login is removed again if its passphrase is older than this: the new one must not be.
    at = "NEW.changed_at" if (table, event) == ("logins", "UPDATE") else "clock_timestamp()"
    function = f"note_removal_{kind}_by_{event.lower()}"
    op.execute(
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"  # noqa: S608 - of our own words
        " INSERT INTO removals (practice_id, kind, subject_id, at, sealed)"
        f" VALUES ({row}.practice_id, '{kind}', {row}.{subject}, {at}, {sealed}) ON CONFLICT DO NOTHING;"
        " RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {function} AFTER {event} ON {table} FOR EACH ROW"
        f" WHEN ({condition.format(**_CONDITIONS)}) EXECUTE FUNCTION {function}()"
    )
