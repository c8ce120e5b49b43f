"""The links on every page, and where a person lands after signing in."""

from dataclasses import dataclass

from shared.services.access.caller import Caller, Scope
from web.translation import mark


@dataclass(frozen=True, slots=True)
class Link:
    """A page in the navigation; ``scope``: what the caller needs to open it."""

    text: str
    path: str
    scope: Scope | None = None


# In the order in which they are shown. The first that the caller may open is where they land.
LINKS: tuple[Link, ...] = (
    Link(mark("Today"), "/today", Scope.NOTES_READ),
    Link(mark("Patients"), "/patients", Scope.PATIENTS_READ),
    Link(mark("Words"), "/vocabulary", Scope.SESSIONS_WRITE),
    Link(mark("Templates"), "/templates", Scope.TEMPLATES_WRITE),
    Link(mark("People"), "/people", Scope.PEOPLE),
    Link(mark("Engines"), "/engines", Scope.ENGINES),
    Link(mark("Webhooks"), "/webhooks", Scope.WEBHOOKS),
    Link(mark("Legal holds"), "/holds", Scope.HOLDS),
    Link(mark("Retention"), "/retention", Scope.RETENTION),
    Link(mark("Audit"), "/audit", Scope.AUDIT_READ),
    Link(mark("Account"), "/account"),
)


def links_for(caller: Caller) -> tuple[Link, ...]:
    """The links that the caller may open: a page never offers what would be refused."""
    return tuple(link for link in LINKS if link.scope is None or link.scope in caller.scopes)


def landing_path(caller: Caller) -> str:
    """The caller's first page."""
    return links_for(caller)[0].path
