"""That answers are held to the OpenAPI document: each kind of fault is found."""

from collections.abc import Callable

import pytest
from flask import Flask, Response

from tests.integration.api_client import Caller
from tests.integration.documented import document_of
from tests.servers import Office


def set_status(answer: Response) -> None:
    answer.status_code = 418


def set_body(answer: Response) -> None:
    answer.set_data('{"id": "no id"}')


def set_media_type(answer: Response) -> None:
    answer.content_type = "application/xml"


def drop_header(answer: Response) -> None:
    del answer.headers["Location"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (set_status, "the status 418 is not documented"),
        (set_body, '"no id" is not a "uuid"'),
        (set_media_type, "the media type application/xml is not documented"),
        (drop_header, "the header Location is missing"),
    ],
)
def test_an_answer_that_is_not_as_documented_is_noticed(
    app: Flask, office: Office, call: Caller, change: Callable[[Response], None], fault: str
) -> None:
    def changed(answer: Response) -> Response:
        change(answer)
        return answer

    app.after_request_funcs[None].insert(0, changed)  # runs last
    with pytest.raises(AssertionError, match=fault):
        call.upload(office.patient_id)


def test_a_body_where_none_is_documented_is_noticed(
    app: Flask, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = app.extensions["sessionscribe-openapi"].document()
    del document["paths"]["/api/preferences"]["get"]["responses"]["200"]["content"]
    monkeypatch.setattr("tests.integration.documented._documents", [])
    with pytest.raises(AssertionError, match="a body is not documented"):
        call("GET", "/api/preferences")


def test_a_request_that_is_accepted_and_not_documented_is_noticed(
    app: Flask, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = app.extensions["sessionscribe-openapi"].document()
    narrower = {**document["components"]["schemas"]["PreferencesChange"], "maxProperties": 0}
    document["components"]["schemas"]["PreferencesChange"] = narrower
    monkeypatch.setattr("tests.integration.documented._documents", [])
    with pytest.raises(AssertionError, match=r"more .*properties"):
        call("PATCH", "/api/preferences", json={"theme": "system"})
    document["paths"]["/api/sessions/"]["get"]["parameters"] = []
    with pytest.raises(AssertionError, match="the parameter limit is not documented"):
        call("GET", "/api/sessions/?limit=1")


def test_what_is_no_call_of_the_document_is_left_alone(app: Flask, call: Caller) -> None:
    assert call("GET", "/api/no-such-route").status_code == 404
    assert call("GET", "/sign-in").status_code == 200
    assert document_of(app) is document_of(app)
