"""Signing out where an OpenID provider is: its session is ended from here, and ours by its word."""

import hmac
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.people import browser_sessions, providers
from shared.db.tables.core import Therapist
from shared.domain.errors import Unavailable
from shared.outbound import identity_provider
from shared.outbound.identity_provider import OLDEST_LOGOUT_SECONDS, Identity, NotAccepted, SignedOut
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.sign_in import trail
from shared.vault.sealing import Subject

ID_TOKEN = "browser_session.id_token"  # noqa: S105 - the name of a column
# It goes back to the provider in an address, and servers refuse addresses of more than 8 kB.
_LONGEST_TOKEN = 4096
_LOGOUTS_KEPT_FOR = timedelta(seconds=2 * OLDEST_LOGOUT_SECONDS)


def keep(
    resources: Resources, db: DbSession, person: Therapist, session_id: UUID, identity: Identity
) -> None:
    """Keep with a browser session what ending it, here and there, needs of the provider's token."""
    subject = Subject(person.practice_id, person.id)
    sid = None if identity.session is None else _digest(resources, "session", identity.session)
    fits = 0 < len(identity.token) <= _LONGEST_TOKEN
    token = resources.vault.seal(subject, ID_TOKEN, identity.token) if fits else None
    providers.note_session(db, session_id, sid, token)


def begun(resources: Resources, caller: Caller) -> tuple[bool, str | None]:
    """Whether the caller's session began with the provider, which then has one of its own; its ID token."""
    if resources.settings.oidc_issuer is None:
        return False, None
    with resources.database.transaction(caller.practice_id) as db:
        is_begun, sealed = providers.begun(db, caller.key_id)
    subject = Subject(caller.practice_id, caller.therapist_id)
    return is_begun, None if sealed is None else resources.vault.open(subject, ID_TOKEN, sealed)


def address(resources: Resources, back_to: str, token: str | None) -> str | None:
    """Where the provider ends its session; None where it names no such page, or does not answer."""
    try:
        return identity_provider.configured(resources.settings).sign_out_address(back_to, token)
    except (NotAccepted, Unavailable):
        return None


def obey(resources: Resources, token: str) -> None:
    """End the session that the provider's logout token names, or all of the person; raises NotAccepted."""
    provider = identity_provider.configured(resources.settings)
    with resources.database.operating() as db:
        now = int(clock.now(db).timestamp())
    said = provider.signed_out(token, now)
    used = _digest(resources, "logout", said.id)
    with resources.database.operating() as db:
        if providers.is_logout_known(db, used):
            raise NotAccepted("token_used")
        people = _people(resources, db, provider.issuer, said)
    for practice_id, therapist_id in people:
        _end(resources, practice_id, therapist_id, said)
    # Last: if this server dies before it, the provider may send the token again.
    with resources.database.operating() as db:
        providers.note_logout(db, used, _LOGOUTS_KEPT_FOR)


def _people(resources: Resources, db: DbSession, issuer: str, said: SignedOut) -> list[tuple[UUID, UUID]]:
    if said.subject is not None:
        found = providers.whose(db, issuer, said.subject)
        return [] if found is None else [found]
    return (
        [] if said.session is None else providers.people_in(db, _digest(resources, "session", said.session))
    )


def _end(resources: Resources, practice_id: UUID, therapist_id: UUID, said: SignedOut) -> None:
    with resources.database.transaction(practice_id) as db:
        if said.session is None:
            browser_sessions.end_all(db, practice_id, therapist_id)
        elif not providers.end_session(
            db, practice_id, therapist_id, _digest(resources, "session", said.session)
        ):
            return
        action = trail.PROVIDER_SIGN_OUT if said.session is None else trail.PROVIDER_SESSION_ENDED
        trail.record_of(db, practice_id, therapist_id, action, trail.UNKNOWN, None, address=None)


def _digest(resources: Resources, what: str, name: str) -> bytes:
    issuer = identity_provider.configured(resources.settings).issuer
    return hmac.digest(resources.vault.keys.pepper, f"provider-{what}:{issuer}\0{name}".encode(), "sha256")
