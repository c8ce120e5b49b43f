"""Consent as a history: a row for each scope that was given or withdrawn, by each participant."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0085"
down_revision: str | None = "0080"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_SCOPES = ("recording", "ai_notes", "sending_away")


def upgrade() -> None:
    _tables()
    _copy_what_is_known()
    row_security.protect("participants", "SELECT, INSERT, UPDATE (left_at)")
    row_security.protect("consents", "SELECT, INSERT")
    op.execute("GRANT USAGE ON SEQUENCE consents_number_seq TO sessionscribe_app")
    _append_only()
    _follow_the_columns()
    _list_removals()


def _tables() -> None:
    op.create_table(
        "participants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        _time("created_at", now=True),
        _time("left_at"),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        _within("patient_id", "patients"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("practice_id", "id"),
    )
    op.create_index(
        "participants_of_patient", "participants", ["patient_id"], postgresql_where=sa.text("left_at IS NULL")
    )
    op.create_table(
        "consents",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(), nullable=True),
        _time("expires_at"),
        sa.Column("text_sha256", sa.String(), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        _time("recorded_at", now=True),
        sa.CheckConstraint("scope IN ('ai_notes', 'recording', 'sending_away')", name="scope_known"),
        sa.CheckConstraint("event IN ('given', 'withdrawn')", name="event_known"),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        _within("patient_id", "patients"),
        _within("participant_id", "participants"),
        sa.PrimaryKeyConstraint("number"),
    )
    newest = ["patient_id", "participant_id", "scope", sa.text("number DESC")]
    op.create_index("consents_newest", "consents", newest)


def _time(name: str, *, now: bool = False) -> sa.Column:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=not now)


def _within(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["practice_id", column], [f"{table}.practice_id", f"{table}.id"])


def _copy_what_is_known() -> None:
    """The consent to be recorded covered, until now, everything that is done with the recording."""
    op.execute("ALTER TABLE patients NO FORCE ROW LEVEL SECURITY")
    for event, at, method, condition in (
        ("given", "consent_given_at", "consent_method", "consent_given_at IS NOT NULL"),
        ("withdrawn", "consent_revoked_at", "NULL", "consent_revoked_at IS NOT NULL"),
    ):
        for scope in _SCOPES:
            op.execute(
                "INSERT INTO consents"  # noqa: S608 - of our own words
                " (practice_id, patient_id, scope, event, at, method, recorded_by, recorded_at)"
                f" SELECT practice_id, id, '{scope}', '{event}', {at}, {method}, therapist_id, updated_at"
                f" FROM patients WHERE {condition} AND deleted_at IS NULL"
            )
    op.execute("ALTER TABLE patients FORCE ROW LEVEL SECURITY")


def _append_only() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change_of_consents() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'the history of consent is append-only' USING ERRCODE = 'insufficient_privilege';"
        " END $$"
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE ON consents"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_consents()"
    )


def _follow_the_columns() -> None:
    """The patient's own columns are the consent to be recorded, as older releases and callers write it.

    A change that the history does not have yet is written there: for every scope, but none that was withdrawn by
    itself is given again.
    """
    op.execute(
        """
CREATE FUNCTION add_consents(patient patients, the_event text, the_at timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO consents (practice_id, patient_id, scope, event, at, method, recorded_by)
    SELECT patient.practice_id, patient.id, s.scope, the_event, the_at,
           CASE the_event WHEN 'given' THEN patient.consent_method END, patient.therapist_id
    FROM unnest(ARRAY['recording', 'ai_notes', 'sending_away']) WITH ORDINALITY AS s(scope, place)
    LEFT JOIN LATERAL (
        SELECT event, recorded_at FROM consents
        WHERE patient_id = patient.id AND participant_id IS NULL AND scope = s.scope
        ORDER BY number DESC LIMIT 1
    ) AS newest ON true
    WHERE s.scope = 'recording'
       OR (the_event = 'withdrawn' AND newest.event = 'given')
       OR (the_event = 'given' AND (newest.event IS DISTINCT FROM 'withdrawn' OR EXISTS (
              SELECT FROM consents AS together
              WHERE together.patient_id = patient.id AND together.participant_id IS NULL
                AND together.scope = 'recording' AND together.event = 'withdrawn'
                AND together.recorded_at = newest.recorded_at)))
    ORDER BY s.place
$$
"""
    )
    op.execute(
        """
CREATE FUNCTION follow_consent_of_patient() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    newest record;
    was_given timestamptz;
    was_revoked timestamptz;
    was_method text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was_given := OLD.consent_given_at;
        was_method := OLD.consent_method;
        was_revoked := OLD.consent_revoked_at;
    END IF;
    SELECT event, at, method INTO newest FROM consents
    WHERE patient_id = NEW.id AND participant_id IS NULL AND scope = 'recording' ORDER BY number DESC LIMIT 1;
    IF NEW.consent_given_at IS NULL THEN
        IF was_given IS NOT NULL AND was_revoked IS NULL THEN
            PERFORM add_consents(NEW, 'withdrawn', coalesce(NEW.consent_revoked_at, now()));
        END IF;
        RETURN NULL;
    END IF;
    IF (NEW.consent_given_at IS DISTINCT FROM was_given OR NEW.consent_method IS DISTINCT FROM was_method
        OR (was_revoked IS NOT NULL AND NEW.consent_revoked_at IS NULL))
       AND (newest.event, newest.at, newest.method)
           IS DISTINCT FROM ('given', NEW.consent_given_at, NEW.consent_method) THEN
        PERFORM add_consents(NEW, 'given', NEW.consent_given_at);
    END IF;
    IF NEW.consent_revoked_at IS NOT NULL AND NEW.consent_revoked_at IS DISTINCT FROM was_revoked
       AND (newest.event, newest.at) IS DISTINCT FROM ('withdrawn', NEW.consent_revoked_at) THEN
        PERFORM add_consents(NEW, 'withdrawn', NEW.consent_revoked_at);
    END IF;
    RETURN NULL;
END $$
"""
    )
    op.execute(
        "CREATE TRIGGER follow_consent AFTER INSERT OR UPDATE ON patients"
        " FOR EACH ROW EXECUTE FUNCTION follow_consent_of_patient()"
    )


def _list_removals() -> None:
    """A restore must not bring back a scope that was withdrawn; the patient's own recording is listed already."""
    op.execute(
        """
CREATE FUNCTION note_removal_of_consent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE who uuid := coalesce(NEW.participant_id, NEW.patient_id);
BEGIN
    IF NEW.event = 'withdrawn' OR EXISTS (
        SELECT FROM removals WHERE practice_id = NEW.practice_id AND subject_id = who
        AND kind = NEW.scope || '_withdrawn') THEN
        INSERT INTO removals (practice_id, kind, subject_id, at)
        VALUES (NEW.practice_id, NEW.scope || '_' || NEW.event, who, clock_timestamp()) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$
"""
    )
    op.execute(
        "CREATE TRIGGER note_removal_of_consent AFTER INSERT ON consents FOR EACH ROW"
        " WHEN (NEW.scope <> 'recording' OR NEW.participant_id IS NOT NULL)"
        " EXECUTE FUNCTION note_removal_of_consent()"
    )
