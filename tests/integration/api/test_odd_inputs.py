"""What real clients send that is a little off, and what the API makes of it."""

import codecs
import json
from collections.abc import Callable
from uuid import UUID

import pytest

from shared.services import patients
from shared.services.patients import Consent
from shared.services.resources import Resources
from tests.integration.api_client import Caller, tone
from tests.servers import Office

COMPOSED, DECOMPOSED = "Zo\u00eb", "Zoe\u0308"


def as_sent(call: Caller, data: bytes) -> tuple[int, str]:
    answer = call("POST", "/api/patients", data=data, headers={"Content-Type": "application/json"})
    return answer.status_code, answer.json.get("name", "")


def test_json_may_begin_with_a_byte_order_mark(call: Caller) -> None:
    body = json.dumps({"name": "Anna"}).encode()
    assert as_sent(call, codecs.BOM_UTF8 + body) == (201, "Anna")
    assert as_sent(call, codecs.BOM_UTF8 + body[:-1])[0] == 400


def test_a_patient_is_found_by_the_name_as_it_is_typed(
    call: Caller, resources: Resources, office: Office
) -> None:
    assert as_sent(call, json.dumps({"name": DECOMPOSED}).encode()) == (201, COMPOSED)
    older = patients.create(resources, office.caller, DECOMPOSED, Consent())
    assert call("GET", f"/api/patients/{older.id}").json["name"] == COMPOSED


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(b"M\xfcller.wav", id="cp1252"),
        pytest.param(b"=?UTF-8?Q?M=C3=BCller.wav?=", id="encoded word"),
        pytest.param("Mu\u0308ller.wav".encode(), id="decomposed"),
    ],
)
def test_a_file_keeps_its_name_in_whatever_encoding(
    call: Caller, office: Office, name: bytes, multipart_body: Callable[[bytes], bytes]
) -> None:
    answer = call(
        "POST",
        f"/api/sessions/upload?patient_id={office.patient_id}",
        data=multipart_body(name),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code == 202, answer.text
    assert call("GET", f"/api/sessions/{UUID(answer.json['id'])}").json["audio_filename"] == "M\u00fcller.wav"


@pytest.fixture
def multipart_body() -> Callable[[bytes], bytes]:
    def body(name: bytes) -> bytes:
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="' + name
        head += b'"\r\nContent-Type: audio/wav\r\n\r\n'
        return head + tone(3) + b"\r\n--x--\r\n"

    return body


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2026-01-31t10:00:00z", "2026-01-31T10:00:00Z"),
        ("2026-01-31T10:00:00", "2026-01-31T10:00:00Z"),
        ("2026-01-31T10:00:00+01:00", "2026-01-31T09:00:00Z"),
    ],
)
def test_the_answer_says_in_which_zone_a_date_was_read(
    call: Caller, office: Office, written: str, shown: str
) -> None:
    session = call.upload(office.patient_id, session_date=written).json["id"]
    assert call("GET", f"/api/sessions/{session}").json["session_date"] == shown


def test_a_date_decades_ahead_is_refused_with_what_is_wrong(call: Caller, office: Office) -> None:
    answer = call.upload(office.patient_id, session_date="2062-01-31T10:00:00Z")
    assert answer.status_code == 422
    assert answer.json["errors"] == {"session_date": ["Is still to come."]}
