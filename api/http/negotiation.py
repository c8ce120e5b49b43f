"""In which form an answer is wanted, and answers that are files."""

from collections.abc import Iterator, Mapping

from flask import Response, request
from werkzeug.exceptions import NotAcceptable

JSON = "application/json"


def wanted(format_name: str | None, types: Mapping[str, str]) -> str:
    """The name of the form that the query or ``Accept`` asks for; raises NotAcceptable."""
    if format_name is not None:
        return format_name
    if not request.accept_mimetypes:
        return "json"
    best = request.accept_mimetypes.best_match(list(types.values()))
    if best is None:
        raise NotAcceptable
    return next(name for name, kind in types.items() if kind == best)


def attachment(content: str | bytes | Iterator[str], media_type: str, name: str) -> Response:
    """A file to keep. Its name holds ids only; the uploaded file's own name is clinical."""
    kind = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return varying(Response(content, content_type=kind, headers=headers))


def varying(response: Response) -> Response:
    """The response, marked as one of several forms."""
    response.vary.add("Accept")
    return response
