"""A browser as the server sees it: a cookie, the headers that tell where a request comes from, forms."""

import re
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from shared.db.queries.people import api_keys
from shared.db.tables.sign_in import Login
from shared.http import cookies
from shared.services.resources import Resources
from shared.services.sign_in import browser_sessions, passphrases
from shared.services.sign_in.browser_sessions import Client

PASSPHRASE = "plum kettle orbit fennel"
_TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]{64})"')


class Browser:
    """Keeps its cookie, and sends what browsers send of themselves."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        self.csrf_token = ""

    def anew(self, app: Flask) -> "Browser":
        """Another browser with the same session."""
        browser = Browser(app)
        browser.csrf_token = self.csrf_token
        if self.cookie is not None:
            browser.take(self.cookie)
        return browser

    def __call__(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {
            "Sec-Fetch-Site": "same-origin",
            "X-CSRF-Token": self.csrf_token,
            **options.pop("headers", {}),
        }
        headers = {name: value for name, value in headers.items() if value}
        return self._client.open(
            path, method=method, headers=headers, base_url="https://localhost", **options
        )

    def get(self, path: str, **options: Any) -> TestResponse:
        """A page; the token of its forms is remembered."""
        answer = self("GET", path, **options)
        if found := _TOKEN.search(answer.text if answer.mimetype == "text/html" else ""):
            self.csrf_token = found[1]
        return answer

    def submit(self, path: str, **fields: str) -> TestResponse:
        """A form, with its token as a field, as it works without scripts."""
        data = {"csrf_token": self.csrf_token, **fields}
        return self("POST", path, data=data, headers={"X-CSRF-Token": ""})

    def sign_in(self, login_name: str, passphrase: str = PASSPHRASE) -> TestResponse:
        """Name and passphrase; afterwards it knows the token of its session."""
        answer = self.submit("/sign-in", login_name=login_name, passphrase=passphrase)
        if answer.status_code == 303:
            self.get("/account")
        return answer

    @property
    def cookie(self) -> str | None:
        """The session's secret."""
        found = self._client.get_cookie(cookies.SESSION, domain="localhost")
        return None if found is None else found.value

    def take(self, secret: str) -> None:
        """Have this cookie from now on."""
        self._client.set_cookie(cookies.SESSION, secret, domain="localhost", secure=True, path="/")


def give_login(resources: Resources, practice_id: UUID, therapist_id: UUID, login_name: str) -> None:
    """Let a person sign in with ``PASSPHRASE``."""
    kept = passphrases.hashed(PASSPHRASE)
    with resources.database.transaction(practice_id) as db:
        db.add(
            Login(practice_id=practice_id, therapist_id=therapist_id, name=login_name, passphrase_hash=kept)
        )


def browser_of(app: Flask, resources: Resources, practice_id: UUID, therapist_id: UUID) -> Browser:
    """A browser in which the person is signed in; without a login, because a hash costs time."""
    with resources.database.transaction(practice_id) as db:
        person = api_keys.therapist(db, practice_id, therapist_id)
        assert person is not None
        client = Client("192.0.2.1", "A browser")
        session = browser_sessions.begin(resources, db, person, client, complete=True)
    browser = Browser(app)
    browser.take(session.secret)
    browser.get("/account")
    return browser
