"""Rows, stored objects and keys compared: what is told, what is removed, and what never is."""

import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.domain.status import Status
from shared.services.lifecycle import deletion
from shared.services.operations import reconciliation
from shared.services.operations.reconciliation import Places, reconcile
from shared.services.resources import Resources
from shared.services.steps import transcription
from shared.storage.recordings import RECORDING, SPEECH, object_name
from shared.vault.sealing import Subject
from tests.database import everything
from tests.integration.sessions import bench_with, promise, row, work
from tests.servers import Office, make_office

HOUR = 3600.0


@pytest.fixture
def places(resources: Resources) -> Places:
    return Places(resources.database, resources.recordings.store, resources.vault.keys)


def age_everything(resources: Resources, hours: float = 48) -> None:
    """As if everything that is stored now had been so for days."""
    folders = [Path(resources.settings.storage_url.removeprefix("file://")), resources.settings.keys_dir]
    for path in [path for folder in folders for path in folder.rglob("*") if path.is_file()]:
        then = path.stat().st_mtime - hours * HOUR
        os.utime(path, (then, then))


def leave_orphan(resources: Resources, office: Office) -> Subject:
    """An upload whose process died between storing the recording and promising to work on it."""
    orphan = Subject(office.caller.practice_id, uuid4())
    resources.vault.keys.create(orphan.practice_id, orphan.id)
    with resources.recordings.create(orphan, RECORDING) as write:
        write(b"a recording")
    return orphan


def names(resources: Resources) -> set[str]:
    return {item.name for item in resources.recordings.store.list()}


def test_where_everything_has_its_counterpart_nothing_is_found(
    resources: Resources, office: Office, places: Places
) -> None:
    work(bench_with(resources), promise(resources, office))
    promise(resources, make_office(resources))
    deletion.delete(resources, office.caller, promise(resources, office))
    age_everything(resources)
    found = reconcile(places, grace_seconds=24 * HOUR, remove=True)
    assert not any(found.counts.values())
    assert found.removed == 0


def test_what_no_row_owns_is_told_and_only_removed_if_asked(
    resources: Resources, office: Office, places: Places
) -> None:
    kept = promise(resources, office)
    orphan = leave_orphan(resources, office)
    age_everything(resources)
    found = reconcile(places, grace_seconds=24 * HOUR)
    assert (found.objects, found.keys) == ([object_name(orphan, RECORDING)], [orphan.id])
    assert len(names(resources)) == 2
    assert reconcile(places, grace_seconds=24 * HOUR, remove=True).removed == 2
    assert names(resources) == {object_name(Subject(orphan.practice_id, kept), RECORDING)}
    assert orphan.id not in {key.subject_id for key in resources.vault.keys.list()}


def test_nothing_younger_than_the_grace_period_is_touched(
    resources: Resources, office: Office, places: Places
) -> None:
    leave_orphan(resources, office)
    age_everything(resources, hours=23)
    found = reconcile(places, grace_seconds=24 * HOUR, remove=True)
    assert not any(found.counts.values())
    assert len(names(resources)) == 1


def test_what_a_row_of_any_table_owns_stays(resources: Resources, office: Office, places: Places) -> None:
    """An upload under way, and whatever kind of row is thought of later: the catalogue is asked."""
    upload = leave_orphan(resources, office)
    with everything(resources) as db:
        db.execute(text("CREATE TABLE later_thought_of (practice_id uuid, id uuid)"))
        db.execute(text("GRANT SELECT ON later_thought_of TO sessionscribe_app"))
        db.execute(
            text("INSERT INTO later_thought_of VALUES (:practice, :id)"),
            {"practice": upload.practice_id, "id": upload.id},
        )
    try:
        age_everything(resources)
        assert reconcile(places, grace_seconds=24 * HOUR, remove=True).removed == 0
    finally:
        with everything(resources) as db:
            db.execute(text("DROP TABLE later_thought_of"))
    assert len(names(resources)) == 1


def test_keys_of_patients_are_owned(resources: Resources, office: Office, places: Places) -> None:
    age_everything(resources)
    reconcile(places, grace_seconds=24 * HOUR, remove=True)
    assert office.patient_id in {key.subject_id for key in resources.vault.keys.list()}


def test_rows_whose_recording_or_key_is_missing_are_told(
    resources: Resources, office: Office, places: Places
) -> None:
    without_recording, without_key = promise(resources, office), promise(resources, office)
    resources.recordings.delete(Subject(office.caller.practice_id, without_recording), RECORDING)
    resources.vault.keys.destroy(without_key)
    found = reconcile(places, grace_seconds=24 * HOUR)
    assert found.recordings_missing == [without_recording]
    assert found.keys_missing == [without_key]


def test_decoded_speech_stays_while_it_is_needed(
    resources: Resources, office: Office, places: Places
) -> None:
    session_id = promise(resources, office)
    transcription.transcribe(bench_with(resources), session_id)
    speech = object_name(Subject(office.caller.practice_id, session_id), SPEECH)
    age_everything(resources)
    assert reconcile(places, grace_seconds=24 * HOUR, remove=True).objects == []
    with everything(resources) as db:
        db.execute(text("UPDATE sessions SET status = 'processed' WHERE id = :id"), {"id": session_id})
    assert row(resources, session_id).status == Status.PROCESSED
    assert reconcile(places, grace_seconds=24 * HOUR, remove=True).objects == [speech]
    assert len(names(resources)) == 1


def test_a_wrong_or_restored_database_makes_it_refuse_to_remove(
    resources: Resources, office: Office, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliation, "FEW_ORPHANS", 3)
    for _ in range(2):
        leave_orphan(resources, office)
    age_everything(resources)
    found = reconcile(places, grace_seconds=24 * HOUR, remove=True)
    assert found.is_suspicious
    assert (found.removed, len(names(resources))) == (0, 2)
    assert reconcile(places, grace_seconds=24 * HOUR, remove=True, even_if_many=True).removed == 4


def test_objects_of_no_practice_of_this_database_are_counted_and_left(
    resources: Resources, office: Office, places: Places
) -> None:
    with resources.recordings.store.create(f"{uuid4()}/{uuid4()}/recording") as write:
        write(b"somebody else's")
    age_everything(resources)
    found = reconcile(places, grace_seconds=24 * HOUR, remove=True, even_if_many=True)
    assert (found.foreign, found.removed, len(names(resources))) == (1, 0, 1)


def test_it_is_done_once_a_day_by_whichever_dispatcher_comes_first(
    resources: Resources, office: Office, places: Places
) -> None:
    orphan: UUID = leave_orphan(resources, office).id
    age_everything(resources, hours=100)
    assert reconciliation.reconcile_daily(places, grace_seconds=72 * HOUR)
    assert orphan not in {key.subject_id for key in resources.vault.keys.list()}
    assert not reconciliation.reconcile_daily(places, grace_seconds=72 * HOUR)
