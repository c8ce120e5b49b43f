"""Today and the patients' pages without a script."""

import io
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from shared.services.accounts import accounts, api_keys
from shared.services.resources import Resources
from tests.database import everything
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import left_behind, tone
from tests.integration.browser import Browser, browser_of
from tests.integration.notes_calls import processed
from tests.integration.sessions import bench_with, promise, work
from tests.servers import Office, make_office


def test_today_lists_what_is_to_be_done_and_nothing_of_others(
    me: Browser, app: Flask, resources: Resources, office: Office
) -> None:
    assert "Nothing waits for you." in me.get("/today").text
    draft, waiting, risky = (
        processed(resources, office),
        promise(resources, office),
        promise(resources, office),
    )
    work(bench_with(resources, transcriber=FakeTranscriber("i want to die tonight")), risky)
    page = me.get("/today").text
    assert "Risk to answer for (1)" in page
    assert "Drafts to sign (2)" in page
    assert "Under way (1)" in page
    for session_id in (draft, waiting, risky):
        assert f"/sessions/{session_id}" in page
    assert "Pat Ient" in page
    to_do = f'<a href="/patients/{office.patient_id}?open=true">2</a>'
    assert to_do in me.get("/patients").text
    other = make_office(resources).caller
    elsewhere = browser_of(app, resources, other.practice_id, other.therapist_id)
    assert "Nothing waits for you." in elsewhere.get("/today").text


def test_who_signs_in_lands_on_today(me: Browser) -> None:
    assert me.get("/").location == "/today"


def test_a_patient_is_added_with_consent_found_and_forgotten(me: Browser) -> None:
    me.get("/patients")
    answer = me.submit("/patients", name="Zoe", consented="yes", given_on="2026-01-05", method="written")
    assert answer.status_code == 303
    page = me.get(answer.location).text
    assert "Given on 5 Jan 2026, written." in page
    assert "Upload a recording" in page
    assert "Zoe" in me.get("/patients").text
    assert me.submit(f"{answer.location}/consent", on="2026-02-01", do="revoke").status_code == 303
    revoked = me.get(answer.location).text
    assert "Revoked on 1 Feb 2026" in revoked
    assert "Upload a recording" not in revoked
    assert me.submit(f"{answer.location}/name", name="Zoë").status_code == 303
    assert "Zoë" in me.get(answer.location).text
    assert me.submit(f"{answer.location}/delete").status_code == 303
    assert "Zoë" not in me.get("/patients").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "The name"),
        ({"name": "Zoe", "consented": "yes"}, "choose a day"),
        ({"name": "Zoe", "consented": "yes", "given_on": "2026-01-05", "method": "guessed"}, "how"),
    ],
)
def test_a_form_that_lacks_something_is_shown_again_with_what_is_wrong(
    me: Browser, fields: dict[str, str], said: str
) -> None:
    me.get("/patients")
    answer = me.submit("/patients", **fields)
    assert answer.status_code == 422
    assert said in answer.text
    if fields["name"].strip():
        assert f'value="{fields["name"]}"' in answer.text


def test_a_patients_page_lists_their_sessions(me: Browser, resources: Resources, office: Office) -> None:
    session_id: UUID = processed(resources, office)
    page = me.get(f"/patients/{office.patient_id}").text
    assert f"/sessions/{session_id}" in page
    assert me.submit(f"/patients/{office.patient_id}/delete").status_code == 409


def test_names_are_in_no_address_and_in_no_title(me: Browser, office: Office, resources: Resources) -> None:
    session_id = processed(resources, office)
    for path in ("/patients", f"/patients/{office.patient_id}", f"/sessions/{session_id}", "/today"):
        page = me.get(path).text
        assert "Pat" in page
        assert "Ient" not in page.split("<title>")[1].split("</title>")[0]
        assert not [link for link in page.split('href="')[1:] if "Ient" in link.split('"')[0]]


def test_an_upload_form_without_its_token_first_is_refused_unread(
    me: Browser, resources: Resources, office: Office
) -> None:
    me.get(f"/patients/{office.patient_id}")
    path, sound = f"/patients/{office.patient_id}/upload", tone(2)

    def send(**fields: str) -> TestResponse:
        file = (io.BytesIO(sound), "one.wav", "audio/wav")
        return me("POST", path, data={**fields, "file": file}, headers={"X-CSRF-Token": ""})

    before = left_behind(resources)
    for refused in (send(), send(csrf_token="0" * 64)):
        assert refused.status_code == 403
        assert refused.headers["Connection"] == "close"
    elsewhere = me("POST", path, data={"csrf_token": me.csrf_token}, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    assert left_behind(resources) == before
    assert send(csrf_token=me.csrf_token).location.startswith("/sessions/")


def test_a_patients_page_leads_to_who_saw_the_record(
    me: Browser, app: Flask, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    files = me.get(f"/sessions/{session_id}/files").text
    assert '<option value="insurer">' in files
    export = f"/api/sessions/{session_id}/notes?format=pdf&recipient=insurer&purpose=payment"
    assert me.get(export).status_code == 200
    patient = f"/patients/{office.patient_id}"
    assert f'href="{patient}/access"' in me.get(patient).text
    page = me.get(f"{patient}/access").text
    assert "exported the notes as pdf to insurer, for payment" in page
    given = page.split("<tbody>")[1].split("</tbody>")[0]
    assert ("insurer" in given, "payment" in given) == (True, True)
    assert "None in this time." in me.get(f"{patient}/access?until=2020-01-01").text
    link = page.split(f'href="/api{patient}/access-log?')[1].split('"')[0].replace("&amp;", "&")
    assert me.get(f"/api{patient}/access-log?{link}").data.startswith(b"%PDF-")
    other = make_office(resources).caller
    elsewhere = browser_of(app, resources, other.practice_id, other.therapist_id)
    assert elsewhere.get(f"{patient}/access").status_code == 404


def test_a_sign_in_on_another_device_is_told_to_who_was_there_before(
    me: Browser, app: Flask, resources: Resources, office: Office
) -> None:
    assert "Since you signed in here" not in me.get("/today").text
    mine = office.caller
    other = browser_of(app, resources, mine.practice_id, mine.therapist_id)
    assert "Since you signed in here, you signed in with" in me.get("/today").text
    assert "Since you signed in here" not in other.get("/today").text
    me.get("/account")
    assert me.submit("/account/devices/end-others").status_code == 303
    assert "Since you signed in here" not in me.get("/today").text


def test_a_new_key_is_told_to_the_person_whom_it_acts_for(
    me: Browser, app: Flask, resources: Resources, office: Office
) -> None:
    whose = (office.caller.practice_id, office.caller.therapist_id)
    assert "New API keys" not in me.get("/today").text
    key, _ = accounts.create_key(resources, *whose, label="Not made by me")
    assert "Not made by me" in me.get("/today").text
    account = me.get("/account").text
    assert "Not made by me <strong>(new)</strong>" in account
    assert str(key.id) in account
    with everything(resources) as db:
        db.execute(text("UPDATE api_keys SET created_at = now() - interval '8 days'"))
    assert "Not made by me" not in me.get("/today").text
    assert "Not made by me," in me.get("/account").text
    api_keys.revoke_key(resources, office.caller, key.id)
    assert "Not made by me" not in me.get("/account").text
