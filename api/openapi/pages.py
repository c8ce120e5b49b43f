"""``/openapi.json``, and ``/docs`` to read it: everything served from here, nothing from outside."""

from functools import cache
from typing import Any

import swagger_ui_bundle
from flask import Blueprint, Flask, Response, current_app, json

from api.auth import public
from api.http.security_headers import DOCS
from api.openapi.document import ProblemApi
from shared.domain.errors import NotFound

blueprint = Blueprint("docs", __name__)

_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>sessionscribe API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
# validatorUrl: the default sends the document's address to a server on the internet.
_START = """\
window.onload = () => {
  SwaggerUIBundle({ url: "/docs/openapi.json", dom_id: "#swagger-ui", validatorUrl: null });
};
"""


def as_openapi_30(document: dict[str, Any]) -> dict[str, Any]:
    """The document for readers of OpenAPI 3.0, such as the bundled Swagger UI 4.

    The two differ, for what we use, in how a value that may be null is written.
    """
    older: dict[str, Any] = _nullable_the_old_way(document)
    older["openapi"] = "3.0.3"
    return older


def _nullable_the_old_way(node: Any) -> Any:
    if isinstance(node, list):
        return [_nullable_the_old_way(item) for item in node]
    if not isinstance(node, dict):
        return node
    return _with_nullable({key: _nullable_the_old_way(value) for key, value in node.items()})


def _with_nullable(schema: dict[str, Any]) -> dict[str, Any]:
    kinds, choices = schema.get("type"), schema.get("anyOf")
    if isinstance(kinds, list):
        kind = next((kind for kind in kinds if kind != "null"), "string")
        schema |= {"type": kind, "nullable": "null" in kinds}
    if isinstance(choices, list) and {"type": "null"} in choices:
        others = [choice for choice in choices if choice != {"type": "null"}]
        schema |= {"anyOf": others, "nullable": True}
    return schema


def install(app: Flask, api: ProblemApi) -> None:
    """Serve the document of ``api``."""
    app.extensions["sessionscribe-openapi"] = api
    app.register_blueprint(blueprint)


def _document() -> dict[str, Any]:
    api: ProblemApi = current_app.extensions["sessionscribe-openapi"]
    return api.document()


@blueprint.get("/openapi.json")
@public
def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    return Response(json.dumps(_document(), indent=2), content_type="application/json")


@blueprint.get("/docs")
@public
def page() -> Response:
    """Swagger UI."""
    return _page_part(_PAGE, "text/html; charset=utf-8")


@blueprint.get("/docs/openapi.json")
@public
def openapi_for_the_page() -> Response:
    """The document for the bundled Swagger UI, whose version 4 reads OpenAPI up to 3.0."""
    return Response(json.dumps(as_openapi_30(_document())), content_type="application/json")


@blueprint.get("/docs/start.js")
@public
def start() -> Response:
    """What starts Swagger UI; a file of its own, because inline scripts are forbidden."""
    return _page_part(_START, "text/javascript; charset=utf-8")


@blueprint.get("/docs/<name>")
@public
def asset(name: str) -> Response:
    """A file of Swagger UI."""
    if name not in _ASSETS:
        raise NotFound("There is no such file.", "no_such_route")
    return _page_part(_read_asset(name), _ASSETS[name])


@cache
def _read_asset(name: str) -> bytes:
    content: bytes = (swagger_ui_bundle.swagger_ui_path / name).read_bytes()
    return content


def _page_part(content: str | bytes, content_type: str) -> Response:
    return Response(content, content_type=content_type, headers={"Content-Security-Policy": DOCS})
