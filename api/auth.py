"""How a route of the API says who may call it; and keys that stand in addresses."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import structlog
from flask import request

from shared.db.tables.core import ApiKey
from shared.domain.errors import InvalidInput
from shared.http import refusals
from shared.http.access import (
    Policy,
    caller,
    check_caller,
    declare,
    policy_of,
    recheck,
    require_policies,
    resources,
)
from shared.http.request_ids import request_id
from shared.services.access.caller import Scope
from shared.services.accounts import authentication, credentials

__all__ = [
    "any_key",
    "caller",
    "check_caller",
    "needs",
    "policy_of",
    "public",
    "recheck",
    "refuse_keys_in_urls",
    "require_policies",
    "resources",
]

View = TypeVar("View", bound=Callable[..., Any])
_KEY_PARAMETERS = frozenset({"api_key", "apikey", "api-key", "access_token", "authorization"})

log = structlog.get_logger(__name__)


class KeyInUrl(InvalidInput):
    """A key came in an address; ``key`` is that key, if it is known."""

    def __init__(self, key: ApiKey | None) -> None:
        super().__init__(
            "Send keys in the Authorization header only. A key in an address is in logs by now: revoke it.",
            refusals.KEY_IN_URL,
        )
        self.key = key


def needs(scope: Scope, *, fresh: bool = False, when_idle: bool = False) -> Callable[[View], View]:
    """Declare that a route is for callers with ``scope``.

    ``fresh``: people in browsers must have shown lately that it is them. ``when_idle``: it goes on after
    their browser has locked itself.
    """
    return declare(Policy((scope,), fresh=fresh, when_idle=when_idle))


def any_key(view: View) -> View:
    """Declare that a route is for every caller with a valid key or session."""
    return declare(Policy())(view)


def public(view: View) -> View:
    """Declare that a route is for everybody."""
    return declare(Policy(public=True))(view)


def refuse_keys_in_urls() -> None:
    """Before each request: raise KeyInUrl if its query holds a key, as a value or by name.

    URLs are kept in logs and histories all along the way: such a key counts as leaked.
    """
    named = _KEY_PARAMETERS & {name.lower() for name in request.args}
    leaked = next((word for word in _query_words() if credentials.PATTERN.search(word)), None)
    if named or leaked:
        log.warning("key_in_url", request_id=request_id())
        raise KeyInUrl(authentication.known_key(resources(), leaked) if leaked else None)


def _query_words() -> Iterator[str]:
    for name, values in request.args.lists():
        yield from (name, *values)
