"""An authenticator in software: makes passkeys and signs challenges as a device does."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import sha256
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

FLAG = AuthenticatorData.FLAG


def websafe(data: bytes) -> str:
    """As browsers write bytes in JSON."""
    return urlsafe_b64encode(data).decode().rstrip("=")


class Authenticator:
    """One device with one passkey."""

    def __init__(self, origin: str = "https://localhost", *, verifies: bool = True) -> None:
        self.origin = origin
        self.credential_id = secrets.token_bytes(32)
        self.counter = 0
        self._flags = FLAG.UP | (FLAG.UV if verifies else FLAG(0))
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to ``navigator.credentials.create``."""
        public = ES256.from_cryptography_key(self._key.public_key())
        credential = AttestedCredentialData.create(bytes(16), self.credential_id, public)
        flags = self._flags | FLAG.AT
        data = AuthenticatorData.create(sha256(options["rp"]["id"].encode()), flags, self.counter, credential)
        attestation = AttestationObject.create("none", data, {})
        client = self._client(CollectedClientData.TYPE.CREATE, options)
        return self._answer({"clientDataJSON": websafe(client), "attestationObject": websafe(attestation)})

    def show(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to ``navigator.credentials.get``."""
        data = AuthenticatorData.create(sha256(options["rpId"].encode()), self._flags, self.counter)
        client = self._client(CollectedClientData.TYPE.GET, options)
        signature = self._key.sign(bytes(data) + client.hash, ec.ECDSA(SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._answer({name: websafe(part) for name, part in parts.items()})

    def _client(self, kind: Any, options: dict[str, Any]) -> CollectedClientData:
        padded = options["challenge"] + "=" * (-len(options["challenge"]) % 4)
        return CollectedClientData.create(kind, urlsafe_b64decode(padded), self.origin)

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        name = websafe(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": response,
        }
