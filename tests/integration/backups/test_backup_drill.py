"""The drill: a deployment is backed up, lost, restored elsewhere, and serves what it served before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from cli.app import run
from cli.exits import Exit
from embedded.postgres import DATABASE, OWNER, SUPERUSER, EmbeddedPostgres
from embedded.stack import MIGRATIONS_URL
from shared.db.connection.engine import Database
from shared.services.lifecycle import deletion
from shared.services.operations import anchors
from shared.services.resources import Resources
from shared.services.sessions import reading as sessions
from shared.settings import load
from shared.vault.keystore import KeyDestroyed, KeyStore
from tests.integration.api_client import Caller, app_of, caller_of
from tests.integration.database.test_migrations import as_superuser
from tests.integration.sessions import bench_with, promise, work
from tests.servers import Office, make_resources

BACKUP_URL = "SESSIONSCRIBE_BACKUP_DATABASE_URL"


@pytest.fixture(autouse=True)
def no_deployment_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No ``.env`` and no settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "DATABASE_URL",
        "REDIS_URL",
        "STORAGE_URL",
        "SESSIONSCRIBE_KEYS_DIR",
        BACKUP_URL,
        MIGRATIONS_URL,
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def here(
    environment: dict[str, str], postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The environment of an operator on the server that is to be backed up."""
    operators = {**environment, BACKUP_URL: postgres.url_of(DATABASE, SUPERUSER)}
    for name, value in operators.items():
        monkeypatch.setenv(name, value)
    return operators


