"""Which state of a thing a change is a change of: ``If-Match``, and the ``ETag`` it repeats."""

from flask import Response, request

from shared.domain.errors import InvalidInput
from shared.services.notes.reading import ANY

PARAMETER = {
    "in": "header",
    "name": "If-Match",
    "schema": {"type": "string"},
    "description": "The `ETag` of what is changed, as it was read; 412 if it is another by now. `*` for any.",
}


NONE_YET = {
    "in": "header",
    "name": "If-None-Match",
    "schema": {"type": "string", "enum": ["*"]},
    "description": "`*`: only where there is none yet; 412 if there is one.",
}


def is_for_none_yet() -> bool:
    """Whether ``If-None-Match: *`` was sent with a change; raises InvalidInput for any other value."""
    if "If-None-Match" in request.headers and not request.if_none_match.star_tag:
        raise InvalidInput(
            "Of a change `If-None-Match` can only be `*`. Name the state that you know in `If-Match`.",
            "precondition_invalid",
        )
    return request.if_none_match.star_tag


def tag_named() -> str | None:
    """The tag in ``If-Match``, ``ANY``, or None without one. A weak tag matches nothing."""
    if "If-Match" not in request.headers:
        return None
    named = request.if_match
    return ANY if named.star_tag else next(iter(named.as_set()), "")


def tagged(response: Response, tag: str) -> Response:
    """The response with its ``ETag``; without its body where ``If-None-Match`` names it."""
    response.set_etag(tag)
    response.make_conditional(request)
    return response
