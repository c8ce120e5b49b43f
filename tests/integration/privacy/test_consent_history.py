"""Consent as a history: by scope, by participant, never rewritten, and held to at every use."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import text

from shared.db.connection.engine import DatabaseError
from shared.domain.consent import PART2_NOTICE, ConsentEvent, ConsentScope
from shared.domain.errors import Conflict
from shared.domain.removals import Removal
from shared.services import patients
from shared.services.access.caller import Scope
from shared.services.consents import history
from shared.services.consents.history import InvalidConsent, Statement
from shared.services.engines import practice_engines
from shared.services.notes import process_notes
from shared.services.operations import removals
from shared.services.patients import Consent
from shared.services.resources import Resources
from shared.services.sessions import reading as sessions
from tests.database import everything
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import Caller, app_of, caller_of
from tests.integration.browser import browser_of
from tests.integration.notes_calls import processed
from tests.integration.sessions import bench_with, products, promise, row, work
from tests.servers import Office

PART2 = ConsentScope.PART2
GIVEN, WITHDRAWN = ConsentEvent.GIVEN, ConsentEvent.WITHDRAWN
RECORDING, AI_NOTES, AWAY = ConsentScope.RECORDING, ConsentScope.AI_NOTES, ConsentScope.SENDING_AWAY


@pytest.fixture
def say(resources: Resources, office: Office) -> Callable[..., history.Consents]:
    def said(event: ConsentEvent, *scopes: ConsentScope, **rest: Any) -> history.Consents:
        method = "verbal" if event is GIVEN else None
        statement = Statement(event, scopes, **{"method": method, **rest})
        return history.say(resources, office.caller, office.patient_id, statement)

    return said


def read(resources: Resources, office: Office) -> history.Consents:
    return history.read(resources, office.caller, office.patient_id)


def said(found: history.Consents) -> list[tuple[str, str]]:
    return [(one["scope"], one["event"]) for one in found.history]


def test_a_patient_with_consent_consents_to_every_use(resources: Resources, office: Office) -> None:
    found = read(resources, office)
    assert found.allowed == dict.fromkeys(ConsentScope, True) | {PART2: False}
    assert said(found) == [("recording", "given"), ("ai_notes", "given"), ("sending_away", "given")]


def test_the_old_fields_write_the_history_and_bring_back_nothing_that_was_withdrawn_by_itself(
    resources: Resources, office: Office, say: Callable[..., Any]
) -> None:
    say(WITHDRAWN, AWAY)
    now = datetime.now(UTC)
    patients.change(resources, office.caller, office.patient_id, {"revoked_on": now})
    assert not any(read(resources, office).allowed.values())
    again = {"given_on": now, "method": "verbal", "revoked_on": None}
    patients.change(resources, office.caller, office.patient_id, again)
    assert read(resources, office).allowed == {RECORDING: True, AI_NOTES: True, AWAY: False, PART2: False}
    assert len(read(resources, office).history) == 3 + 1 + 2 + 2


def test_the_history_writes_the_old_fields(
    resources: Resources, office: Office, say: Callable[..., Any]
) -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC)
    say(WITHDRAWN, RECORDING, on=day)
    found = patients.get(resources, office.caller, office.patient_id).consent
    assert found.revoked_on == day
    say(GIVEN, RECORDING, on=day, method="electronic")
    assert patients.get(resources, office.caller, office.patient_id).consent == Consent(
        day, "electronic", None
    )
    assert len(read(resources, office).history) == 3 + 2  # the trigger adds nothing of its own


def test_no_row_is_ever_changed_or_removed(resources: Resources, office: Office) -> None:
    for statement in ("UPDATE consents SET at = now()", "DELETE FROM consents"):
        with (
            pytest.raises(DatabaseError),
            resources.database.transaction(office.caller.practice_id) as db,
        ):
            db.execute(text(statement))


def test_without_consent_to_drafted_notes_the_transcript_is_made_and_no_note(
    resources: Resources, office: Office, say: Callable[..., Any]
) -> None:
    session_id = promise(resources, office)
    say(WITHDRAWN, AI_NOTES)
    work(bench_with(resources), session_id)
    assert (row(resources, session_id).status, row(resources, session_id).error_code) == (
        "failed",
        "ai_notes_not_consented",
    )
    assert products(resources, session_id) == ["transcript", "waveform"]
    say(GIVEN, AI_NOTES)
    sessions.retry(resources, office.caller, session_id)
    work(bench_with(resources), session_id)
    assert row(resources, session_id).status == "processed"


def test_notes_are_not_made_again_without_consent(
    resources: Resources, office: Office, say: Callable[..., Any]
) -> None:
    session_id = promise(resources, office)
    work(bench_with(resources), session_id)
    say(WITHDRAWN, AI_NOTES)
    with pytest.raises(Conflict) as refusal:
        sessions.extract_again(resources, office.caller, session_id)
    assert refusal.value.code == "ai_notes_not_consented"


@pytest.fixture
def away(resources: Resources, office: Office) -> Resources:
    """A server whose usual engine sends recordings away; the practice has allowed that."""
    settings = replace(
        resources.settings,
        transcriber="openai",
        also_offered=("faster-whisper",),
        openai_base_url="http://127.0.0.1:9/v1",
    )
    practice_engines.change(resources, office.caller, {"away_allowed": True})
    return replace(resources, settings=settings)


def used(away: Resources, session_id: UUID) -> list[str]:
    """Work on the session; the names of the engines that were asked."""
    asked: list[str] = []

    def build(name: str) -> FakeTranscriber:
        asked.append(name)
        return FakeTranscriber()

    work(replace(bench_with(away), build_transcriber=build), session_id)
    return asked


def test_what_may_not_be_sent_away_is_transcribed_here(
    away: Resources, office: Office, say: Callable[..., Any]
) -> None:
    assert used(away, promise(away, office)) == ["openai"]
    say(WITHDRAWN, AWAY)
    session_id = promise(away, office)
    assert used(away, session_id) == ["faster-whisper"]
    assert row(away, session_id).status == "processed"


def test_without_another_engine_the_work_fails_with_a_code_and_the_recording_stays(
    away: Resources, office: Office, say: Callable[..., Any]
) -> None:
    only = replace(away, settings=replace(away.settings, also_offered=()))
    session_id = promise(only, office)
    say(WITHDRAWN, AWAY)
    assert used(only, session_id) == []
    assert row(only, session_id).error_code == "sending_away_not_consented"
    assert row(only, session_id).audio_removed_at is None


def test_an_upload_that_names_an_engine_elsewhere_is_refused(
    away: Resources, office: Office, say: Callable[..., Any]
) -> None:
    say(WITHDRAWN, AWAY)
    call = caller_of(app_of(away), away, office)
    answer = call.upload(office.patient_id, transcriber="openai")
    assert (answer.status_code, answer.json["code"]) == (409, "sending_away_not_consented")


def test_a_consent_that_has_expired_allows_nothing(
    resources: Resources, office: Office, call: Caller, say: Callable[..., Any]
) -> None:
    say(GIVEN, RECORDING, expires_on=datetime.now(UTC) + timedelta(days=1))
    assert call.upload(office.patient_id).status_code == 202
    with everything(resources) as db:
        db.execute(text("SET LOCAL session_replication_role = replica"))  # time passes
        db.execute(text("UPDATE consents SET expires_at = now() WHERE expires_at IS NOT NULL"))
    answer = call.upload(office.patient_id)
    assert (answer.status_code, answer.json["code"]) == (409, "consent_expired")


def test_everybody_who_takes_part_has_to_consent(call: Caller, office: Office) -> None:
    path = f"/api/patients/{office.patient_id}"
    added = call("POST", f"{path}/participants", json={"name": "The other half"})
    assert added.status_code == 201
    other = added.json["people"][1]
    assert other["name"] == "The other half"
    assert other["states"] == dict.fromkeys(ConsentScope, "none")
    refused = call.upload(office.patient_id)
    assert (refused.status_code, refused.json["code"]) == (409, "no_consent")
    body = {"event": "given", "scopes": ["recording"], "method": "written", "participant_id": other["id"]}
    assert call("POST", f"{path}/consents", json=body).status_code == 201
    assert call.upload(office.patient_id).status_code == 202
    body |= {"event": "withdrawn", "method": None}
    assert call("POST", f"{path}/consents", json=body).status_code == 201
    assert call.upload(office.patient_id).json["code"] == "consent_revoked"
    assert call("DELETE", f"{path}/participants/{other['id']}").status_code == 204
    assert call.upload(office.patient_id).status_code == 202
    assert len(call("GET", f"{path}/consents").json["history"]) == 3 + 2


def test_the_words_are_kept_with_their_hash(call: Caller, office: Office, resources: Resources) -> None:
    body = {"event": "given", "scopes": ["recording"], "method": "written", "text": "You may record us."}
    found = call("POST", f"/api/patients/{office.patient_id}/consents", json=body).json["history"][-1]
    assert found["text"] == "You may record us."
    assert found["text_sha256"] == hashlib.sha256(b"You may record us.").hexdigest()
    with everything(resources) as db:
        assert b"record us" not in db.scalars(text("SELECT text FROM consents WHERE text IS NOT NULL")).one()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"on": "2100-01-01"}, "on"),
        ({"method": None}, "method"),
        ({"expires_on": "2020-01-01"}, "expires_on"),
        ({"scopes": ["training"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"event": "withdrawn"}, "event"),
        ({"text": "Other words.", "text_sha256": "0" * 64}, "text_sha256"),
    ],
)
def test_what_does_not_go_together_is_refused(
    call: Caller, office: Office, wrong: dict[str, Any], field: str
) -> None:
    body = {"event": "given", "scopes": ["recording"], "method": "written"} | wrong
    answer = call("POST", f"/api/patients/{office.patient_id}/consents", json=body)
    assert answer.status_code == 422
    assert field in answer.json["errors"]


@pytest.mark.parametrize("field", ["given_on", "revoked_on"])
def test_no_date_of_a_consent_is_in_the_future(call: Caller, office: Office, field: str) -> None:
    consent = {"given_on": "2026-01-01", "method": "written"} | {field: "2100-01-01"}
    made = call("POST", "/api/patients", json={"name": "Somebody", "consent": consent})
    changed = call("PATCH", f"/api/patients/{office.patient_id}", json={"consent": consent})
    for answer in (made, changed):
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_consent")
        assert "today at the latest" in answer.json["detail"]


def test_withdrawing_the_recording_cancels_what_is_under_way(
    resources: Resources, office: Office, say: Callable[..., Any]
) -> None:
    session_id = promise(resources, office)
    say(WITHDRAWN, RECORDING)
    assert row(resources, session_id).status == "cancelled"


def test_a_restore_does_not_bring_back_a_withdrawn_scope(
    resources: Resources, office: Office, say: Callable[..., Any]
) -> None:
    say(WITHDRAWN, AWAY)
    with everything(resources) as db:
        found = db.execute(text("SELECT kind, subject_id, at FROM removals")).all()
        assert [(one.kind, one.subject_id) for one in found] == [
            ("sending_away_withdrawn", office.patient_id)
        ]
        db.execute(text("SET LOCAL session_replication_role = replica"))  # as the backup had it
        db.execute(text("DELETE FROM consents WHERE event = 'withdrawn'"))
    practice = office.caller.practice_id
    entry = removals.Entry(practice, Removal.SENDING_AWAY_WITHDRAWN, office.patient_id, found[0].at)
    assert removals.apply_again(resources, [entry]) == 1
    assert removals.apply_again(resources, [entry]) == 0
    assert read(resources, office).allowed == {RECORDING: True, AI_NOTES: True, AWAY: False, PART2: False}


def test_somebody_elses_participant_is_not_there(
    resources: Resources, office: Office, say: Callable[..., Any]
) -> None:
    other = patients.create(resources, office.caller, "Another", Consent()).id
    stranger = history.add_participant(resources, office.caller, other, "A stranger")
    with pytest.raises(Exception, match="no such participant"):
        say(GIVEN, RECORDING, participant_id=stranger)


def test_a_future_day_is_refused_by_the_service_too(say: Callable[..., Any]) -> None:
    with pytest.raises(InvalidConsent):
        say(GIVEN, RECORDING, on=datetime.now(UTC) + timedelta(days=2))


def test_the_page_records_and_shows_the_history(app: Flask, resources: Resources, office: Office) -> None:
    me = browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)
    path = f"/patients/{office.patient_id}"
    assert f"{path}/consents" in me.get(path).text
    me.get(f"{path}/consents")
    done = me.submit(f"{path}/consents", on="2026-02-01", scope="sending_away", do="withdraw")
    assert done.status_code == 303
    assert "Sending to computers of others withdrawn on 1 Feb 2026" in me.get(f"{path}/consents").text
    assert "Upload a recording" in me.get(path).text
    assert me.submit(f"{path}/participants", name="The other half").status_code == 303
    assert "The other half" in me.get(f"{path}/consents").text
    page = me.get(path).text
    assert "Upload a recording" not in page
    assert "a participant does not consent" in page
    assert me.submit(f"{path}/consents", on="2026-02-01").status_code == 422


def flag(call: Caller, office: Office, flagged: bool = True) -> None:
    answer = call("PUT", f"/api/patients/{office.patient_id}/part2", json={"is_part2": flagged})
    assert answer.json == {"is_part2": flagged}


@pytest.mark.parametrize("form", ["md", "docx", "pdf", "fhir"])
def test_each_export_of_records_under_part_2_carries_the_notice(
    call: Caller, resources: Resources, office: Office, form: str
) -> None:
    session_id = processed(resources, office)

    def exported() -> bytes:
        content = call("GET", f"/api/sessions/{session_id}/notes?format={form}").data
        if form == "docx":
            return zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml")
        if form == "pdf":
            return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).encode()
        return bytes(content)

    assert PART2_NOTICE.encode() not in exported()
    flag(call, office)
    assert PART2_NOTICE.encode() in exported()
    if form == "fhir":
        bundle = json.loads(exported())
        codes = {label["code"] for label in bundle["meta"]["security"]}
        assert codes == {"R", "ETH", "42CFRPart2"}
        assert bundle["entry"][0]["resource"]["meta"]["security"] == bundle["meta"]["security"]
    flag(call, office, False)
    assert PART2_NOTICE.encode() not in exported()


def test_one_session_may_be_flagged_alone(call: Caller, resources: Resources, office: Office) -> None:
    flagged, other = processed(resources, office), processed(resources, office)
    answer = call("PUT", f"/api/sessions/{flagged}/part2", json={"is_part2": True})
    assert answer.json == {"is_part2": True}
    assert PART2_NOTICE in call("GET", f"/api/sessions/{flagged}/notes?format=md").text
    assert PART2_NOTICE not in call("GET", f"/api/sessions/{other}/notes?format=md").text


def test_counselling_notes_say_what_they_are_and_are_in_no_export_of_the_record(
    call: Caller, app: Flask, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    flag(call, office)
    process_notes.write(resources, office.caller, session_id, "Apart.", None)
    own = caller_of(app, resources, office, {Scope.PROCESS_NOTES_READ})
    shown = own("GET", f"/api/sessions/{session_id}/process-notes?format=md").text
    assert "SUD COUNSELING NOTES" in shown
    assert PART2_NOTICE in shown
    assert "Apart." not in call("GET", f"/api/sessions/{session_id}/notes?format=md").text


def test_records_under_part_2_are_sent_away_only_with_a_consent_of_their_own(
    away: Resources, office: Office, say: Callable[..., Any]
) -> None:
    call = caller_of(app_of(away), away, office)
    flag(call, office)
    assert used(away, promise(away, office)) == ["faster-whisper"]
    assert call.upload(office.patient_id, transcriber="openai").json["code"] == "part2_not_consented"
    say(GIVEN, PART2)
    assert used(away, promise(away, office)) == ["openai"]


def test_the_page_flags_a_patient(app: Flask, resources: Resources, office: Office) -> None:
    me = browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)
    path = f"/patients/{office.patient_id}"
    me.get(f"{path}/consents")
    assert me.submit(f"{path}/part2", flagged="yes").status_code == 303
    assert "These records are under 42 CFR Part 2. Each export says so" in me.get(f"{path}/consents").text
