"""The safety lane: grave findings are told at once, and stay open until a clinician answers for them.

The screen (rules and the local model) runs over every transcript in the moment there is one; its alert
is written in the transaction that stores the transcript, so that no crash can come between the two. What
a language model finds beyond that raises an alert of its own with the notes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import Database
from shared.db.queries.privacy import audit
from shared.db.queries.records import alerts, events, sessions
from shared.db.queries.records.alerts import Overdue
from shared.db.queries.work import outbox
from shared.db.tables.alerts import RiskAlert
from shared.db.tables.core import TherapySession
from shared.domain.errors import Conflict, NotFound, Unanswered
from shared.domain.notes.items import Item
from shared.domain.values import JsonObject
from shared.domain.verification.risk import ALERT, levelled
from shared.domain.webhooks import EventType
from shared.services import paging
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.paging import Page, Position
from shared.services.resources import Resources
from shared.vault.sealing import Sealed, Subject

log = structlog.get_logger(__name__)

FOUND, OVERDUE = "risk_found", "risk_overdue"  # codes of session events
BATCH = 100


@dataclass(frozen=True, slots=True)
class Alert:
    """A sealed alert, ready to be written: sealing takes a key, and no transaction waits for that."""

    id: UUID
    findings: Sealed
    count: int


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert as its therapist sees it. What was said stays out of the repr."""

    id: UUID
    session_id: UUID
    patient_id: UUID
    session_date: datetime
    findings: list[JsonObject]
    found_at: datetime
    due_at: datetime
    reminders: int
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    note: str | None

    def __repr__(self) -> str:
        return f"AlertRecord({self.id})"


def listing(open_only: bool, session_id: UUID | None) -> str:
    """What a cursor of the list with these filters names."""
    return f"risk-alerts {open_only} {session_id}"


def alert_for(resources: Resources, session: Subject, flags: Sequence[Item]) -> Alert | None:
    """The alert that ``flags`` call for, sealed; None if none of them is one (a setting widens it)."""
    judged = levelled(flags, resources.settings.risk_alert_severity)
    grave = [flag.document for flag in judged if flag.text("level") == ALERT]
    if not grave:
        return None
    alert_id = uuid4()
    sealed = resources.vault.seal(session, alerts.findings_kind(alert_id), grave)
    return Alert(alert_id, sealed, len(grave))


def unalerted(resources: Resources, session: Subject, flags: Sequence[Item]) -> Sequence[Item]:
    """Those of ``flags`` of which no alert of the session has the kind and a passage yet."""
    if not flags:
        return ()
    with resources.database.transaction(session.practice_id) as db:
        rows = [(row.id, row.findings) for row in alerts.of_session(db, session.id)]
    told = {
        (flag["type"], piece["segment"])
        for alert_id, findings in rows
        for flag in resources.vault.open(session, alerts.findings_kind(alert_id), findings)
        for piece in flag["evidence"]
    }
    return [flag for flag in flags if told.isdisjoint((flag.text("type"), place) for place in flag.segments)]


def raise_alert(db: DbSession, session: Subject, alert: Alert | None) -> None:
    """Write ``alert`` and tell of it, in the caller's transaction, which holds the session's row."""
    if alert is None:
        return
    alerts.add(
        db,
        RiskAlert(
            id=alert.id,
            practice_id=session.practice_id,
            session_id=session.id,
            findings=alert.findings,
            count=alert.count,
        ),
    )
    _tell(db, Overdue(alert.id, session.practice_id, session.id), FOUND, EventType.RISK_FOUND)
    audit.record(
        db, practice_id=session.practice_id, actor="safety", action="risk.found", subject_id=session.id
    )


def _tell(db: DbSession, alert: Overdue, code: str, event: EventType) -> None:
    status = sessions.hold(db, alert.session_id)
    if status is not None:
        events.record(db, alert.practice_id, alert.session_id, status, code)
    outbox.enqueue(db, alert.practice_id, event, alert.session_id, alert_id=alert.alert_id)


