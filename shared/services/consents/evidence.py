"""Consent that was heard in a recording: proposed by rules, attached to the record by a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import consents as rows
from shared.db.queries.records import patients
from shared.db.tables.privacy.consent import ConsentEvidence
from shared.domain.consent import SPOKEN, ConsentScope
from shared.domain.errors import Conflict, NotFound
from shared.domain.transcripts import consent_heard
from shared.domain.transcripts.consent_heard import Said
from shared.domain.values import JsonObject
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.transcripts import reading as transcripts

_SAME_SECONDS = 0.01


@dataclass(frozen=True, slots=True, repr=False)
class Passage:
    """A passage of a transcript in which consent seems to be asked for and given, in seconds.

    ``asked`` None: given in words of its own. ``attached``: a person has made it evidence.
    """

    start: float
    end: float
    asked: str | None
    asked_by: str | None
    given: str
    given_by: str
    attached: bool


def proposed(resources: Resources, caller: Caller, session_id: UUID) -> list[Passage]:
    """What the caller's session has of it; raises NotFound, also where there is no transcript."""
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id)
        stored = transcripts.sealed(db, session_id)
        attached = _attached(db, row.patient_id, session_id)
        ownership.audit(db, caller, "consent_heard.read", session_id)
    document, _ = transcripts.shown(resources, row, stored)
    if document is None:
        raise NotFound(
            "The session has no transcript: it is not made yet, or its time is over.", "no_transcript_yet"
        )
    return _passages(document, attached)


def beside(
    resources: Resources, caller: Caller, session_id: UUID, patient_id: UUID, document: JsonObject | None
) -> list[Passage]:
    """The same of a transcript that the caller has read just now, which has its line in the trail."""
    if document is None:
        return []
    with resources.database.transaction(caller.practice_id) as db:
        return _passages(document, _attached(db, patient_id, session_id))


def attach(
    resources: Resources, caller: Caller, session_id: UUID, start: float, participant_id: UUID | None = None
) -> list[Passage]:
    """Make the passage that begins at ``start`` evidence that the patient, or a participant, consented.

    It changes no consent. Raises NotFound (session, passage, participant) and Conflict: attached already.
    """
    found = [one for one in proposed(resources, caller, session_id) if abs(one.start - start) < _SAME_SECONDS]
    if not found:
        raise NotFound("No passage is proposed at this time. Ask for those that are.", "passage_not_found")
    passage = found[0]
    with resources.database.transaction(caller.practice_id) as db:
        patient_id = ownership.own(db, caller, session_id).patient_id
        patients.to_change(db, caller.therapist_id, patient_id)
        if participant_id is not None and rows.participant(db, patient_id, participant_id) is None:
            raise NotFound("There is no such participant.", "participant_not_found")
        if (participant_id, passage.start) in _attached(db, patient_id, session_id):
            raise Conflict("This passage is attached already.", "evidence_attached")
        row = ConsentEvidence(id=uuid4(), practice_id=caller.practice_id, patient_id=patient_id)
        row.session_id, row.participant_id, row.attached_by = session_id, participant_id, caller.therapist_id
        row.start_seconds, row.end_seconds = passage.start, passage.end
        db.add(row)
        ownership.audit(db, caller, "consent.evidence", patient_id, str(row.id))
    return proposed(resources, caller, session_id)


def listed(db: DbSession, patient_id: UUID) -> Sequence[dict[str, Any]]:
    """What was attached to the patient's consents, oldest first."""
    return [
        {
            "participant_id": one.participant_id,
            "scope": ConsentScope.RECORDING,
            "method": SPOKEN,
            "session_id": one.session_id,
            "start_seconds": one.start_seconds,
            "end_seconds": one.end_seconds,
            "attached_at": one.attached_at,
            "attached_by": one.attached_by,
        }
        for one in rows.evidence(db, patient_id)
    ]


def _attached(db: DbSession, patient_id: UUID, session_id: UUID) -> set[tuple[UUID | None, float]]:
    found = rows.evidence(db, patient_id)
    return {(one.participant_id, one.start_seconds) for one in found if one.session_id == session_id}


def _passages(document: JsonObject, attached: set[tuple[UUID | None, float]]) -> list[Passage]:
    """The rules are for English; of other languages nothing is proposed."""
    if not str(document.get("language") or "").startswith("en"):
        return []
    said = [Said(one["start"], one["end"], one["speaker"], one["text"]) for one in document["segments"]]
    times = {start for _, start in attached}
    return [
        Passage(
            start=heard.start,
            end=heard.end,
            asked=heard.asked.text if heard.asked else None,
            asked_by=heard.asked.speaker if heard.asked else None,
            given=heard.given.text,
            given_by=heard.given.speaker,
            attached=heard.start in times,
        )
        for heard in consent_heard.find(said)
    ]
