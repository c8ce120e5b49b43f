"""Browser sessions: begun at sign-in, found by their cookie, listed for their person, ended."""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import browser_sessions as rows
from shared.db.tables.core import Therapist
from shared.db.tables.sign_in import BrowserSession
from shared.domain.errors import NotAuthenticated, NotFound
from shared.domain.preferences import Preferences
from shared.services.access.caller import SCOPES_OF_ROLE, Caller
from shared.services.resources import Resources
from shared.services.sign_in import trail
from shared.vault.sealing import Subject

log = structlog.get_logger(__name__)

IDLE_MINUTES = (5, 30)  # from, to: a practice chooses
ABSOLUTE = timedelta(hours=12)
FRESH = timedelta(minutes=15)
_ACTS_ARE_NOTED_EVERY = timedelta(seconds=30)
_KEPT_FOR = timedelta(days=30)
_MOST_EVENTS = 50
ADDRESS, AGENT = "browser_session.address", "browser_session.agent"
_LONGEST_AGENT = 400
# The first sign that is found decides: most browsers also name those that they resemble.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from: its address and what the browser calls itself."""

    address: str
    agent: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, by which name the pages greet them, and how they like the pages."""

    caller: Caller
    person_name: str
    idle_minutes: int
    preferences: Preferences


@dataclass(frozen=True, slots=True)
class Device:
    """A browser session as its person sees it."""

    id: UUID
    address: str
    browser: str
    created_at: datetime
    seen_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that has begun; its secret goes into the cookie and is kept nowhere."""

    id: UUID
    secret: str = field(repr=False)


def begin(
    resources: Resources,
    db: DbSession,
    person: Therapist,
    client: Client,
    *,
    complete: bool,
    by_provider: bool = False,
) -> NewSession:
    """A new session of ``person``, within the transaction that found out that it is them.

    Without ``complete`` it opens nothing but the pages about the second factor.
    """
    subject = Subject(person.practice_id, person.id)
    resources.vault.keys.create(person.practice_id, person.id)
    secret = secrets.token_urlsafe(32)
    row = BrowserSession(
        id=uuid4(),
        practice_id=person.practice_id,
        therapist_id=person.id,
        digest=_digest(resources, secret),
        address=resources.vault.seal(subject, ADDRESS, client.address),
        agent=resources.vault.seal(subject, AGENT, client.agent[:_LONGEST_AGENT]),
        complete=complete,
        by_provider=by_provider,
    )
    rows.remove_old(db, person.practice_id, person.id, after=_KEPT_FOR)
    db.add(row)
    db.flush()
    return NewSession(row.id, secret)


def renew(resources: Resources, db: DbSession, session_id: UUID, *, completes: bool) -> NewSession:
    """Another cookie for a session whose person has just shown that it is them."""
    secret = secrets.token_urlsafe(32)
    rows.renew(db, session_id, _digest(resources, secret), completes=completes)
    return NewSession(session_id, secret)


def authenticate(
    resources: Resources,
    secret: str,
    request_id: str | None = None,
    address: str | None = None,
    *,
    is_act: bool = True,
    also_idle: bool = False,
) -> SignedIn:
    """Who the browser with this cookie belongs to; raises NotAuthenticated.

    ``is_act``: a person did something, which postpones the automatic sign-out. ``also_idle``: what goes
    on behind the lock, such as a recording, does not end with it.
    """
    digest = _digest(resources, secret)
    with resources.database.operating() as db:
        found = rows.usable(db, digest, absolute=ABSOLUTE, fresh=FRESH, also_idle=also_idle)
        if found is None:
            log.info("authentication_failed", code="session_over")
            raise NotAuthenticated("You are signed out. Sign in again.", "session_over")
        if is_act:
            rows.note_act(db, found.id, at_most_every=_ACTS_ARE_NOTED_EVERY)
    caller = Caller(
        practice_id=found.practice_id,
        therapist_id=found.therapist_id,
        role=found.role,
        scopes=SCOPES_OF_ROLE[found.role],
        key_id=found.id,
        request_id=request_id,
        address=address,
        in_browser=True,
        is_complete=found.complete,
        is_fresh=found.complete and found.is_fresh,
    )
    liked = Preferences(found.theme, found.playback_speed)
    return SignedIn(caller, found.person_name, found.idle_minutes, liked)


def require_good(resources: Resources, caller: Caller) -> None:
    """Raise NotAuthenticated if the session that the caller began with is over."""
    with resources.database.operating() as db:
        is_good = rows.is_good(db, caller.key_id, absolute=ABSOLUTE)
    if not is_good:
        raise NotAuthenticated("You are signed out. Sign in again.", "session_over")


def devices(resources: Resources, caller: Caller) -> list[Device]:
    """The caller's sessions that are in use, newest first."""
    subject = Subject(caller.practice_id, caller.therapist_id)
    with resources.database.transaction(caller.practice_id) as db:
        found = rows.listed(db, caller.practice_id, caller.therapist_id, absolute=ABSOLUTE)
    opened = resources.vault.open
    return [
        Device(
            id=row.id,
            address=opened(subject, ADDRESS, row.address),
            browser=browser_of(opened(subject, AGENT, row.agent)),
            created_at=row.created_at,
            seen_at=row.seen_at,
            is_this=row.id == caller.key_id,
        )
        for row in found
    ]


def begun_elsewhere(resources: Resources, caller: Caller) -> list[Device]:
    """Where the caller has signed in since they did here, newest first: perhaps it was not them."""
    found = devices(resources, caller)
    here = next((device for device in found if device.is_this), None)
    return [device for device in found if here is not None and device.created_at > here.created_at]


def browser_of(agent: str) -> str:
    """What a browser calls itself, in the words of its owner: "Firefox on Windows"."""
    name = next((words for sign, words in _BROWSERS if sign in agent), "A browser")
    system = next((words for sign, words in _SYSTEMS if sign in agent), None)
    return name if system is None else f"{name} on {system}"


def end(resources: Resources, caller: Caller, session_id: UUID) -> None:
    """End one of the caller's sessions from its next request on; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        if not rows.end(db, caller.practice_id, caller.therapist_id, session_id):
            raise NotFound("There is no such session of yours.", "browser_session_not_found")
        trail.record(db, caller, trail.SIGNED_OUT if session_id == caller.key_id else trail.DEVICE_ENDED)


def end_others(resources: Resources, caller: Caller) -> int:
    """End all of the caller's sessions but the one in use; gives their number."""
    with resources.database.transaction(caller.practice_id) as db:
        ended = rows.end_all(db, caller.practice_id, caller.therapist_id, but=caller.key_id)
        trail.record(db, caller, trail.OTHERS_ENDED)
    return ended


def _digest(resources: Resources, secret: str) -> bytes:
    return hmac.digest(resources.vault.keys.pepper, b"browser-session:" + secret.encode(), "sha256")
