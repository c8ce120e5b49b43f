"""An OpenID provider: discovery, the exchange of a code, and what its tokens say (OpenID Connect Core)."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import httpx2
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from shared.domain.errors import NotAllowed, NotFound, Unavailable
from shared.settings import Settings

log = structlog.get_logger(__name__)

_TIMEOUT_SECONDS = 10.0
_LARGEST_ANSWER = 1024 * 1024
_KNOWN_FOR_SECONDS = 3600.0
_LEEWAY_SECONDS = 60
# Never "none", and none with a shared secret: those are open to confusion with a public key.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
# A logout token is sent at once: an older one is a replay, or comes from a clock that is wrong.
OLDEST_LOGOUT_SECONDS = 600
_LONGEST_NAME = 255
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class NotAccepted(NotAllowed):
    """What the provider answered is not accepted; ``code`` says why, and it is not the person's fault."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"Your provider's token was not accepted: {code}. Tell your administrator this word.", code
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is: the subject, how they showed it (``amr``), and all claims of the token.

    ``session``: the provider's name for its own session (``sid``), if it has one. ``token``: as it came.
    """

    subject: str
    methods: tuple[str, ...]
    acr: str | None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    session: str | None = None
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Whom a logout token names: the subject, one session of theirs (``sid``), or both; ``id`` is its own."""

    id: str
    subject: str | None
    session: str | None


