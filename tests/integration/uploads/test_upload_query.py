"""No upload ignores what its query says: it is read, or refused with where it belongs."""

from uuid import uuid4

import pytest

from shared.services.resources import Resources
from tests.integration.api_client import Caller, app_of, form, left_behind, tone
from tests.integration.browser import browser_of
from tests.integration.resumable import TUS
from tests.servers import Office

UPLOAD = "/api/sessions/upload"
ROUTES = {
    "plain": ("POST", UPLOAD, "a field of the form"),
    "tus, created": ("POST", "/api/uploads", "`Upload-Metadata`"),
    "tus, a part": ("PATCH", f"/api/uploads/{uuid4()}", "`Upload-Metadata`"),
    "direct, announced": ("POST", "/api/direct-uploads", "the JSON body"),
    "direct, completed": ("POST", f"/api/direct-uploads/{uuid4()}/complete", "the JSON body"),
}


@pytest.mark.parametrize(("method", "path", "place"), ROUTES.values(), ids=ROUTES.keys())
def test_what_belongs_elsewhere_is_refused_with_its_place(
    call: Caller, resources: Resources, method: str, path: str, place: str
) -> None:
    query = {"session_date": "2026-03-01", "speakers": "3"}
    answer = call(method, path, query_string=query, headers=TUS, data=b"x")
    assert (answer.status_code, answer.json["code"]) == (400, "upload_query_invalid"), answer.text
    assert "`session_date`, `speakers`" in answer.json["detail"]
    assert place in answer.json["detail"]
    assert sorted(answer.json["errors"]) == ["session_date", "speakers"]
    assert left_behind(resources) == []


@pytest.mark.parametrize(("method", "path", "place"), ROUTES.values(), ids=ROUTES.keys())
def test_an_unknown_parameter_is_refused_and_not_repeated(
    call: Caller, method: str, path: str, place: str
) -> None:
    answer = call(method, path, query_string={"jane_doe": "1"}, headers=TUS, data=b"x")
    assert (answer.status_code, list(answer.json["errors"])) == (400, ["unknown_fields"])
    assert place in answer.json["detail"]
    assert "jane" not in answer.text


def test_a_patient_is_named_in_the_query_of_a_plain_upload_alone(call: Caller, office: Office) -> None:
    patient = {"patient_id": str(office.patient_id)}
    assert call("POST", "/api/uploads", query_string=patient, headers=TUS).status_code == 400
    assert call("POST", "/api/direct-uploads", query_string=patient, json={}).status_code == 400
    assert call.upload(office.patient_id, tone()).status_code == 202


def test_two_patients_in_the_query_are_refused(call: Caller, resources: Resources, office: Office) -> None:
    query = {"patient_id": [str(office.patient_id), str(uuid4())]}
    answer = call("POST", UPLOAD, query_string=query, **form([("file", tone(), "a.wav", "audio/wav")]))
    assert (answer.status_code, list(answer.json["errors"])) == (400, ["patient_id"])
    assert left_behind(resources) == []


def test_the_form_of_a_page_refuses_what_its_query_says(resources: Resources, office: Office) -> None:
    who = office.caller
    browser = browser_of(app_of(resources), resources, who.practice_id, who.therapist_id)
    before = left_behind(resources)
    query = {"session_date": "2026-03-01"}
    sent = form([("file", tone(), "a.wav", "audio/wav")])
    answer = browser("POST", f"/patients/{office.patient_id}/upload", query_string=query, **sent)
    assert (answer.status_code, "session_date" in answer.text) == (422, True)
    assert left_behind(resources) == before
