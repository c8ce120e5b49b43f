"""Speech engines over HTTP: a practice's choice, and an upload's."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from shared.services.accounts import accounts
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.api_client import Caller, app_of, form, tone
from tests.servers import Office

ENGINES = "/api/practice/engines"


@pytest.fixture
def app(resources: Resources):
    also = replace(resources.settings, also_offered=("openai",), openai_base_url="http://127.0.0.1:9/v1")
    return app_of(replace(resources, settings=also))


@pytest.fixture
def administrator(app, resources: Resources, office: Office) -> Caller:
    practice_id = office.caller.practice_id
    person = accounts.create_therapist(resources, practice_id, "Somebody", "administrator").id
    return Caller(app.test_client(), accounts.create_key(resources, practice_id, person)[1])


def upload(call: Caller, office: Office, **fields: str):
    texts = [(name, value.encode(), None, None) for name, value in fields.items()]
    body = form([*texts, ("file", tone(), "session.wav", "audio/wav")])
    return call("POST", f"/api/sessions/upload?patient_id={office.patient_id}", **body)


def test_a_practice_begins_with_the_servers_choice(administrator: Caller) -> None:
    assert administrator("GET", ENGINES).json == {
        "transcriber": None,
        "usual": "faster-whisper",
        "offered": ["faster-whisper", "openai"],
        "sends_away": ["openai"],
        "vocabulary": [],
        "away_allowed": False,
        "away_allowed_at": None,
        "away_allowed_by": None,
    }


def test_a_choice_is_kept_and_only_what_is_named_changes(administrator: Caller) -> None:
    answer = administrator("PATCH", ENGINES, json={"transcriber": "openai", "away_allowed": True})
    assert answer.status_code == 200, answer.text
    administrator("PATCH", ENGINES, json={"vocabulary": ["sertraline", "Elm Street"]})
    kept = administrator("GET", ENGINES).json
    assert (kept["transcriber"], kept["vocabulary"]) == ("openai", ["sertraline", "Elm Street"])
    assert kept["away_allowed"] is True
    assert kept["away_allowed_at"].endswith("Z")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"transcriber": "openai"}, 409, "recordings_may_not_leave"),
        ({"transcriber": "faster-whisper:small.en"}, 422, "transcriber_not_offered"),
        ({"transcriber": "faster-whisper:/etc"}, 422, "validation_failed"),
        ({"transcriber": "dictaphone"}, 422, "transcriber_not_offered"),
        ({"vocabulary": ["x" * 101]}, 422, "validation_failed"),
        ({"away_allowed": "yes"}, 422, "validation_failed"),
        ({}, 422, "validation_failed"),
    ],
)
def test_what_cannot_be_chosen_changes_nothing(administrator: Caller, change, status, code) -> None:
    answer = administrator("PATCH", ENGINES, json=change)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert administrator("GET", ENGINES).json["transcriber"] is None


def test_an_upload_names_its_transcriber(call: Caller, resources: Resources, office: Office) -> None:
    answer = upload(call, office, transcriber="faster-whisper")
    assert answer.status_code == 202, answer.text
    with everything(resources) as db:
        assert db.scalars(text("SELECT transcriber FROM sessions")).all() == ["faster-whisper"]


@pytest.mark.parametrize(
    ("transcriber", "status", "code"),
    [
        ("openai", 409, "recordings_may_not_leave"),
        ("faster-whisper:small.en", 422, "transcriber_not_offered"),
        ("faster-whisper:../etc", 422, "validation_failed"),
        ("dictaphone", 422, "transcriber_not_offered"),
    ],
)
def test_an_upload_for_an_engine_that_may_not_have_it_is_refused(
    call: Caller, resources: Resources, office: Office, transcriber, status, code
) -> None:
    answer = upload(call, office, transcriber=transcriber)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    with everything(resources) as db:
        assert db.scalar(text("SELECT count(*) FROM sessions")) == 0


def test_once_recordings_may_leave_such_an_upload_is_accepted(
    call: Caller, administrator: Caller, office: Office
) -> None:
    administrator("PATCH", ENGINES, json={"away_allowed": True})
    answer = upload(call, office, transcriber="openai", language="de")
    assert answer.status_code == 202, answer.text
