"""What is sent to a webhook: body, headers and signature of the Standard Webhooks specification 1.0.0."""

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from shared.db.tables.webhooks import WebhookDelivery
from shared.domain.webhooks import EVENT_OF_STATUS

_PREFIX = "whsec_"
_SECRET_BYTES = 32  # the specification takes 24 to 64
_USER_AGENT = "sessionscribe-webhooks/1"
_STATUS_OF = {event: status for status, event in EVENT_OF_STATUS.items()}


def mint_secret() -> str:
    """A new signing secret, as the receiver keeps it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def body_of(delivery: WebhookDelivery) -> bytes:
    """The JSON of a message: the same bytes at each attempt. Ids, a status, machine words."""
    data: dict[str, str | int] = dict(delivery.facts)
    if delivery.session_id is not None:
        data["session_id"] = str(delivery.session_id)
    if delivery.type in _STATUS_OF:
        data["status"] = _STATUS_OF[delivery.type].value
    moment = delivery.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    message = {"type": delivery.type.value, "timestamp": moment, "data": dict(sorted(data.items()))}
    return json.dumps(message, separators=(",", ":")).encode()


def headers_of(
    delivery: WebhookDelivery, body: bytes, secrets_in_use: Sequence[str], now: datetime
) -> dict[str, str]:
    """The headers of one attempt at ``now``: one signature for each secret in use, newest first."""
    message_id, moment = str(delivery.message_id), str(int(now.timestamp()))
    signed = b".".join((message_id.encode(), moment.encode(), body))
    return {
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets_in_use),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + binascii.b2a_base64(hmac.digest(key, signed, "sha256"), newline=False).decode()
