"""Roles by the provider: what a practice set, and what it means for a person who signs in."""

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import api_keys, browser_sessions, providers
from shared.db.tables.core import Therapist
from shared.domain.provider_roles import RoleClaims
from shared.outbound.identity_provider import Identity
from shared.services.access.caller import Caller
from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sign_in import trail
from shared.services.sign_in.browser_sessions import Client


def get(resources: Resources, caller: Caller) -> RoleClaims | None:
    """What the caller's practice set; None: roles are set at the people's page alone."""
    with resources.database.transaction(caller.practice_id) as db:
        return providers.role_claims(db, caller.practice_id)


def change(resources: Resources, caller: Caller, wanted: RoleClaims | None) -> RoleClaims | None:
    """Have the provider say who is a therapist, and, if that is named, who is an administrator."""
    caller.need_fresh()
    with resources.database.transaction(caller.practice_id) as db:
        providers.set_role_claims(db, caller.practice_id, wanted)
        accounts.record(db, caller.practice_id, "practice.provider_roles", caller.practice_id, caller)
    return wanted


def apply(db: DbSession, person: Therapist, identity: Identity, client: Client) -> bool:
    """Give the person the role that the provider says; False if it gives them none.

    With another role, or none, their keys and other sessions end: they carry the scopes of the role before.
    The practice's last administrator stays one.
    """
    wanted = providers.role_claims(db, person.practice_id)
    if wanted is None:
        return True
    role = wanted.role(identity.claims, person.role)
    if role == person.role:
        return True
    if role == accounts.THERAPIST and not api_keys.has_other_administrator(db, person.practice_id, person.id):
        trail.record_for(db, person, trail.PROVIDER_ROLE_KEPT, client)
        return True
    api_keys.revoke_all_of(db, person.id)
    browser_sessions.end_all(db, person.practice_id, person.id)
    if role is None:
        trail.record_for(db, person, trail.PROVIDER_NO_ROLE, client)
        return False
    person.role = role
    trail.record_for(db, person, trail.PROVIDER_ROLE, client)
    return True
