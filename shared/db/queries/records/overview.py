"""What a therapist's first pages list: sessions by what is to be done with them, patients by the last one."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.alerts import RiskAlert
from shared.db.tables.core import Patient, TherapySession
from shared.db.tables.records import NotesVersion, Signature
from shared.domain.status import Status


class Seen(NamedTuple):
    """How often a patient was recorded, when last, and how many of the sessions have something left to do."""

    sessions: int
    last: datetime
    open: int


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions are wanted; None: any. ``date_before`` itself is not within.

    ``is_open``: only those with something left to do: failed, not signed, or with an alert to answer.
    """

    patient_id: UUID | None = None
    status: Status | None = None
    date_from: datetime | None = None
    date_before: datetime | None = None
    updated_since: datetime | None = None
    external_id_hashes: frozenset[bytes] | None = None
    is_open: bool = False


def page(
    db: DbSession,
    therapist_id: UUID,
    wanted: SessionFilter,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
) -> Sequence[TherapySession]:
    """The therapist's sessions, newest ``session_date`` first, those after ``before`` only."""
    query = select(TherapySession).where(TherapySession.therapist_id == therapist_id, *_conditions(wanted))
    if before is not None:
        query = query.where(tuple_(TherapySession.session_date, TherapySession.id) < before)
    newest_first = query.order_by(TherapySession.session_date.desc(), TherapySession.id.desc())
    return db.scalars(newest_first.limit(limit)).all()


def _conditions(wanted: SessionFilter) -> Iterator[ColumnElement[bool]]:
    row = TherapySession
    if wanted.patient_id is not None:
        yield row.patient_id == wanted.patient_id
    if wanted.status is not None:
        yield row.status == wanted.status
    if wanted.date_from is not None:
        yield row.session_date >= wanted.date_from
    if wanted.date_before is not None:
        yield row.session_date < wanted.date_before
    if wanted.updated_since is not None:
        yield _updated(wanted.updated_since)
    if wanted.external_id_hashes is not None:
        yield row.external_id_hash.in_(wanted.external_id_hashes)
    if wanted.is_open:
        yield _is_open()


def _is_open() -> ColumnElement[bool]:
    row = TherapySession
    alerts = select(RiskAlert.id).where(RiskAlert.session_id == row.id, RiskAlert.acknowledged_at.is_(None))
    return or_(row.status == Status.FAILED, and_(*_not_signed()), alerts.exists())


def _updated(since: datetime) -> ColumnElement[bool]:
    """Whether the session, its notes, their signatures or its alerts have changed."""
    session_id = TherapySession.id
    notes = select(NotesVersion.version).where(
        NotesVersion.session_id == session_id, NotesVersion.created_at >= since
    )
    signed = select(Signature.version).where(Signature.session_id == session_id, Signature.signed_at >= since)
    answered = select(RiskAlert.id).where(
        RiskAlert.session_id == session_id, RiskAlert.acknowledged_at >= since
    )
    return or_(TherapySession.updated_at >= since, notes.exists(), signed.exists(), answered.exists())


def _not_signed() -> tuple[ColumnElement[bool], ...]:
    notes = select(NotesVersion.version).where(NotesVersion.session_id == TherapySession.id)
    signed = select(Signature.version).where(Signature.session_id == TherapySession.id)
    return TherapySession.status == Status.PROCESSED, notes.exists(), ~signed.exists()


def of_status(
    db: DbSession, therapist_id: UUID, statuses: Collection[Status], limit: int
) -> Sequence[TherapySession]:
    """The therapist's sessions with one of the statuses, newest first."""
    query = select(TherapySession).where(
        TherapySession.therapist_id == therapist_id, TherapySession.status.in_(statuses)
    )
    return db.scalars(query.order_by(TherapySession.session_date.desc()).limit(limit)).all()


def unsigned(db: DbSession, therapist_id: UUID, limit: int) -> Sequence[TherapySession]:
    """The therapist's processed sessions whose notes are not signed, the oldest first."""
    query = select(TherapySession).where(TherapySession.therapist_id == therapist_id, *_not_signed())
    return db.scalars(query.order_by(TherapySession.session_date).limit(limit)).all()


def patients(db: DbSession, therapist_id: UUID, ids: Collection[UUID]) -> Sequence[Patient]:
    """These patients of the therapist."""
    query = select(Patient).where(Patient.therapist_id == therapist_id, Patient.id.in_(ids))
    return db.scalars(query.where(Patient.deleted_at.is_(None))).all()


def seen(db: DbSession, therapist_id: UUID) -> dict[UUID, Seen]:
    """When each patient of the therapist was recorded, and what is left to do, by their ids."""
    day = TherapySession.session_date
    rows = db.execute(
        select(TherapySession.patient_id, func.count(), func.max(day), func.count().filter(_is_open()))
        .where(TherapySession.therapist_id == therapist_id)
        .group_by(TherapySession.patient_id)
    )
    return {patient_id: Seen(count, last, left) for patient_id, count, last, left in rows}
