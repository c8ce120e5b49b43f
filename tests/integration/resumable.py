"""Resumable uploads as a client of the tus protocol makes them."""

import base64
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from api.uploads.tus import CONTENT_TYPE
from tests.integration.api_client import Caller

TUS = {"Tus-Resumable": "1.0.0"}


def metadata(patient_id: UUID | None, **texts: str) -> str:
    """An ``Upload-Metadata`` of a WAV file of the patient."""
    pairs = {"filename": "session.wav", "filetype": "audio/wav", **texts}
    if patient_id is not None:
        pairs["patient_id"] = str(patient_id)
    return ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in pairs.items())


def announce(
    call: Caller, length: int, patient_id: UUID, *, key: str | None = None, **texts: str
) -> TestResponse:
    """Create an upload."""
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata(patient_id, **texts)}
    if key is not None:
        headers["Idempotency-Key"] = key
    return call("POST", "/api/uploads", headers=headers)


def begun(call: Caller, length: int, patient_id: UUID, **texts: str) -> str:
    """The address of a new upload."""
    answer = announce(call, length, patient_id, **texts)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def send(call: Caller, address: str, offset: int, data: bytes, **headers: Any) -> TestResponse:
    """A part of the upload."""
    own = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {**TUS, "Upload-Offset": str(offset), "Content-Type": CONTENT_TYPE, **own}
    return call("PATCH", address, headers=given, data=data)


def ask(call: Caller, address: str) -> TestResponse:
    """How far the upload is."""
    return call("HEAD", address, headers=TUS)
