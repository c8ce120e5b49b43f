"""A practice's webhooks, as its administrators manage them: where, which events, with which secret."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries import webhooks as rows
from shared.db.tables.webhooks import WebhookEndpoint
from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.domain.webhooks import LABEL, SECRET, URL, EventType, PauseReason
from shared.outbound.addresses import is_literal, may_be_called
from shared.services import idempotency
from shared.services.access.caller import Caller
from shared.services.accounts import accounts
from shared.services.accounts.rotation_overlap import DEFAULT_OVERLAP_HOURS, check_overlap
from shared.services.resources import Resources
from shared.services.webhooks.messages import mint_secret
from shared.settings import Settings
from shared.vault.sealing import Subject

MOST_ENDPOINTS = 20
LONGEST_URL = 2000
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as administrators see it. ``url`` may hold a token of the receiver's."""

    id: UUID
    url: str = field(repr=False)
    label: str = field(repr=False)
    events: Sequence[str]
    paused: PauseReason | None
    paused_at: datetime | None
    failing_since: datetime | None
    created_at: datetime
    old_secret_until: datetime | None


def create(
    resources: Resources, caller: Caller, url: str, events: Collection[EventType], label: str = ""
) -> tuple[Endpoint, str]:
    """A new endpoint, and its signing secret, which is never shown again.

    Raises InvalidInput for a URL that is not to be called, Conflict for one endpoint too many.
    """
    check_url(url, resources.settings)
    subject, secret = Subject(caller.practice_id, uuid4()), mint_secret()
    # Before the row: a key without a row does no harm, a row without a key could not be read.
    resources.vault.keys.create(subject.practice_id, subject.id)
    seal = resources.vault.seal
    row = WebhookEndpoint(
        id=subject.id,
        practice_id=subject.practice_id,
        url=seal(subject, URL, url),
        label=seal(subject, LABEL, label),
        secret=seal(subject, SECRET, secret),
        events=sorted(event.value for event in events),
    )
    with resources.database.transaction(caller.practice_id) as db:
        if rows.count(db, caller.practice_id) >= MOST_ENDPOINTS:
            raise Conflict(f"A practice has at most {MOST_ENDPOINTS} webhooks.", "too_many_webhooks")
        db.add(row)
        db.flush()
        db.refresh(row)
        accounts.record(db, caller.practice_id, "webhook.create", row.id, caller)
        idempotency.complete(resources, db, caller, row.id, 201)
    return opened(resources, row), secret


def listed(resources: Resources, caller: Caller) -> list[Endpoint]:
    """The endpoints of the caller's practice, newest first."""
    with resources.database.transaction(caller.practice_id) as db:
        found = rows.listed(db, caller.practice_id)
        accounts.record(db, caller.practice_id, "webhook.list", None, caller)
    return [opened(resources, row) for row in found]


def get(resources: Resources, caller: Caller, endpoint_id: UUID) -> Endpoint:
    """One endpoint; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        row = own(db, caller, endpoint_id)
        accounts.record(db, caller.practice_id, "webhook.read", endpoint_id, caller)
    return opened(resources, row)


def change(resources: Resources, caller: Caller, endpoint_id: UUID, changes: Mapping[str, Any]) -> Endpoint:
    """Set what ``changes`` holds: ``url``, ``label``, ``events``, ``paused``.

    ``paused`` False (and a new ``url``) sends what waits, with a new set of attempts. Raises
    NotFound, and InvalidInput for a URL that is not to be called.
    """
    if "url" in changes:
        check_url(changes["url"], resources.settings)
    subject = Subject(caller.practice_id, endpoint_id)
    with resources.database.transaction(caller.practice_id) as db:
        row = own(db, caller, endpoint_id, hold=True)
        for name, kind in (("url", URL), ("label", LABEL)):
            if name in changes:
                setattr(row, name, resources.vault.seal(subject, kind, changes[name]))
        if "events" in changes:
            row.events = sorted(event.value for event in changes["events"])
        if changes.get("paused") is True:
            rows.pause(row, PauseReason.REQUESTED, clock.now(db))
        elif changes.get("paused") is False or ("url" in changes and row.pause != PauseReason.REQUESTED):
            rows.resume(db, row)
        accounts.record(db, caller.practice_id, "webhook.change", endpoint_id, caller)
    return opened(resources, row)


def remove(resources: Resources, caller: Caller, endpoint_id: UUID) -> None:
    """Remove an endpoint and what waits for it; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        own(db, caller, endpoint_id, hold=True)
        rows.remove(db, endpoint_id)
        accounts.record(db, caller.practice_id, "webhook.delete", endpoint_id, caller)
    resources.vault.keys.destroy(endpoint_id)


