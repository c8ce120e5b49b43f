"""No page offers what its reader may not have: links are followed, forms lead to what the reader may do."""

import re
from dataclasses import replace
from uuid import UUID

from flask import Flask
from werkzeug.routing import MapAdapter

from shared.http import access
from shared.services.access import supervision
from shared.services.access.caller import SCOPES_OF_ROLE, Scope
from shared.services.accounts import people
from shared.services.resources import Resources
from tests.browser import sample
from tests.integration.browser import Browser, browser_of
from tests.servers import Office

_LINK = re.compile(r'(?:href|src)="(/[^"#]*)')
_FORM = re.compile(r'<form method="(\w+)" action="(/[^"]*)"')
_LEAST = 10


def offered(browser: Browser, start: str) -> tuple[dict[str, int], set[str]]:
    """The status of every page that is reached by links from the first, and where their forms lead."""
    found: dict[str, int] = {}
    forms: set[str] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop().replace("&amp;", "&")
        if path in found or path.startswith("/static/"):
            continue
        answer = browser("GET", path)
        found[path] = answer.status_code
        if answer.status_code == 303:
            waiting.append(answer.location)
        if answer.mimetype == "text/html":
            waiting += _LINK.findall(answer.text)
            forms |= {action for method, action in _FORM.findall(answer.text) if method == "post"}
    return found, forms


def refused(app: Flask, forms: set[str], scopes: frozenset[Scope]) -> list[str]:
    """The forms that lead to what asks for a scope that the reader lacks, or to nothing."""
    routes: MapAdapter = app.url_map.bind("localhost")
    policies = {form: access.policy_of(app, routes.match(form, "POST")[0]) for form in forms}
    return [
        form for form, policy in policies.items() if policy is None or not set(policy.scopes) <= set(scopes)
    ]


def check(app: Flask, browser: Browser, start: str, role: str) -> None:
    found, forms = offered(browser, start)
    assert len(found) >= _LEAST
    assert {path: status for path, status in found.items() if status not in (200, 303)} == {}
    assert refused(app, forms, SCOPES_OF_ROLE[role]) == []


def boss_of(resources: Resources, office: Office) -> UUID:
    """Another therapist, who supervises the office's."""
    boss = people.create(resources, office.caller, "Sue Pervisor", "therapist").id
    people.change(resources, office.caller, office.caller.therapist_id, {"supervisor_id": boss})
    return boss


def test_a_therapist_is_offered_nothing_that_is_refused(
    app: Flask, resources: Resources, office: Office
) -> None:
    boss_of(resources, office)
    supervision.grant(resources, office.caller, sample.put(resources, office))
    who = browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)
    check(app, who, "/today", "therapist")


def test_a_supervisor_is_offered_nothing_that_is_refused(
    app: Flask, resources: Resources, office: Office
) -> None:
    boss = boss_of(resources, office)
    supervision.grant(resources, office.caller, sample.put(resources, office))
    own = replace(office, caller=replace(office.caller, therapist_id=boss))
    who = browser_of(app, resources, own.caller.practice_id, boss)
    found, _ = offered(who, "/today")
    assert any(path.startswith("/supervision/sessions/") for path in found)
    check(app, who, "/today", "therapist")


def test_an_administrator_is_offered_nothing_that_is_refused(
    app: Flask, resources: Resources, office: Office
) -> None:
    sample.put_office(resources, office, sample.put(resources, office))
    boss = people.create(resources, office.caller, "Ada Ministrator", "administrator").id
    who = browser_of(app, resources, office.caller.practice_id, boss)
    check(app, who, "/people", "administrator")
