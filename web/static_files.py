"""Styles and scripts, under an address that changes with their content: kept by browsers for good."""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app

from shared.domain.errors import NotFound
from shared.http.access import Policy, declare

_FOLDER = Path(__file__).parent / "static"
_EXTENSION = "sessionscribe-static"
_YEAR_SECONDS = 365 * 24 * 3600
# Not asked of the machine: what a system calls JavaScript decides whether a browser runs it.
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

blueprint = Blueprint("static_files", __name__)


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """All files in memory (they are few and small), and the hash of all of them together."""

    version: str
    files: dict[str, bytes]


def install(app: Flask) -> None:
    """Read the files; modules name each other relatively, so that one hash covers them all."""
    paths = sorted(path for path in _FOLDER.rglob("*") if path.is_file())
    files = {path.relative_to(_FOLDER).as_posix(): path.read_bytes() for path in paths}
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    app.extensions[_EXTENSION] = StaticFiles(digest.hexdigest()[:16], files)


def url_of(name: str) -> str:
    """The address of a file; raises KeyError for a file that does not exist."""
    found = _found()
    found.files[name]
    return f"/static/{found.version}/{name}"


@blueprint.get("/static/<version>/<path:file_name>")
@declare(Policy(public=True))
def file(version: str, file_name: str) -> Response:
    """A file; an older page may still ask by an older hash, and gets what is here now."""
    content = _found().files.get(file_name)
    if content is None:
        raise NotFound("There is no such file.", "no_such_route")
    suffix = Path(file_name).suffix
    response = Response(content, content_type=_TYPES.get(suffix) or mimetypes.guess_type(file_name)[0])
    is_current = version == _found().version
    response.headers["Cache-Control"] = (
        f"public, max-age={_YEAR_SECONDS}, immutable" if is_current else "no-cache"
    )
    return response


def _found() -> StaticFiles:
    found: StaticFiles = current_app.extensions[_EXTENSION]
    return found
