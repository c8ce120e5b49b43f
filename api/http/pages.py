"""Answers that are a page of a list."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request

from api.http.problems import Malformed
from shared.services.paging import Position, position_of


def position(cursor: str | None, listing: str) -> Position | None:
    """Where a page begins; raises Malformed for a cursor that this list did not hand out."""
    if cursor is None:
        return None
    try:
        return position_of(cursor, listing)
    except ValueError:
        raise Malformed(
            "The cursor is not one of this list with these filters. Begin again without it.",
            fields={"cursor": ["Not a cursor of this list."]},
        ) from None


def page_response(items: list[Any], next_cursor: str | None) -> Response:
    """The items as a JSON array; the next page in ``Link`` (RFC 8288), relative to this one."""
    response = jsonify(items)
    if next_cursor is not None:
        query = {**request.args.to_dict(), "cursor": next_cursor}
        response.headers["Link"] = f'<{request.path}?{urlencode(query)}>; rel="next"'
    return response
