"""A key store that belongs to another database: set-up, start, readiness, metrics and doctor all say so."""

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from cli.app import run
from cli.exits import Exit
from cli.local import release
from cli.local.accounts import make_first_accounts
from shared.db.connection.engine import Database, DatabaseError
from shared.services.operations import anchors, startup
from shared.services.operations.startup import NotYet
from shared.services.resources import Resources
from shared.vault.keystore import KeyStore, KeyStoreError
from shared.vault.sealing import Vault
from tests.database import everything
from tests.integration.api_client import app_of
from tests.integration.operations.test_observing import scrape
from tests.integration.sessions import promise
from tests.servers import Office

NOT_THE_ONE = "is not the one that this database was made with"


@pytest.fixture
def tied(resources: Resources) -> Resources:
    """A deployment whose database knows its key store."""
    anchors.tie_keys(resources.database, resources.vault.keys)
    return resources


@pytest.fixture(params=["root.key", "pepper.key"])
def foreign(tied: Resources, request: pytest.FixtureRequest) -> Iterator[Resources]:
    """The same after one of its two secrets was exchanged, in a process that has started since."""
    path = tied.settings.keys_dir / request.param
    content = path.read_bytes()
    path.write_bytes(bytes(32))
    yield dataclasses.replace(tied, vault=Vault(KeyStore(tied.settings.keys_dir)))
    path.write_bytes(content)


def test_readiness_and_metrics_say_it(foreign: Resources) -> None:
    answer = app_of(foreign).test_client().get("/readyz")
    assert (answer.status_code, answer.json["checks"]["keys"]) == (503, "down")
    assert scrape(foreign)['sessionscribe_part_up{part="keys"}'] == 0


def test_a_process_that_started_before_the_exchange_says_it_too(tied: Resources) -> None:
    assert app_of(tied).test_client().get("/readyz").status_code == 200
    assert scrape(tied)['sessionscribe_part_up{part="keys"}'] == 1
    (tied.settings.keys_dir / "root.key").unlink()
    assert app_of(tied).test_client().get("/readyz").json["checks"]["keys"] == "down"


def test_no_process_starts_with_it(foreign: Resources) -> None:
    with pytest.raises(NotYet) as caught:
        startup.keys_ready(foreign.settings.keys_dir, foreign.database)
    assert caught.value.missing == "key_store_of_this_database"


def test_processes_start_with_their_own_and_while_the_database_is_away(tied: Resources) -> None:
    away = Database("postgresql://127.0.0.1:1/none")
    for database in (tied.database, away):
        assert startup.keys_ready(tied.settings.keys_dir, database).pepper == tied.vault.keys.pepper


def test_the_doctor_says_it(
    foreign: Resources,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert run(["doctor", "--json"]) == Exit.FAILED
    findings = json.loads(capsys.readouterr().out)
    assert [f for f in findings if f["part"] == "keys" and f["verdict"] == "bad" and NOT_THE_ONE in f["text"]]


def test_neither_set_up_nor_a_release_takes_it(foreign: Resources) -> None:
    with pytest.raises(KeyStoreError, match=NOT_THE_ONE):
        make_first_accounts(foreign.settings, "A practice", "A therapist")
    with pytest.raises(KeyStoreError, match=NOT_THE_ONE):
        release.release(foreign.settings)


def test_set_up_makes_no_new_key_store_for_a_database_that_has_one(tied: Resources, tmp_path: Path) -> None:
    elsewhere = dataclasses.replace(tied.settings, keys_dir=tmp_path / "not mounted")
    with pytest.raises(KeyStoreError, match="restore the key store"):
        make_first_accounts(elsewhere, "A practice", "A therapist")
    assert not elsewhere.keys_dir.exists()


def test_a_release_ties_the_keys_of_an_older_release(resources: Resources, office: Office) -> None:
    promise(resources, office)
    assert not anchors.require_own_keys(resources.database, resources.vault.keys)
    release.release(resources.settings)
    assert anchors.require_own_keys(resources.database, resources.vault.keys)


def test_a_release_ties_no_key_store_that_never_sealed_anything_here(
    resources: Resources, office: Office, tmp_path: Path
) -> None:
    promise(resources, office)
    stranger = KeyStore.initialise(tmp_path / "stranger")
    with pytest.raises(KeyStoreError, match="no practice of this database"):
        anchors.tie_keys(resources.database, stranger)
    shutil.rmtree(tmp_path / "stranger")
    with pytest.raises(KeyStoreError):
        anchors.open_keys(resources.database, tmp_path / "stranger")


def test_the_check_value_stays_as_it_was_made(tied: Resources) -> None:
    anchors.tie_keys(tied.database, tied.vault.keys)
    for change in ("UPDATE key_store_checks SET sealed = 'x'", "DELETE FROM key_store_checks"):
        with pytest.raises(DatabaseError), tied.database.operating() as db:
            db.execute(text(change))
    with everything(tied) as db:
        assert db.execute(text("SELECT count(*) FROM key_store_checks")).scalar_one() == 1