@pytest.fixture
def elsewhere(here: dict[str, str], postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of another server, with an empty database and nothing else."""
    name = f"restored_{uuid4().hex[:8]}"
    postgres.create_database(name)
    yield {
        **here,
        "DATABASE_URL": postgres.url_of(name),
        MIGRATIONS_URL: postgres.url_of(name, OWNER),
        "STORAGE_URL": (tmp_path / "new-recordings").as_uri(),
        "SESSIONSCRIBE_KEYS_DIR": str(tmp_path / "new-keys"),
    }
    as_superuser(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def resources_of(environment: dict[str, str]) -> Iterator[Resources]:
    settings = load(environment)
    database = Database(settings.database_url, pool_size=2)
    try:
        yield make_resources(settings, database)
    finally:
        database.close()


def processed(resources: Resources, office: Office) -> UUID:
    session_id = promise(resources, office)
    work(bench_with(resources), session_id)
    return session_id


def there(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *words: object) -> int:
    with monkeypatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return run(list(map(str, words)))


def served(caller: Caller, session_id: UUID) -> list[tuple[int, bytes]]:
    """What a therapist gets of a session: itself, its notes, its transcript, its sound."""
    base = f"/api/sessions/{session_id}"
    paths = (base, f"{base}/notes", f"{base}/transcript", f"{base}/audio")
    return [(answer.status_code, answer.data) for answer in (caller("GET", path) for path in paths)]


def test_a_restored_backup_serves_the_same_and_forgets_what_was_deleted_since(
    here: dict[str, str],
    elsewhere: dict[str, str],
    resources: Resources,
    office: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept, deleted, deleted_before = (processed(resources, office) for _ in range(3))
    before = caller_of(app_of(resources), resources, office)
    shown = served(before, kept)
    assert [status for status, _ in shown] == [200, 200, 200, 200]
    deletion.delete(resources, office.caller, deleted_before)
    backup, keys = tmp_path / "backups" / "one", tmp_path / "safe" / "keys"
    assert run(["backup", "--to", str(backup), "--keys-to", str(keys)]) == Exit.OK
    deletion.delete(resources, office.caller, deleted)
    assert run(["backup", "--to", str(tmp_path / "backups" / "later"), "--removals-only"]) == Exit.OK

    words = ("restore", "--from", backup, "--keys-from", keys, "--keep-api-keys")
    assert there(monkeypatch, elsewhere, *words) == Exit.OK
    with resources_of(elsewhere) as restored:
        after = Caller(app_of(restored).test_client(), before.key)
        assert served(after, kept) == shown
        for gone in (deleted, deleted_before):
            assert {status for status, _ in served(after, gone)} == {404}
            assert not list((tmp_path / "new-keys").rglob(f"{gone}.key"))
            assert not list((tmp_path / "new-recordings").rglob(f"{gone}/*"))
            assert deletion.delete(restored, office.caller, gone).erased_at is not None
        work_goes_on = processed(restored, office)
        assert sessions.get(restored, office.caller, work_goes_on).notes is not None


def test_without_the_key_store_a_backup_serves_nothing(
    here: dict[str, str],
    elsewhere: dict[str, str],
    resources: Resources,
    office: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = processed(resources, office)
    before = caller_of(app_of(resources), resources, office)
    backup = tmp_path / "backups" / "one"
    assert run(["backup", "--to", str(backup)]) == Exit.OK
    assert not list(backup.rglob("*.key"))
    assert there(monkeypatch, elsewhere, "restore", "--from", backup) == Exit.OK
    KeyStore.initialise(tmp_path / "new-keys")  # as `setup` would make it
    with resources_of(elsewhere) as restored:
        after = Caller(app_of(restored).test_client(), before.key)
        assert {status for status, _ in served(after, kept)} == {401}
        with pytest.raises(KeyDestroyed):
            sessions.get(restored, office.caller, kept)


@pytest.mark.parametrize("secret", ["root.key", "pepper.key"])
def test_a_restore_with_another_key_store_is_refused(
    here: dict[str, str],
    elsewhere: dict[str, str],
    resources: Resources,
    office: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    secret: str,
) -> None:
    anchors.tie_keys(resources.database, resources.vault.keys)
    promise(resources, office)
    backup, keys = tmp_path / "backups" / "one", tmp_path / "safe" / "keys"
    assert run(["backup", "--to", str(backup), "--keys-to", str(keys)]) == Exit.OK
    (keys / secret).write_bytes(bytes(32))
    assert there(monkeypatch, elsewhere, "restore", "--from", backup, "--keys-from", keys) == Exit.FAILED
    said = capsys.readouterr().err
    assert secret in said or "opens none of the practices' keys" in said


def test_what_was_said_lies_readable_in_no_file_of_a_backup(
    here: dict[str, str], resources: Resources, office: Office, tmp_path: Path
) -> None:
    processed(resources, office)
    assert run(["backup", "--to", str(tmp_path / "b"), "--keys-to", str(tmp_path / "k")]) == Exit.OK
    for path in [*(tmp_path / "b").rglob("*"), *(tmp_path / "k").rglob("*")]:
        if path.is_file():
            content = path.read_bytes()
            assert b"feel better" not in content
            assert b"Pat Ient" not in content
            assert b"a recording" not in content
    assert (tmp_path / "b" / "database.dump").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", ["a byte", "an object", "the dump", "the list of deleted sessions"])
def test_a_damaged_backup_is_refused_before_anything_is_restored(
    here: dict[str, str],
    elsewhere: dict[str, str],
    resources: Resources,
    office: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: str,
) -> None:
    promise(resources, office)
    backup = tmp_path / "one"
    assert run(["backup", "--to", str(backup), "--keys-to", str(tmp_path / "k")]) == Exit.OK
    (recording,) = (backup / "objects").rglob("recording")
    if damage == "a byte":
        content = recording.read_bytes()
        recording.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "an object":
        recording.unlink()
    else:
        (backup / ("database.dump" if damage == "the dump" else "removals.jsonl")).unlink()
    assert there(monkeypatch, elsewhere, "restore", "--from", backup) == Exit.FAILED
    with Database(elsewhere["DATABASE_URL"])._engine.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
        assert count.scalar_one() == 0


def test_a_deployment_that_is_not_empty_is_not_restored_into(
    here: dict[str, str], resources: Resources, office: Office, tmp_path: Path
) -> None:
    assert run(["backup", "--to", str(tmp_path / "one")]) == Exit.OK
    assert run(["restore", "--from", str(tmp_path / "one")]) == Exit.REFUSED


def test_a_backup_by_a_user_whom_the_wall_binds_and_keys_beside_the_data_are_refused(
    here: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["backup", "--to", str(tmp_path / "one")]
    assert run([*words, "--keys-to", str(tmp_path / "one" / "keys")]) == Exit.USAGE
    monkeypatch.setenv(BACKUP_URL, here["DATABASE_URL"])
    assert run(words) == Exit.FAILED, "the owner sees no row, and pg_dump says so"
    monkeypatch.delenv(BACKUP_URL)
    assert run(words) == Exit.USAGE
