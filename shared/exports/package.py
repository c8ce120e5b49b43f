"""All that a patient may have, as one ZIP file that is made block by block.

Names inside a ZIP file are not encrypted: they hold numbers, and neither a name nor a date.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from stream_zip import ZIP_AUTO, stream_zip

from shared.domain.disclosures import EXPORT, PREPARED
from shared.domain.errors import Conflict, Gone, InvalidInput, NotFound
from shared.domain.ports import ByteSource
from shared.exports import FILES, fhir, notes_outline
from shared.exports.access_log import access_log_outline
from shared.exports.transcript_text import as_txt
from shared.services.access.caller import Caller
from shared.services.audit_trail import access_log, disclosures
from shared.services.consents import history
from shared.services.notes import exporting
from shared.services.paging import MAX_LIMIT
from shared.services.resources import Resources
from shared.services.rights import requests
from shared.services.rights.packaging import NOTE_EVERY_BYTES, Progress
from shared.services.sessions import reading as sessions
from shared.services.sessions.reading import Record
from shared.services.transcripts import playback
from shared.vault.frames import TamperedObject

log = structlog.get_logger(__name__)

_BLOCK_BYTES = 256 * 1024
_LEFT_OUT = (
    "Left out by law or by nature:",
    "- Psychotherapy notes, which the therapist keeps apart (45 CFR 164.524(a)(1)(i)), if there are any.",
    "- Consent texts of other persons than you, and what others than your therapist keep about you.",
)
_FILES = "notes.pdf, notes.fhir.json (FHIR R4), transcript.txt, transcript.json, recording"

Member = tuple[str, datetime, int, Any, Iterator[bytes]]


def package(
    resources: Resources, caller: Caller, patient_id: UUID, password: str | None, progress: Progress
) -> Iterator[bytes]:
    """The file, block by block, encrypted with AES-256 where there is a password."""
    members = _members(resources, caller, patient_id, progress)
    yield from stream_zip(members, password=password, chunk_size=_BLOCK_BYTES)


def _members(resources: Resources, caller: Caller, patient_id: UUID, progress: Progress) -> Iterator[Member]:
    told: list[str] = []
    records = list(_sessions(resources, caller, patient_id))
    progress.parts_total = len(records) + 1
    for number, record in enumerate(records, 1):
        folder = f"sessions/{number:04}"
        told += ["", f"{folder}: session of {record.row.session_date:%Y-%m-%d}"]
        for area, make in (("notes", _notes), ("transcript", _transcript), ("audio", _recording)):
            for member in make(resources, caller, record, folder, told, progress):
                yield member
                progress.note(record.row.id, f"{area}{EXPORT}")
        progress.parts_done = number
    yield _member("consents.json", _json(_consents(resources, caller, patient_id)))
    asked = requests.listed(resources, caller, patient_id)
    yield _member("requests.json", _json([asdict(one) for one in asked]))
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
    resources: Resources, caller: Caller, record: Record, folder: str, told: list[str], _: Progress
) -> Iterator[Member]:
    try:
        found = exporting.export(resources, caller, record.row.id, code=PREPARED)
    except NotFound:
        told.append("  no notes")
        return
    content = FILES["pdf"][1](notes_outline(found))
    yield _member(f"{folder}/notes.pdf", content if isinstance(content, bytes) else content.encode())
    yield _member(f"{folder}/notes.fhir.json", fhir.as_fhir(found).encode())


def _transcript(
    resources: Resources, caller: Caller, record: Record, folder: str, told: list[str], _: Progress
) -> Iterator[Member]:
    try:
        document = sessions.transcript(resources, caller, record.row.id, PREPARED)
    except NotFound:
        told.append("  no transcript")
        return
    yield _member(f"{folder}/transcript.txt", as_txt(document).encode())
    yield _member(f"{folder}/transcript.json", _json(document))


def _recording(
    resources: Resources, caller: Caller, record: Record, folder: str, told: list[str], progress: Progress
) -> Iterator[Member]:
    with ExitStack() as opened:
        try:
            found = opened.enter_context(playback.recording(resources, caller, record.row.id, PREPARED))
        except (NotFound, Gone, Conflict) as error:
            told.append(f"  no recording: {error.detail}")
            return
        if not _is_readable(found.source, progress):
            log.error("recording_damaged", session_id=record.row.id)
            told.append("  no recording: it is damaged")
            return
        blocks = (
            found.source.read_at(start, min(_BLOCK_BYTES, found.source.size - start))
            for start in range(0, found.source.size, _BLOCK_BYTES)
        )
        method = ZIP_AUTO(found.source.size, level=0)  # sound does not get smaller
        yield f"{folder}/recording.{found.family}", _now(), 0o600, method, blocks


def _is_readable(source: ByteSource, progress: Progress) -> bool:
    """Read all of it before its name is in the file: one that is damaged must not spoil the whole copy."""
    for start in range(0, source.size, _BLOCK_BYTES):
        if start % NOTE_EVERY_BYTES == 0:
            progress.go_on()
        try:
            source.read_at(start, min(_BLOCK_BYTES, source.size - start))
        except TamperedObject:
            return False
    return True


def _consents(resources: Resources, caller: Caller, patient_id: UUID) -> Any:
    """The consents; of what others than the patient agreed to, the words are theirs and stay out."""
    found = asdict(history.read(resources, caller, patient_id))
    for entry in found["history"]:
        if entry["participant_id"] is not None:
            entry["text"] = None
    return found


def _who_saw_it(resources: Resources, caller: Caller, patient_id: UUID, told: list[str]) -> Iterator[Member]:
    try:
        seen = access_log.read(resources, caller, patient_id, code=PREPARED)
        given = disclosures.listed(resources, caller, patient_id)
    except InvalidInput as error:  # more entries than one list holds
        told += ["", f"Neither access-log.pdf nor disclosures.json: {error.detail}"]
        return
    content = FILES["pdf"][1](access_log_outline(seen))
    yield _member("access-log.pdf", content if isinstance(content, bytes) else content.encode())
    yield _member("disclosures.json", _json([asdict(one) for one in given]))


def _member(name: str, content: bytes) -> Member:
    return name, _now(), 0o600, ZIP_AUTO(len(content), level=6), iter([content])


def _now() -> datetime:
    return datetime(1980, 1, 1, tzinfo=UTC)  # a file's time inside a ZIP file is not encrypted either


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=_as_word).encode()


def _as_word(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


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
