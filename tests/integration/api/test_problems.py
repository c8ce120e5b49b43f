"""Every failure that can be provoked is one problem document, and repeats nothing of the request."""

import contextlib
import dataclasses
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from shared.db.connection.engine import Database
from shared.services.access.caller import Scope
from shared.services.accounts import accounts
from shared.services.resources import Resources
from tests.integration.api_client import Caller, app_of, caller_of, form, tone
from tests.integration.server import running_api
from tests.servers import Office

CANARY = "canary-spoken-word"
REQUEST_ID = "request-of-the-test"
LIMITS = {"max_upload_bytes": 40_000, "attempts_per_hour": 3}


@dataclass(frozen=True)
class Clinic:
    """An API with small limits, and callers with and without rights."""

    resources: Resources
    app: Flask
    office: Office
    call: Caller
    session_id: str

    def nobody(self) -> Caller:
        return Caller(self.app.test_client(), None)

    def other(self, *scopes: Scope) -> Caller:
        return caller_of(self.app, self.resources, self.office, scopes)

    def over(self, **changed: object) -> Caller:
        """The same caller of an API with other resources."""
        return Caller(app_of(dataclasses.replace(self.resources, **changed)).test_client(), self.call.key)


@pytest.fixture
def clinic(resources: Resources, office: Office) -> Clinic:
    small = dataclasses.replace(resources, settings=dataclasses.replace(resources.settings, **LIMITS))
    app = app_of(small)
    call = caller_of(app, small, office)
    return Clinic(small, app, office, call, call.upload(office.patient_id).json["id"])


def upload(clinic: Clinic, **options: object) -> TestResponse:
    return clinic.call.upload(clinic.office.patient_id, **options)  # type: ignore[arg-type]


def revoke(clinic: Clinic) -> None:
    change = {"consent": {"revoked_on": datetime.now(UTC).date().isoformat()}}
    assert clinic.call("PATCH", f"/api/patients/{clinic.office.patient_id}", json=change).status_code == 200


def without_consent(clinic: Clinic) -> TestResponse:
    revoke(clinic)
    return upload(clinic, name=f"{CANARY}.wav")


def too_often(clinic: Clinic) -> TestResponse:
    for _ in range(3):
        upload(clinic, content=b"")
    return upload(clinic, name=f"{CANARY}.wav")


def without_database(clinic: Clinic) -> TestResponse:
    away = Database(f"postgresql://{CANARY}@127.0.0.1:1/none")
    answer = clinic.over(database=away)("GET", f"/api/sessions/{clinic.session_id}")
    away.close()
    return answer


def broken(clinic: Clinic) -> TestResponse:
    class Broken:
        def transaction(self, *_: object, **__: object) -> None:
            raise RuntimeError(CANARY)

    return clinic.over(database=Broken())("GET", "/api/sessions/")


def long_body(clinic: Clinic) -> TestResponse:
    body = json.dumps({"name": CANARY * 100_000})
    return clinic.call("POST", "/api/patients", data=body, content_type="application/json")


def no_file(clinic: Clinic) -> TestResponse:
    query = {"patient_id": str(clinic.office.patient_id)}
    fields = form([("vocabulary", CANARY.encode(), None, None)])
    return clinic.call("POST", "/api/sessions/upload", query_string=query, **fields)