class IdentityProvider:
    """One provider, by its issuer. Safe to share between threads; asks nothing before it is used."""

    def __init__(self, issuer: str, client_id: str, client_secret: str | None) -> None:
        self.issuer = issuer
        self._client_id, self._client_secret = client_id, client_secret
        self._lock = threading.Lock()
        self._found: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._found_at = -_KNOWN_FOR_SECONDS

    def authorization_address(self, redirect_uri: str, state: str, nonce: str, challenge: str) -> str:
        """Where to send the browser; ``challenge`` is PKCE's (S256). Raises NotAccepted and Unavailable."""
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return _with_query(self._endpoint("authorization_endpoint"), query)

    def sign_out_address(self, back_to: str, token: str | None) -> str | None:
        """Where the provider ends its own session; None where it says of no such place.

        ``token``: the ID token of the sign-in. By it the provider knows whose session to end, without asking.
        """
        endpoint = self._discovered().get("end_session_endpoint")
        if not isinstance(endpoint, str):
            return None
        query = {"client_id": self._client_id, "post_logout_redirect_uri": back_to}
        return _with_query(endpoint, query | ({"id_token_hint": token} if token else {}))

    def exchange(self, code: str, redirect_uri: str, verifier: str, nonce: str, now: int) -> Identity:
        """Who signed in, for a code that came back; raises NotAccepted and Unavailable."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._client_id,
            "code_verifier": verifier,
        }
        if self._client_secret is not None:
            form["client_secret"] = self._client_secret
        token = str(_ask("POST", self._endpoint("token_endpoint"), data=form).get("id_token") or "")
        claims = self._claims(token, now)
        if claims.get("nonce") != nonce:
            raise NotAccepted("nonce_wrong")
        methods = claims.get("amr")
        known = tuple(str(method) for method in methods) if isinstance(methods, list) else ()
        acr = claims.get("acr")
        subject, session = _name(claims, "sub"), _name(claims, "sid")
        if subject is None:
            raise NotAccepted("subject_missing")
        return Identity(subject, known, acr if isinstance(acr, str) else None, claims, session, token)

    def signed_out(self, token: str, now: int) -> SignedOut:
        """What a logout token (OpenID Connect Back-Channel Logout 1.0) says; raises NotAccepted."""
        claims = self._claims(token, now)
        events, issued, token_id = claims.get("events"), claims.get("iat"), _name(claims, "jti")
        if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict):
            raise NotAccepted("no_logout_token")
        if "nonce" in claims or token_id is None or not isinstance(issued, int | float):
            raise NotAccepted("no_logout_token")
        if not now - OLDEST_LOGOUT_SECONDS <= issued <= now + _LEEWAY_SECONDS:
            raise NotAccepted("token_too_old")
        subject, session = _name(claims, "sub"), _name(claims, "sid")
        if subject is None and session is None:
            raise NotAccepted("subject_missing")
        return SignedOut(token_id, subject, session)

    def _claims(self, token: str, now: int) -> dict[str, Any]:
        if not token:
            raise NotAccepted("token_missing")
        claims = self._verified(token)
        audience = claims.get("aud")
        if claims.get("iss") != self.issuer:
            raise NotAccepted("issuer_wrong")
        if self._client_id not in (audience if isinstance(audience, list) else [audience]):
            raise NotAccepted("audience_wrong")
        if claims.get("azp", self._client_id) != self._client_id:
            raise NotAccepted("audience_wrong")
        expires = claims.get("exp")
        if not isinstance(expires, int | float) or expires + _LEEWAY_SECONDS < now:
            raise NotAccepted("token_expired")
        return claims

    def _verified(self, token: str) -> dict[str, Any]:
        # Unknown parameters in its head are no reason to refuse a token: providers add their own.
        rules = JWSRegistry(algorithms=list(_ALGORITHMS), strict_check_header=False)
        for is_new in (False, True):
            keys = self._key_set(anew=is_new)
            try:
                return dict(jwt.decode(token, keys, registry=rules).claims)
            except (JoseError, ValueError) as error:
                reason = type(error).__name__
        log.warning("provider_token_refused", error=reason)
        raise NotAccepted("signature_wrong")

    def _endpoint(self, name: str) -> str:
        found = self._discovered().get(name)
        if not isinstance(found, str):
            raise NotAccepted("discovery_incomplete")
        return found

    def _discovered(self) -> Mapping[str, Any]:
        with self._lock:
            if time.monotonic() - self._found_at >= _KNOWN_FOR_SECONDS:
                found = _ask("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self.issuer:
                    raise NotAccepted("issuer_wrong")
                self._found, self._keys, self._found_at = found, None, time.monotonic()
            return self._found

    def _key_set(self, *, anew: bool) -> KeySet:
        address = self._endpoint("jwks_uri")
        with self._lock:
            if self._keys is None or anew:
                try:
                    self._keys = KeySet.import_key_set(_ask("GET", address))  # type: ignore[arg-type]
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise NotAccepted("keys_unreadable") from error
            return self._keys


def configured(settings: Settings) -> IdentityProvider:
    """The provider of this server; raises NotFound where it has none."""
    if settings.oidc_issuer is None:
        raise NotFound("This server has no OpenID provider.", "no_provider")
    return _known(settings.oidc_issuer, settings.oidc_client_id or "", settings.oidc_client_secret)


@lru_cache(maxsize=8)
def _known(issuer: str, client_id: str, client_secret: str | None) -> IdentityProvider:
    """One for each process: it keeps what it discovered."""
    return IdentityProvider(issuer, client_id, client_secret)


def _name(claims: Mapping[str, Any], claim: str) -> str | None:
    """A claim that names something; None where it is missing. Raises NotAccepted where it is no name."""
    name = claims.get(claim)
    if name is None or name == "":
        return None
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        raise NotAccepted(f"{claim}_unreadable")
    return name


def _ask(method: str, address: str, **options: Any) -> dict[str, Any]:
    """The JSON object of an answer; raises Unavailable where none comes, NotAccepted where it is none."""
    try:
        with httpx2.Client(timeout=_TIMEOUT_SECONDS, trust_env=False, follow_redirects=False) as client:
            answer = client.request(method, address, headers={"Accept": "application/json"}, **options)
        if len(answer.content) > _LARGEST_ANSWER:
            raise NotAccepted("answer_too_large")
        found = answer.json() if answer.status_code == httpx2.codes.OK else None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        log.warning("provider_unreachable", error=type(error).__name__)
        raise Unavailable(
            "Your organisation's sign-in does not answer; try again.", "provider_away"
        ) from error
    except ValueError as error:
        raise NotAccepted("answer_unreadable") from error
    if not isinstance(found, dict):
        log.warning("provider_refused", http_status=answer.status_code)
        raise NotAccepted("provider_refused")
    return found


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
