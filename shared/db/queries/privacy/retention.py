"""What the rules of a practice let go, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import aliased

from shared.db.queries.work.outputs import Product
from shared.db.tables.alerts import RiskAlert
from shared.db.tables.core import Output, TherapySession
from shared.db.tables.privacy.retention import Hold, PatientRetention, RetentionRule
from shared.db.tables.records import NotesVersion, ProcessNotes, Signature
from shared.domain.notes.record import Kind, Part
from shared.domain.retention import AGE_OF_MAJORITY, RetentionEvent, RetentionKind
from shared.domain.status import FINAL

WORDS = (
    Product.TRANSCRIPT,
    Product.CORRECTIONS,
    Product.SPEAKERS,
    Product.WAVEFORM,
    Product.PLAN,
    Product.CHUNK,
)
UNSIGNED = (Product.DRAFT, Product.UNSAVED_EDIT)
_MOMENT: DateTime = DateTime(timezone=True)
_NEVER: ColumnElement[datetime] = literal_column("'infinity'::timestamptz", _MOMENT)
_LONG_AGO: ColumnElement[datetime] = literal_column("'-infinity'::timestamptz", _MOMENT)
_FAR: ColumnElement[datetime] = literal_column("'9999-12-31'::timestamptz", _MOMENT)
_PATIENT = aliased(PatientRetention)


@dataclass(frozen=True, slots=True)
class Due:
    """What a rule lets go of one session: since when it may, and what keeps it all the same."""

    kind: RetentionKind
    session_id: UUID
    patient_id: UUID
    event_at: datetime
    remove_at: datetime
    on_hold: bool
    kept_until: date | None


def practices(db: DbSession) -> Sequence[UUID]:
    """The practices that have rules, for an operator."""
    return db.scalars(select(RetentionRule.practice_id).distinct()).all()


def rules(db: DbSession, practice_id: UUID) -> Sequence[RetentionRule]:
    """The rules of the practice."""
    mine = RetentionRule.practice_id == practice_id
    return db.scalars(select(RetentionRule).where(mine).order_by(RetentionRule.kind)).all()


def rule(
    db: DbSession, practice_id: UUID, kind: RetentionKind, *, lock: bool = False
) -> RetentionRule | None:
    """The rule for this kind; ``lock``: it stays as it is until the transaction ends."""
    query = select(RetentionRule).where(RetentionRule.practice_id == practice_id, RetentionRule.kind == kind)
    query = query.execution_options(populate_existing=True)
    return db.scalar(query.with_for_update(read=True) if lock else query)


def set_rule(db: DbSession, row: RetentionRule) -> None:
    """Have this rule from now on, in the place of the one of its kind."""
    values = {
        "event": row.event,
        "days": row.days,
        "grace_days": row.grace_days,
        "changed_by": row.changed_by,
        "changed_at": func.now(),
        "suspended_at": None,
    }
    statement = insert(RetentionRule).values(practice_id=row.practice_id, kind=row.kind, **values)
    db.execute(statement.on_conflict_do_update(index_elements=["practice_id", "kind"], set_=values))


def suspend(db: DbSession) -> None:
    """Have no rule of the practice remove anything until it is set again."""
    db.execute(
        update(RetentionRule)
        .where(RetentionRule.suspended_at.is_(None), RetentionRule.kind != RetentionKind.SIGNED_MINIMUM)
        .values(suspended_at=func.now())
    )


def of_patient(db: DbSession, patient_id: UUID) -> PatientRetention | None:
    """What is said of the patient."""
    return db.get(PatientRetention, patient_id)


def set_patient(db: DbSession, row: PatientRetention) -> None:
    """Say it of the patient from now on."""
    values = {"birth_year": row.birth_year, "keep_until": row.keep_until}
    statement = insert(PatientRetention).values(
        patient_id=row.patient_id, practice_id=row.practice_id, **values
    )
    db.execute(statement.on_conflict_do_update(index_elements=["patient_id"], set_=values))


def due(
    db: DbSession,
    rule: RetentionRule,
    *,
    within: timedelta = timedelta(),
    limit: int = 1,
    session_id: UUID | None = None,
    blocked_too: bool = False,
) -> list[Due]:
    """The records that the rule deletes within that time, the oldest first.

    ``blocked_too``: also those that a hold or a minimum keeps.
    """
    event = _event_at(rule.event)
    remove_at = _removed_at(rule, event)
    if rule.kind is RetentionKind.SESSION:
        remove_at = func.greatest(remove_at, _minimum_end(db, rule.practice_id))
    held, kept_until = _held(), case((_PATIENT.keep_until >= func.current_date(), _PATIENT.keep_until))
    query = (
        select(TherapySession.id, TherapySession.patient_id, event, remove_at, held, kept_until)
        .outerjoin(_PATIENT, _PATIENT.patient_id == TherapySession.patient_id)
        .where(TherapySession.status.in_(FINAL), _is_there(rule.kind), remove_at <= func.now() + within)
        .order_by(remove_at, TherapySession.id)
        .limit(limit)
    )
    if session_id is not None:
        query = query.where(TherapySession.id == session_id)
    if not blocked_too:
        query = query.where(~held, kept_until.is_(None))
    return [Due(rule.kind, *row) for row in db.execute(query)]


def without_birth_year(db: DbSession, rule: RetentionRule) -> int:
    """How many sessions the rule keeps because it counts from an age that is not known."""
    if rule.event is not RetentionEvent.MAJORITY:
        return 0
    query = (
        select(func.count())
        .select_from(TherapySession)
        .outerjoin(_PATIENT, _PATIENT.patient_id == TherapySession.patient_id)
        .where(_PATIENT.birth_year.is_(None), _is_there(rule.kind))
    )
    return db.scalar(query) or 0


def minimum_end(db: DbSession, practice_id: UUID, session_id: UUID) -> datetime | None:
    """Until when the session must stay for what is signed in it, if that is still to come.

    In the year 9999 where the rule counts from an age that is not known.
    """
    end = _minimum_end(db, practice_id)
    found: Select[datetime] = (
        select(func.least(end, _FAR))
        .select_from(TherapySession)
        .outerjoin(_PATIENT, _PATIENT.patient_id == TherapySession.patient_id)
        .where(TherapySession.id == session_id, end > func.now())
    )
    return db.scalar(found)


def _event_at(event: RetentionEvent) -> ColumnElement[datetime]:
    if event is RetentionEvent.SIGNED:
        signed = select(func.min(Signature.signed_at)).where(
            Signature.session_id == TherapySession.id, Signature.part == Part.AUTHOR
        )
        return func.coalesce(signed.scalar_subquery(), _NEVER)
    if event in (RetentionEvent.SESSION, RetentionEvent.WRITTEN):
        return TherapySession.session_date.expression
    other = aliased(TherapySession)
    last = select(func.max(other.session_date)).where(other.patient_id == TherapySession.patient_id)
    if event is RetentionEvent.LAST_SESSION:
        return last.scalar_subquery()
    of_age = func.make_timestamptz(_PATIENT.birth_year + AGE_OF_MAJORITY + 1, 1, 1, 0, 0, 0, "UTC")
    return case((_PATIENT.birth_year.is_(None), _NEVER), else_=func.greatest(last.scalar_subquery(), of_age))


def _removed_at(rule: RetentionRule, event: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """The grace counts from when the rule was set and the session came, the later of the two."""
    over = func.greatest(event + timedelta(days=rule.days), rule.changed_at, TherapySession.created_at)
    return over + timedelta(days=rule.grace_days)


def _minimum_end(db: DbSession, practice_id: UUID) -> ColumnElement[datetime]:
    """When what is signed in a session need not be kept any longer; long ago where nothing is signed."""
    found = rule(db, practice_id, RetentionKind.SIGNED_MINIMUM)
    if found is None:
        return _LONG_AGO
    end = _event_at(found.event) + timedelta(days=found.days)
    is_signed = exists().where(Signature.session_id == TherapySession.id)
    return case((is_signed, end), else_=_LONG_AGO)


def _held() -> ColumnElement[bool]:
    mine = or_(Hold.session_id.is_(None), Hold.session_id == TherapySession.id)
    return exists().where(Hold.patient_id == TherapySession.patient_id, Hold.lifted_at.is_(None), mine)


def _is_there(kind: RetentionKind) -> ColumnElement[bool]:
    """Whether a session has something of this kind."""
    mine = TherapySession.id
    if kind is RetentionKind.RECORDING:
        return TherapySession.audio_removed_at.is_(None)
    if kind is RetentionKind.TRANSCRIPT:
        words = exists().where(Output.session_id == mine, Output.name.in_(WORDS))
        return or_(
            words, exists().where(RiskAlert.session_id == mine, RiskAlert.acknowledged_at.is_not(None))
        )
    if kind is RetentionKind.DRAFTS:
        signed = exists().where(
            Signature.session_id == NotesVersion.session_id, Signature.version == NotesVersion.version
        )
        drafts = and_(NotesVersion.session_id == mine, NotesVersion.kind != Kind.ADDENDUM, ~signed)
        return or_(
            exists().where(drafts), exists().where(Output.session_id == mine, Output.name.in_(UNSIGNED))
        )
    if kind is RetentionKind.PROCESS_NOTES:
        return exists().where(ProcessNotes.session_id == mine)
    return true() if kind is RetentionKind.SESSION else false()
