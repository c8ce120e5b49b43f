"""The session page without a script: all of it can be read, and every form works."""

import dataclasses
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from shared.domain.errors import PermanentStepError
from shared.services.accounts import people
from shared.services.notes import unsaved
from shared.services.resources import Resources
from shared.services.steps import redaction
from tests.database import everything
from tests.fakes.media import FakeDecoder
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import caller_of
from tests.integration.browser import Browser, browser_of
from tests.integration.notes_calls import SAID, finish_extraction, offer_notes, processed
from tests.integration.sessions import bench_with, promise, row, work
from tests.servers import Office, make_office

Sign = Callable[[], None]


def test_transcript_notes_and_player_are_on_the_page(me: Browser, session_id: UUID) -> None:
    page = me.get(f"/sessions/{session_id}")
    assert page.status_code == 200
    assert page.text.count(SAID) >= 3
    assert f'src="/api/sessions/{session_id}/audio"' in page.text
    assert "Not signed." in page.text
    assert 'data-play="0-18' in page.text
    assert "3 quotes support" in page.text
    assert "Pat Ient" in page.text
    assert "<title>Session of " in page.text


def test_others_do_not_find_it(app: Flask, resources: Resources, session_id: UUID) -> None:
    other = make_office(resources)
    stranger = browser_of(app, resources, other.caller.practice_id, other.caller.therapist_id)
    assert stranger.get(f"/sessions/{session_id}").status_code == 404


def test_a_session_that_is_not_done_says_how_far_it_is(
    me: Browser, resources: Resources, office: Office
) -> None:
    page = me.get(f"/sessions/{promise(resources, office)}").text
    assert "Waiting" in page
    assert "The transcript appears here" in page


