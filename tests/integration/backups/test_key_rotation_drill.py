"""The drill with rotated keys: a running service, old and new backups, the doctor and the trail."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from cli.app import run
from cli.exits import Exit
from shared.services.operations import anchors, startup
from shared.services.resources import Resources
from shared.vault import rotation
from tests.database import everything
from tests.integration.api_client import Caller, app_of, caller_of
from tests.integration.backups.test_backup_drill import (  # noqa: F401 - fixtures
    elsewhere,
    here,
    no_deployment_of_the_machine,
    processed,
    resources_of,
    served,
    there,
)
from tests.integration.sessions import promise
from tests.servers import Office

Rotate = Callable[[], None]


class Stopped(Exception):
    """The operator's process ends here."""


@pytest.fixture
def rotate(here: dict[str, str], resources: Resources, office: Office) -> Rotate:  # noqa: F811
    """Rotates both keys that wrap others, as an operator does."""
    anchors.tie_keys(resources.database, resources.vault.keys)

    def both() -> None:
        assert run(["vault", "rotate", "practice", str(office.caller.practice_id)]) == Exit.OK
        assert run(["vault", "rotate", "root"]) == Exit.OK

    return both


def test_a_running_service_goes_on_through_rotations_and_new_processes_start(
    resources: Resources, office: Office, rotate: Rotate
) -> None:
    session = processed(resources, office)
    client = caller_of(app_of(resources), resources, office)
    shown = served(client, session)
    for _ in range(2):
        rotate()
        assert served(client, session) == shown
        assert client("GET", "/readyz").status_code == 200
        keys = startup.keys_ready(resources.settings.keys_dir, resources.database)
        assert anchors.require_own_keys(resources.database, keys)
        assert [status for status, _ in served(client, processed(resources, office))] == [200] * 4
    with everything(resources) as db:
        lines = "SELECT action FROM audit_events WHERE actor = 'server' AND action LIKE 'vault.%'"
        assert sorted(db.scalars(text(lines))) == ["vault.practice_rotated"] * 2 + ["vault.root_rotated"] * 2


@pytest.mark.parametrize("keys", ["its own", "those of now", "a later backup's"])
def test_a_backup_from_before_rotations_is_restored_with_old_and_new_keys(
    elsewhere: dict[str, str],  # noqa: F811
    resources: Resources,
    office: Office,
    rotate: Rotate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keys: str,
) -> None:
    session = processed(resources, office)
    before = caller_of(app_of(resources), resources, office)
    shown = served(before, session)
    backup, old_keys, new_keys = (tmp_path / name for name in ("backups/one", "safe/old", "safe/new"))
    assert run(["backup", "--to", str(backup), "--keys-to", str(old_keys)]) == Exit.OK
    rotate()
    rotate()
    words: tuple[object, ...] = ("restore", "--from", backup, "--keep-api-keys")
    if keys == "its own":
        words += ("--keys-from", old_keys)
    elif keys == "those of now":
        shutil.copytree(resources.settings.keys_dir, elsewhere["SESSIONSCRIBE_KEYS_DIR"])
    else:
        later = tmp_path / "backups" / "later"
        assert run(["backup", "--to", str(later), "--keys-to", str(new_keys)]) == Exit.OK
        words += ("--keys-from", new_keys)
    assert there(monkeypatch, elsewhere, *words) == Exit.OK
    with resources_of(elsewhere) as restored:
        after = Caller(app_of(restored).test_client(), before.key)
        assert served(after, session) == shown
        assert anchors.require_own_keys(restored.database, restored.vault.keys)
        assert promise(restored, office)


def test_a_protected_root_key_serves_the_whole_service_and_the_restore(
    here: dict[str, str],  # noqa: F811
    elsewhere: dict[str, str],  # noqa: F811
    resources: Resources,
    office: Office,
    rotate: Rotate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    session = processed(resources, office)
    before = caller_of(app_of(resources), resources, office)
    shown = served(before, session)
    secret = tmp_path / "on-another-host"
    secret.write_text("several words of a passphrase\n")
    command = {"SESSIONSCRIBE_ROOT_KEY_COMMAND": f"{shutil.which('cat')} {secret}"}
    monkeypatch.setenv(*next(iter(command.items())))
    run(["doctor", "--json"])
    assert "root.key is not protected yet" in capsys.readouterr().out
    rotate()
    run(["doctor", "--json"])
    said = capsys.readouterr().out
    assert "readable, and closed to others" in said
    assert "not protected" not in said
    with resources_of({**here, **command}) as again:
        client = Caller(app_of(again).test_client(), before.key)
        assert served(client, session) == shown
        assert client("GET", "/readyz").status_code == 200
    backup, keys = tmp_path / "backups" / "one", tmp_path / "safe" / "keys"
    assert run(["backup", "--to", str(backup), "--keys-to", str(keys)]) == Exit.OK
    words = ("restore", "--from", backup, "--keys-from", keys, "--keep-api-keys")
    secret.rename(tmp_path / "away")
    assert there(monkeypatch, {**elsewhere, **command}, *words) == Exit.FAILED
    (tmp_path / "away").rename(secret)
    assert there(monkeypatch, {**elsewhere, **command}, *words) == Exit.OK
    with resources_of({**elsewhere, **command}) as restored:
        assert served(Caller(app_of(restored).test_client(), before.key), session) == shown


def test_a_rotation_with_the_keys_of_another_database_is_refused(
    here: dict[str, str],  # noqa: F811
    resources: Resources,
    office: Office,
    rotate: Rotate,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rotate()
    promise(resources, office)
    (resources.settings.keys_dir / "root.key").write_bytes(bytes(32))
    assert run(["vault", "rotate", "root"]) == Exit.FAILED
    assert "restore" in capsys.readouterr().err


def test_status_and_doctor_tell_of_a_rotation_that_has_not_ended(
    resources: Resources,
    office: Office,
    rotate: Rotate,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    promise(resources, office)
    monkeypatch.setattr(rotation, "_count_under", stopped)
    with pytest.raises(Stopped):
        run(["vault", "rotate", "practice", str(office.caller.practice_id)])
    capsys.readouterr()
    assert run(["vault", "status", "--json"]) == Exit.OK
    found = json.loads(capsys.readouterr().out)
    assert found["rotating"] == {"root": False, "practices": [str(office.caller.practice_id)]}
    assert run(["vault", "status"]) == Exit.OK
    shown = capsys.readouterr()
    assert "practice's key, version 2" in shown.out
    assert "A rotation has not ended" in shown.err
    run(["doctor", "--json"])
    assert "a rotation of keys has not ended" in capsys.readouterr().out


def stopped(*_: object) -> int:
    raise Stopped
