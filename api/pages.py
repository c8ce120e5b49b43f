"""Answers that are a page of a list."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request


def page_response(items: list[Any], next_cursor: str | None) -> Response:
    """The items as a JSON array; the next page in ``Link`` (RFC 8288), relative to this one."""
    response = jsonify(items)
    if next_cursor is not None:
        query = {**request.args.to_dict(), "cursor": next_cursor}
        response.headers["Link"] = f'<{request.path}?{urlencode(query)}>; rel="next"'
    return response
