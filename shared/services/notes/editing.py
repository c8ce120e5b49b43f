"""New versions of the notes by people: edits, offers accepted or dismissed, another template.

What was read is worked on outside of any transaction; the new version is added in one that holds the
session's row and finds the notes as they were. Nothing is overwritten, and no change is lost.
"""

from collections.abc import Callable, Collection
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import notes as rows
from shared.db.queries.work import outbox
from shared.db.tables.records import NotesVersion
from shared.domain.errors import Conflict, NotFound, Outdated, UnknownBase
from shared.domain.notes import editing, values
from shared.domain.notes.client_summary import with_client_summary
from shared.domain.notes.record import Decision, Kind
from shared.domain.notes.templates import rendered
from shared.domain.values import JsonObject, Transcript
from shared.domain.webhooks import EventType
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.notes import reading as notes
from shared.services.notes import templates
from shared.services.notes.reading import Notes
from shared.services.notes.rows import Found, current_form, find, transcript_of
from shared.services.resources import Resources
from shared.vault.sealing import Subject

Change = Callable[[values.Notes, Transcript], values.Notes]


def edit(
    resources: Resources, caller: Caller, session_id: UUID, wanted: JsonObject, tag: str | None
) -> Notes:
    """The clinician's edit of the notes that ``tag`` names, as a new version.

    ``wanted`` holds fields of ``NotesSchema``. Raises NotFound, UnknownBase, Outdated, Conflict (the
    notes are signed) or InvalidInput (a quote that was not said).
    """
    if tag is None:
        raise UnknownBase(
            "Send the ETag of the notes that you changed as If-Match, so that no change is lost."
        )
    return _write(
        resources,
        caller,
        session_id,
        "notes.edit",
        tag,
        lambda base, said: editing.edited(wanted, base, said),
    )


def render(resources: Resources, caller: Caller, session_id: UUID, template: str) -> Notes:
    """The current notes in another template, from the same evidence, as a new version.

    Raises NotFound, Conflict (the notes are signed) or UnknownTemplate.
    """
    with resources.database.transaction(caller.practice_id) as db:
        templates.require(db, template)
        form = templates.named(resources.vault, db, template)
    return _write(
        resources, caller, session_id, "notes.render", None, lambda base, said: rendered(base, form, said)
    )


def write_client_summary(resources: Resources, caller: Caller, session_id: UUID) -> Notes:
    """The current notes with a summary for the client, written from what stands in them, as a new version.

    Raises NotFound or Conflict (the notes are signed).
    """
    return _write(resources, caller, session_id, "notes.client_summary", None, with_client_summary)


def accept(
    resources: Resources, caller: Caller, session_id: UUID, version: int, fields: Collection[str] | None
) -> Notes:
    """Let an offered extraction, or these ``fields`` of it, become the current notes.

    Raises NotFound if ``version`` is not on offer, and Conflict if the notes are signed.
    """
    with resources.database.transaction(caller.practice_id) as db:
        ownership.own(db, caller, session_id)
        offer = _on_offer(db, session_id, version)
    offered = current_form(resources, offer)

    def taken(base: values.Notes, transcript: Transcript) -> values.Notes:
        return offered if fields is None else editing.merged(base, offered, fields, transcript)

    def note(db: DbSession) -> None:
        rows.decide(db, _on_offer(db, session_id, version), Decision.ACCEPTED, caller.therapist_id)

    return _write(resources, caller, session_id, "notes.accept", None, taken, note)


def dismiss(resources: Resources, caller: Caller, session_id: UUID, version: int) -> Notes:
    """Let an offered extraction be, and the notes stay as they are; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        ownership.own(db, caller, session_id, hold=True)
        rows.decide(db, _on_offer(db, session_id, version), Decision.DISMISSED, caller.therapist_id)
        ownership.audit(db, caller, "notes.dismiss", session_id, f"v{version}")
        found = find(db, caller, session_id)
    return notes.opened(resources, found)


def _on_offer(db: DbSession, session_id: UUID, version: int) -> NotesVersion:
    offer = rows.offered(db, session_id)
    if offer is None or offer.version != version:
        raise NotFound("This version is not on offer; look at the versions of the notes.", "not_offered")
    return offer


def _write(
    resources: Resources,
    caller: Caller,
    session_id: UUID,
    action: str,
    tag: str | None,
    change: Change,
    note: Callable[[DbSession], None] = lambda _: None,
) -> Notes:
    """Add what ``change`` makes of the current notes, unless they changed meanwhile."""
    session = Subject(caller.practice_id, session_id)
    with resources.database.transaction(caller.practice_id) as db:
        ownership.own(db, caller, session_id)
        before = find(db, caller, session_id)
        _require_unsigned(before)
    if tag is not None and not notes.is_base(tag, notes.opened(resources, before)):
        raise outdated()
    changed = change(current_form(resources, before.row), transcript_of(resources, before))
    document = changed.keeping(draft=True).document
    with resources.database.transaction(caller.practice_id) as db:
        ownership.own(db, caller, session_id, hold=True)
        require_unchanged(db, caller, before)
        version = rows.next_version(db, session_id)
        rows.add(
            db,
            caller.practice_id,
            session_id,
            version=version,
            body=resources.vault.seal(session, rows.kind(version), document),
            engine=before.row.engine,
            template=document["template"],
            kind=Kind.EDIT,
            author_id=caller.therapist_id,
            based_on=before.row.version,
        )
        note(db)
        _tell(db, caller, action, session_id, version)
        after = find(db, caller, session_id)
    return notes.opened(resources, after)


def _tell(db: DbSession, caller: Caller, action: str, session_id: UUID, version: int) -> None:
    ownership.audit(db, caller, action, session_id, f"v{version}")
    outbox.enqueue(db, caller.practice_id, EventType.NOTES_EDITED, session_id, version=version)


def require_unchanged(db: DbSession, caller: Caller, before: Found) -> None:
    """Raise Outdated or Conflict if the notes are no more as they were read; the session is held."""
    now = find(db, caller, before.session.id)
    _require_unsigned(now)
    if now.row.version != before.row.version:
        raise outdated()


def _require_unsigned(found: Found) -> None:
    if any(signed.version == found.row.version for signed in found.signatures):
        raise Conflict(
            "These notes are signed and stay as they are. Add to them: POST .../notes/addenda.",
            "notes_signed",
        )


def outdated() -> Outdated:
    """The refusal of a change of notes that have changed meanwhile."""
    return Outdated("The notes have changed since you read them. Read them again, then change them.")
