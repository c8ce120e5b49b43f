"""The pepper rotates: API keys move to the new one as they are used, sign-ins end as after a restore."""

import dataclasses

import pytest
from sqlalchemy import text

from cli.app import run
from cli.exits import Exit
from shared.services.accounts import accounts, authentication, credentials, enrolment
from shared.services.accounts.authentication import KeyRefused
from shared.services.operations import anchors, key_rotation
from shared.services.resources import Resources
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Vault
from tests.database import everything
from tests.integration.api_client import app_of, caller_of
from tests.servers import Office


@pytest.fixture
def tied(resources: Resources, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Resources:
    """A deployment whose database knows its key store, and whose operator has its settings."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    anchors.tie_keys(resources.database, resources.vault.keys)
    return resources


def key_of(resources: Resources, office: Office) -> str:
    return accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)[1]


def another_process(resources: Resources) -> Resources:
    return dataclasses.replace(resources, vault=Vault(KeyStore(resources.settings.keys_dir)))


def versions(resources: Resources) -> list[int]:
    with everything(resources) as db:
        return sorted(db.scalars(text("SELECT pepper_version FROM api_keys")))


def test_keys_work_on_and_move_to_the_new_pepper_when_they_are_used(
    tied: Resources, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    used, unused = key_of(tied, office), key_of(tied, office)
    other = another_process(tied)
    assert run(["vault", "rotate", "pepper"]) == Exit.OK
    assert "2 API keys are under the former" in capsys.readouterr().out
    for process in (tied, other):
        assert authentication.authenticate(process, used).therapist_id == office.caller.therapist_id
    made = key_of(other, office)
    assert authentication.authenticate(tied, made)
    assert versions(tied) == [1, 2, 2]
    assert run(["vault", "rotate", "pepper", "--end"]) == Exit.FAILED
    assert "1 API keys were not used since" in capsys.readouterr().err
    assert authentication.authenticate(other, unused)
    assert run(["vault", "rotate", "pepper", "--end"]) == Exit.OK
    for process in (tied, other, another_process(tied)):
        for key in (used, unused, made):
            assert authentication.authenticate(process, key)
        assert anchors.require_own_keys(process.database, process.vault.keys)
    assert versions(tied) == [2, 2, 2]


def test_a_clients_own_reference_is_found_during_a_rotation_and_after_it(
    tied: Resources, office: Office
) -> None:
    call = caller_of(app_of(tied), tied, office)
    before = call.upload(office.patient_id, external_id="4711").json
    key_rotation.rotate_pepper(tied.database, tied.vault.keys)
    during = call.upload(office.patient_id, external_id="4711").json

    def found() -> set[str]:
        answer = call("GET", "/api/sessions/", query_string={"external_id": "4711"})
        return {one["id"] for one in answer.json}

    assert found() == {before["id"], during["id"]}
    key_rotation.end_pepper_rotation(tied.database, tied.vault.keys)
    assert len(tied.vault.keys.peppers.keys) == 1
    assert found() == {before["id"], during["id"]}
    assert call("GET", f"/api/sessions/{before['id']}").json["updated_at"] == before["updated_at"]


def test_keys_that_have_ended_keep_no_pepper(tied: Resources, office: Office) -> None:
    secret = key_of(tied, office)
    with everything(tied) as db:
        db.execute(text("UPDATE api_keys SET revoked_at = now()"))
    assert key_rotation.rotate_pepper(tied.database, tied.vault.keys) == 0
    key_rotation.end_pepper_rotation(tied.database, tied.vault.keys)
    with pytest.raises(KeyRefused):
        authentication.authenticate(tied, secret)


def test_a_wrong_key_is_refused_under_both_peppers_and_changes_nothing(
    tied: Resources, office: Office
) -> None:
    secret = key_of(tied, office)
    key_rotation.rotate_pepper(tied.database, tied.vault.keys)
    prefix = credentials.PATTERN.fullmatch(secret)[2]  # type: ignore[index]
    body = f"{credentials.KEY}_{prefix}_{'0' * 32}"
    with pytest.raises(KeyRefused) as caught:
        authentication.authenticate(tied, body + credentials._checksum(body))
    assert caught.value.reason == "key_wrong_secret"
    assert versions(tied) == [1]


def test_codes_end_and_the_trail_says_so(tied: Resources, office: Office) -> None:
    code = enrolment.issue_on_server(tied, office.caller.practice_id, office.caller.therapist_id).code
    key_rotation.rotate_pepper(tied.database, tied.vault.keys)
    with pytest.raises(authentication.NotAuthenticated):
        enrolment.redeem(tied, code, enrolment.WantedKey())
    again = enrolment.issue_on_server(tied, office.caller.practice_id, office.caller.therapist_id).code
    assert enrolment.redeem(another_process(tied), again, enrolment.WantedKey())
    with everything(tied) as db:
        actions = db.scalars(text("SELECT action FROM audit_events WHERE actor = 'server'")).all()
    assert "vault.pepper_rotated" in actions


def test_an_exchanged_pepper_is_not_taken_up_by_a_running_process(tied: Resources, office: Office) -> None:
    secret = key_of(tied, office)
    (tied.settings.keys_dir / "pepper.key").write_bytes(bytes(32))
    assert authentication.authenticate(tied, secret)
