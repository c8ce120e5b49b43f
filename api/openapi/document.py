"""The OpenAPI document: made from the routes, with the errors that each may answer."""

from collections.abc import Callable
from http import HTTPStatus
from threading import Lock
from typing import Any, TypeVar

from apispec import APISpec
from flask import Flask
from flask_smorest import Api, Blueprint
from flask_smorest.utils import prepare_response

from api.http.requests import IdConverter
from api.schemas.accounts import PreferencesChangeSchema, TherapistChangeSchema
from api.schemas.core import ConsentGivenSchema, PatientChangeSchema, ProblemSchema
from api.schemas.recordings.uploads import UploadBodySchema
from api.schemas.webhooks import WebhookChangeSchema

View = TypeVar("View", bound=Callable[..., Any])

_DESCRIPTION = """\
Transcripts and clinical notes for recorded therapy sessions.

Every error is a problem document (RFC 9457) with a stable `code` and a `request_id`. A record that
belongs to another person answers exactly as one that does not exist. Lists name their next page in a
`Link` header. Times are RFC 3339 in UTC.
"""


def _header(description: str, kind: str = "string", *, required: bool = True) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}, "required": required}


_REQUEST_ID = {"X-Request-Id": _header("The same as `request_id`.")}
_RETRY_AFTER = {"Retry-After": _header("Seconds.", "integer")}
# Which headers an error has for certain; schemathesis holds the answers to it.
_ERROR_HEADERS: dict[int, dict[str, Any]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": _header("The scheme, `Bearer`.")},
    HTTPStatus.TOO_MANY_REQUESTS: {
        **_RETRY_AFTER,
        "RateLimit-Limit": _header("How often in an hour.", "integer"),
        "RateLimit-Remaining": _header("How often still.", "integer"),
        "RateLimit-Reset": _header("Seconds until the window has moved on.", "integer"),
    },
    HTTPStatus.SERVICE_UNAVAILABLE: _RETRY_AFTER,
}
LOCATION = {"Location": _header("The address of what was made or is being worked on.")}
NEXT_PAGE = {"Link": _header('The next page: `<...>; rel="next"`.', required=False)}
# What marshmallow can only say in code.
_GIVEN_TOGETHER = {
    "anyOf": [
        {
            "required": ["given_on", "method"],
            "properties": {"given_on": {"type": "string"}, "method": {"type": "string"}},
        },
        {"properties": {"given_on": {"enum": [None]}, "method": {"enum": [None]}}},
    ]
}
_ADDENDUM = {
    "type": "object",
    "description": "Of an addendum.",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
ETAG = {"ETag": _header("For `If-None-Match`.")}


class ProblemApi(Api):  # type: ignore[misc]  # flask-smorest carries no types
    """flask-smorest with problem documents as the errors, which api.http.problems answers."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        self._blueprints: list[Blueprint] = []
        self._documenting = Lock()
        self._document: dict[str, Any] | None = None
        super().__init__(app)

    def register_blueprint(self, blueprint: Blueprint) -> None:
        """Add the routes to the application. They are documented when the document is asked for."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint)
        self._blueprints.append(blueprint)

    def document(self) -> dict[str, Any]:
        """The OpenAPI document. Made once: it takes most of the time that an application takes to start."""
        with self._documenting:
            if self._document is None:
                self._describe_responses()
                _describe_schemas(self.spec)
                for blueprint in self._blueprints:
                    blueprint.register_views_in_doc(
                        self, self._app, self.spec, name=blueprint.name, parameters=None
                    )
                    self.spec.tag({"name": blueprint.name, "description": blueprint.description})
                document: dict[str, Any] = self.spec.to_dict()
                _add_what_any_call_may_answer(document["paths"])
                _let_notes_be_an_addendum(document["components"]["schemas"])
                self._document = document
            return self._document

    def _register_error_handlers(self) -> None:
        """None: its own shape of errors is not ours."""

    def _register_responses(self) -> None:
        """None yet: they are two fifths of what an application takes to start."""

    def _describe_responses(self) -> None:
        for status in HTTPStatus:
            if status < 400:
                self.spec.components.response(status.name, {"description": status.phrase}, lazy=True)
                continue
            headers = {**_REQUEST_ID, **_ERROR_HEADERS.get(status, {})}
            response = {"description": status.phrase, "schema": self.ERROR_SCHEMA, "headers": headers}
            prepare_response(response, self.spec, "application/problem+json")
            self.spec.components.response(status.name, response, lazy=True)


def make_api(app: Flask) -> ProblemApi:
    """The API of ``app``, to which blueprints are added."""
    app.config.update(
        API_TITLE="sessionscribe",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {"description": _DESCRIPTION},
            "security": [{"bearer": []}],
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        },
    )
    api = ProblemApi(app)
    api.register_converter(IdConverter, lambda _: {"type": "string", "format": "uuid"})
    return api


