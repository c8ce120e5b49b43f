"""Resumable uploads that are not whole yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, column, delete, func, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.uploads import Upload


@dataclass(frozen=True, slots=True)
class Expired:
    """An upload whose time is over."""

    id: UUID
    practice_id: UUID


def add(db: DbSession, upload: Upload, *, kept_seconds: float) -> datetime:
    """Insert it; gives when it expires."""
    upload.expires_at = func.now() + timedelta(seconds=kept_seconds)
    db.add(upload)
    db.flush()
    db.refresh(upload)
    return upload.expires_at


def of_therapist(db: DbSession, therapist_id: UUID, upload_id: UUID, *, hold: bool = False) -> Upload | None:
    """The therapist's upload, unless it has expired; ``hold``: for this transaction alone."""
    query = select(Upload).where(
        Upload.id == upload_id, Upload.therapist_id == therapist_id, Upload.expires_at > func.now()
    )
    return db.scalar(query.with_for_update() if hold else query)


def keep(
    db: DbSession,
    upload_id: UUID,
    writer: UUID,
    *,
    segments: Sequence[int] | None,
    pieces: Sequence[str] | None,
    stored_by: UUID | None,
    length: int,
    deferred: bool,
    kept_seconds: float,
    ends: bool,
) -> datetime | None:
    """Note what ``writer`` has durably stored (None: no more than before), and whether it ends.

    Gives when the upload expires now; None, with nothing noted, if another writer has taken over or
    the upload is over.
    """
    values: dict[str, Any] = {"expires_at": func.now() + timedelta(seconds=kept_seconds)}
    values |= {"length": length, "deferred": deferred}
    if segments is not None:
        values |= {"segments": list(segments), "stored_by": stored_by}
    if pieces is not None:
        values["pieces"] = list(pieces)
    if ends:
        values["writer"] = None
    kept = update(Upload).where(_written_by(upload_id, writer)).values(values).returning(Upload.expires_at)
    return db.scalar(kept)


def is_written_by(db: DbSession, upload_id: UUID, writer: UUID) -> bool:
    """Whether no other writer has taken over, and the upload is not over."""
    return db.scalar(select(Upload.id).where(_written_by(upload_id, writer))) is not None


def remove(db: DbSession, upload_id: UUID, writer: UUID) -> bool:
    """Forget an upload that ``writer`` has brought to its end; False if another has taken over."""
    gone = delete(Upload).where(_written_by(upload_id, writer)).returning(Upload.id)
    return db.scalar(gone) is not None


def remove_expired(db: DbSession, upload_id: UUID) -> bool:
    """Forget an upload whose time is over; False if it is gone already, or has got more time."""
    gone = delete(Upload).where(Upload.id == upload_id, Upload.expires_at <= func.now())
    return db.scalar(gone.returning(Upload.id)) is not None


def of_practice(db: DbSession, upload_id: UUID) -> Upload | None:
    """An upload of the practice, of any of its people, also when its time is over."""
    return db.scalar(select(Upload).where(Upload.id == upload_id))


def prolong(db: DbSession, upload_id: UUID, *, kept_seconds: float) -> None:
    """Keep an upload for so long from now."""
    until = func.now() + timedelta(seconds=kept_seconds)
    db.execute(update(Upload).where(Upload.id == upload_id).values(expires_at=until))


def expire_of(db: DbSession, patient_id: UUID) -> None:
    """End all unfinished uploads of a patient now."""
    db.execute(update(Upload).where(Upload.patient_id == patient_id).values(expires_at=func.now()))


def remove_of(db: DbSession, patient_id: UUID) -> Sequence[UUID]:
    """Forget all unfinished uploads of a patient; gives their ids, under which they stored something."""
    gone = delete(Upload).where(Upload.patient_id == patient_id).returning(Upload.id)
    return db.scalars(gone).all()


def expired(db: DbSession, *, limit: int) -> Sequence[Expired]:
    """The uploads of any practice whose time is over."""
    query = select(Upload.id, Upload.practice_id).where(Upload.expires_at <= func.now())
    rows = db.execute(query.order_by(Upload.expires_at).limit(limit))
    return [Expired(row.id, row.practice_id) for row in rows]


def unfinished(db: DbSession, therapist_id: UUID) -> Sequence[Upload]:
    """The therapist's uploads that are neither whole nor expired, from the newest."""
    query = select(Upload).where(Upload.therapist_id == therapist_id, Upload.expires_at > func.now())
    return db.scalars(query.order_by(Upload.created_at.desc(), Upload.id)).all()


def announced_bytes(db: DbSession, practice_id: UUID) -> int:
    """How much the practice's unfinished uploads may yet become; of a deferred length, what is stored."""
    stored: Select[int] = select(func.sum(column("size"))).select_from(
        func.unnest(Upload.segments).alias("size")
    )
    size = case((Upload.deferred, stored.scalar_subquery()), else_=Upload.length)
    query = select(func.coalesce(func.sum(size), 0)).where(
        Upload.practice_id == practice_id, Upload.expires_at > func.now()
    )
    return int(db.scalar(query) or 0)


def _written_by(upload_id: UUID, writer: UUID) -> ColumnElement[bool]:
    return and_(Upload.id == upload_id, Upload.writer == writer, Upload.expires_at > func.now())
