"""Copies of whole records for patients: asked for, claimed, made, ended."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import TherapySession
from shared.db.tables.lifecycle import RemovalRow, Tombstone
from shared.db.tables.privacy.packages import RecordPackage
from shared.domain.removals import Removal
from shared.domain.rights import UNDER_WAY, PackageState

OPEN = (*UNDER_WAY, PackageState.READY)
# What is taken out of a record must not be handed out in a file that was made before.
_TAKEN_OUT = (
    Removal.SESSION,
    Removal.PATIENT,
    Removal.OFF_RECORD,
    Removal.RECORDING,
    Removal.TRANSCRIPT,
    Removal.DRAFTS,
)


def practices_with_open_ones(db: DbSession) -> Sequence[UUID]:
    """For an operator: where packages wait, are being made, or can be fetched."""
    query = select(RecordPackage.practice_id).where(RecordPackage.state.in_(OPEN)).distinct()
    return db.scalars(query.order_by(RecordPackage.practice_id)).all()


def of_patient(db: DbSession, patient_id: UUID) -> Sequence[RecordPackage]:
    """All packages of the patient, newest first."""
    query = select(RecordPackage).where(RecordPackage.patient_id == patient_id)
    return db.scalars(query.order_by(RecordPackage.created_at.desc(), RecordPackage.id)).all()


def open_ones(
    db: DbSession, patient_id: UUID | None = None, *, lock: bool = False
) -> Sequence[RecordPackage]:
    """The packages that have not ended, of a patient or of the practice."""
    query = select(RecordPackage).where(RecordPackage.state.in_(OPEN))
    if patient_id is not None:
        query = query.where(RecordPackage.patient_id == patient_id)
    query = query.order_by(RecordPackage.created_at, RecordPackage.id)
    query = query.with_for_update() if lock else query
    return db.scalars(query.execution_options(populate_existing=True)).all()


def get(db: DbSession, package_id: UUID, *, lock: bool = False) -> RecordPackage | None:
    """One package of the practice."""
    query = select(RecordPackage).where(RecordPackage.id == package_id)
    if lock:
        query = query.with_for_update()
    return db.scalar(query.execution_options(populate_existing=True))


def claim(db: DbSession, *, lease_seconds: float) -> RecordPackage | None:
    """Take the oldest package that waits, or whose maker fell silent; None if there is none."""
    silent = and_(RecordPackage.state == PackageState.PREPARING, RecordPackage.lease_until < func.now())
    query = select(RecordPackage).where(or_(RecordPackage.state == PackageState.WAITING, silent))
    row = db.scalar(query.order_by(RecordPackage.created_at).limit(1).with_for_update(skip_locked=True))
    if row is None:
        return None
    row.state, row.lease, row.attempt = PackageState.PREPARING, uuid4(), row.attempt + 1
    row.lease_until = func.now() + timedelta(seconds=lease_seconds)
    row.parts_done, row.parts_total = 0, None
    db.flush()
    db.refresh(row)
    return row


def go_on(
    db: DbSession, package_id: UUID, lease: UUID, done: int, total: int, *, lease_seconds: float
) -> bool:
    """Note the progress; False if the package is not ours to make any more."""
    ours = (
        RecordPackage.id == package_id,
        RecordPackage.lease == lease,
        RecordPackage.state == PackageState.PREPARING,
    )
    until = func.now() + timedelta(seconds=lease_seconds)
    change = update(RecordPackage).where(*ours)
    change = change.values(parts_done=done, parts_total=total, lease_until=until)
    return db.execute(change.returning(RecordPackage.id)).first() is not None


def is_outdated(db: DbSession, row: RecordPackage) -> bool:
    """Whether something was taken out of the record since the package was asked for."""
    subjects = or_(
        RemovalRow.subject_id == row.patient_id,
        RemovalRow.subject_id.in_(
            select(TherapySession.id).where(TherapySession.patient_id == row.patient_id)
        ),
        RemovalRow.subject_id.in_(select(Tombstone.session_id).where(Tombstone.patient_id == row.patient_id)),
    )
    found = select(RemovalRow.at).where(
        subjects, RemovalRow.kind.in_(_TAKEN_OUT), RemovalRow.at >= row.created_at
    )
    return db.scalar(found.limit(1)) is not None