def _add_what_any_call_may_answer(paths: dict[str, Any]) -> None:
    """Add a 400, as to a key in the address, which is asked about first; and a 413 where there is a body."""
    for operation in (one for described in paths.values() for one in described.values()):
        if not isinstance(operation, dict):
            continue  # parameters, which all operations of a path have in common
        statuses = [HTTPStatus.BAD_REQUEST]
        if "requestBody" in operation:
            statuses.append(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        for status in statuses:
            known = {"$ref": f"#/components/responses/{status.name}"}
            operation["responses"].setdefault(str(status.value), known)


def _let_notes_be_an_addendum(schemas: dict[str, Any]) -> None:
    """The notes of a version are those of a draft, or the text of an addendum."""
    version = schemas["NotesVersion"]["properties"]
    version["extracted_notes"] = {"anyOf": [version["extracted_notes"], _ADDENDUM]}


def _describe_schemas(spec: APISpec) -> None:
    spec.components.schema("UploadBody", schema=UploadBodySchema)
    spec.components.schema("ConsentGiven", _GIVEN_TOGETHER, schema=ConsentGivenSchema)
    for changes in (PatientChangeSchema, PreferencesChangeSchema, TherapistChangeSchema, WebhookChangeSchema):
        name = changes.__name__.removesuffix("Schema")
        spec.components.schema(name, {"minProperties": 1}, schema=changes)


def answers(blueprint: Blueprint, *statuses: int, public: bool = False) -> Callable[[View], View]:
    """Document the error statuses of a route, besides those that every route has."""
    usual = (429, 500) if public else (401, 403, 429, 500, 503)

    def decorate(view: View) -> View:
        for status in sorted({*usual, *statuses}):
            view = blueprint.alt_response(status, HTTPStatus(status).name)(view)
        return view

    return decorate


WAIT_PARAMETER = {
    "in": "header",
    "name": "Prefer",
    "schema": {"type": "string"},
    "description": "`wait=N` (RFC 7240): hold the answer for up to N seconds, at most 60.",
}
LAST_EVENT_PARAMETER = {
    "in": "header",
    "name": "Last-Event-ID",
    "schema": {"type": "string"},
    "description": "The id of the last event that was seen; any other text begins anew.",
}
RANGE_PARAMETERS = [
    {"in": "header", "name": name, "schema": {"type": "string"}, "description": description}
    for name, description in (
        ("Range", "`bytes=first-last`, one range; anything else gives the whole recording."),
        ("If-Range", "The `ETag` that the range is a part of; the whole if it is another."),
    )
]
UPLOAD_BODY = {
    "required": True,
    "content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/UploadBody"}}},
}


def text_answer(*media_types: str) -> dict[str, Any]:
    """The documentation of an answer that also comes as text."""
    texts = [kind for kind in media_types if kind != "application/json"]
    return {"content": {kind: {"schema": {"type": "string"}} for kind in texts}}


def file_answer(*media_types: str) -> dict[str, Any]:
    """The documentation of an answer that also comes as a file."""
    kinds = [kind for kind in media_types if kind != "application/json"]
    return {"content": {kind: {"schema": _schema_of(kind)} for kind in kinds}}


def _schema_of(kind: str) -> dict[str, Any]:
    if kind.endswith("+json"):
        return {"type": "object"}
    return {"type": "string"} if kind.startswith("text/") else {"type": "string", "format": "binary"}


def binary_answer(description: str, *types: str) -> dict[str, Any]:
    """The documentation of an answer that is a recording, or a file of these media types."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {"description": description, "content": dict.fromkeys(types or ("audio/*", "video/*"), binary)}


EVENTS_ANSWER: dict[str, Any] = {
    "description": "OK",
    "content": {
        "text/event-stream": {
            "schema": {
                "type": "object",
                "description": "One event.",
                "properties": {
                    "id": {"type": "string"},
                    "event": {"type": "string", "enum": ["status", "progress", "risk", "deleted"]},
                    "data": {"type": "string", "description": "JSON."},
                },
                "required": ["event", "data"],
            }
        }
    },
}
