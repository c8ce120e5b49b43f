"""The cookie of a browser session: for our own pages alone, out of reach of scripts."""

from flask import Response

# The prefix binds it to this host, to HTTPS (or localhost) and to the whole path: browsers enforce that.
SESSION = "__Host-sessionscribe"
DEVICE = "__Host-sessionscribe-device"
PROVIDER = "__Host-sessionscribe-provider"
_YEAR_SECONDS = 365 * 24 * 3600


def set_device(response: Response, mark: str) -> None:
    """Let the browser be known as a device of the person; a year, also after signing out."""
    response.set_cookie(
        DEVICE, mark, max_age=_YEAR_SECONDS, secure=True, httponly=True, samesite="Lax", path="/"
    )


def set_provider(response: Response, started: str) -> None:
    """Keep what a sign-in with a provider needs on the way back, for ten minutes."""
    response.set_cookie(PROVIDER, started, max_age=600, secure=True, httponly=True, samesite="Lax", path="/")


def forget_provider(response: Response) -> None:
    """Take that cookie away."""
    response.delete_cookie(PROVIDER, secure=True, httponly=True, samesite="Lax", path="/")


def set_session(response: Response, secret: str) -> None:
    """Hand the browser the secret of its session; it forgets it when it closes."""
    response.set_cookie(SESSION, secret, secure=True, httponly=True, samesite="Lax", path="/")


def forget_session(response: Response) -> None:
    """Take the cookie away, and what the browser kept of the pages."""
    response.delete_cookie(SESSION, secure=True, httponly=True, samesite="Lax", path="/")
    response.headers["Clear-Site-Data"] = '"cache"'
