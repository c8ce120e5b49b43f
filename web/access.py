"""Who may see which page: ``@signed_in(Scope.NOTES_READ)``, or ``@public``."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import request

from shared.http.access import Policy, caller, declare, resources
from shared.http.client_address import client_address
from shared.http.request_ids import request_id
from shared.services.access.caller import Scope
from shared.services.sign_in.browser_sessions import Client

__all__ = ["caller", "client", "public", "resources", "signed_in"]

View = TypeVar("View", bound=Callable[..., Any])


def signed_in(
    *scopes: Scope, fresh: bool = False, incomplete: bool = False, token_in_stream: bool = False
) -> Callable[[View], View]:
    """Declare that a page is for people who are signed in and have all of the scopes.

    The view calls ``caller()``. A form that posts to it holds ``csrf_token``. ``fresh``: they must have
    shown a few minutes ago that it is them; signing, keys and people need that anyway. ``incomplete``: also
    before the second factor is shown. ``token_in_stream``: the view checks the token of a large form itself.
    """
    return declare(
        Policy(scopes, page=True, incomplete=incomplete, fresh=fresh, token_in_stream=token_in_stream)
    )


def public(view: View) -> View:
    """Declare that a page is for everybody."""
    return declare(Policy(public=True, page=True))(view)


def client() -> Client:
    """Where the request comes from, for the trail and for the list of devices."""
    address = client_address(request, resources().settings.trusted_proxies)
    return Client(address, request.headers.get("User-Agent", ""), request_id())
