"""What is sealed anew under a second version of its key is what it was, and needs the first no more."""

import re
from base64 import b64decode
from collections.abc import Iterable
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import inspect, text

from shared.services.operations import sealed_columns
from shared.services.operations.sealed_columns import StoredValue
from shared.services.resources import Resources
from shared.storage.recordings import PACKAGE, RECORDING
from shared.vault import durable, frames, keyring
from shared.vault.keyring import FIRST, KeyRing
from shared.vault.keystore import KeyStore, subject_aad
from shared.vault.sealing import Subject, key_version
from tests.authz_matrix import Place
from tests.database import everything
from tests.integration.backups.test_sealed_columns import place  # noqa: F401 - a fixture

FORMATS = ("json", "md", "docx", "pdf", "fhir")


@pytest.fixture
def signed(place: Place) -> Place:  # noqa: F811
    """The practice with everything in it, with signed notes."""
    notes = f"/api/sessions/{place.session_id}/notes"
    owner = place.callers["owner"]
    tag = owner("GET", notes).headers["ETag"]
    assert owner("POST", f"{notes}/sign", json={}, headers={"If-Match": tag}).status_code == 200
    return place


def test_every_answer_and_every_file_is_the_same_byte_for_byte(resources: Resources, signed: Place) -> None:
    shown = answers(signed)
    assert not [path for path, (status, _) in shown.items() if status != 200]
    keys, practice_id = resources.vault.keys, signed.office.caller.practice_id
    for each in (before := stored(resources, signed)):
        assert key_version(each.sealed) == FIRST
    subjects = {one.subject for one in before}
    for subject in subjects:
        put_ring(keys, subject, keys.ring(subject.practice_id, subject.id).with_next())
    assert answers(signed) == shown

    seal_anew(resources, before)
    recordings_anew(resources, subjects)
    assert {key_version(one.sealed) for one in stored(resources, signed)} == {FIRST + 1}
    assert answers(signed) == shown

    for subject in subjects:
        put_ring(keys, subject, keys.ring(practice_id, subject.id).with_current_alone())
    assert answers(signed) == shown


def answers(place: Place) -> dict[str, tuple[int, bytes]]:  # noqa: F811
    """What the owner and the administrator get to see of the practice."""
    session, patient = f"/api/sessions/{place.session_id}", f"/api/patients/{place.office.patient_id}"
    parts = ("", "/transcript", "/audio", "/speakers", "/process-notes", "/notes/versions")
    paths = [
        *(session + part for part in parts),
        *(f"{session}/notes?format={form}" for form in FORMATS),
        *(patient + part for part in ("", "/consents", "/requests")),
        *(f"/api/{name}" for name in ("risk-alerts?state=all", "templates")),
    ]
    found = {path: place.callers["owner"]("GET", path) for path in paths}
    found |= {path: place.callers["administrator"]("GET", path) for path in ("/api/webhooks", "/api/holds")}
    return {path: (answer.status_code, without_time(answer.data)) for path, answer in found.items()}


def without_time(file: bytes) -> bytes:
    """A file without the time at which it was made, which Word and PDF files hold; all else as it is."""
    if file.startswith(b"PK"):
        with ZipFile(BytesIO(file)) as parts:
            file = b"".join(parts.read(name) for name in parts.namelist())
        return re.sub(rb"<dcterms:(created|modified)[^<]*", b"", file)
    if file.startswith(b"%PDF"):
        return re.sub(rb"D:\d{14}|<[0-9A-F]{32}>", b"", file)
    attached = rb'"data":"(JVBER[^"]*)"'  # a PDF file in a FHIR document
    return re.sub(attached, lambda found: without_time(b64decode(found[1])), file)


def stored(resources: Resources, place: Place) -> list[StoredValue]:  # noqa: F811
    practice_id = place.office.caller.practice_id
    with resources.database.transaction(practice_id) as db:
        return list(sealed_columns.stored(db, practice_id))


def put_ring(keys: KeyStore, subject: Subject, ring: KeyRing) -> None:
    """Replace the versions of a subject's key."""
    wrapping = keys.practice_ring(subject.practice_id).current
    wrapped = keyring.wrap(wrapping, ring.pack(), subject_aad(subject.practice_id, subject.id))
    durable.replace(keys.subject_path(subject.id), wrapped)


def seal_anew(resources: Resources, values: Iterable[StoredValue]) -> None:
    """Replace the values by themselves under the current version; triggers look away for that."""
    with everything(resources) as db:
        db.execute(text("SET LOCAL session_replication_role = replica"))
        for one in values:
            column, vault = one.column.column, resources.vault
            content = vault.open(one.subject, one.kind, one.sealed)
            names = [key.name for key in inspect(column.class_).primary_key]
            row = " AND ".join(f"{name} = :{name}" for name in names)
            db.execute(
                text(f"UPDATE {column.class_.__tablename__} SET {column.key} = :sealed WHERE {row}"),
                {name: getattr(one.row, name) for name in names}
                | {"sealed": vault.seal(one.subject, one.kind, content).data},
            )


def recordings_anew(resources: Resources, subjects: set[Subject]) -> None:
    """Replace the recordings by themselves under the current version."""
    for stored_object in list(resources.recordings.store.list()):
        *_, owner, kind = stored_object.name.split("/")
        if kind == PACKAGE:
            continue  # has a key of its own, and no sealed value once it is made
        (session,) = (one for one in subjects if str(one.id) == owner)
        with resources.recordings.open(session, kind) as source:
            content = source.read_at(0, source.size)
        with resources.recordings.create(session, kind) as write:
            write(content)
        assert kind == RECORDING
        with resources.recordings.store.open(stored_object.name) as sealed:
            assert frames.key_version(sealed.read_at(0, frames.HEADER_BYTES)) == FIRST + 1
