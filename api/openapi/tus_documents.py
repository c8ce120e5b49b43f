"""Resumable uploads in the OpenAPI document: the protocol's headers."""

from typing import Any

from api.openapi.document import LOCATION
from api.uploads import tus
from shared.services.uploads import accepting


def _answered(description: str, kind: str = "string", *, required: bool = True) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}, "required": required}


def _asked(name: str, schema: dict[str, Any], description: str, *, required: bool = True) -> dict[str, Any]:
    return {"in": "header", "name": name, "schema": schema, "description": description, "required": required}


_BYTES = {"type": "integer", "minimum": 0, "maximum": 10**17}
_VERSION = {"Tus-Resumable": _answered("The version of the protocol.")}
_EXPIRES = {"Upload-Expires": _answered("Until when it is kept; each part puts that off.", required=False)}
_OFFSET = {"Upload-Offset": _answered("How many bytes are stored.", "integer")}
_SESSION = {"Content-Location": _answered("The session that the upload has become.", required=False)}

DESCRIBED = {
    **_VERSION,
    "Tus-Version": _answered("All versions that are spoken."),
    "Tus-Max-Size": _answered("The largest recording, in bytes.", "integer"),
    "Tus-Extension": _answered("What is offered beyond the core."),
    "Tus-Checksum-Algorithm": _answered("Of `Upload-Checksum`."),
}
CREATED = {**_VERSION, **LOCATION, **_EXPIRES}
FINISHED = {**_VERSION, **LOCATION}
STATE = {**_VERSION, **_OFFSET, **_EXPIRES, **_SESSION}

_SIZE = _BYTES | {"minimum": accepting.MIN_BYTES}
HEADERS = [_asked("Tus-Resumable", {"type": "string", "enum": [tus.VERSION]}, "The protocol's version.")]
CREATION = [
    *HEADERS,
    _asked("Upload-Length", _SIZE, "The recording's size.", required=False),
    _asked("Upload-Defer-Length", {"type": "integer", "enum": [1]}, "The size follows.", required=False),
    _asked(
        "Upload-Metadata",
        {
            "type": "string",
            "format": "tus-metadata",
        },
        "Pairs of a key and a value in Base64, separated by commas; with `filename` and `patient_id`, up to "
        f"{tus.MAX_METADATA_BYTES} bytes.",
    ),
]
MISMATCH = {
    "description": "Checksum Mismatch: the part was thrown away",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
PATCHING: dict[str, Any] = {
    "parameters": [
        *HEADERS,
        _asked("Upload-Offset", _BYTES, "Where this part begins: what HEAD says."),
        _asked("Upload-Length", _SIZE, "The recording's size, where it was deferred.", required=False),
        _asked(
            "Upload-Checksum",
            {"type": "string", "format": "tus-checksum", "examples": ["sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk="]},
            "`sha1` or `sha256`, a blank, and the value in Base64: a part with another is refused whole.",
            required=False,
        ),
    ],
    "requestBody": {
        "required": True,
        "content": {tus.CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    },
    "responses": {"460": MISMATCH},
}
