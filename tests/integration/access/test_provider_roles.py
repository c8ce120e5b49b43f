"""A claim of the OpenID provider gives people their roles, and takes them."""

from flask import Flask
from sqlalchemy import text

from shared.services.accounts import accounts
from shared.services.resources import Resources
from tests.database import everything
from tests.fakes.openid_provider import (
    OpenIdProvider,
)
from tests.integration.access.provider_sign_in import (
    administrator,
    app,
    go_and_come_back,
    linked,
    person,
    provider,
)
from tests.integration.browser import Browser
from tests.servers import Office

__all__ = ["administrator", "app", "linked", "person", "provider"]  # fixtures


def whoami(browser: Browser) -> tuple[int, str]:
    answer = browser("GET", "/api/whoami")
    return answer.status_code, answer.json.get("role") or answer.json.get("code")


def came_in(app: Flask, provider: OpenIdProvider, *groups: str) -> Browser:
    """A browser that comes back from the provider with these groups."""
    provider.claims = {"amr": ["mfa"], "groups": list(groups)}
    browser = Browser(app)
    go_and_come_back(browser, provider)
    return browser


def test_a_claim_lets_therapists_in_and_makes_no_administrator_unless_told(
    app: Flask, provider: OpenIdProvider, person: str, administrator: Browser, linked: Resources
) -> None:
    administrator.get("/people")
    set_to = administrator.submit("/people/provider-roles", claim="groups", therapists="clinicians")
    assert set_to.status_code == 303
    assert whoami(came_in(app, provider, "clinicians", "it")) == (200, "therapist")
    assert came_in(app, provider, "it").cookie is None
    with everything(linked) as db:
        seen = db.scalars(text("SELECT action FROM audit_events ORDER BY id")).all()
    assert {"practice.provider_roles", "provider.no_role"} <= set(seen)
    administrator.submit("/people/provider-roles", claim="")
    assert whoami(came_in(app, provider, "it")) == (200, "therapist")


def test_with_another_role_a_persons_keys_and_sessions_end(
    app: Flask,
    provider: OpenIdProvider,
    person: str,
    administrator: Browser,
    linked: Resources,
    office: Office,
) -> None:
    practice_id, therapist_id = office.caller.practice_id, office.caller.therapist_id
    _, key = accounts.create_key(linked, practice_id, therapist_id)
    before = came_in(app, provider)
    assert whoami(before) == (200, "therapist")
    told = {"claim": "groups", "therapists": "clinicians", "administrators": "it"}
    answer = administrator("PUT", "/api/practice/provider-roles", json=told)
    assert (answer.status_code, answer.json) == (200, told)
    assert whoami(came_in(app, provider, "it")) == (200, "administrator")
    assert whoami(before)[0] == 401
    refused = app.test_client().get("/api/whoami", headers={"Authorization": f"Bearer {key}"})
    assert refused.status_code == 401
    assert whoami(came_in(app, provider, "clinicians")) == (200, "therapist")
    wrong = {"claim": "groups"}
    assert administrator("PUT", "/api/practice/provider-roles", json=wrong).status_code == 422


def test_with_no_role_a_persons_keys_and_sessions_end(
    app: Flask,
    provider: OpenIdProvider,
    person: str,
    administrator: Browser,
    linked: Resources,
    office: Office,
) -> None:
    _, key = accounts.create_key(linked, office.caller.practice_id, office.caller.therapist_id)
    told = {"claim": "groups", "therapists": "clinicians"}
    assert administrator("PUT", "/api/practice/provider-roles", json=told).status_code == 200
    before = came_in(app, provider, "clinicians")
    assert whoami(before) == (200, "therapist")
    assert came_in(app, provider, "it").cookie is None
    assert whoami(before)[0] == 401
    refused = app.test_client().get("/api/whoami", headers={"Authorization": f"Bearer {key}"})
    assert refused.status_code == 401


def test_the_last_administrator_stays_one(
    app: Flask,
    provider: OpenIdProvider,
    person: str,
    administrator: Browser,
    linked: Resources,
    office: Office,
) -> None:
    told = {"claim": "groups", "therapists": "clinicians", "administrators": "it"}
    assert administrator("PUT", "/api/practice/provider-roles", json=told).status_code == 200
    assert whoami(came_in(app, provider, "it")) == (200, "administrator")
    with everything(linked) as db:  # the others are away
        others = "UPDATE therapists SET disabled_at = now() WHERE role = 'administrator' AND id <> :me"
        db.execute(text(others), {"me": office.caller.therapist_id})
    assert whoami(came_in(app, provider, "clinicians")) == (200, "administrator")
    with everything(linked) as db:
        seen = db.scalars(text("SELECT action FROM audit_events ORDER BY id")).all()
        db.execute(text("UPDATE therapists SET disabled_at = NULL"))
    assert "provider.role_kept" in seen
    assert whoami(came_in(app, provider, "clinicians")) == (200, "therapist")
