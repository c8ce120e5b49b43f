"""Direct uploads: put into the bucket by the client, taken over as any other, gone from there afterwards."""

import base64
import dataclasses
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import text

from cli.local import checks
from shared.domain.errors import Unavailable
from shared.services.lifecycle import deletion
from shared.services.operations import reconciliation
from shared.services.operations.reconciliation import Places
from shared.services.resources import Resources
from shared.services.uploads import resumable
from shared.storage.opening import open_store
from shared.storage.recordings import Recordings
from shared.storage.s3 import INCOMING, S3Store
from tests.database import everything
from tests.integration.api_client import Caller, app_of, caller_of, tone
from tests.s3 import BUCKET, access_to, running_s3
from tests.servers import Office, make_office

CONTENT = tone(3)
PATH = "/api/direct-uploads"


@pytest.fixture(scope="module")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_s3(tmp_path_factory.mktemp("s3") / "s3.log") as url:
        yield url


@pytest.fixture
def there(resources: Resources, store: S3Store) -> Resources:
    settings = dataclasses.replace(resources.settings, direct_uploads="sse-s3")
    return dataclasses.replace(
        resources, settings=settings, recordings=Recordings(store, resources.vault.keys)
    )


@pytest.fixture
def call(there: Resources, office: Office) -> Caller:
    return caller_of(app_of(there), there, office)


