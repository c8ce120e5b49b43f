"""Who is asking: the identity behind an API key or a browser session."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from shared.db.queries.records.idempotency import Ticket
from shared.domain.errors import ConfirmationNeeded, NotAllowed


class Scope(StrEnum):
    """What a key may do."""

    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"
    NOTES_READ = "notes:read"
    NOTES_WRITE = "notes:write"
    NOTES_SIGN = "notes:sign"
    PROCESS_NOTES_READ = "process-notes:read"
    PROCESS_NOTES_WRITE = "process-notes:write"
    TEMPLATES_WRITE = "templates:write"
    EMERGENCY = "emergency"
    PATIENTS_READ = "patients:read"
    PATIENTS_WRITE = "patients:write"
    KEYS = "keys"
    PEOPLE = "therapists"
    ENGINES = "engines"
    WEBHOOKS = "webhooks"
    OPERATIONS = "operations"
    HOLDS = "holds"
    RETENTION = "retention"
    AUDIT_READ = "audit:read"


ADMINISTRATOR_SCOPES = frozenset(
    {
        Scope.KEYS,
        Scope.PEOPLE,
        Scope.WEBHOOKS,
        Scope.ENGINES,
        Scope.TEMPLATES_WRITE,
        Scope.OPERATIONS,
        Scope.HOLDS,
        Scope.RETENTION,
        Scope.AUDIT_READ,
    }
)
# What a therapist's key carries only if it was asked for by name: psychotherapy notes, and
# colleagues' patients in an emergency, are not for every program that reads a record.
ON_REQUEST_SCOPES = frozenset(
    {Scope.KEYS, Scope.TEMPLATES_WRITE, Scope.PROCESS_NOTES_READ, Scope.PROCESS_NOTES_WRITE, Scope.EMERGENCY}
)
THERAPIST_SCOPES = frozenset(Scope) - ADMINISTRATOR_SCOPES - ON_REQUEST_SCOPES
# All that a person may do, by role.
SCOPES_OF_ROLE = {
    "administrator": ADMINISTRATOR_SCOPES,
    "therapist": THERAPIST_SCOPES | ON_REQUEST_SCOPES,
}


@dataclass(frozen=True, slots=True)
class Caller:
    """A therapist or an administrator of a practice, with the scopes of the key or the session in use.

    ``key_id``: of the API key, or of the browser session where ``in_browser``.
    """

    practice_id: UUID
    therapist_id: UUID
    role: str
    scopes: frozenset[Scope]
    key_id: UUID
    request_id: str | None = None
    address: str | None = None  # where the request came from, for the audit trail
    ticket: Ticket | None = None  # of the request's Idempotency-Key; see shared.services.idempotency
    in_browser: bool = False
    # In a browser: showed all that they need to sign in; showed lately that it is them.
    is_complete: bool = True
    is_fresh: bool = True
    reads_as: str | None = None  # the trail's name for who reads in the place of the record's therapist

    @property
    def actor(self) -> str:
        """How the audit trail names the caller; emergency access and supervision are classes of their own."""
        return self.reads_as or f"{self.role}:{self.therapist_id}"

    def need_fresh(self) -> None:
        """Raise ConfirmationNeeded unless the caller showed lately that it is them."""
        if not self.is_fresh:
            raise ConfirmationNeeded("Confirm at /confirm that it is you, then repeat this.")

    def need(self, scope: Scope) -> None:
        """Raise NotAllowed unless the caller has the scope."""
        if scope in self.scopes:
            return
        if self.in_browser:
            raise NotAllowed(f"The role {self.role} is not allowed to do this.", "scope_missing")
        raise NotAllowed(
            f"This key lacks the scope {scope}. Make a key that has it with a key that may.",
            "scope_missing",
        )
