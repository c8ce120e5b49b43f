"""The tus protocol, version 1.0.x: its headers, checked; see tus.io for what they mean."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, request
from marshmallow import ValidationError
from werkzeug.http import http_date

from api.http.problems import Malformed, without_unknown_names
from api.schemas.recordings.uploads import UploadFormSchema
from api.uploads.details import details_of
from shared.domain.errors import ChecksumMismatch, InvalidInput, UnsupportedMedia, WrongVersion
from shared.domain.ports import Block
from shared.schemas import file_names
from shared.services.uploads.registration import UploadDetails
from shared.services.uploads.tus_creation import State

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-defer-length,expiration,checksum,termination"
ALGORITHMS = {"sha1": 20, "sha256": 32}  # and the bytes of each
CONTENT_TYPE = "application/offset+octet-stream"
PATH = "/api/uploads"
MAX_METADATA_BYTES = 8000  # gunicorn takes headers up to 8190 bytes
# How clients in browsers call the two that the protocol's own examples call otherwise. Uppy sends both, and
# the place of the file in the folder that was chosen, which is none of our business.
_ALIASES = {"name": "filename", "type": "filetype"}
_IGNORED = frozenset({"relativePath"})


def require_version() -> None:
    """Raise WrongVersion unless the request is in our version; OPTIONS and the list of uploads need none."""
    is_list = request.path == PATH and request.method in ("GET", "HEAD")
    if request.method != "OPTIONS" and not is_list and request.headers.get("Tus-Resumable") != VERSION:
        raise WrongVersion(
            f"Send the header `Tus-Resumable: {VERSION}`: no other version is spoken here.",
            "tus_version_not_supported",
        )


def sign(response: Response) -> Response:
    """Say which protocol this is, in every answer there; and which versions are, where it was another."""
    if request.path != PATH and not request.path.startswith(f"{PATH}/"):
        return response
    response.headers["Tus-Resumable"] = VERSION
    if response.status_code == 412:
        response.headers["Tus-Version"] = VERSION
    return response


def describe(max_bytes: int) -> Response:
    """What this server can do."""
    response = Response(status=204)
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Max-Size"] = str(max_bytes)
    response.headers["Tus-Extension"] = EXTENSIONS
    response.headers["Tus-Checksum-Algorithm"] = ",".join(ALGORITHMS)
    return response


def tell(response: Response, state: State, *, offset: bool = True) -> Response:
    """How far the upload is, and until when it is kept."""
    if offset:
        response.headers["Upload-Offset"] = str(state.offset)
    if state.expires_at is not None:
        response.headers["Upload-Expires"] = http_date(state.expires_at)
    else:
        response.headers["Content-Location"] = f"/api/sessions/{state.session_id or state.id}"
    return response


def number(name: str) -> int:
    """The header, which must be a whole number; raises InvalidInput."""
    value = request.headers.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise InvalidInput(f"Send {name} as a whole number of bytes.", "upload_header_invalid")
    return int(value)


def length() -> int | None:
    """The length of a new upload, None where the client says that it follows; raises InvalidInput."""
    deferred = request.headers.get("Upload-Defer-Length")
    if deferred is None:
        return number("Upload-Length")
    if deferred != "1" or "Upload-Length" in request.headers:
        raise InvalidInput(
            "Send either Upload-Length, or `Upload-Defer-Length: 1` if the length is not known yet.",
            "upload_header_invalid",
        )
    return None


def require_patch_type() -> None:
    """Raise UnsupportedMedia unless the body is declared as a part of an upload."""
    if request.mimetype != CONTENT_TYPE:
        raise UnsupportedMedia(f"Send the bytes as `Content-Type: {CONTENT_TYPE}`.", "unsupported_media_type")


def metadata_of(header: str) -> dict[str, str]:
    """The pairs of an ``Upload-Metadata``; raises InvalidInput."""
    found: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else []:
        key, _, value = pair.strip().partition(" ")
        try:
            text = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, ValueError):  # also what is not ASCII, or not UTF-8 within
            raise _bad_metadata() from None
        if not key or key in found:
            raise _bad_metadata()
        found[key] = text
    for alias, name in _ALIASES.items():
        text = found.pop(alias, "")
        found[name] = found.get(name) or text
    return {name: text for name, text in found.items() if name not in _IGNORED}


def details() -> tuple[UploadDetails, str]:
    """What the request says of its upload, and how; raises InvalidInput and Malformed."""
    header = request.headers.get("Upload-Metadata", "")
    if len(header) > MAX_METADATA_BYTES:
        raise InvalidInput(f"Upload-Metadata may have {MAX_METADATA_BYTES} bytes.", "upload_metadata_invalid")
    texts = metadata_of(header)
    file_name = file_names.cleaned(texts.pop("filename", ""))
    declared_type = texts.pop("filetype", "") or None
    if not file_name:
        raise InvalidInput("Name the file in Upload-Metadata, as `filename`.", "file_name_missing")
    try:
        values: dict[str, Any] = UploadFormSchema().load({name: text for name, text in texts.items() if text})
    except ValidationError as error:
        raise Malformed(
            "Some of the upload's metadata is not valid; errors says which and why.",
            fields=without_unknown_names(error.messages_dict),
        ) from None
    return details_of(file_name, declared_type, values), header


class Checksum:
    """The checksum that a request says its body has; one that says none is content with any body."""

    def __init__(self) -> None:
        header = request.headers.get("Upload-Checksum")
        self.given = header is not None
        if header is None:
            return
        algorithm, _, value = header.partition(" ")
        try:
            self._expected = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):
            self._expected = b""
        if len(self._expected) != ALGORITHMS.get(algorithm):
            raise InvalidInput(
                f"Send Upload-Checksum as one of {', '.join(ALGORITHMS)}, a blank, and the value in Base64.",
                "upload_checksum_invalid",
            )
        self._hash = hashlib.new(algorithm, usedforsecurity=False)

    def update(self, data: Block) -> None:
        """More of the body has come."""
        if self.given:
            self._hash.update(data)

    def verify(self) -> None:
        """Raise ChecksumMismatch, the body having ended."""
        if self.given and self._hash.digest() != self._expected:
            raise ChecksumMismatch(
                "The bytes do not have the checksum that was sent with them: send them again."
            )


def install(app: Flask) -> None:
    """Let clients that can only POST name the method in ``X-HTTP-Method-Override``, for uploads alone.

    Errors of routing (404, 405) are signed too.
    """
    app.after_request(sign)
    inner: WSGIApplication = app.wsgi_app

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "").upper()
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] == "POST" and path.startswith(f"{PATH}/") and method in _OVERRIDING:
            environ["REQUEST_METHOD"] = method
        return inner(environ, start_response)

    vars(app)["wsgi_app"] = call  # before routing: the method decides on the route and its policy


# Not HEAD: the server would send the length of a body that does not come. A proxy that reads on would
# take the next answer on the connection, perhaps another client's, for that body.
_OVERRIDING = frozenset({"PATCH", "DELETE"})


def _bad_metadata() -> InvalidInput:
    return InvalidInput(
        "Send Upload-Metadata as pairs of a key and a value in Base64 of UTF-8, separated by commas, each "
        "key once.",
        "upload_metadata_invalid",
    )
