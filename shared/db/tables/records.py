"""The tables of the clinical record: notes, signatures, decisions, process notes, templates."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.column_types import Word
from shared.db.tables.core import Base, within
from shared.domain.notes.record import Decision, Kind, Part
from shared.vault.sealing import Sealed


class NotesVersion(Base):
    """One version of a session's notes; versions are added, never changed, and Postgres sees to it.

    ``author_id``: who wrote it, None for an engine. ``based_on``: the version that it came from.
    """

    __tablename__ = "notes"
    __table_args__ = (
        CheckConstraint("kind IN ('addendum', 'draft', 'edit', 'extraction')", name="kind_known"),
        within("session_id", "sessions"),
        within("author_id", "therapists"),
    )

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    version: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(Word(Kind), default=Kind.DRAFT)
    author_id: Mapped[UUID | None]
    based_on: Mapped[int | None]
    body: Mapped[Sealed]
    engine: Mapped[str]
    template: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


def _of_a_version() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["session_id", "version"], ["notes.session_id", "notes.version"])


class Signature(Base):
    """Who signed a version, when, and the hash of what was signed. Postgres refuses every change of it.

    ``needs_cosigner``: the author was supervised when signing.
    """

    __tablename__ = "note_signatures"
    __table_args__ = (
        CheckConstraint("part IN ('author', 'cosigner')", name="part_known"),
        within("session_id", "sessions"),
        within("signer_id", "therapists"),
        _of_a_version(),
        # What a supervisor has to co-sign is asked for by the person.
        Index("note_signatures_by_signer", "signer_id", postgresql_where=text("needs_cosigner")),
    )

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[Part] = mapped_column(Word(Part), primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    signer_id: Mapped[UUID]
    content_hash: Mapped[str]
    needs_cosigner: Mapped[bool] = mapped_column(default=False)
    signed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ProposalDecision(Base):
    """What became of an extraction that was offered: accepted or dismissed, by whom."""

    __tablename__ = "proposal_decisions"
    __table_args__ = (
        CheckConstraint("decision IN ('accepted', 'dismissed')", name="decision_known"),
        within("session_id", "sessions"),
        within("decided_by", "therapists"),
        _of_a_version(),
    )

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    decision: Mapped[Decision] = mapped_column(Word(Decision))
    decided_by: Mapped[UUID]
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ProcessNotes(Base):
    """A therapist's psychotherapy notes of a session, apart from its record (45 CFR 164.501)."""

    __tablename__ = "process_notes"
    __table_args__ = (within("session_id", "sessions"), within("therapist_id", "therapists"))

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    therapist_id: Mapped[UUID]
    revision: Mapped[int]
    body: Mapped[Sealed]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class NoteTemplate(Base):
    """A practice's own template. Deleted ones stay for the sessions that name them."""

    __tablename__ = "note_templates"
    __table_args__ = (
        within("created_by", "therapists"),
        Index(
            "note_templates_by_name",
            "practice_id",
            "name",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    name: Mapped[str]
    body: Mapped[Sealed]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    deleted_at: Mapped[datetime | None]
