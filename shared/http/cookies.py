"""The cookie of a browser session: for our own pages alone, out of reach of scripts."""

from flask import Response

# The prefix binds it to this host, to HTTPS (or localhost) and to the whole path: browsers enforce that.
SESSION = "__Host-sessionscribe"


def set_session(response: Response, secret: str) -> None:
    """Hand the browser the secret of its session; it forgets it when it closes."""
    response.set_cookie(SESSION, secret, secure=True, httponly=True, samesite="Lax", path="/")


def forget_session(response: Response) -> None:
    """Take the cookie away, and what the browser kept of the pages."""
    response.delete_cookie(SESSION, secure=True, httponly=True, samesite="Lax", path="/")
    response.headers["Clear-Site-Data"] = '"cache"'
