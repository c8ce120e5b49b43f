"""Calls to the API as its users make them, and small recordings to send."""

import io
import math
import struct
import wave
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from serving.app import create_app
from shared.services.access.caller import Scope
from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.storage.local_store import MARKER
from tests.database import everything
from tests.integration.documented import DocumentedClient
from tests.servers import Office


class Caller:
    """A client of the API that sends a key with every call."""

    def __init__(self, client: FlaskClient, key: str | None) -> None:
        self._client = client
        self.key = key

    def anew(self, app: Flask) -> "Caller":
        """The same caller without what earlier answers left, such as cookies."""
        return Caller(app.test_client(), self.key)

    def __call__(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.key is not None:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        return self._client.open(path, method=method, headers=headers, **options)

    def upload(
        self,
        patient_id: UUID | None,
        /,
        content: bytes | None = None,
        name: str = "session.wav",
        media_type: str = "audio/wav",
        **fields: Any,
    ) -> TestResponse:
        """One recording, the patient named in the query."""
        file = ("file", tone() if content is None else content, name, media_type)
        query = {} if patient_id is None else {"patient_id": str(patient_id)}
        texts = [(key, str(value).encode(), None, None) for key, value in fields.items()]
        return self("POST", "/api/sessions/upload", query_string=query, **form([*texts, file]))


def form(parts: Sequence[tuple[str, bytes, str | None, str | None]]) -> dict[str, Any]:
    """A multipart body of (name, content, file name, media type), made in memory.

    Werkzeug's test client would put a large one in a temporary file, which is what our tests of
    the server must not see.
    """
    body = bytearray()
    for name, content, file_name, media_type in parts:
        body += f'--x-x-x\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if file_name is not None:
            body += b'; filename="' + file_name.replace("\\", "\\\\").encode() + b'"'
        if media_type is not None:
            body += f"\r\nContent-Type: {media_type}".encode()
        body += b"\r\n\r\n" + content + b"\r\n"
    body += b"--x-x-x--\r\n"
    return {"data": bytes(body), "content_type": 'multipart/form-data; boundary="x-x-x"'}


def app_of(resources: Resources) -> Flask:
    """The application over these resources; its test client holds each answer to the OpenAPI document."""
    app = create_app(resources)
    app.test_client_class = DocumentedClient
    return app


def caller_of(
    app: Flask, resources: Resources, office: Office, scopes: Collection[Scope] | None = None
) -> Caller:
    """The office's therapist, with a new key."""
    caller = office.caller
    _, key = accounts.create_key(resources, caller.practice_id, caller.therapist_id, scopes)
    return Caller(app.test_client(), key)


@cache
def tone(seconds: float = 1.0, rate: int = 16_000) -> bytes:
    """A WAV file with a tone."""
    samples = (int(8000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(int(seconds * rate)))
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(rate)
        recording.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file.getvalue()


def left_behind(resources: Resources) -> list[str]:
    """Every stored object, and every key of a session (patients and practices have theirs)."""
    folder = Path(urlsplit(resources.settings.storage_url).path)
    objects = [str(path) for path in folder.rglob("*") if path.is_file() and path.name != MARKER]
    with everything(resources) as db:
        patients = {str(row[0]) for row in db.execute(text("SELECT id FROM patients"))}
    keys = (resources.settings.keys_dir / "subjects").rglob("*.key")
    return objects + [str(key) for key in keys if key.stem not in patients]