def rotate(
    resources: Resources, caller: Caller, endpoint_id: UUID, overlap_hours: int = DEFAULT_OVERLAP_HOURS
) -> tuple[Endpoint, str]:
    """A new secret for the endpoint, never shown again; the old one signs too for ``overlap_hours``.

    Raises NotFound and InvalidInput.
    """
    check_overlap(overlap_hours)
    secret = mint_secret()
    subject = Subject(caller.practice_id, endpoint_id)
    with resources.database.transaction(caller.practice_id) as db:
        row = own(db, caller, endpoint_id, hold=True)
        row.old_secret = row.secret if overlap_hours else None
        row.old_secret_until = clock.now(db) + timedelta(hours=overlap_hours) if overlap_hours else None
        row.secret = resources.vault.seal(subject, SECRET, secret)
        accounts.record(db, caller.practice_id, "webhook.rotate", endpoint_id, caller)
    return opened(resources, row), secret


def own(db: DbSession, caller: Caller, endpoint_id: UUID, *, hold: bool = False) -> WebhookEndpoint:
    """An endpoint of the caller's practice; raises NotFound."""
    row = rows.get(db, caller.practice_id, endpoint_id, hold=hold)
    if row is None:
        raise NotFound("There is no such webhook.", "webhook_not_found")
    return row


def opened(resources: Resources, row: WebhookEndpoint) -> Endpoint:
    """The row as administrators see it."""
    subject = Subject(row.practice_id, row.id)
    return Endpoint(
        id=row.id,
        url=resources.vault.open(subject, URL, row.url),
        label=resources.vault.open(subject, LABEL, row.label),
        events=row.events,
        paused=row.pause,
        paused_at=row.paused_at,
        failing_since=row.failing_since,
        created_at=row.created_at,
        old_secret_until=row.old_secret_until,
    )


def check_url(url: str, settings: Settings) -> None:
    """Raise InvalidInput unless ``url`` could be called; its name is looked up only when it is."""
    target = _parsed(url)
    if target.scheme not in (_PORTS if settings.webhook_networks else ("https",)):
        raise _refused("It must begin with https://.")
    if not target.host or target.userinfo or target.fragment or len(url) > LONGEST_URL:
        raise _refused("It must have a host, and neither a user, a password nor a fragment.")
    _check_place(target, settings)


def _check_place(target: httpx2.URL, settings: Settings) -> None:
    """Raise InvalidInput for a port that is not open to webhooks, or an address that is not."""
    port = target.port or _PORTS[target.scheme]
    if not any(port in allowed for allowed in settings.webhook_ports):
        raise _refused("Its port is not 443 or 80, nor in SESSIONSCRIBE_WEBHOOK_PORTS.")
    if is_literal(target.host) and not may_be_called(target.host, settings.webhook_networks):
        raise _refused("Its address is not a public one, nor in SESSIONSCRIBE_WEBHOOK_NETWORKS.")


def _parsed(url: str) -> httpx2.URL:
    try:
        target = httpx2.URL(url)
        _ = target.host  # decoded only now
    except (httpx2.InvalidURL, UnicodeError):
        raise _refused("It is not a URL.") from None
    return target


def _refused(reason: str) -> InvalidInput:
    return InvalidInput(f"The webhook's URL is not one that is called. {reason}", "webhook_url_refused")
