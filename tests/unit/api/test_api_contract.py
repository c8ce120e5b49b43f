"""What holds for every answer of the API, whoever asks: shape of errors, headers, documents."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug import exceptions

from api.app import create_app
from api.auth import public
from api.dependencies import build_resources
from api.http.problems import STATUS_OF, Malformed
from api.openapi.pages import as_openapi_30
from cli.commands.records.patients import add
from shared.db.connection.engine import DatabaseError
from shared.domain import errors
from shared.services.patients import CONSENT_METHODS
from shared.settings import load
from shared.vault.keystore import KeyStore

SPOKEN = "what was said in the session"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Settings that point nowhere: nothing here needs a database."""
    KeyStore.initialise(tmp_path / "keys")
    return {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "STORAGE_URL": (tmp_path / "recordings").as_uri(),
        "SESSIONSCRIBE_KEYS_DIR": str(tmp_path / "keys"),
    }


@pytest.fixture
def app(environment: dict[str, str]) -> Flask:
    return create_app(build_resources(load(environment)))


def raising(app: Flask, error: Exception) -> Any:
    """The answer of a route that raises ``error``."""

    @public
    def view() -> None:
        raise error

    app.add_url_rule("/raise", "raise", view)
    return app.test_client().get("/raise")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotAuthenticated("d", "c"), 401),
        (errors.NotAllowed("d", "c"), 403),
        (errors.NotFound("d", "c"), 404),
        (errors.Conflict("d", "c"), 409),
        (errors.TooLarge("d", "c"), 413),
        (errors.UnsupportedMedia("d", "c"), 415),
        (Malformed("d", "c", {"name": ["wrong"]}), 422),
        (errors.InvalidInput("d", "c"), 400),
        (errors.Unavailable("d", "c", retry_after_seconds=7), 503),
        (errors.PermanentStepError("d", "c"), 500),
    ],
)
def test_a_domain_error_is_a_problem_with_its_status(app: Flask, error: Exception, status: int) -> None:
    answer = raising(app, error)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    problem = answer.json
    assert {key: problem[key] for key in ("status", "detail", "code", "type")} == {
        "status": status, "detail": "d", "code": "c", "type": "about:blank",
    }  # fmt: skip
    assert problem["title"]
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert answer.headers.get("Retry-After") == ("7" if status == 503 else None)


def test_every_domain_error_has_a_status() -> None:
    def tree(kind: type[errors.DomainError]) -> list[type[errors.DomainError]]:
        return [kind, *(child for sub in kind.__subclasses__() for child in tree(sub))]

    undecided = [kind for kind in tree(errors.DomainError) if not any(k in STATUS_OF for k in kind.__mro__)]
    direct = set(errors.DomainError.__subclasses__()) - {errors.StepError}
    assert undecided == []
    assert direct <= set(STATUS_OF)


@pytest.mark.parametrize(
    "error", [RuntimeError(SPOKEN), DatabaseError(SPOKEN), exceptions.InternalServerError()]
)
def test_an_unexpected_error_tells_nothing(
    app: Flask, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = raising(app, error)
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    output = capsys.readouterr()
    assert SPOKEN not in answer.text + output.out + output.err


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "no_such_route"),
        ("GET", "/docs/../../etc/passwd", 404, "no_such_route"),
        ("PUT", "/healthz", 405, "method_not_allowed"),
        ("GET", "/api/sessions/", 401, "not_authenticated"),
        ("GET", "/api/sessions", 401, "not_authenticated"),
        ("GET", "/docs/other.js", 404, "no_such_route"),
        ("GET", "//healthz", 404, "no_such_route"),
    ],
)
def test_werkzeugs_errors_are_problems_too(
    app: Flask, method: str, path: str, status: int, code: str
) -> None:
    answer = app.test_client().open(path, method=method)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_well_formed_request_id_is_kept_and_another_replaced(app: Flask) -> None:
    client = app.test_client()
    kept = client.get("/nowhere", headers={"X-Request-Id": "trace-12345"})
    assert kept.headers["X-Request-Id"] == kept.json["request_id"] == "trace-12345"
    for bad in ("short", "x" * 65, "with space 1", "semi;colon;1"):
        assert client.get("/nowhere", headers={"X-Request-Id": bad}).headers["X-Request-Id"] != bad


