"""One effect for one Idempotency-Key: taken, completed with the creation, or released.

The completion is written in the transaction that creates, and fenced by the ticket's token: however
requests with one key overlap, die or outlive their lease, one of them at most creates something.
"""

import hashlib
import hmac
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import Database, DatabaseError
from shared.db.queries.records import idempotency as rows
from shared.db.queries.records.idempotency import Ticket
from shared.domain.errors import Conflict, InProgress, KeyReused, Unavailable
from shared.services.access.caller import Caller
from shared.services.resources import Resources

KEPT_SECONDS = 24 * 3600.0
# How long a request whose process died keeps its key from being used again.
LEASE_SECONDS = 30.0
RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of the first request: the status it answered, of what, after how many seconds."""

    resource_id: UUID
    status: int
    seconds: float
    fingerprint: bytes = field(repr=False)


def begin(resources: Resources, caller: Caller, route: str, key: str) -> Ticket | Answered:
    """Take the key for this request, or tell what came of the first one.

    Raises InProgress while another request has it.
    """
    digest = _digest(resources, "key", key)
    ticket = Ticket(caller.practice_id, caller.therapist_id, route, digest, uuid4())
    with resources.database.transaction(caller.practice_id) as db:
        if rows.take(db, ticket, lease_seconds=LEASE_SECONDS, kept_seconds=KEPT_SECONDS):
            return ticket
        found = rows.get(db, ticket)
    if found is None or found.status is None or found.resource_id is None:
        raise InProgress(
            "The first request with this Idempotency-Key is still running. Ask again a little later.",
            "idempotency_in_progress",
            RETRY_AFTER_SECONDS,
        )
    answered_at = found.answered_at or found.begun_at
    seconds = (answered_at - found.begun_at).total_seconds()
    return Answered(found.resource_id, found.status, seconds, found.fingerprint or b"")


def require_same(resources: Resources, first: Answered, asked: str, content: str = "") -> None:
    """Raise KeyReused unless the first request with the key asked for the same."""
    if not hmac.compare_digest(first.fingerprint, _digest(resources, "request", f"{asked}\n{content}")):
        raise KeyReused(
            "This Idempotency-Key came with another request before. Use a new key for a new request.",
            "idempotency_key_reused",
        )


def complete(
    resources: Resources, db: DbSession, caller: Caller, resource_id: UUID, status: int, content: str = ""
) -> None:
    """Within the transaction that creates ``resource_id``: keep that it came of the caller's key.

    ``content`` is the digest of what was streamed, if anything was. Does nothing without a key;
    raises Conflict, so that nothing is created, if another request has taken the key.
    """
    ticket = caller.ticket
    if ticket is None:
        return
    done = rows.complete(
        db,
        ticket,
        fingerprint=_digest(resources, "request", f"{ticket.asked}\n{content}"),
        resource_id=resource_id,
        status=status,
        kept_seconds=KEPT_SECONDS,
    )
    if not done:
        raise Conflict(
            "Another request with this Idempotency-Key overtook this one; nothing was saved by this one.",
            "idempotency_overtaken",
        )
    ticket.status = status


def keep_alive(resources: Resources, ticket: Ticket) -> None:
    """Say that the ticket's request goes on; a database that is away is no reason to stop it."""
    with suppress(Unavailable, DatabaseError), resources.database.transaction(ticket.practice_id) as db:
        rows.extend(db, ticket, lease_seconds=LEASE_SECONDS)


def answered(resources: Resources, ticket: Ticket, status: int) -> None:
    """Keep the status of the answer, where it is not the one that was promised."""
    with suppress(Unavailable, DatabaseError), resources.database.transaction(ticket.practice_id) as db:
        rows.set_status(db, ticket, status)


def release(resources: Resources, ticket: Ticket) -> None:
    """Free the key of a request that created nothing; if that fails, its lease runs out."""
    with suppress(Unavailable, DatabaseError), resources.database.transaction(ticket.practice_id) as db:
        rows.release(db, ticket)


def sweep(database: Database) -> int:
    """Remove the keys that have expired; gives their number."""
    with database.operating() as db:
        return rows.sweep(db)


def _digest(resources: Resources, kind: str, text: str) -> bytes:
    # Peppered: a key and a request are a client's words, and short ones could be guessed.
    # The oldest version that is known: a rotation must not make a repetition look like a new request.
    pepper = resources.vault.keys.peppers.keys[0].secret
    return hmac.new(pepper, f"idempotency:{kind}:{text}".encode(), hashlib.sha256).digest()
