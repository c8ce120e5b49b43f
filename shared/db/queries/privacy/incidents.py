"""Whose records and whose credentials lines of the audit trail are about, for the report of an incident."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import ApiKey, Patient, TherapySession
from shared.db.tables.lifecycle import Tombstone
from shared.db.tables.privacy.emergency import EmergencyAccess
from shared.db.tables.sign_in import BrowserSession

API_KEY, BROWSER = "api_key", "browser_session"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose record it is; ``session_id`` None: the patient's own details."""

    patient_id: UUID
    therapist_id: UUID
    session_id: UUID | None


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key or a browser session; ``ended_at`` None: it may still be used, if it has not expired."""

    id: UUID
    kind: str
    person_id: UUID
    ended_at: datetime | None


def owners(db: DbSession, practice_id: UUID, subjects: Collection[UUID]) -> dict[UUID, Owner]:
    """Of those subjects that are patients, sessions or deleted sessions: whose they are."""
    of_patients = select(Patient.id, Patient.therapist_id).where(
        Patient.practice_id == practice_id, Patient.id.in_(subjects)
    )
    found = {row.id: Owner(row.id, row.therapist_id, None) for row in db.execute(of_patients)}
    columns = (TherapySession.id, TherapySession.patient_id, TherapySession.therapist_id)
    there = select(*columns).where(TherapySession.practice_id == practice_id, TherapySession.id.in_(subjects))
    deleted = select(Tombstone.session_id, Tombstone.patient_id, Tombstone.therapist_id).where(
        Tombstone.practice_id == practice_id, Tombstone.session_id.in_(subjects)
    )
    for query in (there, deleted):
        found |= {one: Owner(patient, therapist, one) for one, patient, therapist in db.execute(query)}
    return found


def patients_of(db: DbSession, practice_id: UUID, therapists: Collection[UUID]) -> Iterable[Owner]:
    """All patients of these therapists, those that were removed included."""
    query = select(Patient.id, Patient.therapist_id).where(
        Patient.practice_id == practice_id, Patient.therapist_id.in_(therapists)
    )
    return [Owner(row.id, row.therapist_id, None) for row in db.execute(query)]


def credentials(db: DbSession, practice_id: UUID, ids: Collection[UUID]) -> list[Credential]:
    """The keys and browser sessions with these ids."""
    keys = select(ApiKey).where(ApiKey.practice_id == practice_id, ApiKey.id.in_(ids))
    browsers = select(BrowserSession).where(
        BrowserSession.practice_id == practice_id, BrowserSession.id.in_(ids)
    )
    found = [Credential(key.id, API_KEY, key.therapist_id, key.revoked_at) for key in db.scalars(keys)]
    found += [Credential(one.id, BROWSER, one.therapist_id, one.ended_at) for one in db.scalars(browsers)]
    return found


def emergency_accesses(
    db: DbSession,
    practice_id: UUID,
    people: Collection[UUID],
    since: datetime | None,
    until: datetime | None,
) -> Sequence[EmergencyAccess]:
    """The emergency accesses that these people held within the time, newest first."""
    query = select(EmergencyAccess).where(
        EmergencyAccess.practice_id == practice_id, EmergencyAccess.therapist_id.in_(people)
    )
    if since is not None:
        ended_at = func.coalesce(EmergencyAccess.ended_at, EmergencyAccess.until_at)
        query = query.where(ended_at >= since)
    if until is not None:
        query = query.where(EmergencyAccess.started_at < until)
    return db.scalars(query.order_by(EmergencyAccess.started_at.desc(), EmergencyAccess.id)).all()
