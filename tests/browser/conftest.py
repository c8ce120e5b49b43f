"""A server on a port of its own, and a browser in which somebody is signed in."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

from shared.http import cookies
from shared.services.accounts import people
from shared.services.resources import Resources
from tests.browser import sample
from tests.integration.api_client import app_of
from tests.integration.browser import browser_of
from tests.servers import Office

# A bound, not a pause: on a busy machine a page takes longer than the usual 5 s.
expect.set_options(timeout=30_000)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

LAUNCH: dict[str, Any] = {
    "executable_path": CHROMIUM,
    "args": [
        "--no-sandbox",
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-device-for-media-stream",  # a microphone that beeps
        "--use-fake-ui-for-media-stream",
    ],
}


@dataclass
class Watched:
    """A page, with what it must not do: complain, fail, or ask another host."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def watch(self) -> None:
        """Note from now on what the page does."""
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add("/".join(request.url.split("/")[:3])))

    def _said(self, message: object) -> None:
        kind, words = getattr(message, "type", ""), getattr(message, "text", "")
        if kind in ("error", "warning"):
            self.complaints.append(words)

    def open(self, path: str) -> Page:
        """A page of the server."""
        self.page.goto(self.address + path)
        return self.page


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser; the tests are skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: `apt-get install chromium` brings one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**LAUNCH)
        yield browser
        browser.close()


@pytest.fixture
def app(resources: Resources) -> Flask:
    return app_of(resources)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the server answers."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


def profile(chromium: Browser, secret: str | None) -> BrowserContext:
    """A browser profile of its own, in which the person is signed in whose session has this secret."""
    opened = chromium.new_context(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(15_000)
    opened.add_cookies(
        [
            {
                "name": cookies.SESSION,
                "value": secret or "",
                "domain": "localhost",
                "path": "/",
                "secure": True,
                "httpOnly": True,
                "sameSite": "Lax",
            }
        ]
    )
    return opened


@pytest.fixture
def context(chromium: Browser, app: Flask, resources: Resources, office: Office) -> Iterator[BrowserContext]:
    """A browser profile in which the office's therapist is signed in."""
    secret = browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id).cookie
    opened = profile(chromium, secret)
    yield opened
    opened.close()


@pytest.fixture
def office_site(
    chromium: Browser, app: Flask, resources: Resources, office: Office, address: str
) -> Iterator[Watched]:
    """As ``site``, for an administrator of the practice."""
    person = people.create(resources, office.caller, "Ada Ministrator", "administrator")
    opened = profile(chromium, browser_of(app, resources, office.caller.practice_id, person.id).cookie)
    yield from watched(opened, address)
    opened.close()


def watched(context: BrowserContext, address: str) -> Iterator[Watched]:
    """A page with which nothing may be wrong in the end."""
    page = Watched(context.new_page(), address)
    page.watch()
    yield page
    assert page.complaints == []
    assert page.hosts <= {address}


@pytest.fixture
def site(context: BrowserContext, address: str) -> Iterator[Watched]:
    """A page of the therapist's, with which nothing may be wrong in the end."""
    yield from watched(context, address)


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    return sample.put(resources, office)
