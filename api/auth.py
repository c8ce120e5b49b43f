"""Who may call what: each route declares its policy, and is refused a start without one."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from flask import Flask, current_app, g, request

from api.http import rate_limits, refusals
from api.http.request_ids import request_id
from shared.db.tables.core import ApiKey
from shared.domain.errors import InvalidInput, NotAuthenticated
from shared.services.access.caller import Caller, Scope
from shared.services.accounts import accounts, api_keys, credentials
from shared.services.resources import Resources

View = TypeVar("View", bound=Callable[..., Any])
_POLICY = "sessionscribe_policy"
_RECHECK_SECONDS = 2.0
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


@dataclass(frozen=True, slots=True)
class Policy:
    """``scope``: what the key must carry; None with ``public``: anybody, else any valid key."""

    scope: Scope | None = None
    public: bool = False


def needs(scope: Scope) -> Callable[[View], View]:
    """Declare that a route is for keys that carry ``scope``."""
    return _declare(Policy(scope))


def any_key(view: View) -> View:
    """Declare that a route is for whoever has a valid key."""
    return _declare(Policy())(view)


def public(view: View) -> View:
    """Declare that a route is for everybody."""
    return _declare(Policy(public=True))(view)


def _declare(policy: Policy) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, _POLICY, policy)  # decorators that use functools.wraps carry it outwards
        return view

    return mark


def policy_of(app: Flask, endpoint: str) -> Policy | None:
    """The policy that the endpoint's view declares."""
    return getattr(app.view_functions[endpoint], _POLICY, None)


def require_policies(app: Flask) -> None:
    """Raise RuntimeError, naming them, if routes of ``app`` declare no policy."""
    open_routes = {rule.endpoint for rule in app.url_map.iter_rules() if not policy_of(app, rule.endpoint)}
    if open_routes:
        raise RuntimeError(f"routes without a policy: {', '.join(sorted(open_routes))}")


def refuse_keys_in_urls() -> None:
    """Before each request: raise KeyInUrl if its query holds a key, as a value or by name.

    URLs are kept in logs and histories all along the way: such a key counts as leaked.
    """
    named = _KEY_PARAMETERS & {name.lower() for name in request.args}
    leaked = next((word for word in _query_words() if credentials.PATTERN.search(word)), None)
    if named or leaked:
        log.warning("key_in_url", request_id=request_id())
        raise KeyInUrl(accounts.known_key(resources(), leaked) if leaked else None)


def _query_words() -> Iterator[str]:
    for name, values in request.args.lists():
        yield from (name, *values)


def check_caller() -> None:
    """Before each request: raise NotAuthenticated or NotAllowed unless the policy is met.

    Raises LimitReached for an address that asks too often without a valid key.
    """
    policy = policy_of(current_app, request.endpoint) if request.endpoint else None
    if policy is None or policy.public:  # without an endpoint the answer is 404 or 405 anyway
        if request.blueprint != "health":  # load balancers ask for that, and must be answered
            rate_limits.take(rate_limits.ANONYMOUS)
        return
    try:
        g.caller = _authenticated()
    except NotAuthenticated:
        # Counted after the fact: whoever has a key is never locked out by others at their address.
        rate_limits.take(rate_limits.ANONYMOUS)
        raise
    if policy.scope is not None:
        g.caller.need(policy.scope)


def _authenticated() -> Caller:
    scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticated("Send an API key as `Authorization: Bearer ssk_...`.")
    return accounts.authenticate(resources(), presented.strip(), request_id(), rate_limits.address())


def caller() -> Caller:
    """Who makes the request that is being served; only in routes that are not public."""
    found: Caller = g.caller
    return found


def recheck() -> Callable[[], None]:
    """What an answer that takes long calls again and again: raises NotAuthenticated once the key has ended.

    It asks the database every two seconds at most, and outlives the request's context.
    """
    known, who = resources(), caller()
    asked_at = time.monotonic()

    def ask() -> None:
        nonlocal asked_at
        if time.monotonic() - asked_at >= _RECHECK_SECONDS:
            asked_at = time.monotonic()
            api_keys.require_good(known, who)

    return ask


def resources() -> Resources:
    """What the services need, as ``create_app`` was given it."""
    found: Resources = current_app.extensions["sessionscribe"]
    return found
