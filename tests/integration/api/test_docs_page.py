"""The docs page loads nothing from outside: as it is written, and as a browser runs it."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest

from tests.integration.server import running_api

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


class Links(HTMLParser):
    """Every address that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.found += [value for name in ("src", "href", "action") if (value := named.get(name))]
        self.inline += tag == "style" or (tag == "script" and "src" not in named)


@pytest.fixture
def url(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    with running_api(environment, tmp_path / "api.log") as url:
        yield url


def test_every_address_on_the_page_is_our_own_and_answers(url: str) -> None:
    links = Links()
    with httpx2.Client(trust_env=False) as client:
        links.feed(client.get(f"{url}/docs").text)
        assert len(links.found) >= 4
        assert links.inline == 0
        for link in links.found:
            assert not urlsplit(link).netloc, link
            assert client.get(urljoin(url, link)).status_code == 200, link


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_a_browser_draws_the_page_and_asks_nobody_else(url: str, tmp_path: Path) -> None:
    log = tmp_path / "net.json"
    run = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-proxy-server",
         "--disable-background-networking", "--disable-component-update", "--no-first-run",
         f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}", "--net-log-capture-mode=Default",
         "--virtual-time-budget=20000", "--dump-dom", f"{url}/docs"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )  # fmt: skip
    assert "/api/sessions/upload" in run.stdout, run.stderr[-2000:]
    assert "Content Security Policy" not in run.stderr
    assert {urlsplit(asked).netloc for asked in asked_by_the_page(log)} == {urlsplit(url).netloc}


def asked_by_the_page(log: Path) -> set[str]:
    """The addresses that the page had loaded; Chromium's own errands have no origin."""
    given = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
    return {one["url"] for one in given if "url" in one and str(one.get("initiator")).startswith("http")}