# What each status of the contract's table is provoked by: status, code, how.
Provocation = Callable[[Clinic], TestResponse]
TABLE: dict[str, tuple[int, str, Provocation]] = {
    "file without a name": (400, "file_name_missing", lambda c: upload(c, name="")),
    "extension": (400, "extension_not_allowed", lambda c: upload(c, name=f"a.{CANARY}")),
    "declared as text": (400, "not_audio_or_video", lambda c: upload(c, media_type=f"text/{CANARY}")),
    "tiny file": (400, "file_too_small", lambda c: upload(c, content=CANARY.encode())),
    "limit out of range": (400, "limit_out_of_range", lambda c: c.call("GET", "/api/sessions/?limit=0")),
    "nothing to extract from": (
        400, "no_transcript", lambda c: c.call("POST", f"/api/sessions/{c.session_id}/extract-notes"),
    ),
    "body that is not JSON": (
        400, "malformed_request",
        lambda c: c.call("POST", "/api/patients", data=f"{{{CANARY}", content_type="application/json"),
    ),
    "multipart that breaks off": (
        400, "malformed_multipart",
        lambda c: c.call(
            "POST", "/api/sessions/upload", query_string={"patient_id": str(c.office.patient_id)},
            data=f'--x\r\nContent-Disposition: form-data; name="{CANARY}"\r\n\r\nx',
            content_type="multipart/form-data; boundary=x",
        ),
    ),
    "key out of range": (
        400, "expiry_out_of_range",
        lambda c: c.other(Scope.KEYS)("POST", "/api/keys", json={"expires_in_days": 366}),
    ),
    "no key": (401, "not_authenticated", lambda c: c.nobody()("GET", f"/api/sessions/?cursor={CANARY}")),
    "another's key": (
        401, "not_authenticated", lambda c: Caller(c.app.test_client(), f"ssk_{CANARY}")("GET", "/api/keys"),
    ),
    "no scope": (403, "scope_missing", lambda c: c.other(Scope.PATIENTS_READ)("GET", "/api/sessions/")),
    "no such session": (404, "session_not_found", lambda c: c.call("GET", f"/api/sessions/{uuid4()}")),
    "no such patient": (404, "patient_not_found", lambda c: c.call("GET", f"/api/patients/{uuid4()}")),
    "no notes yet": (404, "no_notes", lambda c: c.call("GET", f"/api/sessions/{c.session_id}/notes")),
    "no such route": (404, "no_such_route", lambda c: c.call("GET", f"/api/{CANARY}")),
    "no such method": (405, "method_not_allowed", lambda c: c.call("PUT", f"/api/patients?x={CANARY}")),
    "a method of nobody": (405, "method_not_allowed", lambda c: c.call("CANARY", "/api/patients")),
    "form that is not offered": (
        406, "not_acceptable",
        lambda c: c.call(
            "GET", f"/api/sessions/{c.session_id}/notes", headers={"Accept": f"text/{CANARY}"}
        ),
    ),
    "not failed": (409, "not_failed", lambda c: c.call("POST", f"/api/sessions/{c.session_id}/retry")),
    "no consent": (409, "consent_revoked", without_consent),
    "patient with sessions": (
        409, "patient_has_sessions", lambda c: c.call("DELETE", f"/api/patients/{c.office.patient_id}"),
    ),
    "recording over the limit": (413, "recording_too_large", lambda c: upload(c, content=tone(2.0))),
    "body over the limit": (413, "too_large", long_body),
    "odd audio": (415, "media_type_not_supported", lambda c: upload(c, media_type="audio/midi")),
    "not audio": (415, "not_audio", lambda c: upload(c, content=CANARY.encode() * 100)),
    "malformed id": (422, "malformed_id", lambda c: c.call("GET", f"/api/sessions/{CANARY}")),
    "no file": (422, "file_missing", no_file),
    "unknown field": (
        422, "validation_failed", lambda c: c.call("POST", "/api/patients", json={"name": "A", CANARY: 1}),
    ),
    "wrong value in the query": (
        422, "validation_failed", lambda c: c.call("GET", f"/api/sessions/?status={CANARY}"),
    ),
    "wrong value in the form": (422, "validation_failed", lambda c: upload(c, language=CANARY)),
    "too often": (429, "rate_limited", too_often),
    "something unforeseen": (500, "internal_error", broken),
    "no database": (503, "database_unavailable", without_database),
}  # fmt: skip
OF_THE_CONTRACT = {400, 401, 403, 404, 409, 413, 415, 422, 429, 503}


@pytest.mark.parametrize(("status", "code", "provoke"), TABLE.values(), ids=TABLE.keys())
def test_a_failure_is_one_problem_document_that_repeats_nothing(
    clinic: Clinic, capsys: pytest.CaptureFixture[str], status: int, code: str, provoke: Provocation
) -> None:
    answer = provoke(clinic)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.content_type == "application/problem+json"
    problem = answer.json
    assert set(problem) - {"errors"} == {"type", "title", "status", "detail", "code", "request_id"}
    assert problem["status"] == status
    assert problem["detail"].endswith((".", "`"))
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert ("Retry-After" in answer.headers) == (status in (429, 503))
    assert ("Allow" in answer.headers) == (status == 405)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    output = capsys.readouterr()
    seen = answer.text + str(answer.headers) + output.out + output.err
    assert CANARY not in seen
    assert "Traceback" not in seen


def test_every_status_of_the_contract_is_provoked() -> None:
    assert {status for status, *_ in TABLE.values()} >= OF_THE_CONTRACT


