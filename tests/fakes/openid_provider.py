"""An OpenID provider on a port of this machine: discovery, keys, tokens; what it says can be bent."""

import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

CLIENT_ID, CLIENT_SECRET = "sessionscribe-test", "a secret of the client"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class OpenIdProvider:
    """One provider. ``claims`` and ``header`` change what its next tokens hold."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.end_session = True
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []

    def authorize(self, address: str) -> dict[str, str]:
        """A person signs in at the address to which the browser was sent; the query of the way back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return {"code": code, "state": query["state"]}

    def token(self, **claims: Any) -> str:
        """A signed token of this provider."""
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT_ID, "sub": "subject-1", "iat": now, "exp": now + 300}
        said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        head = {"alg": "ES256", "kid": self.key.kid, **self.header}
        registry = JWSRegistry(algorithms=["ES256"], strict_check_header=False)
        return jwt.encode(head, said, self.key, registry=registry)

    def logout_token(self, **claims: Any) -> str:
        """A logout token with an id of its own; a claim that is None is left out."""
        usual = {"events": {LOGOUT_EVENT: {}}, "jti": secrets.token_urlsafe(8)}
        return self.token(**{**usual, **claims})

    def answer(self, path: str, form: dict[str, str]) -> dict[str, Any] | None:
        """What is at this path; None for nothing, or a refusal."""
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            found = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
            return found | ({"end_session_endpoint": f"{self.issuer}/end"} if self.end_session else {})
        if path == "/keys":
            return {"keys": [self.key.as_dict(private=False)]}
        asked = self.codes.pop(form.get("code", ""), None)
        if path != "/token" or asked is None or form.get("client_secret") != CLIENT_SECRET:
            return None
        digest = sha256(form["code_verifier"].encode()).digest()
        if urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return None
        return {"id_token": self.token(**{"nonce": asked["nonce"], **self.claims})}


@contextmanager
def running_provider() -> Iterator[OpenIdProvider]:
    """A provider that answers until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            found = provider.answer(self.path, form)
            content = json.dumps(found or {"error": "invalid_grant"}).encode()
            self.send_response(400 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = OpenIdProvider(server.server_address[1])
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
