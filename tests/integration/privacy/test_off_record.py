"""Off the record: gone from recording, transcript, notes and alerts, whatever was going on."""

import dataclasses
import io
import wave
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text

from shared.db.queries.records import sessions as rows
from shared.db.queries.work.step_claims import Lease
from shared.db.tables.core import TherapySession
from shared.domain.errors import Conflict
from shared.domain.status import Status, StepState
from shared.domain.values import SAMPLE_RATE
from shared.media.isolation.sandbox import Sandbox
from shared.pipeline import REDACT, TRANSCRIBE
from shared.services.jobs import leases
from shared.services.jobs.heartbeat import LeaseLost
from shared.services.jobs.worker_context import Workbench
from shared.services.resources import Resources
from shared.services.steps import chunk_transcription, extraction, redaction, transcription
from shared.services.steps.speech_plan import material, speech
from shared.services.transcripts import off_record
from shared.storage.recordings import SPEECH
from shared.vault.sealing import Subject
from tests.database import everything
from tests.fakes.media_files import wav
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import Caller
from tests.integration.sessions import audited, bench_with, products, row, step, versions, work
from tests.servers import Office

SAID = "sometimes i want to kill myself"  # in each of three segments, 0-19.5, 20-39.5 and 40-59.5 s
MIDDLE = {"ranges": [{"start": 19.9, "end": 39.7}]}


@pytest.fixture
def resources(resources: Resources, sandbox: Sandbox) -> Resources:
    """With the real decoder."""
    return dataclasses.replace(resources, decoder=sandbox)


@pytest.fixture
def bench(resources: Resources) -> Workbench:
    return bench_with(resources, transcriber=FakeTranscriber(SAID))


@pytest.fixture
def uploaded(call: Caller, office: Office) -> UUID:
    """A minute of a loud tone, waiting."""
    return UUID(call.upload(office.patient_id, wav(60.0)).json["id"])


@pytest.fixture
def processed(bench: Workbench, uploaded: UUID) -> UUID:
    work(bench, uploaded)
    return uploaded


def cut(call: Caller, session_id: UUID, body: dict[str, object] = MIDDLE):
    return call("POST", f"/api/sessions/{session_id}/off-the-record", json=body)


def redact_and_work(bench: Workbench, session_id: UUID) -> None:
    redaction.redact(bench, session_id)
    work(bench, session_id)


def samples(call: Caller, session_id: UUID) -> np.ndarray:
    answer = call("GET", f"/api/sessions/{session_id}/audio")
    assert answer.status_code == 200, answer.json
    with wave.open(io.BytesIO(answer.data)) as sound:
        assert sound.getframerate() == SAMPLE_RATE
        return np.frombuffer(sound.readframes(sound.getnframes()), np.int16)


def loudness(sound: np.ndarray, start: float, end: float) -> int:
    return int(np.abs(sound[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)].astype(int)).max())