def page(
    resources: Resources,
    caller: Caller,
    *,
    limit: int,
    open_only: bool = True,
    session_id: UUID | None = None,
    after: Position | None = None,
) -> Page[AlertRecord]:
    """Alerts on the caller's sessions, newest first; raises InvalidInput for a ``limit`` out of range."""
    paging.check_limit(limit)
    with resources.database.transaction(caller.practice_id) as db:
        rows = alerts.page(
            db,
            caller.therapist_id,
            limit=limit + 1,
            open_only=open_only,
            session_id=session_id,
            before=after,
        )
        ownership.audit(db, caller, "risk.list", session_id)
    shown = rows[:limit]
    cursor = None
    if len(rows) > limit:
        last = shown[-1][0]
        cursor = paging.cursor_after((last.found_at, last.id), listing(open_only, session_id))
    return Page([_record(resources, *row) for row in shown], cursor)


def acknowledge(resources: Resources, caller: Caller, alert_id: UUID, note: str | None) -> AlertRecord:
    """Note that the caller has seen the alert and what they did about it.

    Raises NotFound, and Conflict if it was acknowledged before: what was answered stays as it was.
    """
    with resources.database.transaction(caller.practice_id) as db:
        found = alerts.of_therapist(db, caller.therapist_id, alert_id)
    if found is None:
        raise _no_such_alert()
    session = Subject(caller.practice_id, found[0].session_id)
    sealed = resources.vault.seal(session, alerts.note_kind(alert_id), note) if note else None
    with resources.database.transaction(caller.practice_id) as db:
        found = alerts.of_therapist(db, caller.therapist_id, alert_id, hold=True)
        if found is None:
            raise _no_such_alert()
        if found[0].acknowledged_at is not None:
            raise Conflict("This alert has already been acknowledged.", "already_acknowledged")
        alerts.acknowledge(db, found[0], caller.therapist_id, sealed)
        ownership.audit(db, caller, "risk.acknowledge", session.id)
    return _record(resources, *found)


def require_acknowledged(db: DbSession, session_id: UUID) -> None:
    """Raise Unanswered while an alert of the session is open; the caller holds the session's row."""
    waiting = alerts.open_of_session(db, session_id)
    if waiting:
        raise Unanswered(
            "A risk alert of this session is not acknowledged. Its therapist acknowledges it first: "
            "POST /api/risk-alerts/{id}/acknowledge with what was done. errors names those that are open.",
            "risk_alerts_open",
            {"risk_alerts": [str(alert_id) for alert_id in waiting]},
        )


def remind_overdue(database: Database, *, hours: float) -> int:
    """Send a reminder of every alert unacknowledged for ``hours``; return their number."""
    with database.operating() as db:
        found = alerts.overdue(db, hours=hours, limit=BATCH)
    reminded = 0
    for alert in found:
        with database.transaction(alert.practice_id) as db:
            sessions.hold(db, alert.session_id)
            if not alerts.note_reminder(db, alert.alert_id, hours=hours):
                continue
            _tell(db, alert, OVERDUE, EventType.RISK_OVERDUE)
            audit.record(
                db,
                practice_id=alert.practice_id,
                actor="dispatcher",
                action="risk.overdue",
                subject_id=alert.session_id,
            )
        reminded += 1
        log.warning("risk_alert_overdue", session_id=alert.session_id)
    return reminded


def _no_such_alert() -> NotFound:
    return NotFound("There is no such alert.", "risk_alert_not_found")


def _record(resources: Resources, alert: RiskAlert, row: TherapySession) -> AlertRecord:
    session, vault = Subject(row.practice_id, row.id), resources.vault
    note = vault.open(session, alerts.note_kind(alert.id), alert.note) if alert.note is not None else None
    return AlertRecord(
        id=alert.id,
        session_id=row.id,
        patient_id=row.patient_id,
        session_date=row.session_date,
        findings=vault.open(session, alerts.findings_kind(alert.id), alert.findings),
        found_at=alert.found_at,
        due_at=alert.found_at + timedelta(hours=resources.settings.risk_reminder_hours),
        reminders=alert.reminders,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
        note=note,
    )
