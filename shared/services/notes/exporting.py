"""Notes as they leave the system: with whom they are about, who wrote them, and how long it took."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import api_keys
from shared.db.queries.privacy import consents
from shared.db.queries.records import patients
from shared.db.tables.core import Patient, TherapySession
from shared.domain.disclosures import act_of
from shared.domain.notes import templates as forms
from shared.domain.notes import values
from shared.domain.notes.stored import upgraded
from shared.domain.template_forms import Template
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.notes import reading as notes
from shared.services.notes import templates
from shared.services.notes.reading import Notes
from shared.services.notes.rows import Found, find, transcript_of
from shared.services.patients import NAME
from shared.services.resources import Resources
from shared.services.rights import requests
from shared.services.rights.requests import Asked
from shared.vault.sealing import Subject


@dataclass(frozen=True, slots=True, repr=False)
class Export:
    """A version of the notes with what a reader elsewhere needs to know; ``as_signed`` False: it is
    shown in another template than it was signed in."""

    notes: Notes
    session_id: UUID
    patient_id: UUID
    patient: str
    therapist_id: UUID
    therapist: str
    session_date: datetime
    duration_seconds: float | None
    template_title: str
    as_signed: bool = True
    asked: Sequence[Asked] = ()
    is_part2: bool = False


def export(
    resources: Resources,
    caller: Caller,
    session_id: UUID,
    *,
    version: int | None = None,
    template: str | None = None,
    code: str | None = None,
) -> Export:
    """The current notes, or this version, also in another ``template``; raises NotFound, UnknownTemplate.

    ``code`` names the form for the audit trail; None: they are read, not exported.
    """
    with resources.database.transaction(caller.practice_id) as db:
        found = find(db, caller, session_id, version)
        session = found.session
        person = api_keys.therapist(db, caller.practice_id, session.therapist_id)
        patient = patients.of_therapist(db, session.therapist_id, session.patient_id)
        if template is not None:
            templates.require(db, template)
        beside = _beside(resources, db, session) if code else {}
        form = templates.named(resources.vault, db, template or found.row.template)
        ownership.audit(db, caller, act_of("notes", code), session_id, code)
    read = notes.opened(resources, found)
    other = template is not None and template != found.row.template and "text" not in read.document
    if other:
        read = _rendered(resources, found, read, form)
    return Export(
        notes=read,
        session_id=session_id,
        patient_id=session.patient_id,
        patient=_name_of(resources, patient),
        therapist_id=session.therapist_id,
        therapist=person.name if person else "",
        session_date=session.session_date,
        duration_seconds=session.duration_seconds,
        template_title=form.title,
        **beside,
        as_signed=not (other and read.head.signatures),
    )


def _beside(resources: Resources, db: DbSession, session: TherapySession) -> dict[str, Any]:
    """What goes with the notes wherever they go: what the patient asked for, and which law protects them."""
    return {
        "asked": requests.with_notes(resources.vault, db, session.patient_id, session.id),
        "is_part2": consents.is_part2(db, session.patient_id, session.id),
    }


def _rendered(resources: Resources, found: Found, read: Notes, form: Template) -> Notes:
    shown = values.Notes.of(upgraded(read.document))
    document = forms.rendered(shown, form, transcript_of(resources, found)).document
    return replace(read, document=document, head=replace(read.head, template=form.name))


def _name_of(resources: Resources, patient: Patient | None) -> str:
    if patient is None:
        return ""
    return str(resources.vault.open(Subject(patient.practice_id, patient.id), NAME, patient.name))
