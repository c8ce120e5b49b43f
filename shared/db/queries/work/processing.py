"""Counts of what a practice holds and did, for its records of processing."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import ApiKey, AuditEvent, Patient, Practice, Therapist, TherapySession
from shared.db.tables.lifecycle import Tombstone
from shared.db.tables.operations import Reconciliation
from shared.db.tables.records import NotesVersion, ProcessNotes, Signature


def practice(db: DbSession, practice_id: UUID) -> Practice | None:
    """The practice."""
    return db.get(Practice, practice_id)


def held(db: DbSession, practice_id: UUID) -> dict[str, int]:
    """How many of each kind of record there are."""
    kinds: Mapping[str, tuple[type, tuple[ColumnElement[bool], ...]]] = {
        "patients": (Patient, (Patient.deleted_at.is_(None),)),
        "patients_removed": (Patient, (Patient.deleted_at.is_not(None),)),
        "patients_without_consent": (
            Patient,
            (
                Patient.deleted_at.is_(None),
                Patient.consent_given_at.is_(None) | Patient.consent_revoked_at.is_not(None),
            ),
        ),
        "sessions": (TherapySession, ()),
        "recordings": (TherapySession, (TherapySession.audio_removed_at.is_(None),)),
        "sessions_deleted": (Tombstone, ()),
        "versions_of_notes": (NotesVersion, ()),
        "signatures": (Signature, ()),
        "psychotherapy_notes": (ProcessNotes, ()),
        "therapists": (Therapist, (Therapist.role == "therapist", Therapist.disabled_at.is_(None))),
        "administrators": (Therapist, (Therapist.role == "administrator", Therapist.disabled_at.is_(None))),
        "api_keys": (ApiKey, _good_keys()),
        "api_keys_without_expiry": (ApiKey, (*_good_keys(), ApiKey.expires_at.is_(None))),
        "api_keys_not_used_for_90_days": (ApiKey, (*_good_keys(), _idle_since(timedelta(days=90)))),
    }
    return {
        name: db.scalar(
            select(func.count()).select_from(table).where(table.practice_id == practice_id, *conditions)  # type: ignore[attr-defined,arg-type]  # of tables of many types
        )
        or 0
        for name, (table, conditions) in kinds.items()
    }


def _good_keys() -> tuple[ColumnElement[bool], ...]:
    not_expired = ApiKey.expires_at.is_(None) | (ApiKey.expires_at > func.now())
    return ApiKey.revoked_at.is_(None), not_expired


def _idle_since(time: timedelta) -> ColumnElement[bool]:
    return func.coalesce(ApiKey.last_used_at, ApiKey.created_at) < func.now() - time


def actions(db: DbSession, practice_id: UUID, like: str, within: timedelta) -> dict[str, int]:
    """How often each action of the trail that is ``like`` this was done lately."""
    query = select(AuditEvent.action, func.count()).where(
        AuditEvent.practice_id == practice_id,
        AuditEvent.action.like(like),
        AuditEvent.at > func.now() - within,
    )
    return {row[0]: row[1] for row in db.execute(query.group_by(AuditEvent.action))}


def reconciled_at(db: DbSession) -> str | None:
    """When rows, objects and keys were last compared."""
    moment = db.scalar(select(func.max(Reconciliation.at)))
    return None if moment is None else moment.isoformat()
