"""Browsers of people who are signed in."""

import pytest
from flask import Flask

from shared.services.accounts import people
from shared.services.resources import Resources
from tests.integration.browser import Browser, browser_of
from tests.servers import Office


@pytest.fixture
def me(app: Flask, resources: Resources, office: Office) -> Browser:
    """The office's therapist."""
    return browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)


@pytest.fixture
def boss(app: Flask, resources: Resources, office: Office) -> Browser:
    """An administrator of the practice."""
    person = people.create(resources, office.caller, "Ada Ministrator", "administrator")
    return browser_of(app, resources, office.caller.practice_id, person.id)
