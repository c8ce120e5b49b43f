"""Words of a transcript, corrected by its therapist; what the engine heard is kept beside them.

Transcript, exports and notes are read with the corrections from then on. Notes are not made again by
themselves: quotes that a correction changed are marked as they are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.clock import now
from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.db.tables.core import TherapySession
from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.domain.transcripts.corrections import (
    Correction,
    Place,
    corrected,
    corrections_to_json,
    on_the_record,
    place_of,
)
from shared.domain.transcripts.off_record import Ranges
from shared.domain.transcripts.replaced_words import replaced
from shared.domain.transcripts.speakers import labels_of
from shared.domain.values import JsonObject
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.transcripts import reading as transcripts
from shared.vault.sealing import Sealed, Subject, Vault

_KIND = outputs.kind(Product.CORRECTIONS)


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """What a segment is to say. ``was``: the text as it was read; ``text`` None: what the engine heard.

    ``speaker``: the label of who says it; None: unchanged.
    """

    segment: int
    was: str
    text: str | None
    speaker: str | None = None


def listed(resources: Resources, caller: Caller, session_id: UUID) -> list[JsonObject]:
    """The corrections of the caller's session by segment; raises NotFound, also without a transcript."""
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id)
        stored = transcripts.sealed(db, session_id)
        ownership.audit(db, caller, "corrections.read", session_id)
    heard, known = _opened(resources, row, stored)
    return _told(heard, known)


def correct(
    resources: Resources, caller: Caller, session_id: UUID, changes: Sequence[Change]
) -> list[JsonObject]:
    """Correct segments of the caller's session; those that are not named stay as they are.

    Raises NotFound (also without a transcript, and for a segment or a speaker that it does not have),
    Conflict where a text is not as it was read, and then changes nothing.
    """
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id, hold=True)
        heard, known = _opened(resources, row, transcripts.sealed(db, session_id))
        at = now(db)
        for change in changes:
            known = _with(change, heard, known, str(caller.therapist_id), at)
        _store(db, resources.vault, Subject(row.practice_id, row.id), known)
        row.updated_at = func.now()
        ownership.audit(db, caller, "transcript.correct", session_id)
    return _told(heard, known)


def cut(db: DbSession, vault: Vault, session: Subject, ranges: Ranges) -> None:
    """Forget the corrections of segments that lose words with ``ranges``; the session must be held."""
    stored = outputs.get(db, session.id, Product.CORRECTIONS)
    if stored is not None:
        _store(
            db, vault, session, on_the_record(transcripts.opened_corrections(vault, session, stored), ranges)
        )


def _opened(
    resources: Resources, row: TherapySession, stored: transcripts.Stored
) -> tuple[JsonObject, dict[Place, Correction]]:
    """The transcript as it was heard, and what was corrected of it."""
    heard = transcripts.as_heard(resources, row, stored)
    session = Subject(row.practice_id, row.id)
    return heard, dict(transcripts.opened_corrections(resources.vault, session, stored.corrections))


def _store(db: DbSession, vault: Vault, session: Subject, known: Mapping[Place, Correction]) -> None:
    if known:
        body: Sealed = vault.seal(session, _KIND, corrections_to_json(known))
        outputs.replace(db, session.practice_id, session.id, Product.CORRECTIONS, body)
    else:
        outputs.discard(db, session.id, Product.CORRECTIONS)


def _segment(heard: JsonObject, number: int) -> JsonObject:
    """One segment of the transcript; raises NotFound."""
    segments: list[JsonObject] = heard["segments"]
    if not 0 <= number < len(segments):
        raise NotFound(
            f"There is no segment {number}: the transcript has {len(segments)}.", "no_such_segment"
        )
    return segments[number]


def _with(
    change: Change, heard: JsonObject, known: Mapping[Place, Correction], by: str, at: datetime
) -> dict[Place, Correction]:
    """``known`` with one more change, or without the correction that it takes back."""
    segment = _segment(heard, change.segment)
    place = place_of(segment)
    present = known.get(place)
    if change.was != (present.text if present else segment["text"]):
        raise Conflict(
            f"Segment {change.segment} reads differently by now. Read the transcript again, then correct it.",
            "words_changed",
        )
    rest = {other: said for other, said in known.items() if other != place}
    if change.text is None:
        return rest
    speaker = change.speaker or (present.speaker if present else segment["speaker"])
    if speaker not in labels_of(heard):
        raise InvalidInput("The transcript has no such speaker. Use a label of it.", "no_such_speaker")
    if (change.text, speaker) == (segment["text"], segment["speaker"]):
        return rest
    words = replaced(segment["text"], change.text)
    return {**rest, place: Correction(change.text, speaker, by, at.isoformat(), words)}


def _told(heard: JsonObject, known: Mapping[Place, Correction]) -> list[JsonObject]:
    said = corrected(heard, known)["segments"]
    return [
        {"segment": number, "text": segment["text"], "speaker": segment["speaker"], **segment["corrected"]}
        for number, segment in enumerate(said)
        if "corrected" in segment
    ]
