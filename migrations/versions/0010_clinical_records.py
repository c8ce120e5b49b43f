"""Versions by people, signatures, process notes, templates of a practice."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import row_security

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    _versions()
    _people_and_practices()
    _signatures()
    _decisions()
    _process_notes()
    _templates()
    _walls()
    _signed_stays_signed()


def _now(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _within(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["practice_id", column], [f"{table}.practice_id", f"{table}.id"])


def _versions() -> None:
    op.add_column("notes", sa.Column("kind", sa.String(), server_default="draft", nullable=False))
    op.add_column("notes", sa.Column("author_id", sa.Uuid(), nullable=True))
    op.add_column("notes", sa.Column("based_on", sa.Integer(), nullable=True))
    op.create_check_constraint("kind_known", "notes", "kind IN ('addendum', 'draft', 'edit', 'extraction')")
    op.create_foreign_key(
        "notes_practice_id_author_id_fkey",
        "notes",
        "therapists",
        ["practice_id", "author_id"],
        ["practice_id", "id"],
    )


def _people_and_practices() -> None:
    op.add_column("practices", sa.Column("template", sa.String(), server_default="default", nullable=False))
    op.add_column("therapists", sa.Column("supervisor_id", sa.Uuid(), nullable=True))
    op.create_check_constraint("supervised_by_another", "therapists", "supervisor_id <> id")
    op.create_foreign_key(
        "therapists_practice_id_supervisor_id_fkey",
        "therapists",
        "therapists",
        ["practice_id", "supervisor_id"],
        ["practice_id", "id"],
    )
    # Keys that may write notes may sign them, keys of administrators may write templates, as new ones may.
    op.execute("ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE api_keys SET scopes = scopes || ARRAY['notes:sign'::varchar] WHERE 'notes:write' = ANY(scopes)"
    )
    op.execute(
        "UPDATE api_keys SET scopes = scopes || ARRAY['templates:write'::varchar] WHERE 'therapists' = ANY(scopes)"
    )
    op.execute("ALTER TABLE api_keys FORCE ROW LEVEL SECURITY")


def _signatures() -> None:
    op.create_table(
        "note_signatures",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("signer_id", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("needs_cosigner", sa.Boolean(), nullable=False),
        _now("signed_at"),
        sa.CheckConstraint("part IN ('author', 'cosigner')", name="part_known"),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        _within("session_id", "sessions"),
        _within("signer_id", "therapists"),
        sa.ForeignKeyConstraint(["session_id", "version"], ["notes.session_id", "notes.version"]),
        sa.PrimaryKeyConstraint("session_id", "version", "part"),
    )
    op.create_index(
        "note_signatures_by_signer",
        "note_signatures",
        ["signer_id"],
        postgresql_where=sa.text("needs_cosigner"),
    )


def _decisions() -> None:
    op.add_column("tombstones", sa.Column("signed", postgresql.JSONB(), server_default="[]", nullable=False))
    op.create_table(
        "proposal_decisions",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        _now("decided_at"),
        sa.CheckConstraint("decision IN ('accepted', 'dismissed')", name="decision_known"),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        _within("session_id", "sessions"),
        _within("decided_by", "therapists"),
        sa.ForeignKeyConstraint(["session_id", "version"], ["notes.session_id", "notes.version"]),
        sa.PrimaryKeyConstraint("session_id", "version"),
    )


def _process_notes() -> None:
    op.create_table(
        "process_notes",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        _within("session_id", "sessions"),
        _within("therapist_id", "therapists"),
        sa.PrimaryKeyConstraint("session_id"),
    )


def _templates() -> None:
    op.create_table(
        "note_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        _within("created_by", "therapists"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "note_templates_by_name",
        "note_templates",
        ["practice_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def _walls() -> None:
    row_security.protect("note_signatures", "SELECT, INSERT, DELETE")
    row_security.protect("proposal_decisions", "SELECT, INSERT, DELETE")
    row_security.protect("process_notes", "SELECT, INSERT, UPDATE, DELETE")
    row_security.protect("note_templates", "SELECT, INSERT, UPDATE")
    op.execute("GRANT UPDATE (template) ON practices TO sessionscribe_app")


def _signed_stays_signed() -> None:
    """Versions never change; what is signed does not go before its session has a tombstone."""
    op.execute(
        "CREATE FUNCTION refuse_change_of_notes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'versions of notes and signatures are never changed'"
        " USING ERRCODE = 'insufficient_privilege';"
        " END $$"
    )
    op.execute(
        "CREATE FUNCTION refuse_loss_of_signed_notes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF EXISTS (SELECT FROM note_signatures WHERE session_id = OLD.session_id AND version = OLD.version)"
        " AND NOT EXISTS (SELECT FROM tombstones WHERE session_id = OLD.session_id) THEN"
        " RAISE EXCEPTION 'signed notes stay until their session has a tombstone'"
        " USING ERRCODE = 'insufficient_privilege';"
        " END IF; RETURN OLD; END $$"
    )
    op.execute(
        "CREATE FUNCTION refuse_notes_after_signature() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.kind IN ('draft', 'edit')"
        " AND EXISTS (SELECT FROM note_signatures WHERE session_id = NEW.session_id) THEN"
        " RAISE EXCEPTION 'signed notes are changed by addenda only'"
        " USING ERRCODE = 'insufficient_privilege';"
        " END IF; RETURN NEW; END $$"
    )
    for table in ("notes", "note_signatures"):
        op.execute(
            f"CREATE TRIGGER never_changed BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_notes()"
        )
        op.execute(
            f"CREATE TRIGGER signed_stays BEFORE DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_loss_of_signed_notes()"
        )
    op.execute(
        "CREATE TRIGGER none_after_signature BEFORE INSERT ON notes"
        " FOR EACH ROW EXECUTE FUNCTION refuse_notes_after_signature()"
    )
