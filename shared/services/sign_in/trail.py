"""What the audit trail says of how people sign in; each person sees their own part of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import browser_sessions as rows
from shared.db.queries.privacy import audit
from shared.db.tables.core import Therapist
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources

if TYPE_CHECKING:
    from shared.services.sign_in.browser_sessions import Client  # which imports this module

SIGNED_IN, FAILED, SIGNED_OUT = "sign_in", "sign_in.failed", "sign_out"
NEW_DEVICE = "sign_in.new_device"
DEVICE_ENDED, OTHERS_ENDED = "browser_session.end", "browser_session.end_others"
LOGIN_CREATED, PASSPHRASE_CHANGED = "login.create", "passphrase.change"
FACTOR_ADDED, FACTOR_REMOVED = "factor.add", "factor.remove"
RECOVERY_CODES_MADE, RECOVERY_CODE_USED = "recovery_codes.create", "recovery_code.use"
CONFIRMED, CONFIRM_FAILED = "confirm", "confirm.failed"
INVITED = "invitation.create"
PASSKEY_ADDED, PASSKEY_REMOVED, PASSKEY_SIGN_IN = "passkey.add", "passkey.remove", "sign_in.passkey"
FACTOR_RESET = "factor.reset"
PROVIDER_SIGN_IN, PROVIDER_LINKED = "sign_in.provider", "provider.link"
PROVIDER_SIGN_OUT, PROVIDER_SESSION_ENDED = "sign_out.provider", "sign_out.provider_session"
PROVIDER_ROLE, PROVIDER_NO_ROLE = "provider.role", "provider.no_role"
PROVIDER_ROLE_KEPT = "provider.role_kept"
# In the words in which people read it.
WORDS = {
    SIGNED_IN: "Signed in",
    FAILED: "A wrong passphrase was tried",
    SIGNED_OUT: "Signed out",
    NEW_DEVICE: "Signed in on a device that was not known",
    DEVICE_ENDED: "A device was signed out",
    OTHERS_ENDED: "All other devices were signed out",
    LOGIN_CREATED: "Login name and passphrase chosen",
    PASSPHRASE_CHANGED: "Passphrase changed",
    FACTOR_ADDED: "Authenticator app added",
    FACTOR_REMOVED: "Authenticator app removed",
    RECOVERY_CODES_MADE: "Recovery codes made",
    RECOVERY_CODE_USED: "A recovery code was used",
    CONFIRMED: "Second factor or passphrase confirmed",
    CONFIRM_FAILED: "A wrong code was tried",
    PASSKEY_SIGN_IN: "Signed in with a passkey",
    PASSKEY_ADDED: "Passkey added",
    PASSKEY_REMOVED: "Passkey removed",
    PROVIDER_SIGN_IN: "Signed in with your organisation's sign-in",
    PROVIDER_LINKED: "Your organisation's sign-in was linked",
    PROVIDER_SIGN_OUT: "Your organisation's sign-in signed you out everywhere",
    PROVIDER_SESSION_ENDED: "Your organisation's sign-in signed you out on a device",
    PROVIDER_ROLE: "Your organisation's sign-in gave you another role",
    PROVIDER_ROLE_KEPT: "Your organisation's sign-in made you a therapist: you stayed the last administrator",
    PROVIDER_NO_ROLE: "Your organisation's sign-in gave you no role: you were not let in",
    FACTOR_RESET: "An administrator removed a second factor",
    INVITED: "Invited by an administrator, or by the server's command line",
}
_MOST_EVENTS = 50
# How the trail names the one who tries and is not known yet.
UNKNOWN = "sign-in"


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the audit trail about how a person signed in."""

    at: datetime
    words: str


def events(resources: Resources, caller: Caller) -> list[Event]:
    """How the caller signed in lately, and who tried to, newest first."""
    with resources.database.transaction(caller.practice_id) as db:
        found = rows.events(db, caller.practice_id, caller.therapist_id, tuple(WORDS), _MOST_EVENTS)
    return [Event(row.at, WORDS[row.action]) for row in found]


def record(db: DbSession, caller: Caller, action: str) -> None:
    """Write what the caller did about their own sign-in."""
    ownership.audit(db, caller, action, caller.therapist_id)


def record_for(
    db: DbSession, person: Therapist, action: str, client: "Client", session_id: UUID | None = None
) -> None:
    """Write what a person did who signs in; ``session_id``: of the browser session that began."""
    record_of(
        db,
        person.practice_id,
        person.id,
        action,
        f"{person.role}:{person.id}",
        client.request_id,
        address=client.address,
        session_id=session_id,
    )


def record_of(
    db: DbSession,
    practice_id: UUID,
    therapist_id: UUID,
    action: str,
    actor: str,
    request_id: str | None,
    *,
    address: str | None,
    session_id: UUID | None = None,
) -> None:
    """Write what happened to the sign-in of a person."""
    audit.record(
        db,
        practice_id=practice_id,
        actor=actor,
        action=action,
        subject_id=therapist_id,
        request_id=request_id,
        key_id=session_id,
        address=address,
    )
