"""An OpenID provider: discovery, the exchange of a code, and what its tokens say (OpenID Connect Core)."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx2
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from shared.domain.errors import NotAllowed, Unavailable

log = structlog.get_logger(__name__)

_TIMEOUT_SECONDS = 10.0
_LARGEST_ANSWER = 1024 * 1024
_KNOWN_FOR_SECONDS = 3600.0
_LEEWAY_SECONDS = 60
# Never "none", and none with a shared secret: those are open to confusion with a public key.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class NotAccepted(NotAllowed):
    """What the provider answered is not accepted; ``code`` says why, and it is not the person's fault."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"Your provider's token was not accepted: {code}. Tell your administrator this word.", code
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is: the subject, how they showed it (``amr``), and all claims of the token."""

    subject: str
    methods: tuple[str, ...]
    acr: str | None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)


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

    def sign_out_address(self, back_to: str) -> str | None:
        """Where the provider ends its own session; None where it says of no such place."""
        endpoint = self._discovered().get("end_session_endpoint")
        if not isinstance(endpoint, str):
            return None
        return _with_query(endpoint, {"client_id": self._client_id, "post_logout_redirect_uri": back_to})

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
        token = _ask("POST", self._endpoint("token_endpoint"), data=form).get("id_token")
        claims = self._claims(token, now)
        if claims.get("nonce") != nonce:
            raise NotAccepted("nonce_wrong")
        methods = claims.get("amr")
        known = tuple(str(method) for method in methods) if isinstance(methods, list) else ()
        acr = claims.get("acr")
        return Identity(_subject(claims), known, acr if isinstance(acr, str) else None, claims)

    def signed_out(self, token: str, now: int) -> str:
        """The subject whom a logout token (OpenID Connect Back-Channel Logout) names; raises NotAccepted."""
        claims = self._claims(token, now)
        events = claims.get("events")
        if not isinstance(events, dict) or _LOGOUT_EVENT not in events or "nonce" in claims:
            raise NotAccepted("no_logout_token")
        return _subject(claims)

    def _claims(self, token: object, now: int) -> dict[str, Any]:
        if not isinstance(token, str):
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


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise NotAccepted("subject_missing")
    return subject


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
