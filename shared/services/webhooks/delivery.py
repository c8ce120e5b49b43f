"""Delivering to webhooks: what is due is taken, posted, and what came of it written down.

A message lies in its row until an endpoint has answered 2xx: a worker that dies with one leaves
a lease that runs out, and the next attempt bears the same ``webhook-id``. So a receiver gets each
message at least once.
"""

import random
import time
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.connection.engine import Database
from shared.db.queries import deliveries, webhooks
from shared.db.queries.deliveries import Taken
from shared.db.queries.privacy import audit
from shared.db.tables.webhooks import WebhookDelivery, WebhookEndpoint
from shared.domain.webhooks import (
    MOST_ATTEMPTS,
    RETRY_SECONDS,
    SECRET,
    URL,
    DeliveryState,
    EventType,
    PauseReason,
)
from shared.outbound.posting import Answer, NotDelivered, Poster
from shared.services.webhooks import messages as webhook_messages
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Subject, Vault

log = structlog.get_logger(__name__)

LEASE_SECONDS = 60.0  # six times what a post may take
KEPT_DAYS = 30
_MOST_RETRY_AFTER_SECONDS = 86_400.0
_GONE = 410


def deliver(database: Database, vault: Vault, poster: Poster, taken: Taken) -> bool:
    """Attempt one delivery that was taken; True if the endpoint has it now."""
    found = _message(database, vault, taken)
    if found is None:
        return False
    begun = time.monotonic()
    answer, error = _post(poster, *found)
    milliseconds = round((time.monotonic() - begun) * 1000)
    status = answer.status if answer else None
    with database.transaction(taken.practice_id) as db:
        endpoint = webhooks.get(db, taken.practice_id, taken.endpoint_id, hold=True)
        row = deliveries.held(db, taken) if endpoint is not None else None
        if endpoint is None or row is None:
            return False  # the endpoint was removed, or another attempt has begun since
        deliveries.log_attempt(db, taken, milliseconds=milliseconds, http_status=status, error=error)
        _settle(db, endpoint, row, answer, error)
    log.info("webhook_attempted", http_status=status, code=error, attempt=taken.attempt)
    return error is None


def _post(poster: Poster, url: str, body: bytes, headers: dict[str, str]) -> tuple[Answer | None, str | None]:
    """The endpoint's answer, if one came, and why the message counts as not delivered, or None."""
    try:
        answer = poster.post(url, body, headers)
    except NotDelivered as failure:
        return None, failure.code
    if 200 <= answer.status < 300:
        return answer, None
    return answer, "redirected" if 300 <= answer.status < 400 else "refused"


def _message(database: Database, vault: Vault, taken: Taken) -> tuple[str, bytes, dict[str, str]] | None:
    """Address, body and headers of the attempt; None if the endpoint is gone."""
    with database.transaction(taken.practice_id) as db:
        endpoint = webhooks.get(db, taken.practice_id, taken.endpoint_id)
        row = deliveries.held(db, taken)
        now = clock.now(db)
    if endpoint is None or row is None:
        return None
    subject = Subject(taken.practice_id, taken.endpoint_id)
    try:
        url = vault.open(subject, URL, endpoint.url)
        keys = [vault.open(subject, SECRET, endpoint.secret)]
        if endpoint.old_secret is not None and endpoint.old_secret_until and endpoint.old_secret_until > now:
            keys.append(vault.open(subject, SECRET, endpoint.old_secret))
    except KeyDestroyed:
        return None
    body = webhook_messages.body_of(row)
    return url, body, webhook_messages.headers_of(row, body, keys, now)


def _settle(
    db: DbSession, endpoint: WebhookEndpoint, row: WebhookDelivery, answer: Answer | None, error: str | None
) -> None:
    now = clock.now(db)
    if error is None:
        row.state, row.ended_at, endpoint.failing_since = DeliveryState.DELIVERED, now, None
        return
    endpoint.failing_since = endpoint.failing_since or now
    if answer is not None and answer.status == _GONE:
        _pause(db, endpoint, PauseReason.GONE, now)
        deliveries.fail_all_waiting(db, endpoint.id)
    elif row.type == EventType.TEST:
        row.state, row.ended_at = DeliveryState.FAILED, now
    elif row.attempts < MOST_ATTEMPTS:
        row.due_at = now + timedelta(seconds=_pause_seconds(row.attempts, answer))
    elif now - endpoint.failing_since >= timedelta(seconds=sum(RETRY_SECONDS)):
        _pause(db, endpoint, PauseReason.FAILING, now)  # it waits with the others, for a resumption
    else:
        row.state, row.ended_at = DeliveryState.FAILED, now


def _pause(db: DbSession, endpoint: WebhookEndpoint, reason: PauseReason, now: datetime) -> None:
    webhooks.pause(endpoint, reason, now)
    audit.record(
        db,
        practice_id=endpoint.practice_id,
        actor="courier",
        action="webhook.pause",
        subject_id=endpoint.id,
        code=reason.value,
    )
    log.warning("webhook_paused", code=reason.value, practice_id=endpoint.practice_id)


def _pause_seconds(attempts: int, answer: Answer | None) -> float:
    """Seconds until the next attempt, jittered, never before the time that the endpoint named."""
    planned = RETRY_SECONDS[attempts - 1] * random.uniform(1.0, 1.2)  # noqa: S311 - spreads retries, guards no secret
    named = answer.retry_after_seconds if answer else None
    return max(planned, min(named or 0.0, _MOST_RETRY_AFTER_SECONDS))