def quotes(document: dict[str, object]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []

    def look(value: object) -> None:
        if isinstance(value, dict):
            if "quote" in value and "segment" in value:
                found.append((value["start"], value["end"]))
            for item in value.values():
                look(item)
        elif isinstance(value, list):
            for item in value:
                look(item)

    look(document)
    return found


def test_the_words_are_gone_with_the_answer(call, resources, processed):
    before = call("GET", f"/api/sessions/{processed}").json
    assert len(before["transcript_segments"]) == 3
    answer = cut(call, processed)
    assert answer.status_code == 202, answer.json
    starts = [s["start"] for s in answer.json["transcript_segments"]]
    assert starts == [0.0, 40.0]
    assert answer.json["extracted_notes"] is None
    assert answer.json["status"] == "extracting_notes"
    assert answer.json["quality"]["off_the_record"] == MIDDLE["ranges"]
    assert call("GET", f"/api/sessions/{processed}/notes").status_code == 404
    assert audited(resources, processed, "session.off_the_record") == 1


def test_no_alert_quotes_them_any_more_and_what_else_it_says_stays(call, bench, processed):
    def told() -> list[tuple[float, float]]:
        return quotes(call("GET", "/api/risk-alerts").json)

    assert any(20 <= start < 40 for start, _ in told())
    cut(call, processed)
    assert told()
    redact_and_work(bench, processed)
    assert told()
    assert not any(19 < start < 40 for start, _ in told())


def test_the_sound_is_gone_from_the_stored_recording_and_times_stay(call, bench, processed):
    cut(call, processed)
    heard = call("GET", f"/api/sessions/{processed}/audio")
    assert (heard.status_code, heard.json["code"]) == (409, "being_redacted")
    redact_and_work(bench, processed)
    sound = samples(call, processed)
    assert len(sound) == 60 * SAMPLE_RATE
    assert loudness(sound, 19.9, 39.7) == 0
    assert loudness(sound, 0.0, 19.89) > 5000
    assert loudness(sound, 39.71, 60.0) > 5000
    session = call("GET", f"/api/sessions/{processed}").json
    assert (session["status"], session["duration_seconds"]) == ("processed", 60.0)
    assert session["audio_bytes"] == 44 + 2 * len(sound)


def test_damage_of_a_recording_is_told_though_it_was_rewritten_before_it_was_transcribed(call, bench, office):
    cut_off = wav(60.0)[: len(wav(60.0)) // 2]
    session_id = UUID(call.upload(office.patient_id, cut_off, off_the_record="5-10").json["id"])
    redact_and_work(bench, session_id)
    quality = call("GET", f"/api/sessions/{session_id}").json["quality"]
    assert quality["missing_seconds"] == pytest.approx(30.0, abs=0.1)


def test_notes_are_derived_again_from_what_remains(call, bench, processed):
    cut(call, processed)
    redact_and_work(bench, processed)
    notes = call("GET", f"/api/sessions/{processed}/notes").json["extracted_notes"]
    assert quotes(notes)
    assert not [q for q in quotes(notes) if 19 < q[0] < 40]


def test_ranges_add_up(call, bench, processed):
    cut(call, processed)
    redact_and_work(bench, processed)
    cut(call, processed, {"ranges": [{"start": 0.0, "end": 5.0}]})
    redact_and_work(bench, processed)
    sound = samples(call, processed)
    assert loudness(sound, 0.0, 5.0) == loudness(sound, 19.9, 39.7) == 0
    off = call("GET", f"/api/sessions/{processed}").json["quality"]["off_the_record"]
    assert off == [{"start": 0.0, "end": 5.0}, *MIDDLE["ranges"]]


def test_a_run_that_dies_between_object_and_row_is_done_again(call, bench, resources, processed, monkeypatch):
    cut(call, processed)
    with monkeypatch.context() as broken:
        broken.setattr(rows, "replace_audio", lambda *_, **__: 1 / 0)
        redaction.redact(bench, processed)
    assert step(resources, processed, "redact").state is StepState.READY
    assert call("GET", f"/api/sessions/{processed}/audio").status_code == 409
    with everything(resources) as db:
        db.execute(text("UPDATE steps SET not_before = NULL WHERE name = 'redact'"))
    redact_and_work(bench, processed)
    sound = samples(call, processed)
    assert loudness(sound, 19.9, 39.7) == 0 < loudness(sound, 0.0, 19.0)


def test_the_waveform_is_flat_there_with_the_answer(call, processed):
    def heights(start: float, end: float) -> set[int]:
        drawn = call("GET", f"/api/sessions/{processed}/waveform").json
        second = drawn["sample_rate"] / drawn["samples_per_pixel"]
        return set(drawn["data"][2 * round(start * second) : 2 * round(end * second)])

    assert 0 not in heights(0.5, 59.0)
    assert cut(call, processed).status_code == 202
    assert heights(20.0, 39.6) == {0}
    assert 0 not in heights(0.5, 19.0) | heights(40.5, 59.0)


def test_at_upload_nothing_of_it_is_ever_transcribed(call, bench, resources, office):
    answer = call.upload(office.patient_id, wav(60.0), off_the_record="19.9-39.7")
    assert answer.status_code == 202, answer.json
    session_id = UUID(answer.json["id"])
    assert not transcription.transcribe(bench, session_id)  # it waits for the redaction
    assert products(resources, session_id) == ["off_record"]
    redact_and_work(bench, session_id)
    assert row(resources, session_id).status is Status.PROCESSED
    assert loudness(samples(call, session_id), 19.9, 39.7) == 0
    quality = call("GET", f"/api/sessions/{session_id}").json["quality"]
    assert quality["off_the_record"] == [{"start": 19.9, "end": 39.7}]


def test_ranges_that_cannot_be_read_refuse_the_upload(call, office):
    answer = call.upload(office.patient_id, wav(2.0), off_the_record="the middle")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["off_the_record"])


def test_a_run_that_was_under_way_saves_nothing_and_is_heard_as_silence(call, bench, resources, uploaded):
    held: list[Lease] = []
    claimed = leases.claim_at(bench, uploaded, TRANSCRIBE)
    assert claimed is not None
    held.append(claimed)
    cut(call, uploaded)
    with pytest.raises(LeaseLost):
        leases.finish(resources.database, claimed, lambda _: pytest.fail("fenced"))
    redaction.redact(bench, uploaded)
    # The old run comes back, and writes what it had decoded: a minute without a silence.
    session = Subject(row(resources, uploaded).practice_id, uploaded)
    with resources.recordings.create(session, SPEECH) as write:
        write(np.full(60 * SAMPLE_RATE, 9000, np.int16).tobytes())
    with resources.database.transaction(session.practice_id) as db:
        ranges = material(db, resources.vault, claimed).off_record
    with speech(bench, session, 1, ranges) as pcm:
        middle = np.frombuffer(pcm.read(10.0, 50.0), np.int16)
    assert loudness(middle, 10.0, 29.7) == 0
    assert loudness(middle, 0.0, 9.0) == 9000
    work(bench, uploaded)
    assert row(resources, uploaded).status is Status.PROCESSED
    with everything(resources) as db:
        assert db.execute(text("SELECT whole FROM erasures")).all() == [(False,)]


def test_roles_and_notes_wait_for_the_redaction(call, resources, processed):
    cut(call, processed)
    swapped = {"speakers": [{"label": "Speaker 1", "role": "client"}]}
    answer = call("PUT", f"/api/sessions/{processed}/speakers", json=swapped)
    assert (answer.status_code, answer.json["code"]) == (409, "being_redacted")
    assert call("POST", f"/api/sessions/{processed}/extract-notes").status_code == 409
    assert versions(resources, processed) == []


@pytest.mark.parametrize(
    ("ranges", "status"),
    [
        ([], 422),
        ([{"start": 5.0, "end": 4.0}], 422),
        ([{"start": -1.0, "end": 4.0}], 422),
        ([{"start": 60.0, "end": 61.0}], 400),
    ],
)
def test_what_is_no_range_of_this_recording_is_refused(call, resources, processed, ranges, status):
    assert cut(call, processed, {"ranges": ranges}).status_code == status
    assert "off_record" not in products(resources, processed)


def test_a_cancelled_session_says_what_to_do(call, uploaded):
    call("POST", f"/api/sessions/{uploaded}/cancel")
    answer = cut(call, uploaded)
    assert (answer.status_code, answer.json["code"]) == (409, "cancelled")


def test_the_ranges_lie_encrypted(call, resources, processed):
    cut(call, processed)
    with everything(resources) as db:
        stored = db.execute(text("SELECT body FROM outputs WHERE name = 'off_record'")).scalar_one()
    assert b"19.9" not in bytes(stored)
    assert REDACT.name == "redact"


def test_signed_notes_stay_as_they_were_signed(call, bench, resources, processed):
    path = f"/api/sessions/{processed}/notes"
    for alert in call("GET", "/api/risk-alerts").json:
        call("POST", f"/api/risk-alerts/{alert['id']}/acknowledge", json={"note": "Called."})
    signed = call("POST", f"{path}/sign", json={"version": 1})
    assert signed.status_code == 200, signed.json
    before = call("GET", path).json
    refused = cut(call, processed)
    assert (refused.status_code, refused.json["code"]) == (409, "notes_signed")
    assert "off_record" not in products(resources, processed)
    assert cut(call, processed, {**MIDDLE, "keep_signed_notes": True}).status_code == 202
    redact_and_work(bench, processed)
    assert call("GET", path).json["extracted_notes"] == before["extracted_notes"]
    assert loudness(samples(call, processed), 19.9, 39.7) == 0


def test_what_a_clinician_wrote_into_unsigned_notes_goes_too(call, bench, resources, processed):
    path = f"/api/sessions/{processed}/notes"
    read = call("GET", path)
    unchanged = {"If-Match": read.headers["ETag"]}
    body = {"extracted_notes": read.json["extracted_notes"]}
    edited = call("PUT", path, json=body, headers=unchanged)
    assert edited.status_code in (200, 201), edited.json
    assert versions(resources, processed) == [1, 2]
    cut(call, processed)
    assert versions(resources, processed) == []
    redact_and_work(bench, processed)
    assert versions(resources, processed) == [1]


def test_a_cut_between_two_chunks_leaves_nothing_of_their_words(
    call: Caller, bench: Workbench, resources: Resources, uploaded: UUID
) -> None:
    transcription.transcribe(bench, uploaded)
    chunk_transcription.transcribe_chunk(bench, uploaded)
    assert "chunk" in products(resources, uploaded)
    assert cut(call, uploaded).status_code == 202
    assert products(resources, uploaded) == ["off_record"]
    redact_and_work(bench, uploaded)
    assert row(resources, uploaded).status is Status.PROCESSED


def test_a_cut_after_the_extraction_leaves_no_draft(
    call: Caller, bench: Workbench, resources: Resources, uploaded: UUID
) -> None:
    transcription.transcribe(bench, uploaded)
    for _ in range(3):
        chunk_transcription.transcribe_chunk(bench, uploaded)
    transcription.transcribe(bench, uploaded)
    extraction.extract_notes(bench, uploaded)
    assert "draft" in products(resources, uploaded)
    assert cut(call, uploaded).status_code == 202
    assert "draft" not in products(resources, uploaded)
    redact_and_work(bench, uploaded)
    assert row(resources, uploaded).status is Status.PROCESSED


def test_a_stopped_session_is_not_said_to_wait_for_a_recording(resources, uploaded, monkeypatch):
    monkeypatch.setattr(off_record.steps, "redaction_is_due", lambda *_: True)
    with everything(resources) as db:
        found = db.get_one(TherapySession, uploaded)
        with pytest.raises(Conflict) as refusal:
            off_record.require_redacted(db, found)
        assert refusal.value.code == "being_joined"
        found.status = Status.CANCELLED
        off_record.require_redacted(db, found)


def test_a_range_that_is_out_already_is_cut_no_second_time(
    call: Caller, bench: Workbench, resources: Resources, processed: UUID
) -> None:
    assert cut(call, processed).status_code == 202
    redact_and_work(bench, processed)
    made = versions(resources, processed)
    assert cut(call, processed).status_code == 202
    assert row(resources, processed).status is Status.PROCESSED
    assert versions(resources, processed) == made
    assert loudness(samples(call, processed), 19.9, 39.7) == 0
