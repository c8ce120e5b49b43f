"""The drill with subjects' keys that were rotated: the command, what it tells, and backups of before."""

import json
import shutil
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from cli.app import run
from cli.exits import Exit
from shared.services.operations import anchors
from shared.services.resources import Resources
from shared.services.retention import holds
from shared.services.retention.holds import Target
from shared.services.subject_keys import run as running
from shared.services.subject_keys.run import Waits
from shared.vault.keystore import KeyStore
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


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waits: nothing else runs."""
    monkeypatch.setattr(Waits.__init__, "__defaults__", (0.0, 0.0))
    monkeypatch.setattr(running, "_PAUSE_SECONDS", 0.01)


@pytest.fixture
def session(here: dict[str, str], resources: Resources, office: Office) -> UUID:  # noqa: F811
    anchors.tie_keys(resources.database, resources.vault.keys)
    return processed(resources, office)


def hold(resources: Resources, office: Office, session_id: UUID) -> None:
    target = Target(session_id=session_id)
    holds.place(
        resources, office.caller, target, matter="A v. B", reason="Subpoena", review_on=date(2100, 1, 1)
    )


def backed_up(tmp_path: Path, name: str) -> tuple[Path, Path]:
    backup, keys = tmp_path / "backups" / name, tmp_path / "safe" / name
    assert run(["backup", "--to", str(backup), "--keys-to", str(keys)]) == Exit.OK
    return backup, keys


def test_the_command_rotates_and_status_tells_what_is_left(
    resources: Resources, office: Office, session: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    client = caller_of(app_of(resources), resources, office)
    shown = served(client, session)
    promise(resources, office)  # waits for work
    assert run(["vault", "rotate", "subject", "--practice", str(office.caller.practice_id)]) == Exit.FAILED
    assert "1 keys are left" in capsys.readouterr().err
    assert run(["vault", "status", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["subjects_rotating"] == {"left": 1, "sealed_anew": 0}
    assert run(["vault", "status"]) == Exit.OK
    assert "1 keys of subjects are being rotated" in " ".join(capsys.readouterr().err.split())
    assert served(client, session) == shown
    assert run(["vault", "rotate", "subject", "--patient", str(office.patient_id)]) == Exit.FAILED
    assert served(client, session) == shown
    assert resources.vault.keys.ring(office.caller.practice_id, session).current.version == 3
    assert run(["vault", "rotate", "subject", "--patient", str(session)]) == Exit.FAILED
    assert "no such patient" in capsys.readouterr().err


def test_a_backup_from_before_opens_with_its_keys_and_forgets_nothing_of_since(
    elsewhere: dict[str, str],  # noqa: F811
    resources: Resources,
    office: Office,
    session: UUID,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hold(resources, office, session)  # the list has it under both versions
    before = caller_of(app_of(resources), resources, office)
    shown = served(before, session)
    backup, old_keys = backed_up(tmp_path, "one")
    assert run(["vault", "rotate", "subject"]) == Exit.OK
    words: tuple[object, ...] = ("restore", "--from", backup, "--keys-from", old_keys, "--keep-api-keys")
    assert run(["backup", "--to", str(tmp_path / "backups" / "later"), "--removals-only"]) == Exit.OK
    assert there(monkeypatch, elsewhere, *words) == Exit.OK
    with resources_of(elsewhere) as restored:
        assert served(Caller(app_of(restored).test_client(), before.key), session) == shown
        assert len(holds.listed(restored, office.caller)) == 1
    assert there(monkeypatch, elsewhere, "vault", "rotate", "subject") == Exit.OK
    with resources_of(elsewhere) as restored:
        assert served(Caller(app_of(restored).test_client(), before.key), session) == shown


def test_what_was_sealed_since_needs_the_later_keys_too(
    elsewhere: dict[str, str],  # noqa: F811
    resources: Resources,
    office: Office,
    session: UUID,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = caller_of(app_of(resources), resources, office)
    shown = served(before, session)
    backup, old_keys = backed_up(tmp_path, "one")
    assert run(["vault", "rotate", "subject"]) == Exit.OK
    hold(resources, office, session)
    assert run(["backup", "--to", str(tmp_path / "backups" / "later"), "--removals-only"]) == Exit.OK
    words: tuple[object, ...] = ("restore", "--from", backup, "--keys-from", old_keys, "--keep-api-keys")
    assert there(monkeypatch, elsewhere, *words) == Exit.FAILED
    assert "--later-keys" in capsys.readouterr().err
    now = tmp_path / "safe" / "now"
    shutil.copytree(resources.settings.keys_dir, now)
    assert there(monkeypatch, elsewhere, *words, "--later-keys", now) == Exit.OK
    practice_id = office.caller.practice_id
    with resources_of(elsewhere) as restored:
        assert served(Caller(app_of(restored).test_client(), before.key), session) == shown
        assert len(holds.listed(restored, office.caller)) == 1
        versions = [key.version for key in restored.vault.keys.ring(practice_id, session).keys]
        assert versions == [1, 2]
    assert there(monkeypatch, elsewhere, "vault", "rotate", "subject") == Exit.OK
    with resources_of(elsewhere) as restored:
        assert served(Caller(app_of(restored).test_client(), before.key), session) == shown
    keys = KeyStore(Path(elsewhere["SESSIONSCRIBE_KEYS_DIR"]))
    assert [key.version for key in keys.ring(practice_id, session).keys] == [2]


def test_an_old_backup_does_not_open_with_the_keys_of_now(
    elsewhere: dict[str, str],  # noqa: F811
    resources: Resources,
    office: Office,
    session: UUID,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = caller_of(app_of(resources), resources, office)
    backup, _ = backed_up(tmp_path, "one")
    assert run(["vault", "rotate", "subject"]) == Exit.OK
    shutil.copytree(resources.settings.keys_dir, elsewhere["SESSIONSCRIBE_KEYS_DIR"])
    assert there(monkeypatch, elsewhere, "restore", "--from", backup, "--keep-api-keys") == Exit.OK
    assert "1 patients cannot be read" in " ".join(capsys.readouterr().err.split())
    with resources_of(elsewhere) as restored:
        client = Caller(app_of(restored).test_client(), before.key)
        assert 200 not in [
            client("GET", f"/api/sessions/{session}{part}").status_code for part in ("/notes", "/audio")
        ]
