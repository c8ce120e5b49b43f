"""What the API answers to tests is held to the OpenAPI document, as Schemathesis holds it to its own calls.

The client of ``app_of`` does so with every answer: its status is documented for the call, its media type and
required headers too, and its body fits the schema. What the API accepts is documented as well.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask, Request, request, request_started
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

# A time may also be a plain date or without a zone; that is accepted and not advertised.
_LENIENT: Mapping[str, Callable[[str], bool]] = {"date-time": lambda _: True}
_PARAMETER = re.compile(r"<(?:[^:<>]+:)?(\w+)>")
_documents: list["Document"] = []
_here = threading.local()  # the request that this thread had answered last, as the application saw it


@request_started.connect
def _note(_: Flask) -> None:
    _here.request = request._get_current_object()  # type: ignore[attr-defined]  # of the proxy


class DocumentedClient(FlaskClient):
    """Fails where an answer is not as documented."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """Send a request."""
        _here.request = None
        answer = super().open(*args, **options)
        faults = document_of(self.application).faults_of(answer, _here.request)
        assert not faults, "\n".join((f"{answer.request.method} {answer.request.path}", *faults))
        return answer


def document_of(app: Flask) -> "Document":
    """The document, made once a process: it says the same of every application."""
    if not _documents:
        _documents.append(Document(app.extensions["sessionscribe-openapi"].document()))
    return _documents[0]


class Document:
    """An OpenAPI document, asked about answers."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._paths = document["paths"]
        self._components = document["components"]
        self._validator = cache(self._make_validator)

    def faults_of(self, answer: TestResponse, asked: Request | None) -> list[str]:
        """What the document does not say of this answer; empty for what it does not describe."""
        rule = asked.url_rule if asked else None
        described = self._paths.get(_PARAMETER.sub(r"{\1}", rule.rule), {}) if rule else {}
        method = answer.request.method.lower()
        operation = described.get(method) or (described.get("get") if method == "head" else None)
        if asked is None or operation is None:
            return []
        expected = operation["responses"].get(str(answer.status_code))
        if expected is None:
            return [f"the status {answer.status_code} is not documented: {answer.text[:500]}"]
        expected = self._resolved(expected)
        accepted = 200 <= answer.status_code < 300
        return [
            *_missing_headers(answer, expected.get("headers", {})),
            *([] if method == "head" else self._faults_of_body(answer, expected.get("content", {}))),
            *(self._faults_of_request(asked, operation, described.get("parameters", [])) if accepted else []),
        ]

    def _faults_of_body(self, answer: TestResponse, content: Mapping[str, Any]) -> list[str]:
        if not content:
            return [f"a body is not documented: {answer.text[:500]}"] if answer.data else []
        described = content.get(answer.mimetype) or content.get(answer.mimetype.partition("/")[0] + "/*")
        if described is None:
            return [f"the media type {answer.mimetype} is not documented"]
        return self._misfits(answer.json, described["schema"], formats={}) if answer.is_json else []

    def _faults_of_request(
        self, asked: Request, operation: Mapping[str, Any], general: Sequence[Mapping[str, Any]]
    ) -> list[str]:
        described = map(self._resolved, [*general, *operation.get("parameters", [])])
        named = {one["name"] for one in described if one["in"] == "query"}
        faults = [f"the parameter {name} is not documented" for name in asked.args if name not in named]
        wanted = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if wanted is None or asked.mimetype != "application/json":
            return faults
        body = json.loads(asked.get_data())
        return [*faults, *self._misfits(body, wanted["schema"], formats=_LENIENT)]

    def _misfits(
        self, body: Any, schema: Mapping[str, Any], formats: Mapping[str, Callable[[str], bool]]
    ) -> list[str]:
        found = self._validator(json.dumps(schema), tuple(formats.items())).iter_errors(body)
        return [f"{error.message} (at {error.instance_path})" for error in found]

    def _make_validator(
        self, schema: str, formats: tuple[tuple[str, Callable[[str], bool]], ...]
    ) -> jsonschema_rs.Draft202012Validator:
        whole = {**json.loads(schema), "components": self._components}
        return jsonschema_rs.Draft202012Validator(whole, formats=dict(formats), validate_formats=True)

    def _resolved(self, described: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in described:
            return described
        _, _, kind, name = described["$ref"].split("/")
        found: Mapping[str, Any] = self._components[kind][name]
        return found


def _missing_headers(answer: TestResponse, headers: Mapping[str, Any]) -> list[str]:
    required = [name for name, header in headers.items() if header.get("required")]
    return [f"the header {name} is missing" for name in required if name not in answer.headers]
