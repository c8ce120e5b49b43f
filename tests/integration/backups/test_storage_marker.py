"""A recordings' disk that is not mounted: all say so, nothing is written below it, nothing is lost."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cli.local import release
from shared.domain.errors import NotFound, Unavailable
from shared.services.lifecycle import deletion
from shared.services.operations import anchors, reconciliation
from shared.services.operations.reconciliation import Places
from shared.services.resources import Resources
from shared.storage.local_store import MARKER, LocalStore
from tests.integration.api_client import app_of, caller_of
from tests.integration.operations.test_observing import scrape
from tests.integration.sessions import promise
from tests.servers import Office


@pytest.fixture
def folder(resources: Resources) -> Path:
    return Path(resources.settings.storage_url.removeprefix("file://"))


@pytest.fixture
def unmounted(folder: Path) -> Iterator[Path]:
    """The empty folder below the mount point; the disk itself lies elsewhere."""
    disk = folder.with_name("the disk")
    folder.rename(disk)
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)
    disk.rename(folder)


def contents(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


def test_readiness_and_metrics_say_that_the_storage_is_down(resources: Resources, unmounted: Path) -> None:
    answer = app_of(resources).test_client().get("/readyz")
    assert (answer.status_code, answer.json["checks"]["storage"]) == (503, "down")
    assert scrape(resources)['sessionscribe_part_up{part="storage"}'] == 0
    assert not contents(unmounted)


def test_checks_say_the_same_where_the_folder_itself_is_gone(resources: Resources, folder: Path) -> None:
    shutil.rmtree(folder)
    assert app_of(resources).test_client().get("/readyz").status_code == 503
    assert not folder.exists()


def test_a_check_leaves_nothing(resources: Resources, folder: Path) -> None:
    before = folder.stat().st_mtime_ns
    assert app_of(resources).test_client().get("/readyz").status_code == 200
    assert [path.name for path in contents(folder)] == [MARKER]
    assert folder.stat().st_mtime_ns == before


def test_uploads_are_refused_until_the_disk_is_back(
    resources: Resources, office: Office, unmounted: Path
) -> None:
    call = caller_of(app_of(resources), resources, office)
    answer = call.upload(office.patient_id)
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert not contents(unmounted)


def test_a_practices_folder_on_the_wrong_disk_makes_no_recording_look_lost(
    resources: Resources, office: Office, unmounted: Path
) -> None:
    store = resources.recordings.store
    practice = str(office.caller.practice_id)
    (unmounted / practice).mkdir()
    with pytest.raises(Unavailable), store.open(f"{practice}/{uuid4()}/recording"):
        pass
    places = Places(resources.database, store, resources.vault.keys)
    with pytest.raises(Unavailable):
        reconciliation.reconcile(places, grace_seconds=0)
    with pytest.raises(Unavailable):
        store.sweep_partials(0)


def test_a_deletion_waits_for_the_disk(resources: Resources, office: Office, folder: Path) -> None:
    session_id = promise(resources, office)
    disk = folder.with_name("the disk")
    folder.rename(disk)
    assert deletion.delete(resources, office.caller, session_id).erased_at is None
    disk.rename(folder)
    assert deletion.delete(resources, office.caller, session_id).erased_at is not None
    assert [path.name for path in contents(folder) if path.is_file()] == [MARKER]


def test_set_up_marks_a_new_folder_and_one_of_an_older_release(
    resources: Resources, office: Office, folder: Path
) -> None:
    store = resources.recordings.store
    for with_recordings in (False, True):
        (folder / MARKER).unlink()
        assert anchors.mark_storage(resources.database, store)
        assert (folder / MARKER).exists(), with_recordings
        promise(resources, office)


def test_set_up_marks_no_folder_that_holds_none_of_the_known_recordings(
    resources: Resources, office: Office, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    promise(resources, office)
    folder.rename(folder.with_name("the disk"))
    release.mark_storage(resources.database, resources.recordings.store)
    assert "Mount the disk" in capsys.readouterr().err
    assert not folder.exists()


def test_a_folder_without_a_marker_is_refused_by_every_call(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "objects", marked=True)
    for use in (store.check, store.free_bytes, lambda: list(store.list()), lambda: store.delete("a/b/c")):
        with pytest.raises(Unavailable):
            use()
    with pytest.raises(Unavailable), store.create("a/b/c"):
        pass
    with pytest.raises(Unavailable), store.append("a/b/c", 0, fresh=True, pieces=()):
        pass
    assert not (tmp_path / "objects").exists()
    store.set_up()
    store.set_up()
    with pytest.raises(NotFound), store.open("a/b/c"):
        pass
    store.check()
    assert not list(store.list())
