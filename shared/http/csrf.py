"""Guards against other sites that make a browser send our cookie.

Two walls: the browser's own word on where a request comes from, and a token that only our pages know.
"""

import hmac
from urllib.parse import urlsplit

from flask import request

from shared.domain.errors import NotAllowed

FIELD, HEADER = "csrf_token", "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def is_unsafe() -> bool:
    """Whether the request's method may change anything."""
    return request.method not in _SAFE


def token_for(pepper: bytes, secret: str) -> str:
    """The token of a browser session: it tells nothing of the session's secret."""
    return hmac.digest(pepper, b"csrf:" + secret.encode(), "sha256").hex()


def require_same_origin() -> None:
    """Raise NotAllowed unless the browser says that a page of ours sent the request."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    # Only the host of Origin is compared: behind a proxy that ends TLS, we do not see its scheme.
    ours = site == "same-origin" if site is not None else _is_ours(origin)
    if not ours:
        raise NotAllowed(
            "The request does not come from a page of this server. Open the page again and repeat it.",
            "cross_site",
        )


def _is_ours(origin: str | None) -> bool:
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc == request.host
    except ValueError:
        return False


def require_token(expected: str, *, in_form: bool) -> None:
    """Raise NotAllowed unless the header, or (``in_form``) a field of a small form, holds the token.

    A larger body is a stream that its view reads: there the token comes in the header.
    """
    given = request.headers.get(HEADER)
    if given is None and in_form and request.mimetype in _FORMS and _is_small():
        given = request.form.get(FIELD)
    if given is None or not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotAllowed(
            f"The request lacks its token. Send it as the form field {FIELD} or in the header {HEADER}.",
            "csrf_token_wrong",
        )


def require_field(given: str, expected: str) -> None:
    """As ``require_token``, of a field that came first in a form that is read as a stream."""
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotAllowed(
            "The form lacks its token, or is older than your sign-in. Open the page again and repeat it.",
            "csrf_token_wrong",
        )


def _is_small() -> bool:
    length, most = request.content_length, request.max_content_length
    return length is not None and (most is None or length <= most)