def test_an_alert_blocks_signing_until_it_is_acknowledged_and_then_the_notes_are_signed(
    me: Browser, resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    work(bench_with(resources, transcriber=FakeTranscriber("i want to die tonight")), session_id)
    page = me.get(f"/sessions/{session_id}").text
    alert_id = page.split('id="alert-')[1].split('"')[0]
    sign = me.get(f"/sessions/{session_id}/sign").text
    assert f"/sessions/{session_id}#alert-{alert_id}" in sign
    assert "disabled" in sign
    assert me.submit(f"/sessions/{session_id}/sign", version="1").status_code == 409
    back = f"/sessions/{session_id}"
    answer = me.submit(f"/alerts/{alert_id}/acknowledge", note="Called her.", back=back)
    assert (answer.status_code, answer.location) == (303, back)
    assert "Note: Called her." in me.get(f"/sessions/{session_id}").text
    assert me.submit(f"/sessions/{session_id}/sign", version="1").status_code == 303
    assert "Signed by" in me.get(f"/sessions/{session_id}").text


def test_notes_that_changed_since_they_were_read_are_not_signed(me: Browser, session_id: UUID) -> None:
    answer = me.submit(f"/sessions/{session_id}/sign", version="7")
    assert answer.status_code == 409
    assert "have changed" in answer.text


def test_words_are_corrected_and_taken_back(me: Browser, session_id: UUID) -> None:
    path = f"/sessions/{session_id}/words/1"
    assert SAID in me.get(path).text
    assert me.submit(path, was=SAID, text="I felt fine.", speaker="Speaker 2").status_code == 303
    assert "I felt fine." in me.get(f"/sessions/{session_id}").text
    late = me.submit(path, was=SAID, text="Mine.", speaker="Speaker 2")
    assert late.status_code == 409
    assert "It reads now" in late.text
    assert ">Mine.</textarea>" in late.text
    assert me.submit(path, was="I felt fine.", do="undo").status_code == 303
    assert "I felt fine." not in me.get(f"/sessions/{session_id}").text
    assert me.get(f"/sessions/{session_id}/words/3").status_code == 404


def test_speakers_are_named(me: Browser, session_id: UUID) -> None:
    path = f"/sessions/{session_id}/speakers"
    page = me.get(path).text
    assert "Speaker 2" in page
    fields = {"count": "2", "label.0": "Speaker 1", "name.0": "Ann", "role.0": "client"}
    fields |= {"label.1": "Speaker 2", "name.1": "", "role.1": "therapist"}
    assert me.submit(path, **fields).status_code == 303
    assert "Ann" in me.get(f"/sessions/{session_id}").text


def test_a_stretch_goes_off_the_record(me: Browser, session_id: UUID) -> None:
    path = f"/sessions/{session_id}/off-the-record"
    assert me.get(path).status_code == 200
    wrong = me.submit(path, **{"from": "later", "to": "0:20"})
    assert wrong.status_code == 422
    assert "12:30" in wrong.text
    assert me.submit(path, **{"from": "0:00", "to": "0:19"}).status_code == 303
    assert me.get(f"/sessions/{session_id}").text.count(SAID) < 9


def test_notes_are_edited_and_the_versions_compared(me: Browser, session_id: UUID) -> None:
    path = f"/sessions/{session_id}/edit"
    page = me.get(path)
    assert page.status_code == 200
    tag = page.text.split('name="tag" value="')[1].split('"')[0]
    kept = dict.fromkeys(boxes(page.text), "on")
    saved = me.submit(path, tag=tag, topic_summary="She came in late.", **kept)
    assert saved.status_code == 303
    read = me.get(f"/sessions/{session_id}").text
    assert "She came in late." in read
    assert "written by you" in read
    again = me.submit(path, tag=tag, topic_summary="Overwritten.", **kept)
    assert again.status_code == 409
    assert "It reads now:</strong> She came in late." in again.text
    assert "Overwritten." in again.text
    listed = me.get(f"/sessions/{session_id}/versions").text
    assert f"/sessions/{session_id}/versions/2/changes" in listed
    assert "<ins>" in me.get(f"/sessions/{session_id}/versions/2/changes").text
    assert "She came in late." in me.get(f"/sessions/{session_id}/versions/2").text


def test_saving_an_edit_leaves_what_another_window_typed(
    me: Browser, resources: Resources, office: Office, session_id: UUID
) -> None:
    path = f"/sessions/{session_id}/edit"
    page = me.get(path).text
    tag = page.split('name="tag" value="')[1].split('"')[0]
    assert 'name="kept" value=""' in page
    ticked = dict.fromkeys(boxes(page), "on")
    unsaved.keep(resources, office.caller, session_id, tag, {"topic_summary": "Typed elsewhere."})
    refused = me.submit(path, tag="older", kept="", topic_summary="She came late.", **ticked)
    assert refused.status_code == 409
    assert 'name="kept" value=""' in refused.text  # so that what is typed now replaces nothing unseen
    assert me.submit(path, tag=tag, kept="", topic_summary="She came late.", **ticked).status_code == 303
    page = me.get(path).text
    assert "Typed elsewhere." in page
    assert "It reads now:</strong> She came late." in page
    seen = page.split('name="kept" value="')[1].split('"')[0]
    now = page.split('name="tag" value="')[1].split('"')[0]
    ticked = dict.fromkeys(boxes(page), "on")
    assert me.submit(path, tag=now, kept=seen, topic_summary="Both.", **ticked).status_code == 303
    assert unsaved.find(resources, office.caller, session_id) is None


def boxes(page: str) -> list[str]:
    """The names of the ticked boxes on a page."""
    return [part.split('"')[0] for part in page.split('type="checkbox" name="')[1:] if "checked" in part[:80]]


def test_an_addendum_is_added_to_signed_notes(me: Browser, session_id: UUID) -> None:
    assert me.submit(f"/sessions/{session_id}/sign", version="1").status_code == 303
    path = f"/sessions/{session_id}/addendum"
    assert me.get(path).status_code == 200
    assert me.submit(path, text="One thing more.").status_code == 303
    assert "One thing more." in me.get(f"/sessions/{session_id}").text


def test_a_session_is_deleted_only_by_somebody_who_says_so(
    me: Browser, resources: Resources, session_id: UUID
) -> None:
    path = f"/sessions/{session_id}/delete"
    assert "for good" in me.get(path).text
    assert me.submit(path).status_code == 422
    assert row(resources, session_id) is not None
    answer = me.submit(path, sure="yes")
    assert answer.status_code == 303
    assert answer.location.startswith("/patients/")
    assert me.get(f"/sessions/{session_id}").status_code == 404


def test_everything_can_be_downloaded(me: Browser, session_id: UUID) -> None:
    page = me.get(f"/sessions/{session_id}/files").text
    links = [part.split('"')[0] for part in page.split('href="/api/')[1:]]
    assert len(links) == 9
    for link in links[:-1]:  # the recording of this session is none
        assert me.get(f"/api/{link}").status_code == 200, link


def test_notes_are_made_again_in_another_template(
    me: Browser, resources: Resources, office: Office, session_id: UUID
) -> None:
    assert "Make the notes again" in me.get(f"/sessions/{session_id}").text
    assert me.submit(f"/sessions/{session_id}/extract", template="soap").status_code == 303
    finish_extraction(resources, session_id)
    page = me.get(f"/sessions/{session_id}").text
    assert "Subjective" in page
    assert "Everything else that was extracted" in page
    assert me.submit(f"/sessions/{session_id}/extract", template="nothing").status_code == 422


def test_a_clients_summary_is_shown_once_it_was_asked_for(me: Browser, session_id: UUID) -> None:
    assert "Summary for the patient" not in me.get(f"/sessions/{session_id}").text
    assert me.submit(f"/sessions/{session_id}/client-summary").status_code == 303
    assert "Summary for the patient" in me.get(f"/sessions/{session_id}").text


def test_work_that_goes_on_is_stopped(me: Browser, resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    assert "Stop the work" in me.get(f"/sessions/{session_id}").text
    assert me.submit(f"/sessions/{session_id}/cancel").status_code == 303
    assert "Cancelled" in me.get(f"/sessions/{session_id}").text


def test_a_recording_that_was_stopped_before_a_range_was_taken_out_is_said_to_stay_closed(
    me: Browser, resources: Resources, session_id: UUID
) -> None:
    with everything(resources) as db:
        db.execute(text("UPDATE sessions SET off_record_due = true"))
    page = f"/sessions/{session_id}"
    assert "<audio" in me.get(page).text
    with everything(resources) as db:
        db.execute(text("UPDATE sessions SET status = 'cancelled'"))
    assert "The recording stays closed" in me.get(page).text
    assert "<audio" not in me.get(page).text


@pytest.mark.parametrize("do", ["discard", "finish"])
def test_a_further_recording_that_cannot_be_joined_is_given_up_or_made_a_session_of_its_own(
    app: Flask, me: Browser, resources: Resources, office: Office, session_id: UUID, do: str
) -> None:
    path, sign = f"/sessions/{session_id}", f'href="/sessions/{session_id}/sign"'
    page = me.get(path).text
    assert sign in page
    assert "Add a further recording" in page
    call = caller_of(app, resources, office)
    assert call.upload(None, joins=session_id).status_code == 202
    assert sign not in me.get(path).text
    broken = FakeDecoder(errors=(PermanentStepError("It cannot be decoded.", "undecodable_audio"),))
    redaction.redact(bench_with(dataclasses.replace(resources, decoder=broken)), session_id)
    (waiting,) = call("GET", f"/api{path}").json["further_recordings"]
    assert waiting["begins_at"] is None
    page = me.get(path).text
    assert "It cannot be decoded." in page
    assert "Make it a session of its own" in page
    assert "Give it up" in page
    given_up = f"/patients/{office.patient_id}/recordings/{waiting['id']}"
    comes_to = path if do == "discard" else f"/sessions/{waiting['id']}"
    assert me.submit(given_up, do=do, session=str(session_id)).location == comes_to
    assert "Give it up" not in me.get(path).text
    assert me.get(f"/sessions/{waiting['id']}").status_code == (404 if do == "discard" else 200)


def test_newer_notes_are_offered_beside_an_edit_and_taken(
    me: Browser, resources: Resources, office: Office, session_id: UUID
) -> None:
    offer_notes(resources, office, session_id)
    assert "Newer notes were made" in me.get(f"/sessions/{session_id}").text
    assert me.submit(f"/sessions/{session_id}/offer", version="2", do="accept").status_code == 303
    assert "Version 3" in me.get(f"/sessions/{session_id}").text


def test_a_supervisor_reads_and_co_signs(app: Flask, resources: Resources, office: Office) -> None:
    boss = people.create(resources, office.caller, "Sue Pervisor", "therapist")
    people.change(resources, office.caller, office.caller.therapist_id, {"supervisor_id": boss.id})
    session_id = processed(resources, office)
    me = browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)
    sue = browser_of(app, resources, office.caller.practice_id, boss.id)
    assert sue.get(f"/sessions/{session_id}/cosign").status_code == 404
    assert me.submit(f"/sessions/{session_id}/sign", version="1").status_code == 303
    assert "awaiting co-signature" in me.get(f"/sessions/{session_id}").text
    assert f"/sessions/{session_id}/cosign" in sue.get("/cosign").text
    assert "To co-sign (1)" in sue.get("/today").text
    assert "Signed by A therapist" in sue.get(f"/sessions/{session_id}/cosign").text
    assert sue.submit(f"/sessions/{session_id}/cosign").status_code == 303
    assert "Nothing waits." in sue.get("/cosign").text
    assert "Co-signed by Sue Pervisor" in me.get(f"/sessions/{session_id}").text
