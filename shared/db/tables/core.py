"""The tables. Encrypted columns hold what was said, who said it, and what a client typed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.base import Base as Base
from shared.db.tables.base import within as within
from shared.db.tables.base import words
from shared.db.tables.column_types import Word
from shared.domain.status import UNFINISHED, Status, StepState
from shared.vault.sealing import Sealed


class Practice(Base):
    """A tenant: nothing of one practice is ever visible to another."""

    __tablename__ = "practices"
    __table_args__ = (CheckConstraint("idle_minutes BETWEEN 5 AND 30", name="idle_minutes_in_range"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    template: Mapped[str] = mapped_column(default="default")  # for uploads that name none
    idle_minutes: Mapped[int] = mapped_column(server_default=text("15"))  # a browser's, without an act
    provider_only: Mapped[bool] = mapped_column(server_default=text("false"))  # people use OpenID alone
    # Roles by a claim of the provider's token: its name, and the value of each role.
    provider_claim: Mapped[str | None]
    provider_therapists: Mapped[str | None]
    provider_administrators: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Therapist(Base):
    """A person with keys: a therapist, or an administrator who manages but does not read.

    ``supervisor_id``: who co-signs what this therapist signs; None where no co-signature is needed.
    """

    __tablename__ = "therapists"
    __table_args__ = (
        CheckConstraint("role IN ('administrator', 'therapist')", name="role_known"),
        CheckConstraint("supervisor_id <> id", name="supervised_by_another"),
        CheckConstraint("theme IN ('system', 'light', 'dark')", name="theme_known"),
        CheckConstraint("playback_speed BETWEEN 0.5 AND 3", name="speed_in_range"),
        UniqueConstraint("practice_id", "id"),
        within("supervisor_id", "therapists"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), index=True)
    name: Mapped[str]
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    disabled_at: Mapped[datetime | None]
    supervisor_id: Mapped[UUID | None]
    theme: Mapped[str] = mapped_column(server_default="system")
    playback_speed: Mapped[float] = mapped_column(server_default="1")


class ApiKey(Base):
    """An API key: found by its id part, checked against an HMAC with this version of the pepper."""

    __tablename__ = "api_keys"
    __table_args__ = (within("therapist_id", "therapists"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), index=True)
    therapist_id: Mapped[UUID]
    prefix: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    pepper_version: Mapped[int] = mapped_column(server_default="1")
    label: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String))
    networks: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Patient(Base):
    """A patient of one therapist, with the consent to be recorded."""

    __tablename__ = "patients"
    __table_args__ = (within("therapist_id", "therapists"), UniqueConstraint("practice_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    therapist_id: Mapped[UUID] = mapped_column(index=True)
    name: Mapped[Sealed]
    consent_given_at: Mapped[datetime | None]
    consent_method: Mapped[str | None]
    consent_revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    deleted_at: Mapped[datetime | None]


class TherapySession(Base):
    """One recorded therapy session: the promise that its recording will be worked on."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint(f"status IN {words(*Status)}", name="status_known"),
        within("therapist_id", "therapists"),
        within("patient_id", "patients"),
        UniqueConstraint("practice_id", "id"),
        Index("sessions_by_therapist", "therapist_id", text("session_date DESC"), text("id DESC")),
        Index(
            "sessions_by_patient", "therapist_id", "patient_id", text("session_date DESC"), text("id DESC")
        ),
        Index("sessions_by_status", "therapist_id", "status", text("session_date DESC"), text("id DESC")),
        # What the dispatcher asks twice a second: small, however many sessions are finished.
        Index(
            "sessions_unfinished", "dispatch_after", postgresql_where=text(f"status IN {words(*UNFINISHED)}")
        ),
        Index("sessions_with_plain_digests", "id", postgresql_where=text("audio_sha256 <> ''")),
        Index(
            "sessions_by_external_id",
            "therapist_id",
            "external_id_hash",
            postgresql_where=text("external_id_hash IS NOT NULL"),
        ),
        Index("sessions_failed", "id", postgresql_where=text("status = 'failed'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    therapist_id: Mapped[UUID]
    patient_id: Mapped[UUID] = mapped_column(index=True)
    session_date: Mapped[datetime]
    status: Mapped[Status] = mapped_column(Word(Status))
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]

    audio_filename: Mapped[Sealed]
    audio_family: Mapped[str]
    audio_bytes: Mapped[int] = mapped_column(BigInteger)
    audio_digest: Mapped[Sealed | None]  # the recording's SHA-256
    audio_sha256: Mapped[str] = mapped_column(default="")  # of older releases, until it is sealed
    audio_removed_at: Mapped[datetime | None]  # by retention; the rest of the session stays
    transcript_removed_at: Mapped[datetime | None]  # by retention too, as the following
    drafts_removed_at: Mapped[datetime | None]
    duration_seconds: Mapped[float | None]
    off_record_due: Mapped[bool] = mapped_column(server_default=text("false"))  # it is in the sound still
    damage: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # of what was uploaded, once it is rewritten

    external_id: Mapped[Sealed | None]  # the client's own reference, and what it is found by
    external_id_hash: Mapped[bytes | None]
    speakers: Mapped[int]
    language: Mapped[str | None]
    template: Mapped[str]
    vocabulary: Mapped[Sealed | None]
    transcriber: Mapped[str | None]  # the uploader's wish; else the practice's or the server's
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    processed_at: Mapped[datetime | None]
    dispatch_after: Mapped[datetime] = mapped_column(server_default=func.now())
    dispatches: Mapped[int] = mapped_column(default=0)
    request_id: Mapped[str | None]  # of the last request that started work on it
    charged_on: Mapped[date | None]  # whose quota it used, and how much of it
    charged_seconds: Mapped[float | None]


_TURN = ("name", "practice_id", "due_at", "session_id", "part")


class StepRow(Base):
    """One step of a session, or one chunk (part 1, 2, …) of a step: what is to be done."""

    __tablename__ = "steps"
    __table_args__ = (
        CheckConstraint(f"state IN {words(*StepState)}", name="state_known"),
        within("session_id", "sessions"),
        Index("steps_open", "session_id", postgresql_where=text("state IN ('ready', 'running')")),
        # What every claim asks: whose turn it is, and who is at work.
        Index("steps_ready", *_TURN, postgresql_where=text("state = 'ready'")),
        Index("steps_running", "name", "practice_id", postgresql_where=text("state = 'running'")),
    )

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    name: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, default=0)
    state: Mapped[StepState] = mapped_column(Word(StepState))
    audio_seconds: Mapped[float] = mapped_column(default=0.0)
    progress: Mapped[float] = mapped_column(default=0.0)
    attempt: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int]
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    ready_at: Mapped[datetime] = mapped_column(server_default=func.now())  # since when it could be claimed
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())  # its place among its practice's
    urgent: Mapped[bool] = mapped_column(server_default=text("false"))  # a person waits for it
    worker: Mapped[str | None]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    error_code: Mapped[str | None]


class Output(Base):
    """What a step made, once: plan, chunk, transcript or draft. The primary key forbids a second."""

    __tablename__ = "outputs"
    __table_args__ = (within("session_id", "sessions"),)

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    name: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, default=0)
    body: Mapped[Sealed]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AuditEvent(Base):
    """Who did what to which record, and every attempt of every step: ids and codes only."""

    __tablename__ = "audit_events"
    __table_args__ = tuple(Index(f"audit_events_by_{of}", f"{of}_id", "id") for of in ("subject", "practice"))

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    practice_id: Mapped[UUID | None]  # None: a refused call whose credentials belong to no practice
    actor: Mapped[str]
    key_id: Mapped[UUID | None]
    address: Mapped[str | None]
    action: Mapped[str]
    subject_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    step: Mapped[str | None]
    part: Mapped[int | None]
    attempt: Mapped[int | None]
    code: Mapped[str | None]
