"""Who may call what: each route declares its policy, and the application does not start without one.

A caller is known by an API key (``Authorization: Bearer``) or by the session cookie of a browser, never by
both. What a cookie may change is guarded against other sites (``shared.http.csrf``).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from shared.domain.errors import InvalidInput, NotAuthenticated
from shared.http import cookies, csrf, rate_limits
from shared.http.request_ids import request_id
from shared.services.access.caller import Caller, Scope
from shared.services.accounts import api_keys, authentication
from shared.services.resources import Resources
from shared.services.sign_in import browser_sessions

View = TypeVar("View", bound=Callable[..., Any])
_POLICY = "sessionscribe_policy"
_EXTENSION = "sessionscribe"
# What a stolen, unlocked browser must not do: for keys these scopes are enough, for people not for long.
_FRESH_ALWAYS = frozenset({Scope.PROCESS_NOTES_READ, Scope.PROCESS_NOTES_WRITE})
_FRESH_TO_CHANGE = frozenset({Scope.NOTES_SIGN, Scope.KEYS, Scope.PEOPLE})
_RECHECK_SECONDS = 2.0
# Load balancers ask for one, and every page for a dozen files of the other.
_UNCOUNTED = frozenset({"health", "static_files"})


@dataclass(frozen=True, slots=True)
class Policy:
    """``scopes``: all that the caller must have. ``public``: no caller is needed.

    ``page``: for people in browsers, who are known by their cookie alone. ``incomplete``: also for those who
    have not shown their second factor yet. ``fresh``: a person must have shown a few minutes ago that it is
    them. ``when_idle``: goes on behind the lock, and is no act of a person. ``token_in_stream``: the view
    reads the form as a stream, and finds the token in it.
    """

    scopes: tuple[Scope, ...] = ()
    public: bool = False
    page: bool = False
    incomplete: bool = False
    fresh: bool = False
    when_idle: bool = False
    token_in_stream: bool = False

    @property
    def scope(self) -> Scope | None:
        """The first of the scopes."""
        return self.scopes[0] if self.scopes else None


def declare(policy: Policy) -> Callable[[View], View]:
    """A decorator that puts a route under ``policy``."""

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


def check_caller() -> None:
    """Before each request: raise NotAuthenticated, NotAllowed or InvalidInput unless the policy is met.

    Raises LimitReached for an address that asks too often without valid credentials.
    """
    policy = policy_of(current_app, request.endpoint) if request.endpoint else None
    if policy is None or policy.public:  # without an endpoint the answer is 404 or 405 anyway
        _check_anonymous(policy)
        return
    try:
        g.caller = _authenticated(policy)
    except NotAuthenticated:
        # Counted after the fact: a caller with a key is never locked out by others at their address.
        rate_limits.take(rate_limits.ANONYMOUS)
        raise
    for scope in policy.scopes:
        g.caller.need(scope)
    if _must_be_fresh(policy):
        g.caller.need_fresh()


def _check_anonymous(policy: Policy | None) -> None:
    if request.blueprint not in _UNCOUNTED:
        rate_limits.take(rate_limits.ANONYMOUS)
    if policy is not None and policy.page and csrf.is_unsafe():
        csrf.require_same_origin()


def _must_be_fresh(policy: Policy) -> bool:
    changes = csrf.is_unsafe() and not _FRESH_TO_CHANGE.isdisjoint(policy.scopes)
    return policy.fresh or changes or not _FRESH_ALWAYS.isdisjoint(policy.scopes)


def _authenticated(policy: Policy) -> Caller:
    secret = request.cookies.get(cookies.SESSION)
    authorization = request.headers.get("Authorization")
    if secret is None:
        if policy.page:
            raise NotAuthenticated("Sign in first.", "sign_in_needed")
        return _by_key(authorization or "")
    if authorization is not None:
        raise InvalidInput(
            "The request has an API key and a session cookie. Send one of them.", "two_credentials"
        )
    return _by_cookie(secret, policy)


def _by_key(authorization: str) -> Caller:
    scheme, _, presented = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticated("Send an API key as `Authorization: Bearer ssk_...`.")
    return authentication.authenticate(resources(), presented.strip(), request_id(), rate_limits.address())


def _by_cookie(secret: str, policy: Policy) -> Caller:
    if csrf.is_unsafe():
        csrf.require_same_origin()
    # What a page asks for by itself (an event stream, a poll) is no sign of a person.
    is_act = (policy.page or csrf.is_unsafe()) and not policy.when_idle
    found = browser_sessions.authenticate(
        resources(), secret, request_id(), rate_limits.address(), is_act=is_act, also_idle=policy.when_idle
    )
    if not found.caller.is_complete and not policy.incomplete:
        raise NotAuthenticated("Show your second factor first.", "second_factor_needed")
    g.csrf_token = csrf.token_for(resources().vault.keys.pepper, secret)
    if csrf.is_unsafe() and not policy.token_in_stream:
        csrf.require_token(g.csrf_token, in_form=policy.page)
    g.person_name, g.idle_seconds = found.person_name, found.idle_minutes * 60
    g.preferences = found.preferences
    return found.caller


def recheck() -> Callable[[], None]:
    """What an answer that takes long calls again and again: raises NotAuthenticated once the key or the
    browser session has ended.

    It asks the database every two seconds at most, and outlives the request's context.
    """
    known, who = resources(), caller()
    require_good = browser_sessions.require_good if who.in_browser else api_keys.require_good
    asked_at = time.monotonic()

    def ask() -> None:
        nonlocal asked_at
        if time.monotonic() - asked_at >= _RECHECK_SECONDS:
            asked_at = time.monotonic()
            require_good(known, who)

    return ask


def caller() -> Caller:
    """Who makes the request that is being served; only in routes that are not public."""
    found: Caller = g.caller
    return found


def resources() -> Resources:
    """What the services need, as ``create_app`` was given it."""
    found: Resources = current_app.extensions[_EXTENSION]
    return found