def test_every_answer_carries_the_security_headers(app: Flask) -> None:
    client = app.test_client()
    for path in ("/healthz", "/nowhere", "/api/sessions/", "/openapi.json", "/docs"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "script-src" not in policy or (path == "/docs" and "script-src 'self';" in policy)


def test_docs_load_nothing_from_outside(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/docs").text
    assert "http" not in page.replace("<!doctype html>", "").replace("</html>", "")
    for asset in (
        "/docs/swagger-ui.css",
        "/docs/swagger-ui-bundle.js",
        "/docs/start.js",
        "/docs/favicon-32x32.png",
    ):
        assert asset in page
        assert client.get(asset).status_code == 200


def test_the_docs_document_is_one_that_swagger_ui_4_reads(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/openapi.json").json["openapi"] == "3.1.0"
    older = client.get("/docs/openapi.json").json
    assert older["openapi"] == "3.0.3"
    assert not list(_type_lists(older))


def _type_lists(node: Any) -> Any:
    if isinstance(node, dict):
        if isinstance(node.get("type"), list):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _type_lists(item)


def test_a_nullable_value_is_written_the_older_way() -> None:
    newer = {
        "openapi": "3.1.0",
        "x": {"type": ["string", "null"]},
        "y": {"anyOf": [{"$ref": "#/a"}, {"type": "null"}]},
    }
    older = as_openapi_30(newer)
    assert older["x"] == {"type": "string", "nullable": True}
    assert older["y"] == {"anyOf": [{"$ref": "#/a"}], "nullable": True}
    assert newer["openapi"] == "3.1.0"


def test_every_call_documents_its_errors_as_problems(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").json
    calls = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "patch", "delete", "put")
    ]
    assert len(calls) >= 18
    for path, method, operation in calls:
        wanted = {"500"} if operation.get("security") == [] else {"401", "403", "500", "503"}
        assert wanted <= set(operation["responses"]), (path, method)
        assert operation["summary"], (path, method)
        if "{" in path:
            assert {"404", "422"} <= set(operation["responses"]), (path, method)
    for name, response in document["components"]["responses"].items():
        assert list(response["content"]) == ["application/problem+json"], name
    upload = document["paths"]["/api/sessions/upload"]["post"]
    assert set(upload["responses"]) >= {
        "202",
        "400",
        "401",
        "403",
        "404",
        "409",
        "413",
        "415",
        "422",
        "429",
        "503",
    }


def test_each_call_is_documented_with_what_any_call_may_answer(app: Flask) -> None:
    paths = app.extensions["sessionscribe-openapi"].document()["paths"]
    operations = [one for path in paths.values() for one in path.values() if isinstance(one, dict)]
    assert len(operations) > 100
    assert all("400" in one["responses"] for one in operations)
    assert all("413" in one["responses"] for one in operations if "requestBody" in one)


def test_parameters_of_a_route_add_to_those_of_its_schema(app: Flask) -> None:
    paths = app.extensions["sessionscribe-openapi"].document()["paths"]
    upload, audio = paths["/api/sessions/upload"], paths["/api/sessions/{session_id}/audio"]
    assert [one["name"] for one in upload["post"]["parameters"]] == ["patient_id"]
    assert [one["name"] for one in upload["parameters"]] == ["Idempotency-Key"]
    assert [one["name"] for one in audio["get"]["parameters"]] == ["recipient", "purpose"]
    assert {"Range", "If-Range"} < {one["name"] for one in audio["parameters"]}


def test_the_document_and_the_command_line_name_the_methods_of_consent(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").json
    method = document["components"]["schemas"]["Consent"]["properties"]["method"]
    assert [word for word in method["enum"] if word] == ["written", "verbal", "electronic"]
    option = next(option for option in add.params if option.name == "consent")
    assert option.type.choices == CONSENT_METHODS


def test_every_call_with_a_json_body_documents_the_415(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").json
    calls = [operation for methods in document["paths"].values() for operation in methods.values()]
    with_body = [call for call in calls if "requestBody" in call]
    assert len(with_body) >= 5
    assert [call["summary"] for call in with_body if "415" not in call["responses"]] == []


def test_every_reference_in_the_document_leads_somewhere(app: Flask) -> None:
    text = app.test_client().get("/openapi.json").text
    document = json.loads(text)
    for fragment in {part.split('"')[0] for part in text.split('"$ref": "#/')[1:]}:
        node = document
        for step in fragment.split("/"):
            node = node[step]


def test_the_api_loads_no_engine_and_no_decoder(environment: dict[str, str]) -> None:
    program = (
        "import sys; from serving.app import create_app; create_app();"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"av", "numpy", "openai", "faster_whisper", "docx", "workers"} & set(run.stdout.split())
