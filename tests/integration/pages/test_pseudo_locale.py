"""Every page in a pseudo-locale: what stands in no brackets is a name, a date, or marked as content."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask, template_rendered

from shared.services.access import supervision
from shared.services.accounts import people
from shared.services.resources import Resources
from tests import catalogues
from tests.browser import sample
from tests.integration.browser import Browser, browser_of
from tests.integration.pages.test_offered_pages import boss_of
from tests.integration.sessions import promise
from tests.servers import Office
from tests.unit.api.test_translation import LETTER, NAMES, SHOWN_ATTRIBUTES, TEMPLATES, WEB
from web import translation

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Quotations, codes, and what a person typed, in elements that hold nothing else.
CONTENT = {"code", "kbd", "q", "blockquote", "textarea", "del", "ins", "svg"}
PEOPLE = (
    "Pat Ient",
    "A therapist",
    "Sue Pervisor",
    "Ada Ministrator",
    "Cora League",
    "A v. B",
    "C v. D",
    "Records",
)
VALUES = re.compile(
    r"\d{1,2} [A-Z][a-z]{2} \d{4}(, \d\d:\d\d UTC)?"  # dates
    r"|\b\d+ (min|s)\b|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{8}\b"
    r"|https?://\S+|\b[a-z]+-\d\b"  # addresses, engines
    r"|\b[a-z_]+(\.[a-z_]+)+\b|\b[a-z]+:[a-z]+\b"  # codes, scopes
)


class Reader(HTMLParser):
    """Collects what of a page stands outside of brackets and is no content."""

    def __init__(self) -> None:
        super().__init__()
        self.bare: list[str] = []
        self._depth = 0
        self._open: list[tuple[str, bool]] = []

    @property
    def _is_content(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        marked = known.get("translate")
        is_content = tag in CONTENT or (self._is_content if marked is None else marked == "no")
        for name in SHOWN_ATTRIBUTES:
            if not is_content and (value := known.get(name)):
                self._note(re.sub(r"⟦.*⟧", "", value), f"{tag} {name}")
        if tag not in VOID:
            self._open.append((tag, is_content))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        outside = ""
        for mark in data:
            self._depth += {"⟦": 1, "⟧": -1}.get(mark, 0)
            if not self._depth and mark != "⟧":
                outside += mark
        if not self._is_content:
            self._note(outside, self._open[-1][0] if self._open else "")

    def _note(self, text: str, where: str) -> None:
        for known in (*PEOPLE, *NAMES):
            text = re.sub(rf"(?<!\w){re.escape(known)}(?!\w)", "", text)
        if LETTER.search(VALUES.sub("", text)):
            self.bare.append(f"{where}: {' '.join(text.split())}")


def bare_texts(page: str) -> list[str]:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader.bare


@pytest.fixture(autouse=True)
def _bracketed(monkeypatch: pytest.MonkeyPatch) -> None:
    language = catalogues.pseudo()
    monkeypatch.setattr(translation, "languages", lambda: {translation.SOURCE: language})


@pytest.fixture
def rendered(app: Flask) -> Iterator[set[str]]:
    """The templates of the pages that were made."""
    names: set[str] = set()

    def note(_sender: Flask, template: object, **_known: object) -> None:
        names.add(str(getattr(template, "name", "")))

    with template_rendered.connected_to(note, app):
        yield names


_LINK = re.compile(r'href="(/[^"#]*)')


def found_by_links(browser: Browser, *starts: str) -> dict[str, list[str]]:
    """The bare texts of every page that links lead to; also of those that ask or refuse."""
    found: dict[str, list[str]] = {}
    waiting = list(starts)
    while waiting:
        path = waiting.pop().replace("&amp;", "&")
        if path in found or path.startswith(("/static/", "/api/")):
            continue
        answer = browser("GET", path)
        found[path] = (
            bare_texts(answer.text) if answer.mimetype == "text/html" and answer.status_code != 303 else []
        )
        if answer.status_code == 303:
            waiting.append(answer.location)
        elif answer.mimetype == "text/html":
            waiting += _LINK.findall(answer.text)
    return {path: texts for path, texts in found.items() if texts}


# Reached with a provider, a used code or an act that is done once; test_translation reads their templates.
ELSEWHERE = {
    "patients/emergency_record.html",
    "patients/receipt.html",
    "practice/template.html",
    "sessions/cosign.html",
    "sign_in/confirm.html",
    "sign_in/invited.html",
    "sign_in/recovery_codes.html",
    "sign_in/set_up_app.html",
    "sign_in/signed_out.html",
    "sign_in/welcome_back.html",
}


def test_pages_hold_nothing_but_texts_of_the_catalogue_and_content(
    app: Flask, resources: Resources, office: Office, rendered: set[str]
) -> None:
    boss, session_id = boss_of(resources, office), sample.put(resources, office)
    promise(resources, office)
    supervision.grant(resources, office.caller, session_id)
    sample.put_office(resources, office, session_id)
    practice_id = office.caller.practice_id
    admin = people.create(resources, office.caller, "Ada Ministrator", "administrator").id
    session = f"/sessions/{session_id}"
    therapist = browser_of(app, resources, practice_id, office.caller.therapist_id)
    more = [
        f"{session}/{name}"
        for name in ("sign", "addendum", "off-the-record", "versions/1", "versions/1/changes")
    ]
    found = found_by_links(
        therapist, "/today", "/sign-in", f"{session}/words/99", "/emergency-access", "/cosign", *more
    )
    found |= found_by_links(
        browser_of(app, resources, practice_id, boss), "/today", "/supervision", "/cosign"
    )
    found |= found_by_links(browser_of(app, resources, practice_id, admin), "/people", "/holds/new")
    assert sorted({text for texts in found.values() for text in texts}) == []
    names = {str(path.relative_to(WEB / "templates")) for path in TEMPLATES}
    pages = {name for name in names if not Path(name).name.startswith("_") and name != "base.html"}
    assert pages - rendered - ELSEWHERE == set()


@pytest.mark.parametrize(
    ("page", "bare"),
    [
        ("<p>⟦Back⟧ to</p>", ["p: to"]),
        ("<p>⟦Choose <a>a patient</a> first⟧</p><b>now</b>", ["b: now"]),
        ('<p title="Further">⟦More⟧</p>', ["p title: Further"]),
        ('<p translate="no">Said <b translate="yes">corrected</b></p>', ["b: corrected"]),
        ('<p>Pat Ient, 3 Mar 2026, 14:05 UTC, <input aria-label="⟦Name⟧"> 52 min</p>', []),
    ],
)
def test_bare_texts_are_found(page: str, bare: list[str]) -> None:
    assert bare_texts(page) == bare
