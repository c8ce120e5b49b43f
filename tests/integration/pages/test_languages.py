"""Which language a page speaks, and what of it follows: head, dates, numbers and scripts."""

import html
import json
import re
from uuid import UUID

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from flask import Flask

from shared.services.resources import Resources
from tests.browser import sample
from tests.integration.browser import Browser, browser_of
from tests.servers import Office
from web import translation

GERMAN = {"Accept-Language": "de-AT, en;q=0.5"}
TEXTS = re.compile(r'<meta name="texts" content="([^"]*)">')


@pytest.fixture
def me(app: Flask, resources: Resources, office: Office) -> Browser:
    return browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    return sample.put(resources, office)


@pytest.mark.parametrize(
    ("wanted", "language", "title"),
    [
        ("de", "de", "Patienten"),
        ("de-AT, en;q=0.5", "de", "Patienten"),
        ("fr, de;q=0.5", "de", "Patienten"),
        ("en-GB, de;q=0.9", "en", "Patients"),
        ("fr", "en", "Patients"),
        ("", "en", "Patients"),
        ("no such header; =", "en", "Patients"),
    ],
)
def test_a_page_speaks_the_first_language_of_the_browser_that_there_is(
    me: Browser, wanted: str, language: str, title: str
) -> None:
    answer = me.get("/patients", headers={"Accept-Language": wanted})
    assert f'<html lang="{language}" dir="ltr"' in answer.text
    assert f"<title>{title} – " in answer.text
    assert "Accept-Language" in answer.headers["Vary"]


def test_scripts_are_given_their_texts_in_other_languages_than_english(me: Browser) -> None:
    assert not TEXTS.search(me.get("/today").text)
    found = TEXTS.search(me.get("/today", headers=GERMAN).text)
    assert found
    texts = json.loads(html.unescape(found[1]))
    assert texts["Copied"] == "Kopiert"
    assert "Patients" not in texts


def test_dates_and_numbers_follow_the_language_and_content_does_not(me: Browser, session_id: UUID) -> None:
    page = me.get(f"/sessions/{session_id}", headers=GERMAN).text
    assert re.search(r"Sitzung vom \d\d\.\d\d\.\d{4}", page)
    assert re.search(r"\d Zitate? beleg", page)
    assert sample.TURNS[0][1] in page
    assert 'translate="no"' in page


def test_a_form_that_lacks_something_says_so_in_the_language_of_the_page(me: Browser) -> None:
    me.get("/patients")
    data = {"csrf_token": me.csrf_token, "name": "Zoe", "consented": "yes"}
    answer = me("POST", "/patients", data=data, headers={"X-CSRF-Token": "", **GERMAN})
    assert answer.status_code == 422
    assert "Der Tag der Einwilligung: Wählen Sie einen Tag." in answer.text


def test_a_page_goes_in_the_direction_of_its_language(me: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    hebrew = translation.of_catalogue("he", Locale("he"), Catalog(locale="he"))
    monkeypatch.setattr(translation, "languages", lambda: {"en": hebrew, "he": hebrew})
    assert '<html lang="he" dir="rtl"' in me.get("/today", headers={"Accept-Language": "he"}).text


def test_values_are_escaped_in_texts_that_hold_tags(
    me: Browser, resources: Resources, office: Office
) -> None:
    me.get("/patients")
    made = me.submit(
        "/patients", name="<b>Zoe</b> %s", consented="yes", given_on="2026-01-05", method="written"
    )
    for headers in ({}, GERMAN):
        page = me.get(f"{made.location}/consents", headers=headers).text
        assert "<b>Zoe" not in page
        assert "&lt;b&gt;Zoe&lt;/b&gt; %s" in page
