"""Devices on which a person signed in before: known by a cookie that outlives the session.

The cookie is a random word with a MAC over it and the person: nothing is kept of it on the server. It opens
nothing. It spares its person the waits that others' guesses cause, and the note about a new device.
"""

import hmac
import secrets
from uuid import UUID

from shared.services.resources import Resources

_WORD_BYTES = 16


def mark(resources: Resources, therapist_id: UUID) -> str:
    """The cookie of a device on which this person has just signed in."""
    word = secrets.token_urlsafe(_WORD_BYTES)
    return f"{word}.{_mac(resources, therapist_id, word)}"


def is_of(resources: Resources, therapist_id: UUID, cookie: str) -> bool:
    """Whether the person signed in on the device with this cookie before."""
    word, _, mac = cookie.partition(".")
    return hmac.compare_digest(mac.encode(), _mac(resources, therapist_id, word).encode())


def _mac(resources: Resources, therapist_id: UUID, word: str) -> str:
    message = b"device:" + therapist_id.bytes + word.encode()
    return hmac.digest(resources.vault.keys.pepper, message, "sha256").hex()
