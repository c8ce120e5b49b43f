"""Rotations of subjects' keys are killed at every step, and run beside people and workers."""

import signal
import threading
from uuid import UUID

import pytest
from sqlalchemy import select

from shared.db.tables.core import Patient
from shared.services.operations import sealed_columns
from shared.services.operations.sealed_columns import SEALED_COLUMNS
from shared.storage.recordings import key_version as object_version
from shared.vault import sealing
from shared.vault.frames import HEADER_BYTES
from shared.vault.keystore import KeyDestroyed, KeyStore
from shared.vault.sealing import Subject, Vault
from tests.database import everything
from tests.faults import rotator
from tests.faults.clinic import Clinic
from tests.faults.machine import Machine

PLACES = (
    "replacing.written",
    "replacing.former_named",
    "replacing.replaced",
    "rotating.subject_version_added",
    "rotating.values_replaced",
    "rotating.object_copied",
    "rotating.object_verified",
    "rotating.object_replaced",
    "rotating.former_refused",
    "rotating.subject_verified",
    "rotating.subject_sealed",
    # A patient and a session: the third replacement of a key file takes away a former version.
    "replacing.written 3",
    "replacing.former_named 3",
    "replacing.replaced 3",
    "rotating.subject_former_removed",
    "rotating.subject_ended",
)


def rotate(machine: Machine, *whose: UUID, place: str = "", retired_seconds: float = 0) -> int:
    """Run a rotation in a process of its own that dies at ``place``; gives its exit code."""
    what = " ".join(("subjects", *map(str, whose)))
    return rotator.run(machine.keys, what, str(retired_seconds), place, machine.environment())


def practice_of(machine: Machine, patient_id: str) -> UUID:
    with everything(machine.postgres.url) as db:
        return db.scalars(select(Patient.practice_id).where(Patient.id == UUID(patient_id))).one()


def shown(clinic: Clinic, session_id: UUID) -> list[bytes]:
    """What a therapist gets of it, through an API that runs since before."""
    base = f"/api/sessions/{session_id}"
    paths = (
        base,
        f"{base}/notes",
        f"{base}/transcript",
        f"{base}/audio",
        f"/api/patients/{clinic.patient_id}",
    )
    answers = [clinic.http.get(path) for path in paths]
    assert [answer.status_code for answer in answers] == [200] * len(paths)
    return [answer.content for answer in answers]


def require_ended(machine: Machine, practice_id: UUID, whose: set[UUID], version: int) -> None:
    """Everything of these opens under this version, which is the only one, and nothing is left over."""
    keys = KeyStore(machine.keys)
    vault = Vault(keys)
    for subject in whose:
        assert [key.version for key in keys.ring(practice_id, subject).keys] == [version]
        with everything(machine.postgres.url) as db:
            for one in sealed_columns.stored(db, practice_id, subject):
                assert sealing.key_version(one.sealed) == version
                vault.open(one.subject, one.kind, one.sealed)
    for found in machine.store.list():
        _, owner, _ = found.name.split("/")
        if UUID(owner) in whose:
            with machine.store.open(found.name) as source:
                assert object_version(source.read_at(0, HEADER_BYTES)) == version
    assert not list(machine.keys.rglob(".*.key.*"))


@pytest.mark.parametrize("place", PLACES)
def test_a_rotation_of_subjects_keys_killed_anywhere_goes_on_when_it_is_run_again(
    clinic: Clinic, machine: Machine, place: str
) -> None:
    session = clinic.upload(1)
    clinic.wait_until_processed(session)
    before = shown(clinic, session)
    practice_id, patient = practice_of(machine, clinic.patient_id), UUID(clinic.patient_id)

    assert rotate(machine, practice_id, patient, place=place) == -signal.SIGKILL
    assert shown(clinic, session) == before
    assert rotate(machine, practice_id, patient) == 0
    assert shown(clinic, session) == before
    version = 3 if place == "rotating.subject_ended" else 2
    # The one that had ended, of the two, was rotated once more.
    versions = {
        subject: KeyStore(machine.keys).ring(practice_id, subject).current.version
        for subject in (patient, session)
    }
    assert max(versions.values()) == version
    for subject, its_version in versions.items():
        require_ended(machine, practice_id, {subject}, its_version)


@pytest.mark.usefixtures("expect_all_well")
def test_a_machine_at_work_loses_nothing_while_subjects_keys_rotate(clinic: Clinic, machine: Machine) -> None:
    """People upload, read, edit and delete, and workers work, on sessions whose keys rotate twice."""
    first = [clinic.upload(1) for _ in range(3)]
    clinic.wait_until_processed(*first)
    practice_id = practice_of(machine, clinic.patient_id)
    stop, failures, edits = threading.Event(), [], []

    def use(session: UUID) -> None:
        notes = f"/api/sessions/{session}/notes"
        try:
            while not stop.is_set():
                shown(clinic, session)
                tag = clinic.http.get(notes).headers["ETag"]
                edit = f"Edit {len(edits)}."
                answer = clinic.http.put(
                    notes, json={"extracted_notes": {"topic_summary": edit}}, headers={"If-Match": tag}
                )
                assert answer.status_code in (200, 503), answer.text
                if answer.status_code == 200:
                    edits.append(edit)
                    found = clinic.http.get(notes).json()["extracted_notes"]["topic_summary"]
                    assert found == edit
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)

    people = [threading.Thread(target=use, args=(session,)) for session in first[:2]]
    for person in people:
        person.start()
    try:
        later = [clinic.upload(2)]
        rotations = []
        for _ in range(2):
            rotator = threading.Thread(
                target=lambda: rotations.append(rotate(machine, practice_id, retired_seconds=3))
            )
            rotator.start()
            later.append(clinic.upload(2))
            if not clinic.accepted[first[2]].deleted:
                assert clinic.delete(first[2]) == 200
            rotator.join()
    finally:
        stop.set()
        for person in people:
            person.join()
    assert failures == []
    assert edits
    assert rotations == [0, 0]
    clinic.wait_until_processed(*later)
    assert rotate(machine, practice_id) == 0
    for session in (*first[:2], *later):
        shown(clinic, session)
        assert len(KeyStore(machine.keys).ring(practice_id, session).keys) == 1
    with pytest.raises(KeyDestroyed):
        KeyStore(machine.keys).ring(practice_id, first[2])
    require_nothing_unreadable(machine, practice_id)


def require_nothing_unreadable(machine: Machine, practice_id: UUID) -> None:
    """Every sealed value in the tables opens, but those of what was deleted."""
    vault = Vault(KeyStore(machine.keys))
    count = 0
    with everything(machine.postgres.url) as db:
        for one in sealed_columns.stored(db, practice_id):
            if one.row.practice_id != practice_id or not vault.keys.subject_path(one.subject.id).exists():
                continue
            assert vault.open(Subject(practice_id, one.subject.id), one.kind, one.sealed) is not None
            count += 1
    assert count > len(SEALED_COLUMNS) / 2
