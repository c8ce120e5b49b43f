"""Versions of a session's notes, added and never changed; their signatures, and offers decided on.

Adding or signing a version locks the session's row: numbers are drawn one after the other,
and an edit, an extraction and a signature never pass each other unseen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import aliased

from shared.db.tables.core import Therapist, TherapySession
from shared.db.tables.records import NotesVersion, ProposalDecision, Signature
from shared.domain.notes.record import STANDING_ALONE, Decision, Kind, Part
from shared.vault.sealing import Sealed


def kind(version: int) -> str:
    """What a version's body is sealed as: one put in the place of another does not open."""
    return f"notes:{version}"


def next_version(db: DbSession, session_id: UUID) -> int:
    """The number of the version that would come next, from 1; the primary key settles races."""
    newest = select(func.max(NotesVersion.version)).where(NotesVersion.session_id == session_id)
    return (db.scalar(newest) or 0) + 1


def add(
    db: DbSession, practice_id: UUID, session_id: UUID, *, version: int, body: Sealed, **facts: Any
) -> None:
    """Store a version with its ``engine``, ``template``, ``kind``, ``author_id``, ``based_on``.

    A second one of the same number violates the primary key.
    """
    db.add(NotesVersion(session_id=session_id, practice_id=practice_id, version=version, body=body, **facts))
    db.flush()


def get(db: DbSession, session_id: UUID, version: int | None = None) -> NotesVersion | None:
    """This version of the session's notes, or the current one; None if there is none."""
    if version is None:
        return current(db, session_id)
    return db.scalar(
        select(NotesVersion).where(NotesVersion.session_id == session_id, NotesVersion.version == version)
    )


def current(db: DbSession, session_id: UUID) -> NotesVersion | None:
    """What the notes now are: the newest draft or edit. Once one is signed no other can follow it."""
    query = select(NotesVersion).where(
        NotesVersion.session_id == session_id, NotesVersion.kind.in_(STANDING_ALONE)
    )
    return db.scalar(query.order_by(NotesVersion.version.desc()).limit(1))


def listed(db: DbSession, session_id: UUID) -> Sequence[NotesVersion]:
    """All versions of a session, first come first."""
    query = select(NotesVersion).where(NotesVersion.session_id == session_id)
    return db.scalars(query.order_by(NotesVersion.version)).all()


def addenda(db: DbSession, session_id: UUID) -> Sequence[NotesVersion]:
    """What was added to the signed notes of a session, first come first."""
    query = select(NotesVersion).where(
        NotesVersion.session_id == session_id, NotesVersion.kind == Kind.ADDENDUM
    )
    return db.scalars(query.order_by(NotesVersion.version)).all()


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature, with the name by which the signer is known now."""

    version: int
    part: Part
    signer_id: UUID
    signer: str
    content_hash: str
    needs_cosigner: bool
    signed_at: datetime


def signatures(db: DbSession, session_id: UUID) -> list[Signed]:
    """Every signature of a session's notes and addenda, in the order of their versions."""
    rows = db.execute(
        select(Signature, Therapist.name)
        .join(Therapist, Therapist.id == Signature.signer_id)
        .where(Signature.session_id == session_id)
        .order_by(Signature.version, Signature.part)
    )
    return [
        Signed(s.version, s.part, s.signer_id, name, s.content_hash, s.needs_cosigner, s.signed_at)
        for s, name in rows
    ]


def authors(db: DbSession, session_id: UUID) -> dict[UUID, str]:
    """The names by which the authors of a session's versions are known now, by their ids."""
    query = select(Therapist.id, Therapist.name).join(NotesVersion, NotesVersion.author_id == Therapist.id)
    return {row.id: row.name for row in db.execute(query.where(NotesVersion.session_id == session_id))}


def signed_version(db: DbSession, session_id: UUID) -> int | None:
    """The number of the version of the notes that is signed, or None."""
    return db.scalar(
        select(func.min(Signature.version)).where(
            Signature.session_id == session_id, Signature.part == Part.AUTHOR
        )
    )


def sign(db: DbSession, row: Signature) -> bool:
    """Add a signature; False if there is one in that part already."""
    values = {column.name: getattr(row, column.name) for column in Signature.__table__.columns}
    given = {name: value for name, value in values.items() if value is not None}
    statement = insert(Signature).values(given).on_conflict_do_nothing().returning(Signature.version)
    return db.scalar(statement) is not None


def decisions(db: DbSession, session_id: UUID) -> dict[int, Decision]:
    """What became of the extractions that were offered, by version."""
    rows = db.execute(
        select(ProposalDecision.version, ProposalDecision.decision).where(
            ProposalDecision.session_id == session_id
        )
    )
    return {row.version: row.decision for row in rows}


def offered(db: DbSession, session_id: UUID) -> NotesVersion | None:
    """The newest extraction, if it is offered and neither accepted nor dismissed."""
    query = select(NotesVersion).where(
        NotesVersion.session_id == session_id, NotesVersion.kind == Kind.EXTRACTION
    )
    newest = db.scalar(query.order_by(NotesVersion.version.desc()).limit(1))
    return None if newest is None or newest.version in decisions(db, session_id) else newest


def decide(db: DbSession, offer: NotesVersion, decision: Decision, who: UUID) -> None:
    """Note what becomes of an offer; a second decision violates the primary key."""
    db.add(
        ProposalDecision(
            session_id=offer.session_id,
            practice_id=offer.practice_id,
            version=offer.version,
            decision=decision,
            decided_by=who,
        )
    )
    db.flush()


def unmet(db: DbSession, session_id: UUID) -> list[Signed]:
    """The signatures of a session that need a co-signature and have none."""
    found = signatures(db, session_id)
    cosigned = {signed.version for signed in found if signed.part is Part.COSIGNER}
    return [signed for signed in found if signed.needs_cosigner and signed.version not in cosigned]


def awaiting_cosignature(db: DbSession, supervisor_id: UUID, limit: int) -> list[tuple[TherapySession, str]]:
    """Sessions of the supervisor's therapists that lack a co-signature, with the therapist's name.

    The one that waits longest comes first.
    """
    cosigned = aliased(Signature)
    done = select(cosigned.version).where(
        cosigned.session_id == Signature.session_id,
        cosigned.version == Signature.version,
        cosigned.part == Part.COSIGNER,
    )
    waiting = (
        select(Signature.session_id, func.min(Signature.signed_at).label("since"))
        .where(Signature.needs_cosigner, ~done.exists())
        .group_by(Signature.session_id)
        .subquery()
    )
    rows = db.execute(
        select(TherapySession, Therapist.name)
        .join(waiting, waiting.c.session_id == TherapySession.id)
        .join(Therapist, Therapist.id == TherapySession.therapist_id)
        .where(Therapist.supervisor_id == supervisor_id)
        .order_by(waiting.c.since)
        .limit(limit)
    )
    return [(session, name) for session, name in rows]


def discard_unsigned(db: DbSession, session_id: UUID) -> None:
    """Remove the versions of a session's notes, but what is signed and what was added to that."""
    signed = select(Signature.version).where(Signature.session_id == session_id)
    unsigned = (
        NotesVersion.session_id == session_id,
        NotesVersion.version.not_in(signed),
        NotesVersion.kind != Kind.ADDENDUM,
    )
    gone = select(NotesVersion.version).where(*unsigned)
    db.execute(
        delete(ProposalDecision).where(
            ProposalDecision.session_id == session_id, ProposalDecision.version.in_(gone)
        )
    )
    db.execute(delete(NotesVersion).where(*unsigned))
