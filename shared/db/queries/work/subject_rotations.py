"""Which subjects' keys are being rotated, and how far each is."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Update, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import Patient, TherapySession
from shared.db.tables.operations import SubjectRotation
from shared.db.tables.privacy.packages import RecordPackage
from shared.db.tables.uploads import Upload
from shared.domain.rights import UNDER_WAY
from shared.domain.status import UNFINISHED

ORDER_BATCH = 1000


def subjects_of_patient(db: DbSession, patient_id: UUID) -> set[UUID]:
    """The patient, with all sessions, unfinished uploads and copies of the record."""
    found = {patient_id}
    for table in (TherapySession, Upload, RecordPackage):
        found |= set(db.scalars(select(table.id).where(table.patient_id == patient_id)))
    return found


def packages(db: DbSession) -> set[UUID]:
    """The practice's copies of records: one that is ready has an object, and no sealed value."""
    return set(db.scalars(select(RecordPackage.id)))


def is_patient(db: DbSession, patient_id: UUID) -> bool:
    """Whether the practice has such a patient."""
    return db.get(Patient, patient_id) is not None


def order(db: DbSession, practice_id: UUID, subjects: Collection[UUID]) -> int:
    """Have the keys of these rotated, but those that are being rotated; gives how many were added."""
    anew = {"ordered_at": func.now(), "sealed_at": None, "ended_at": None}
    count = 0
    ordered = sorted(subjects)
    for at in range(0, len(ordered), ORDER_BATCH):
        rows = insert(SubjectRotation).values(
            [
                {"practice_id": practice_id, "subject_id": subject}
                for subject in ordered[at : at + ORDER_BATCH]
            ]
        )
        added = rows.on_conflict_do_update(
            index_elements=[SubjectRotation.subject_id],
            set_=anew,
            where=SubjectRotation.ended_at.is_not(None),
        )
        count += len(db.scalars(added.returning(SubjectRotation.subject_id)).all())
    return count


def unfinished(db: DbSession, practice_id: UUID) -> Sequence[SubjectRotation]:
    """Those that have not ended, oldest first."""
    asked = select(SubjectRotation).where(
        SubjectRotation.practice_id == practice_id, SubjectRotation.ended_at.is_(None)
    )
    return db.scalars(asked.order_by(SubjectRotation.ordered_at, SubjectRotation.subject_id)).all()


def is_at_work(db: DbSession, subject_id: UUID) -> bool:
    """Whether a session is being worked on, or arrives, or a copy is being made: objects may be written."""
    session = select(TherapySession.id).where(
        TherapySession.id == subject_id, TherapySession.status.in_(UNFINISHED)
    )
    upload = select(Upload.id).where(Upload.id == subject_id)
    package = select(RecordPackage.id).where(
        RecordPackage.id == subject_id, RecordPackage.state.in_(UNDER_WAY)
    )
    return bool(db.scalar(select(or_(session.exists(), upload.exists(), package.exists()))))


def retire_before(db: DbSession, subject_id: UUID, version: int) -> None:
    """Refuse values under versions before this one, from the commit on."""
    db.execute(_one(subject_id).values(version=version))


def owner(db: DbSession, subject_id: UUID, *, hold: bool = False) -> TherapySession | RecordPackage | None:
    """What may have stored objects: a session or a copy of a record. ``hold``: until the transaction ends."""
    session = select(TherapySession).where(TherapySession.id == subject_id)
    package = select(RecordPackage).where(RecordPackage.id == subject_id)
    if hold:
        session, package = (
            session.with_for_update(key_share=True),
            package.with_for_update(key_share=True),
        )
    return db.scalar(session) or db.scalar(package)


def next_transaction(db: DbSession) -> int:
    """The number that no transaction has yet."""
    return int(db.execute(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")).scalar_one())


def oldest_transaction(db: DbSession) -> int:
    """The number of the oldest transaction that writes and has not ended; the next one's if none does."""
    return int(db.execute(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")).scalar_one())


def note_sealed(db: DbSession, subject_id: UUID) -> None:
    """Note that everything was read under the new version."""
    db.execute(_one(subject_id).values(sealed_at=func.now()))


def note_ended(db: DbSession, subject_id: UUID) -> None:
    """Note that the former versions are gone."""
    db.execute(
        _one(subject_id).values(
            sealed_at=func.coalesce(SubjectRotation.sealed_at, func.now()), ended_at=func.now()
        )
    )


def counts(db: DbSession) -> tuple[int, int]:
    """How many have not ended, and how many of these are sealed anew; for an operator, over all practices."""
    left = SubjectRotation.ended_at.is_(None)
    asked = select(func.count(), func.count(SubjectRotation.sealed_at)).where(left)
    ordered, sealed = db.execute(asked).one()
    return ordered, sealed


def _one(subject_id: UUID) -> Update:
    return update(SubjectRotation).where(SubjectRotation.subject_id == subject_id)
