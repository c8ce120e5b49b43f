"""Who spoke: shown with what was proposed, and corrected by one call that relabels everything.

Stored transcripts and notes keep the labels of the voices; what the therapist says of them is a
sealed document of its own, laid over each document when it is read. Notes are made again only where a role
changed, because then other people said what they are made from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import sessions
from shared.db.queries.work import outputs, steps
from shared.db.queries.work.outputs import Product
from shared.db.tables.core import TherapySession
from shared.domain.errors import Conflict, NotFound
from shared.domain.status import Status
from shared.domain.transcripts import speakers
from shared.domain.transcripts.speakers import Casting, Person
from shared.domain.values import JsonObject
from shared.pipeline import EXTRACT_NOTES
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.transcripts import reading as transcripts
from shared.services.transcripts.off_record import require_redacted
from shared.vault.sealing import Subject

# Where notes were made or are being made from who said what.
_NOTED = frozenset({Status.TRANSCRIBED, Status.EXTRACTING_NOTES, Status.PROCESSED})


@dataclass(frozen=True, slots=True, repr=False)
class Speakers:
    """The speakers of a session (see ``described``); ``extracting``: its notes are made again."""

    people: list[JsonObject]
    extracting: bool = False


def get(resources: Resources, caller: Caller, session_id: UUID) -> Speakers:
    """Who speaks in the caller's session; raises NotFound, also while there is no transcript."""
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id)
        stored = transcripts.sealed(db, session_id)
        ownership.audit(db, caller, "speakers.read", session_id)
    transcript, casting = transcripts.opened(resources, row, stored)
    return Speakers(speakers.described(transcript, casting))


def cast(resources: Resources, caller: Caller, session_id: UUID, people: Mapping[str, Person]) -> Speakers:
    """Say who the speakers with these labels are; those not named stay as they are.

    Raises NotFound (also without a transcript), InvalidInput for a label that the transcript does
    not have, and Conflict as ``sessions.extract_again`` does.
    """
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own_to_work_on(db, caller, session_id)
        transcript, before = transcripts.opened(resources, row, transcripts.sealed(db, session_id))
        _check_labels(transcript, people)
        casting = {**before, **people}
        body = resources.vault.seal(
            Subject(row.practice_id, row.id),
            outputs.kind(Product.SPEAKERS),
            speakers.casting_to_json(casting),
        )
        outputs.replace(db, row.practice_id, session_id, Product.SPEAKERS, body)
        extracting = _roles(transcript, before) != _roles(transcript, casting) and row.status in _NOTED
        if extracting:
            _extract_again(db, caller, row)
        row.updated_at = func.now()
        ownership.audit(db, caller, "speakers.change", session_id)
    if extracting:
        resources.queue.publish(session_id, EXTRACT_NOTES)
    return Speakers(speakers.described(transcript, casting), extracting)


def _check_labels(transcript: JsonObject, people: Mapping[str, Person]) -> None:
    known = speakers.labels_of(transcript)
    if set(people) - set(known):
        heard = ", ".join(known) or "no speakers"
        raise NotFound(f"There is no such speaker: the transcript has {heard}.", "no_such_speaker")


def _roles(transcript: JsonObject, casting: Casting) -> dict[str, str]:
    return speakers.roles_in(speakers.with_roles(transcript, casting))


def _extract_again(db: DbSession, caller: Caller, row: TherapySession) -> None:
    """Begin the notes anew; a worker that is making them now loses the step."""
    require_redacted(db, row)
    if not sessions.move(db, row.id, Status.EXTRACTING_NOTES):
        raise Conflict(f"The session is {row.status}: its notes cannot be made again now.", "busy")
    row.request_id = caller.request_id
    outputs.discard(db, row.id, Product.DRAFT)
    steps.begin_again(db, row.id, EXTRACT_NOTES)
    sessions.dispatch_in(db, row.id, sessions.HINT_GRACE_SECONDS)
