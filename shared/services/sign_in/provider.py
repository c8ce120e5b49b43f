"""Signing in with an OpenID provider: people are matched by issuer and subject, never by a mail address."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer

from shared.db.connection import clock
from shared.db.queries.people import api_keys, providers
from shared.domain.errors import InvalidInput, NotAuthenticated
from shared.outbound import identity_provider
from shared.outbound.identity_provider import Identity, IdentityProvider, NotAccepted
from shared.services.access.caller import Caller
from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sign_in import (
    browser_sessions,
    invitations,
    provider_roles,
    provider_sign_out,
    second_factor,
    trail,
)
from shared.services.sign_in.browser_sessions import Client, NewSession

_LASTS_SECONDS = 600
# What RFC 8176 calls several factors, and what providers call a sign-in that cannot be phished.
_STRONG_METHODS = frozenset({"mfa"})
_STRONG_CLASSES = frozenset({"phr", "phrh", "http://schemas.openid.net/pape/policies/2007/06/multi-factor"})


@dataclass(frozen=True, slots=True)
class Started:
    """A sign-in under way, kept by the browser in a cookie that only this server can make.

    ``invitation``: the code of a person who is to be linked.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    then: str
    invitation: str = field(default="", repr=False)


def is_offered(resources: Resources) -> bool:
    """Whether there is a provider."""
    return resources.settings.oidc_issuer is not None


def start(resources: Resources, redirect_uri: str, then: str, invitation: str) -> tuple[str, str]:
    """Where to send the browser, and the cookie for the way back.

    Raises NotFound, NotAccepted and Unavailable.
    """
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    started = Started(state, nonce, verifier, then, invitation)
    digest = sha256(started.verifier.encode()).digest()
    challenge = urlsafe_b64encode(digest).decode().rstrip("=")
    address = _provider(resources).authorization_address(
        redirect_uri, started.state, started.nonce, challenge
    )
    return address, _cookies(resources).dumps(asdict(started))


def finish(
    resources: Resources, cookie: str, state: str, code: str, redirect_uri: str, client: Client
) -> tuple[NewSession, str]:
    """A session of the person who came back, and where they go; the provider's second factor counts.

    Raises NotAccepted, NotAuthenticated (no account is linked), InvalidInput (the invitation is over),
    LimitReached and Unavailable.
    """
    started = _started(resources, cookie)
    if not hmac.compare_digest(started.state.encode(), state.encode()):
        raise NotAccepted("state_wrong")
    with resources.database.operating() as db:
        now = int(clock.now(db).timestamp())
    identity = _provider(resources).exchange(code, redirect_uri, started.verifier, started.nonce, now)
    if started.invitation:
        _link(resources, started.invitation, identity, client)
    return _begin(resources, identity, client), started.then


def is_required(resources: Resources, caller: Caller) -> bool:
    """Whether the caller's practice signs in with the provider alone."""
    with resources.database.transaction(caller.practice_id) as db:
        return providers.is_required(db, caller.practice_id)


def require(resources: Resources, caller: Caller, *, required: bool) -> None:
    """Have the practice sign in with the provider alone, or not; raises InvalidInput without a provider."""
    caller.need_fresh()
    if required and not is_offered(resources):
        raise InvalidInput(
            "This server has no OpenID provider: set SESSIONSCRIBE_OIDC_ISSUER.", "no_provider"
        )
    with resources.database.transaction(caller.practice_id) as db:
        providers.require(db, caller.practice_id, required=required)
        accounts.record(db, caller.practice_id, "practice.provider_only", caller.practice_id, caller)


def _link(resources: Resources, invitation: str, identity: Identity, client: Client) -> None:
    practice_id, invitation_id = invitations.find(resources, invitation, client)
    with resources.database.operating() as db:
        known = providers.whose(db, _provider(resources).issuer, identity.subject)
    with resources.database.transaction(practice_id) as db:
        person, _ = invitations.use(db, practice_id, invitation_id)
        if known is not None and known != (practice_id, person.id):
            raise InvalidInput("This sign-in is linked to another person here.", "provider_linked_elsewhere")
        providers.link(db, practice_id, person.id, _provider(resources).issuer, identity.subject)
        trail.record_for(db, person, trail.PROVIDER_LINKED, client)


def _begin(resources: Resources, identity: Identity, client: Client) -> NewSession:
    with resources.database.operating() as db:
        found = providers.whose(db, _provider(resources).issuer, identity.subject)
    practice_id, therapist_id = found or (UUID(int=0), UUID(int=0))
    with resources.database.transaction(practice_id) as db:
        person = api_keys.therapist(db, practice_id, therapist_id)
        if person is None or person.disabled_at is not None:
            raise NotAuthenticated(
                "No account is linked to this sign-in. Ask an administrator for an invitation.",
                "not_linked",
            )
        has_role = provider_roles.apply(db, person, identity, client)
        is_strong = not _STRONG_METHODS.isdisjoint(identity.methods) or identity.acr in _STRONG_CLASSES
        needs_factor = person.role == accounts.THERAPIST or second_factor.has_any(db, person.id)
        complete = is_strong or not needs_factor
        session = None
        if has_role:  # a refusal is in the trail too: the transaction is not undone
            session = browser_sessions.begin(
                resources, db, person, client, complete=complete, by_provider=True
            )
            provider_sign_out.keep(resources, db, person, session.id, identity)
            trail.record_for(db, person, trail.PROVIDER_SIGN_IN, client, session.id)
    if session is None:
        raise NotAuthenticated(
            "Your organisation's sign-in gives you no role here. Ask an administrator.", "no_role"
        )
    return session


def _started(resources: Resources, cookie: str) -> Started:
    try:
        return Started(**_cookies(resources).loads(cookie, max_age=_LASTS_SECONDS))
    except (BadSignature, TypeError) as error:
        raise NotAccepted("sign_in_not_begun_here") from error


def _cookies(resources: Resources) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(resources.vault.keys.pepper, salt=b"sessionscribe openid")


def _provider(resources: Resources) -> IdentityProvider:
    return identity_provider.configured(resources.settings)