@pytest.fixture
def live(environment: dict[str, str], resources: Resources, tmp_path: Path) -> Iterator[tuple[str, int]]:
    """The address of a gunicorn that serves the API."""
    with running_api(environment, tmp_path / "api.log") as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)
    assert CANARY not in (tmp_path / "api.log").read_text()


HEAD = f"Host: x\r\nX-Canary: {CANARY}\r\n"
POST = f"POST /api/patients HTTP/1.1\r\n{HEAD}"
# What is no HTTP never reaches the application: gunicorn refuses it, in our words.
OF_GUNICORN = {
    "no HTTP at all": (f"{CANARY}\r\n\r\n", 400),
    "no length that is a number": (f"{POST}Content-Length: {CANARY}\r\n\r\n", 400),
    "a negative length": (f"{POST}Content-Length: -1\r\n\r\n", 400),
    "two lengths": (
        f"{POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400,
    ),
    "a length and chunks": (
        f"{POST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
    ),
    "an encoding that nobody knows": (
        f"{POST}Transfer-Encoding: {CANARY}\r\n\r\n", 501,
    ),
    "a header without a name": (f"GET /healthz HTTP/1.1\r\n{HEAD}: {CANARY}\r\n\r\n", 400),
    "a huge header": (f"GET /healthz HTTP/1.1\r\n{HEAD}X: {CANARY * 1000}\r\n\r\n", 431),
    "a hundred and one headers": (
        f"GET /healthz HTTP/1.1\r\n{HEAD}" + "".join(f"X-{n}: 1\r\n" for n in range(101)) + "\r\n", 431,
    ),
    "a huge address": (f"GET /{CANARY * 1000} HTTP/1.1\r\n{HEAD}\r\n", 414),
}  # fmt: skip


def test_what_is_no_http_is_refused_by_the_server_itself(live: tuple[str, int]) -> None:
    seen = {}
    for label, (request, _) in OF_GUNICORN.items():
        status, head, problem = answer_to(live, request)
        assert "Content-Type: application/problem+json" in head, label
        assert f"X-Request-Id: {problem['request_id']}" in head, label
        assert problem["status"] == status, label
        seen[label] = status
    assert seen == {label: status for label, (_, status) in OF_GUNICORN.items()}


def test_chunks_that_cannot_be_read_are_repeated_nowhere(
    live: tuple[str, int], resources: Resources, office: Office
) -> None:
    caller = office.caller
    _, key = accounts.create_key(resources, caller.practice_id, caller.therapist_id)
    for path, content_type in (
        ("/api/patients", "application/json"),
        (f"/api/sessions/upload?patient_id={office.patient_id}", "multipart/form-data; boundary=x"),
    ):
        status, head, _ = answer_to(
            live,
            f"POST {path} HTTP/1.1\r\n{HEAD}Authorization: Bearer {key}\r\nContent-Type: {content_type}\r\n"
            f"Transfer-Encoding: chunked\r\n\r\n{CANARY}\r\n{CANARY}",
        )
        assert status == 400, path
        assert "Content-Type: application/problem+json" in head, path


def test_a_refusal_that_leaves_the_body_unread_says_that_the_connection_ends(
    live: tuple[str, int], resources: Resources, office: Office
) -> None:
    _, key = accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)
    upload = (
        f"POST /api/sessions/upload?patient_id={uuid4()} HTTP/1.1\r\n{HEAD}Authorization: Bearer {key}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 400000000\r\n\r\n--x\r\n"
    )
    beginning = "a: b\r\n" * 3000  # as much as is waited for before the application is asked
    status, head, _ = answer_to(live, upload + beginning, hang_up=False)
    assert (status, "\r\nConnection: close\r\n" in head) == (404, True), head
    _, head, _ = answer_to(live, f"GET /healthz HTTP/1.1\r\n{HEAD}\r\n")
    assert "\r\nConnection: keep-alive\r\n" in head


def answer_to(
    address: tuple[str, int], request: str, *, hang_up: bool = True
) -> tuple[int, str, dict[str, Any]]:
    """The status, the head and the problem document that raw bytes are answered with."""
    text = b""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(request.encode())
        with contextlib.suppress(ConnectionResetError):
            if hang_up:
                connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65536):
                text += data
    assert CANARY.encode() not in text
    head, _, body = text.decode().partition("\r\n\r\n")
    problem, _ = json.JSONDecoder().raw_decode(body)
    return int(head.split(" ", 2)[1]), head, problem