def announced(call: Caller, patient_id: UUID, length: int = len(CONTENT), **given: Any) -> dict[str, Any]:
    headers = given.pop("headers", {})
    body = {"bytes": length, "file_name": "Jane.wav", "file_type": "audio/wav", **given}
    body["patient_id"] = str(patient_id)
    answer = call("POST", PATH, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{PATH}/{answer.json['id']}"
    return dict(answer.json)


def usual(office: Office) -> dict[str, Any]:
    return {
        "bytes": 9999,
        "file_name": "a.wav",
        "file_type": "audio/wav",
        "patient_id": str(office.patient_id),
    }


def put(invitation: dict[str, Any], content: bytes = CONTENT) -> None:
    """Send it as a client does that knows nothing but the invitation."""
    files = {"file": ("recording", content)}
    answer = httpx2.post(invitation["url"], data=invitation["fields"], files=files, trust_env=False)
    assert answer.status_code in (200, 201, 204), answer.text


def leave(store: S3Store, invitation: dict[str, Any], content: bytes) -> None:
    """Put it where the client was invited to put its recording, whatever the invitation says."""
    store._client.put_object(Bucket=BUCKET, Key=invitation["fields"]["key"], Body=content)


def complete(call: Caller, invitation: dict[str, Any]) -> Any:
    return call("POST", f"{PATH}/{invitation['id']}/complete")


def names(store: S3Store) -> list[str]:
    return [found.name for prefix in ("", INCOMING) for found in store.list(prefix)]


def test_what_was_put_into_the_bucket_becomes_a_session_and_only_ciphertext_stays(
    call: Caller, store: S3Store, office: Office
) -> None:
    invitation = announced(call, office.patient_id, speakers=3)
    put(invitation)
    (incoming,) = names(store)
    assert incoming.startswith(INCOMING)
    answer = complete(call, invitation)
    assert answer.status_code == 202, answer.text
    session = answer.json
    assert (session["id"], session["status"]) == (invitation["id"], "pending")
    assert session["audio_sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert session["audio_filename"] == "Jane.wav"
    assert names(store) == [f"{office.caller.practice_id}/{invitation['id']}/recording"]
    assert call("GET", f"/api/sessions/{session['id']}/audio").data == CONTENT
    with store.open(names(store)[0]) as stored:
        assert CONTENT[1000:1100] not in stored.read_at(0, stored.size)


def test_completing_again_gives_the_same_session_and_the_upload_says_so(
    call: Caller, there: Resources, office: Office
) -> None:
    invitation = announced(call, office.patient_id)
    put(invitation)
    first, again = complete(call, invitation), complete(call, invitation)
    assert (first.json["id"], again.status_code) == (again.json["id"], 202)
    shown = call("GET", f"{PATH}/{invitation['id']}").json
    assert (shown["session_id"], shown["url"], shown["fields"]) == (invitation["id"], None, None)
    with everything(there) as db:
        assert db.execute(text("SELECT count(*) FROM sessions")).scalar_one() == 1


def test_the_invitation_is_for_that_name_that_length_and_an_encrypted_object_alone(
    call: Caller, office: Office
) -> None:
    invitation = announced(call, office.patient_id)
    policy = json.loads(base64.b64decode(invitation["fields"]["policy"]))
    conditions = policy["conditions"]
    assert ["content-length-range", len(CONTENT), len(CONTENT)] in conditions
    assert {"x-amz-server-side-encryption": "AES256"} in conditions
    assert {"key": invitation["fields"]["key"]} in conditions
    assert invitation["fields"]["key"].endswith(f"/{invitation['id']}/recording")
    assert "Jane" not in json.dumps([policy, invitation["fields"], invitation["url"]])
    assert policy["expiration"] == invitation["send_until"]


def test_nothing_sent_or_something_of_another_length_is_told_and_can_be_mended(
    call: Caller, store: S3Store, office: Office
) -> None:
    invitation = announced(call, office.patient_id)
    assert complete(call, invitation).json["code"] == "direct_upload_missing"
    # As by a server that enforces no policy; one that does: test_direct_uploads_enforced.py
    leave(store, invitation, CONTENT + b"more")
    answer = complete(call, invitation)
    assert (answer.status_code, answer.json["code"]) == (409, "direct_upload_differs")
    put(call("GET", f"{PATH}/{invitation['id']}").json)
    assert complete(call, invitation).status_code == 202


def test_what_is_no_recording_is_refused_and_gone(call: Caller, store: S3Store, office: Office) -> None:
    words = b"just words, no sound. " * 5000
    invitation = announced(call, office.patient_id, len(words))
    put(invitation, words)
    assert complete(call, invitation).status_code == 415
    assert names(store) == []
    assert complete(call, invitation).status_code == 404


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"bytes": 10}, 400, "file_too_small"),
        ({"bytes": 10**12}, 413, "recording_too_large"),
        ({"file_name": "a.exe"}, 400, None),
        ({"file_name": ""}, 422, "validation_failed"),
        ({"file_type": "text/plain"}, 400, "not_audio_or_video"),
        ({"patient_id": str(uuid4())}, 404, "patient_not_found"),
        ({"speakers": 99}, 422, "validation_failed"),
        ({"spam": 1}, 422, "validation_failed"),
    ],
)
def test_it_is_refused_before_anything_is_sent(
    call: Caller, office: Office, given: dict[str, Any], status: int, code: str | None
) -> None:
    body = {**usual(office), **given}
    answer = call("POST", PATH, json=body)
    assert answer.status_code == status, answer.text
    assert code in (None, answer.json["code"])


def test_one_key_makes_one_upload_and_limits_count_it_as_any_other(there: Resources, office: Office) -> None:
    settings = dataclasses.replace(there.settings, uploads_per_hour=1, practice_mib_per_day=1)
    limited = dataclasses.replace(there, settings=settings)
    call = caller_of(app_of(limited), limited, office)
    key = {"Idempotency-Key": "k-1"}
    first, again, second = (announced(call, office.patient_id, headers=own) for own in (key, key, {}))
    assert first["id"] == again["id"] != second["id"]
    body = usual(office) | {"bytes": 900_000}
    assert call("POST", PATH, json=body).json["code"] == "quota_exceeded"
    for invitation in (first, second):
        put(invitation)
    assert complete(call, first).status_code == 202
    assert complete(call, second).json["code"] == "rate_limited"


