"""The audit trail of a practice, read and exported: who did what with which record, and when."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import api_keys
from shared.db.queries.privacy import audit
from shared.db.queries.privacy.audit import Filter
from shared.db.tables.core import AuditEvent
from shared.domain import spreadsheets
from shared.services import paging
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.paging import Page, Position
from shared.services.resources import Resources

NDJSON, CSV = "ndjson", "csv"
_AT_ONCE = 1000
_GREATEST = 2**63 - 1  # that a line's number can be


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines. ``patient_id``: also of the patient's sessions. ``record_id``: of this id alone.

    ``action``: itself, or what follows it after a dot. ``steps``: also what workers did with steps.
    """

    person_id: UUID | None = None
    patient_id: UUID | None = None
    session_id: UUID | None = None
    record_id: UUID | None = None
    key_id: UUID | None = None
    address: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    steps: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the trail; ``name``: of the person who acted. No content of any record."""

    id: int
    at: datetime
    actor: str
    name: str | None
    action: str
    code: str | None
    subject_id: UUID | None
    key_id: UUID | None
    address: str | None
    request_id: str | None
    step: str | None
    part: int | None
    attempt: int | None


def page(
    resources: Resources,
    caller: Caller,
    wanted: Wanted,
    *,
    limit: int = paging.DEFAULT_LIMIT,
    before: int | None = None,
) -> Page[Line]:
    """The newest lines; that they were read is a line of its own. Raises InvalidInput for the limit.

    ``before``: those with lower numbers; of a cursor of ``listing(wanted)`` see ``number_in``.
    """
    paging.check_limit(limit)
    before = None if before is None else min(before, _GREATEST)
    with resources.database.transaction(caller.practice_id) as db:
        found = _lines(db, caller.practice_id, wanted, before, limit + 1)
        _note(db, caller, "trail.read", wanted)
    shown = found[:limit]
    more = len(found) > limit
    position = (shown[-1].at, UUID(int=shown[-1].id)) if more else None
    return Page(shown, paging.cursor_after(position, listing(wanted)) if position else None)


def listing(wanted: Wanted) -> str:
    """What a cursor of these lines names."""
    return f"audit:{wanted}"


def number_in(position: Position | None) -> int | None:
    """The number of the line that a cursor points at."""
    return None if position is None else position[1].int


def export(resources: Resources, caller: Caller, wanted: Wanted, form: str) -> Iterator[str]:
    """All lines that are there now, newest first, as ``form`` says: NDJSON or CSV."""
    with resources.database.transaction(caller.practice_id) as db:
        first = _lines(db, caller.practice_id, wanted, None, _AT_ONCE)
        _note(db, caller, "trail.export", wanted, form)
    return _written(resources, caller.practice_id, wanted, first, form)


def _written(
    resources: Resources, practice_id: UUID, wanted: Wanted, lines: list[Line], form: str
) -> Iterator[str]:
    if form == CSV:
        yield spreadsheets.row(field.name for field in fields(Line))
    while lines:
        yield "".join(_as_row(line) if form == CSV else _object(line) for line in lines)
        if len(lines) < _AT_ONCE:
            return
        with resources.database.transaction(practice_id) as db:
            lines = _lines(db, practice_id, wanted, lines[-1].id, _AT_ONCE)


def as_json(line: Line) -> dict[str, Any]:
    """The line as a JSON object."""
    plain = asdict(line)
    plain["at"] = line.at.astimezone(UTC).isoformat()
    return {name: str(value) if isinstance(value, UUID) else value for name, value in plain.items()}


def _as_row(line: Line) -> str:
    return spreadsheets.row(as_json(line).values())


def _object(line: Line) -> str:
    return json.dumps(as_json(line), ensure_ascii=False, separators=(",", ":")) + "\n"


def _lines(db: DbSession, practice_id: UUID, wanted: Wanted, before: int | None, limit: int) -> list[Line]:
    people = {str(person.id): person.name for person in api_keys.people_of(db, practice_id)}
    found = audit.page(db, practice_id, _filter(db, practice_id, wanted), before=before, limit=limit)
    return [_line(event, people) for event in found]


def _line(event: AuditEvent, people: dict[str, str]) -> Line:
    names = {field.name for field in fields(Line)} - {"name"}
    values = {name: getattr(event, name) for name in names}
    return Line(name=people.get(event.actor.partition(":")[2]), **values)


def _filter(db: DbSession, practice_id: UUID, wanted: Wanted) -> Filter:
    sets = []
    if wanted.patient_id is not None:
        sets.append({wanted.patient_id, *audit.sessions_of(db, practice_id, wanted.patient_id)})
    sets += [{one} for one in (wanted.session_id, wanted.record_id) if one is not None]
    return Filter(
        person_id=wanted.person_id,
        key_id=wanted.key_id,
        address=wanted.address,
        subjects=frozenset(set.intersection(*sets)) if sets else None,
        action=wanted.action,
        since=wanted.since,
        until=wanted.until,
        steps=wanted.steps,
    )


def _note(db: DbSession, caller: Caller, action: str, wanted: Wanted, code: str | None = None) -> None:
    about = (wanted.patient_id, wanted.session_id, wanted.record_id, wanted.person_id)
    ownership.audit(db, caller, action, next((one for one in about if one is not None), None), code)
