"""Deleted patients: what remains to be told of them, what others got, and the keys that sign receipts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import audit
from shared.db.tables.core import AuditEvent, Patient, TherapySession
from shared.db.tables.engines import TranscriptionUsage
from shared.db.tables.lifecycle import Tombstone
from shared.db.tables.privacy.audit import Disclosure
from shared.db.tables.privacy.consent import ConsentEvidence, ConsentRow, Part2Flag, Participant
from shared.db.tables.privacy.emergency import EmergencyAccess
from shared.db.tables.privacy.packages import RecordPackage
from shared.db.tables.privacy.retention import Hold, PatientDeletion, PatientRetention, SigningKey
from shared.db.tables.privacy.rights import RightsRequest
from shared.db.tables.records import NotesVersion
from shared.db.tables.webhooks import WebhookAttempt, WebhookDelivery
from shared.domain.disclosures import EXPORT
from shared.domain.webhooks import DeliveryState, EventType

# What stays of a deleted patient as proof, by the name under which the receipt counts it.
_KEPT: tuple[tuple[str, Any], ...] = (
    ("consents", ConsentRow),
    ("consent_evidence", ConsentEvidence),
    ("participants", Participant),
    ("requests", RightsRequest),
    ("disclosures", Disclosure),
    ("emergency_accesses", EmergencyAccess),
    ("holds", Hold),
    ("packages", RecordPackage),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """How often an engine was asked about the sessions."""

    engine: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class GivenOut:
    """Something that was exported so many times; ``code`` as the trail has it."""

    action: str
    code: str | None
    count: int
    last_at: datetime


def lock_sessions(db: DbSession, patient_id: UUID) -> Sequence[TherapySession]:
    """All sessions of the patient, locked in one order, as they are once the locks are ours."""
    query = select(TherapySession).where(TherapySession.patient_id == patient_id).order_by(TherapySession.id)
    return db.scalars(query.with_for_update().execution_options(populate_existing=True)).all()


def sessions_left(db: DbSession, patient_id: UUID) -> Sequence[UUID]:
    """The sessions that the patient still has."""
    mine = TherapySession.patient_id == patient_id
    return db.scalars(select(TherapySession.id).where(mine).order_by(TherapySession.id)).all()


def tombstones(db: DbSession, patient_id: UUID) -> Sequence[Tombstone]:
    """What remains of every deleted session of the patient, first come first."""
    query = select(Tombstone).where(Tombstone.patient_id == patient_id)
    query = query.order_by(Tombstone.requested_at, Tombstone.session_id)
    return db.scalars(query.execution_options(populate_existing=True)).all()


def asked_engines(db: DbSession, session_ids: Iterable[UUID]) -> list[Asked]:
    """Which engines transcribed the sessions and wrote notes of them, and how often."""
    ids = list(session_ids)
    spoken = (
        select(TranscriptionUsage.engine, func.sum(TranscriptionUsage.calls))
        .where(TranscriptionUsage.session_id.in_(ids))
        .group_by(TranscriptionUsage.engine)
    )
    written = (
        select(NotesVersion.engine, func.count())
        .where(NotesVersion.session_id.in_(ids), NotesVersion.author_id.is_(None))
        .group_by(NotesVersion.engine)
    )
    found = [Asked(engine, "transcription", int(count)) for engine, count in db.execute(spoken)]
    return found + [Asked(engine, "notes", int(count)) for engine, count in db.execute(written)]


def given_out(db: DbSession, practice_id: UUID, patient_id: UUID) -> list[GivenOut]:
    """What was exported of the patient and of all sessions, those that are gone included."""
    subjects = {patient_id, *audit.sessions_of(db, practice_id, patient_id)}
    query = select(AuditEvent.action, AuditEvent.code, func.count(), func.max(AuditEvent.at)).where(
        AuditEvent.practice_id == practice_id,
        AuditEvent.subject_id.in_(subjects),
        AuditEvent.action.endswith(EXPORT),
    )
    query = query.group_by(AuditEvent.action, AuditEvent.code).order_by(func.max(AuditEvent.at))
    return [GivenOut(*row) for row in db.execute(query)]


def told_webhooks(db: DbSession, session_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many messages about the sessions each endpoint has got."""
    about = WebhookDelivery.session_id.in_(list(session_ids))
    query = select(WebhookDelivery.endpoint_id, func.count()).where(
        about, WebhookDelivery.state == DeliveryState.DELIVERED
    )
    return {row[0]: row[1] for row in db.execute(query.group_by(WebhookDelivery.endpoint_id))}


def forget_messages(db: DbSession, session_ids: Iterable[UUID]) -> int:
    """Remove every message about the sessions, sent or not, but that they are deleted; gives their number."""
    about = WebhookDelivery.session_id.in_(list(session_ids)), WebhookDelivery.type != EventType.DELETED
    its = select(WebhookDelivery.id).where(*about)
    db.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(its)))
    return len(db.execute(delete(WebhookDelivery).where(*about).returning(WebhookDelivery.id)).all())


def forget_patient(db: DbSession, patient_id: UUID) -> None:
    """Remove what is said of the patient in plain words: their year of birth, and which law protects them."""
    db.execute(delete(Part2Flag).where(Part2Flag.patient_id == patient_id))
    db.execute(delete(PatientRetention).where(PatientRetention.patient_id == patient_id))


def count_kept(db: DbSession, patient_id: UUID) -> dict[str, int]:
    """How many rows of each kind stay as proof."""
    return {
        name: db.scalar(select(func.count()).select_from(table).where(table.patient_id == patient_id)) or 0
        for name, table in _KEPT
    }


def note(db: DbSession, row: PatientDeletion) -> None:
    """Note the deletion, or add to it what others had got of the sessions that go now."""
    there = db.get(PatientDeletion, row.patient_id, with_for_update=True)
    if there is None:
        db.add(row)
    else:
        there.shared_with = [*there.shared_with, *row.shared_with]
    db.flush()


def of_therapist(db: DbSession, therapist_id: UUID, patient_id: UUID) -> PatientDeletion | None:
    """The deletion of the therapist's patient."""
    mine = PatientDeletion.patient_id == patient_id, PatientDeletion.therapist_id == therapist_id
    return db.scalar(select(PatientDeletion).where(*mine))


def is_deleted(db: DbSession, patient_id: UUID) -> bool:
    """Whether the patient's name is gone too."""
    return db.scalar(select(Patient.deleted_at).where(Patient.id == patient_id)) is not None


def signing_key(db: DbSession, practice_id: UUID) -> SigningKey | None:
    """The practice's key."""
    return db.scalar(select(SigningKey).where(SigningKey.practice_id == practice_id))


def add_signing_key(db: DbSession, values: dict[str, Any]) -> None:
    """Keep the practice's key, unless another has come before."""
    db.execute(insert(SigningKey).values(**values).on_conflict_do_nothing())