def test_a_bucket_that_fails_in_the_middle_leaves_the_upload_as_it_was(
    call: Caller, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = announced(call, office.patient_id)
    put(invitation)

    def away(*_: object) -> None:
        raise Unavailable("away", "storage_unavailable")

    with monkeypatch.context() as failing:
        failing.setattr("shared.services.uploads.direct_uploads._hand_on", away)
        assert complete(call, invitation).status_code == 503
    assert complete(call, invitation).status_code == 202


def test_withdrawn_consent_giving_up_and_time_remove_what_was_sent(
    call: Caller, there: Resources, store: S3Store, office: Office
) -> None:
    given_up, left = (announced(call, office.patient_id) for _ in range(2))
    for invitation in (given_up, left):
        put(invitation)
    assert call("DELETE", f"{PATH}/{given_up['id']}").status_code == 204
    assert len(names(store)) == 1
    change = {"consent": {"revoked_on": datetime.now(UTC).isoformat()}}
    assert call("PATCH", f"/api/patients/{office.patient_id}", json=change).status_code == 200
    assert complete(call, left).status_code == 404
    assert resumable.sweep(there.database) == 1
    with everything(there) as db:
        db.execute(text("UPDATE erasures SET due_at = now(), last_at = now()"))
    deletion.erase_due(there.database, there.recordings, there.vault.keys)
    assert names(store) == []


def test_what_is_sent_late_is_swept_and_neither_backed_up_nor_taken_for_somebody_elses(
    call: Caller, there: Resources, store: S3Store, office: Office
) -> None:
    invitation = announced(call, office.patient_id)
    put(invitation)
    assert complete(call, invitation).status_code == 202
    put(invitation)  # once more: the signature is good for an hour
    assert len(names(store)) == 2
    assert [found.name.startswith(INCOMING) for found in store.list()] == [False]
    found = reconciliation.reconcile(Places(there.database, store, there.vault.keys), grace_seconds=-3600)
    assert found.counts["foreign"] == 0
    assert store.sweep_partials(3600) == 0
    assert store.sweep_partials(-60) == 1
    assert len(names(store)) == 1


def test_somebody_elses_upload_looks_like_none(call: Caller, there: Resources, office: Office) -> None:
    invitation = announced(call, office.patient_id)
    stranger = caller_of(app_of(there), there, make_office(there))
    for method, end in (("GET", ""), ("POST", "/complete"), ("DELETE", "")):
        answer = stranger(method, f"{PATH}/{invitation['id']}{end}")
        none = stranger(method, f"{PATH}/{uuid4()}{end}")
        assert (answer.status_code, answer.json["code"]) == (404, none.json["code"])


@pytest.mark.parametrize("off", [{"direct_uploads": "no"}, {}])
def test_where_it_is_off_or_there_is_no_bucket_clients_are_told(
    resources: Resources, there: Resources, office: Office, off: dict[str, str]
) -> None:
    where = (
        dataclasses.replace(there, settings=dataclasses.replace(there.settings, **off)) if off else resources
    )
    call = caller_of(app_of(where), where, office)
    answer = call("POST", PATH, json=usual(office))
    assert (answer.status_code, answer.json["code"]) == (409, "direct_uploads_off")


def test_doctor_finds_a_bucket_that_would_keep_what_is_sent(resources: Resources, s3_url: str) -> None:
    access = access_to(s3_url)
    url = f"s3://kept-{uuid4()}"
    kept = open_store(url, access)
    assert isinstance(kept, S3Store)
    kept.make_bucket()
    kept._client.put_bucket_versioning(
        Bucket=url.removeprefix("s3://"), VersioningConfiguration={"Status": "Enabled"}
    )
    known = dataclasses.replace(
        resources.settings,
        storage_url=url,
        s3_endpoint=s3_url,
        s3_access_key_id=access.access_key_id,
        s3_secret_access_key=access.secret_access_key,
    )
    for wanted, verdict in (("no", "doubtful"), ("bucket", "bad")):
        found = list(checks._storage(dataclasses.replace(known, direct_uploads=wanted)))
        assert [finding.verdict for finding in found if "versions" in finding.text] == [verdict]
