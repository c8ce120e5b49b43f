"""An edit of the notes that its therapist has begun and not saved: kept so that nothing typed is lost.

There is one for each session. It is no version of the notes: exports, signatures and others never see it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.connection.clock import now
from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.db.tables.core import TherapySession
from shared.domain.errors import NotFound, Outdated
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.notes.reading import ANY
from shared.services.resources import Resources
from shared.vault.sealing import Sealed, Subject

NOTHING = ""
_MOST = 1000
_KIND = outputs.kind(Product.UNSAVED_EDIT)


@dataclass(frozen=True, slots=True)
class Listed:
    """A session with an unsaved edit, and when that was kept last."""

    session_id: UUID
    session_date: datetime
    saved_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class UnsavedEdit:
    """What was typed, by the field of the form. ``tag`` names the notes that it changes."""

    tag: str
    fields: dict[str, str]
    saved_at: datetime

    @property
    def etag(self) -> str:
        """What names this state of it."""
        return self.saved_at.strftime("%Y%m%dT%H%M%S%f")


def listed(resources: Resources, caller: Caller) -> list[Listed]:
    """The caller's sessions with an unsaved edit, the latest first. Not audited: it tells no content."""
    with resources.database.transaction(caller.practice_id) as db:
        found = outputs.of_therapist(db, caller.therapist_id, Product.UNSAVED_EDIT, _MOST)
    return [Listed(session_id, session_date, at) for session_id, session_date, at in found]


def find(resources: Resources, caller: Caller, session_id: UUID) -> UnsavedEdit | None:
    """The unsaved edit of the caller's session, if there is one; raises NotFound without the session."""
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id)
        sealed = outputs.get(db, session_id, Product.UNSAVED_EDIT)
        if sealed is None:
            return None
        ownership.audit(db, caller, "notes.read_unsaved", session_id)
    return _opened(resources, row, sealed)


def get(resources: Resources, caller: Caller, session_id: UUID) -> UnsavedEdit:
    """As ``find``; raises NotFound also where nothing is unsaved."""
    found = find(resources, caller, session_id)
    if found is None:
        raise NotFound("The notes have no unsaved edit.", "nothing_unsaved")
    return found


def keep(
    resources: Resources,
    caller: Caller,
    session_id: UUID,
    tag: str,
    fields: Mapping[str, str],
    *,
    before: str | None = None,
) -> UnsavedEdit:
    """Keep what was typed in the place of what was kept before. The trail tells of the first time alone.

    ``before``: the ``etag`` of what was kept as the caller knows it, NOTHING for none; without it anything is
    replaced. Raises Outdated where it is another by now: somewhere else the same edit goes on.
    """
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id, hold=True)
        if before is not None and before not in (ANY, _etag_of(db, resources, row)):
            raise Outdated("The same edit goes on in another window. Read what was typed there.")
        kept = UnsavedEdit(tag, dict(fields), now(db))
        body = resources.vault.seal(
            Subject(row.practice_id, row.id),
            _KIND,
            {"tag": tag, "fields": kept.fields, "saved_at": kept.saved_at.isoformat()},
        )
        if outputs.get(db, session_id, Product.UNSAVED_EDIT) is None:
            ownership.audit(db, caller, "notes.keep_unsaved", session_id)
        outputs.replace(db, row.practice_id, row.id, Product.UNSAVED_EDIT, body)
    return kept


def _etag_of(db: DbSession, resources: Resources, row: TherapySession) -> str:
    """What names the state of what is kept for a session that the transaction holds."""
    sealed = outputs.get(db, row.id, Product.UNSAVED_EDIT)
    if sealed is None:
        return NOTHING
    return _opened(resources, row, sealed).etag


def _opened(resources: Resources, row: TherapySession, sealed: Sealed) -> UnsavedEdit:
    stored = ownership.opened(resources, Subject(row.practice_id, row.id), _KIND, sealed)
    return UnsavedEdit(stored["tag"], stored["fields"], datetime.fromisoformat(stored["saved_at"]))


def discard(resources: Resources, caller: Caller, session_id: UUID, *, before: str | None = None) -> None:
    """Forget it; does nothing where there is none, or, with ``before``, another than that: see ``keep``.

    Raises NotFound without the session.
    """
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id, hold=True)
        if before is not None and before != _etag_of(db, resources, row):
            return
        if outputs.get(db, session_id, Product.UNSAVED_EDIT) is not None:
            ownership.audit(db, caller, "notes.discard_unsaved", session_id)
            outputs.discard(db, session_id, Product.UNSAVED_EDIT)
