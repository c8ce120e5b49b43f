"""A restore that stops half-way leaves nothing that blocks the next try, and nothing that could be used."""

import shutil
from pathlib import Path

import pytest

from cli.app import run
from cli.exits import CommandError, Exit
from cli.local import release
from cli.local import restore as restoring
from embedded.dumping import DumpFailed
from embedded.stack import MIGRATIONS_URL
from shared.domain.errors import Unavailable
from shared.services.resources import Resources
from shared.services.sessions import reading as sessions
from shared.settings import load
from shared.vault.keystore import KeyStore
from tests.integration.backups.test_backup_drill import (  # noqa: F401 - fixtures
    elsewhere,
    here,
    no_deployment_of_the_machine,
    processed,
    resources_of,
    there,
)
from tests.servers import Office

AWAY = Unavailable("The storage is not available for now.", "storage_unavailable")


@pytest.fixture
def words(
    here: dict[str, str],  # noqa: F811
    resources: Resources,
    office: Office,
    tmp_path: Path,
) -> list[str]:
    """The command that restores a backup of one session."""
    processed(resources, office)
    folder, keys = tmp_path / "backups" / "one", tmp_path / "safe"
    assert run(["backup", "--to", str(folder), "--keys-to", str(keys)]) == Exit.OK
    return ["restore", "--from", str(folder), "--keys-from", str(keys)]


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("backups.return_objects", AWAY),
        ("backups.copy_keys", AWAY),
        ("load", DumpFailed("pg_restore ended with 1")),
        ("bring_up_to_date", CommandError("The database refused.", Exit.FAILED)),
        ("removals.apply_again", AWAY),
        ("unfinished_restore.end", KeyboardInterrupt()),
    ],
)
def test_a_restore_that_stopped_is_begun_anew_by_the_same_command(
    elsewhere: dict[str, str],  # noqa: F811
    words: list[str],
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    error: BaseException,
) -> None:
    def stop(*_: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(f"{restoring.__name__}.{place}", stop)
        assert there(monkeypatch, elsewhere, *words) in (Exit.FAILED, Exit.INTERRUPTED)
    assert there(monkeypatch, elsewhere, *words) == Exit.OK
    with resources_of(elsewhere) as restored:
        assert len(sessions.page(restored, office.caller, sessions.Wanted(), limit=10).items) == 1


def test_nothing_starts_on_a_restore_that_has_not_ended(
    elsewhere: dict[str, str],  # noqa: F811
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(*_: object) -> None:
        raise AWAY

    with monkeypatch.context() as broken:
        broken.setattr("cli.local.restore.removals.apply_again", stop)
        assert there(monkeypatch, elsewhere, *words) == Exit.FAILED
    with pytest.raises(CommandError, match="has not ended"):
        release.release(load(elsewhere))
    assert there(monkeypatch, elsewhere, *words) == Exit.OK
    release.release(load(elsewhere))


def test_without_keys_it_has_not_ended_and_is_run_again_with_them(
    elsewhere: dict[str, str],  # noqa: F811
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert there(monkeypatch, elsewhere, *words[:3]) == Exit.OK
    with pytest.raises(CommandError, match="has not ended"):
        release.release(load(elsewhere))
    assert there(monkeypatch, elsewhere, *words) == Exit.OK
    release.release(load(elsewhere))


def test_a_stack_of_a_restore_that_stopped_is_filled_by_the_next(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "SESSIONSCRIBE_KEYS_DIR", MIGRATIONS_URL):
        monkeypatch.delenv(name)
    new = ["--data", str(tmp_path / "new"), *words]

    def stop(*_: object) -> None:
        raise AWAY

    with monkeypatch.context() as broken:
        broken.setattr("cli.local.restore.removals.apply_again", stop)
        assert run(new) == Exit.FAILED
    assert run(new) == Exit.OK
    assert run(new) == Exit.REFUSED, "there is a stack by now"


def test_another_key_store_at_the_target_is_not_replaced(
    elsewhere: dict[str, str],  # noqa: F811
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    KeyStore.initialise(tmp_path / "new-keys")
    before = (tmp_path / "new-keys" / "root.key").read_bytes()
    assert there(monkeypatch, elsewhere, *words) == Exit.REFUSED
    assert (tmp_path / "new-keys" / "root.key").read_bytes() == before
    shutil.rmtree(tmp_path / "new-keys")
    assert there(monkeypatch, elsewhere, *words) == Exit.OK
