"""All that a patient may have, as one encrypted ZIP file that is made while it is sent.

Names inside a ZIP file are not encrypted: they hold numbers, and neither a name nor a date.
"""

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from stream_zip import ZIP_AUTO, stream_zip

from api.exports import FILES, fhir, notes_outline
from api.exports.access_log import access_log_outline
from api.schemas.privacy.access_log import DisclosureSchema
from api.schemas.privacy.consents import ConsentsSchema
from api.schemas.privacy.rights import RightsRequestSchema
from api.schemas.recordings.sessions import TranscriptSchema
from api.schemas.recordings.transcript_text import as_txt
from shared.domain.errors import Conflict, Gone, InvalidInput, NotFound
from shared.services.access.caller import Caller
from shared.services.audit_trail import access_log, disclosures
from shared.services.consents import history
from shared.services.notes import exporting
from shared.services.paging import MAX_LIMIT
from shared.services.resources import Resources
from shared.services.rights import requests
from shared.services.sessions import reading as sessions
from shared.services.sessions.reading import Record
from shared.services.transcripts import playback

MEDIA_TYPE = "application/zip"
_BLOCK_BYTES = 256 * 1024
_LEFT_OUT = (
    "Left out by law or by nature:",
    "- Psychotherapy notes, which the therapist keeps apart (45 CFR 164.524(a)(1)(i)), if there are any.",
    "- Consent texts of other persons than you, and what others than your therapist keep about you.",
)
_FILES = "notes.pdf, notes.fhir.json (FHIR R4), transcript.txt, transcript.json, recording"

Member = tuple[str, datetime, int, Any, Iterator[bytes]]


def package(
    resources: Resources, caller: Caller, patient_id: UUID, password: str, done: Callable[[], None]
) -> Generator[bytes]:
    """The file, block by block, encrypted with AES-256; ``done`` is called once all of it was made."""
    yield from stream_zip(_members(resources, caller, patient_id), password=password, chunk_size=_BLOCK_BYTES)
    done()


def _members(resources: Resources, caller: Caller, patient_id: UUID) -> Iterator[Member]:
    told: list[str] = []
    for number, record in enumerate(_sessions(resources, caller, patient_id), 1):
        folder = f"sessions/{number:04}"
        told += ["", f"{folder}: session of {record.row.session_date:%Y-%m-%d}"]
        for make in (_notes, _transcript, _recording):
            yield from make(resources, caller, record, folder, told)
    yield _member("consents.json", _json(_consents(resources, caller, patient_id)))
    asked = RightsRequestSchema(many=True).dump(requests.listed(resources, caller, patient_id))
    yield _member("requests.json", _json(asked))
    yield from _who_saw_it(resources, caller, patient_id, told)
    yield _member("CONTENTS.txt", _contents(told).encode())


def _sessions(resources: Resources, caller: Caller, patient_id: UUID) -> Iterator[Record]:
    after = None
    while True:
        page = sessions.page(resources, caller, sessions.Wanted(patient_id), limit=MAX_LIMIT, after=after)
        yield from page.items
        if page.next_cursor is None:
            return
        last = page.items[-1].row
        after = (last.session_date, last.id)


def _notes(
    resources: Resources, caller: Caller, record: Record, folder: str, told: list[str]
) -> Iterator[Member]:
    try:
        found = exporting.export(resources, caller, record.row.id, code=requests.PACKAGE)
    except NotFound:
        told.append("  no notes")
        return
    content = FILES["pdf"][1](notes_outline(found))
    yield _member(f"{folder}/notes.pdf", content if isinstance(content, bytes) else content.encode())
    yield _member(f"{folder}/notes.fhir.json", fhir.as_fhir(found).encode())


def _transcript(
    resources: Resources, caller: Caller, record: Record, folder: str, told: list[str]
) -> Iterator[Member]:
    try:
        document = sessions.transcript(resources, caller, record.row.id, requests.PACKAGE)
    except NotFound:
        told.append("  no transcript")
        return
    yield _member(f"{folder}/transcript.txt", as_txt(document).encode())
    yield _member(f"{folder}/transcript.json", _json(TranscriptSchema().dump(document)))


def _recording(
    resources: Resources, caller: Caller, record: Record, folder: str, told: list[str]
) -> Iterator[Member]:
    with ExitStack() as opened:
        try:
            found = opened.enter_context(
                playback.recording(resources, caller, record.row.id, requests.PACKAGE)
            )
        except (NotFound, Gone, Conflict) as error:
            told.append(f"  no recording: {error.detail}")
            return
        blocks = (
            found.source.read_at(start, min(_BLOCK_BYTES, found.source.size - start))
            for start in range(0, found.source.size, _BLOCK_BYTES)
        )
        method = ZIP_AUTO(found.source.size, level=0)  # sound does not get smaller
        yield f"{folder}/recording.{found.family}", _now(), 0o600, method, blocks


def _consents(resources: Resources, caller: Caller, patient_id: UUID) -> Any:
    """The consents; of what others than the patient agreed to, the words are theirs and stay out."""
    found = ConsentsSchema().dump(history.read(resources, caller, patient_id))
    for entry in found["history"]:
        if entry["participant_id"] is not None:
            entry["text"] = None
    return found


def _who_saw_it(resources: Resources, caller: Caller, patient_id: UUID, told: list[str]) -> Iterator[Member]:
    try:
        seen = access_log.read(resources, caller, patient_id, code="package")
        given = disclosures.listed(resources, caller, patient_id)
    except InvalidInput as error:  # more entries than one list holds
        told += ["", f"Neither access-log.pdf nor disclosures.json: {error.detail}"]
        return
    content = FILES["pdf"][1](access_log_outline(seen))
    yield _member("access-log.pdf", content if isinstance(content, bytes) else content.encode())
    yield _member("disclosures.json", _json(DisclosureSchema(many=True).dump(given)))


def _member(name: str, content: bytes) -> Member:
    return name, _now(), 0o600, ZIP_AUTO(len(content), level=6), iter([content])


def _now() -> datetime:
    return datetime(1980, 1, 1, tzinfo=UTC)  # a file's time inside a ZIP file is not encrypted either


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str).encode()


def _contents(told: list[str]) -> str:
    lines = (
        "Your record, as your therapist keeps it.",
        "",
        f"Of each session, as far as there is one: {_FILES}.",
        "consents.json: what you and others consented to. requests.json: what you asked for.",
        "access-log.pdf: who saw your record. disclosures.json: to whom something of it was given.",
        *told,
        "",
        *_LEFT_OUT,
        "",
    )
    return "\r\n".join(lines)
