"""``Idempotency-Key``: a creating call made again gives the first answer, and creates nothing."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

from flask import Response, g, request

from api.auth import caller, resources
from shared.domain.errors import InvalidInput
from shared.services import idempotency
from shared.services.idempotency import Answered

View = TypeVar("View", bound=Callable[..., Any])

MAX_KEY_LENGTH = 255
PARAMETER = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[!-~]+$"},
    "description": "Made up by the client, for one request and its repetitions within 24 hours. "
    "A repetition gives the first answer again, with `Idempotent-Replayed: true`.",
}


def asked_whole() -> tuple[str, str]:
    """A digest of the request with its whole body; and nothing that was streamed."""
    return digest_of(hashlib.sha256(request.get_data()).hexdigest()), ""


def digest_of(*parts: str) -> str:
    """A digest of method, path, query (in any order) and ``parts``."""
    query = sorted(request.args.items(multi=True))
    return hashlib.sha256(repr((request.method, request.path, query, parts)).encode()).hexdigest()


def idempotent(
    again: Callable[[Answered], Response], skim: Callable[[], tuple[str, str]] = asked_whole
) -> Callable[[View], View]:
    """Let a creating route take an ``Idempotency-Key``.

    To be put next to the view, so that only valid requests get here. The service that creates must
    call ``idempotency.complete`` in its transaction. ``again`` makes the answer to a repetition
    from what is now there; ``skim`` reads the repetition and gives digests of what it asks for and
    of what it streams. A view that streams sets ``caller().ticket.asked`` itself.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def once(*args: Any, **kwargs: Any) -> Any:
            g.body_unread = skim is not asked_whole  # a refusal from here on closes the connection
            key = _key()
            if key is None:
                return view(*args, **kwargs)
            found = idempotency.begin(resources(), caller(), str(request.endpoint), key)
            if isinstance(found, Answered):
                idempotency.require_same(resources(), found, *skim())
                return _replayed(again(found), found)
            g.caller = replace(caller(), ticket=found)
            if skim is asked_whole:
                found.asked = asked_whole()[0]
            return _first(lambda: view(*args, **kwargs))

        return once  # type: ignore[return-value]  # wraps: it is called as the view is

    return decorate


def _first(view: Callable[[], Any]) -> Any:
    ticket = caller().ticket
    if ticket is None:
        raise RuntimeError("an idempotent view was called without a ticket")
    try:
        answer = view()
    except BaseException:
        idempotency.release(resources(), ticket)
        raise
    if ticket.status is None:
        raise RuntimeError(f"{request.endpoint} created something without completing its ticket")
    if isinstance(answer, Response) and answer.status_code != ticket.status:
        idempotency.answered(resources(), ticket, answer.status_code)
    return answer


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_KEY_LENGTH or not all("!" <= character <= "~" for character in key):
        raise InvalidInput(
            f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} visible ASCII characters, without blanks.",
            "idempotency_key_invalid",
        )
    return key


def _replayed(response: Response, first: Answered) -> Response:
    response.status_code = first.status
    response.headers["Idempotent-Replayed"] = "true"
    return response
