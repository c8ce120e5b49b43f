"""Further recordings: one session, one clock, and nothing lost that was there before."""

import base64
import dataclasses
import io
import wave
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import func, select, text

from shared.db.queries.privacy import consents
from shared.db.tables.core import AuditEvent, TherapySession
from shared.db.tables.lifecycle import Erasure, RemovalRow
from shared.db.tables.uploads import FurtherRecording
from shared.domain import failpoints
from shared.domain.errors import PermanentStepError
from shared.domain.removals import Entry, Removal
from shared.domain.retention import RetentionKind
from shared.domain.status import Status
from shared.domain.values import SAMPLE_RATE, Chunk, SpeechPlan, Turn, Utterance
from shared.media.isolation.sandbox import Sandbox
from shared.pipeline import REDACT
from shared.services.jobs import leases
from shared.services.jobs.worker_context import Workbench
from shared.services.lifecycle import deletion
from shared.services.operations import removals
from shared.services.resources import Resources
from shared.services.retention import holds, sweep
from shared.services.retention.holds import Target
from shared.services.steps import redaction
from shared.services.steps.join_list import GAP_SECONDS
from shared.services.uploads import unfinished
from tests.database import everything
from tests.fakes.media_files import wav
from tests.fakes.notes import FakeExtractor
from tests.fakes.speech import FakeSpeechAnalyser, FakeTranscriber
from tests.integration.api_client import Caller, caller_of, form, left_behind
from tests.integration.sessions import audited, bench_with, plan_of, row, step, versions, work
from tests.servers import Office, make_office

FIRST, SECOND = 60.0, 30.0
BEGINS = FIRST + GAP_SECONDS
TUS = {"Tus-Resumable": "1.0.0"}
SENDING = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}


class HalfMinutes(FakeSpeechAnalyser):
    """One utterance of 20 seconds in each half minute, by two voices in turn; numbered from ``first``."""

    def __init__(self, first: int = 1) -> None:
        super().__init__(plan_of(0))
        self._first = first

    def analyse(self, pcm: Any, speakers: int, chunk_seconds: float) -> SpeechPlan:
        starts = [start for start in (0.0, 30.0, 62.5, 94.5) if start + 20 <= pcm.seconds]
        utterances = [Utterance(start, start + 20.0) for start in starts]
        turns = tuple(
            Turn(one.start, one.end, f"Speaker {(number + self._first) % 2 + 1}")
            for number, one in enumerate(utterances)
        )
        return SpeechPlan(pcm.seconds, tuple(Chunk((one,)) for one in utterances), turns)


@pytest.fixture
def resources(resources: Resources, sandbox: Sandbox) -> Resources:
    """With the real decoder."""
    return dataclasses.replace(resources, decoder=sandbox)


@pytest.fixture
def bench(resources: Resources) -> Workbench:
    return bench_with(resources, analyser=HalfMinutes(), transcriber=FakeTranscriber("i feel better today"))


@pytest.fixture
def uploaded(call: Caller, office: Office) -> UUID:
    return UUID(call.upload(office.patient_id, wav(FIRST)).json["id"])


@pytest.fixture
def processed(bench: Workbench, uploaded: UUID) -> UUID:
    work(bench, uploaded)
    return uploaded


def join(call: Caller, session_id: UUID, content: bytes | None = None, **options: Any) -> Any:
    return call.upload(None, content or wav(SECOND), joins=session_id, **options)


def join_and_work(bench: Workbench, session_id: UUID) -> None:
    redaction.redact(bench, session_id)
    work(bench, session_id)


def heard(call: Caller, session_id: UUID) -> list[tuple[float, str, str]]:
    segments = call("GET", f"/api/sessions/{session_id}").json["transcript_segments"]
    return [(one["start"], one["speaker"], one["text"]) for one in segments]


def samples(call: Caller, session_id: UUID) -> np.ndarray:
    answer = call("GET", f"/api/sessions/{session_id}/audio")
    assert answer.status_code == 200, answer.json
    with wave.open(io.BytesIO(answer.data)) as sound:
        assert sound.getframerate() == SAMPLE_RATE
        return np.frombuffer(sound.readframes(sound.getnframes()), np.int16)


def loudness(sound: np.ndarray, start: float, end: float) -> int:
    return int(np.abs(sound[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)].astype(int)).max())


def further(resources: Resources) -> list[FurtherRecording]:
    with everything(resources) as db:
        return list(db.scalars(select(FurtherRecording).order_by(FurtherRecording.number)))


def test_a_further_recording_goes_on_in_the_same_clock(call, resources, bench, processed):
    before = heard(call, processed)
    answer = join(call, processed)
    assert answer.status_code == 202, answer.json
    assert answer.json["id"] == str(processed)
    assert answer.json["status"] == "pending"
    assert heard(call, processed) == before  # to be read meanwhile
    join_and_work(bench, processed)
    after = call("GET", f"/api/sessions/{processed}").json
    assert after["status"] == "processed"
    assert after["duration_seconds"] == FIRST + GAP_SECONDS + SECOND
    now = heard(call, processed)
    assert now[: len(before)] == before
    assert [start >= BEGINS for start, _, _ in now[len(before) :]] == [True]
    assert after["quality"]["further_recordings"] == [{"begins_at": BEGINS}]
    assert [reason["code"] for reason in after["quality"]["review_reasons"]].count("joined") == 1
    assert audited(resources, processed, "session.join") == 1
    assert versions(resources, processed) == [1, 2]


def test_the_recording_is_heard_whole_with_a_pause_at_the_seam(call, bench, processed):
    join(call, processed)
    join_and_work(bench, processed)
    sound = samples(call, processed)
    assert len(sound) == round((FIRST + GAP_SECONDS + SECOND) * SAMPLE_RATE)
    assert loudness(sound, 0, FIRST) > 1000
    assert loudness(sound, FIRST, BEGINS) == 0
    assert loudness(sound, BEGINS, BEGINS + SECOND) > 1000
    points = call("GET", f"/api/sessions/{processed}/waveform?points=94").json
    assert points["length"] > 46


def test_only_what_is_new_is_transcribed(call, resources, processed):
    transcriber = FakeTranscriber("we go on")
    bench = bench_with(resources, analyser=HalfMinutes(), transcriber=transcriber)
    join(call, processed)
    join_and_work(bench, processed)
    assert transcriber.calls == 1
    assert heard(call, processed)[-1][2] == "We go on."


def test_corrections_and_names_of_before_stay(call, resources, processed):
    was = heard(call, processed)[0][2]
    change = {"segment": 0, "was": was, "text": "I feel bitter today.", "speaker": None}
    body = {"corrections": [{name: value for name, value in change.items() if value is not None}]}
    assert call("PUT", f"/api/sessions/{processed}/transcript/corrections", json=body).status_code == 200
    label = heard(call, processed)[0][1]
    named = {"speakers": [{"label": label, "name": "Ada"}]}
    answer = call("PUT", f"/api/sessions/{processed}/speakers", json=named)
    assert answer.status_code == 200, answer.json
    join(call, processed)
    # This time the analyser numbers the voices the other way round.
    join_and_work(bench_with(resources, analyser=HalfMinutes(first=0)), processed)
    now = heard(call, processed)
    assert now[0][1:] == ("Ada", "I feel bitter today.")
    assert [speaker for _, speaker, _ in now] == ["Ada", now[1][1], "Ada"]


def test_two_further_recordings_join_in_the_order_of_their_acceptance(call, resources, bench, uploaded):
    join(call, uploaded)
    join(call, uploaded, wav(SECOND))
    join_and_work(bench, uploaded)
    after = call("GET", f"/api/sessions/{uploaded}").json
    second = BEGINS + SECOND + GAP_SECONDS
    assert after["quality"]["further_recordings"] == [{"begins_at": BEGINS}, {"begins_at": second}]
    assert [(one.number, one.begins_at) for one in further(resources)] == [(2, BEGINS), (3, second)]
    assert len(heard(call, uploaded)) == 4
    assert all(one.transcribed_at for one in further(resources))


def test_damage_of_a_recording_that_was_not_transcribed_before_another_joined_is_told(call, bench, office):
    cut = wav(FIRST)[: len(wav(FIRST)) // 2]
    session_id = UUID(call.upload(office.patient_id, cut).json["id"])
    join(call, session_id)
    join(call, session_id)
    join_and_work(bench, session_id)
    quality = call("GET", f"/api/sessions/{session_id}").json["quality"]
    assert quality["missing_seconds"] == pytest.approx(FIRST / 2, abs=0.1)
    assert "truncated" in [reason["code"] for reason in quality["review_reasons"]]
    join(call, session_id)
    join_and_work(bench, session_id)
    again = call("GET", f"/api/sessions/{session_id}").json["quality"]
    assert again["missing_seconds"] == quality["missing_seconds"]


@pytest.mark.parametrize("is_heard", [False, True])
def test_damage_of_recordings_is_told_also_where_a_worker_died_before_the_join_was_noted(
    monkeypatch, call, resources, bench, office, is_heard
):
    first, second = (sound[: len(sound) // 2] for sound in (wav(FIRST), wav(SECOND)))
    session_id = UUID(call.upload(office.patient_id, first).json["id"])
    if is_heard:
        work(bench, session_id)
    join(call, session_id, second)
    killed_at(monkeypatch, bench, session_id, "rewritten")
    expire(resources, session_id)
    join_and_work(bench, session_id)
    quality = call("GET", f"/api/sessions/{session_id}").json["quality"]
    assert quality["missing_seconds"] == pytest.approx((FIRST + SECOND) / 2, abs=0.2)
    assert "truncated" in [reason["code"] for reason in quality["review_reasons"]]


def test_one_that_joins_while_another_is_transcribed_joins_after_it(call, bench, resources, processed):
    join(call, processed)
    redaction.redact(bench, processed)
    join(call, processed)
    join_and_work(bench, processed)
    assert len(heard(call, processed)) == 4
    assert row(resources, processed).status == Status.PROCESSED


@pytest.mark.parametrize("place", ["redacting", "rewritten"])
def test_a_worker_that_dies_joins_nothing_twice(monkeypatch, call, resources, bench, processed, place):
    join(call, processed)
    killed_at(monkeypatch, bench, processed, place)
    expire(resources, processed)
    join_and_work(bench, processed)
    assert len(samples(call, processed)) == round((FIRST + GAP_SECONDS + SECOND) * SAMPLE_RATE)
    assert len(heard(call, processed)) == 3


def killed_at(monkeypatch: pytest.MonkeyPatch, bench: Workbench, session_id: UUID, place: str) -> None:
    """A worker that joins what waits is killed at this place."""

    class Killed(BaseException):
        pass

    def die(reached: str) -> None:
        if reached.startswith(place):
            raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(failpoints, "_watchers", [die])
        with pytest.raises(Killed):
            redaction._redact(bench, _lease(bench, session_id), _Alive())


class _Alive:
    def report(self, _: float) -> None: ...

    def confirm(self) -> None: ...


def _lease(bench: Workbench, session_id: UUID) -> Any:
    return leases.claim_at(bench, session_id, REDACT)


def expire(resources: Resources, session_id: UUID) -> None:
    with everything(resources) as db:
        db.execute(
            text(
                "UPDATE steps SET lease_until = now() - interval '1 s'"
                " WHERE session_id = :id AND name = 'redact'"
            ),
            {"id": session_id},
        )


def test_what_it_had_of_its_own_is_erased_once_it_is_joined(call, resources, bench, processed):
    before = set(left_behind(resources))
    join(call, processed)
    (waiting,) = further(resources)
    assert any(str(waiting.id) in path for path in left_behind(resources))
    redaction.redact(bench, processed)
    with everything(resources) as db:
        ordered = db.get_one(Erasure, waiting.id)
        assert (ordered.whole, ordered.due_at <= db.scalar(select(func.now()))) == (True, True)
    deletion.erase_due(resources.database, resources.recordings, resources.vault.keys)
    work(bench, processed)
    assert not any(str(waiting.id) in path for path in left_behind(resources))
    assert {path for path in left_behind(resources) if str(processed) in path} == {
        path for path in before if str(processed) in path
    }


def test_a_deleted_session_takes_one_that_waits_with_it(call, resources, processed):
    join(call, processed)
    (waiting,) = further(resources)
    assert call("DELETE", f"/api/sessions/{processed}").status_code == 200
    assert further(resources) == []
    with everything(resources) as db:
        db.get_one(Erasure, waiting.id).due_at = datetime(2020, 1, 1, tzinfo=UTC)
    deletion.erase_due(resources.database, resources.recordings, resources.vault.keys)
    assert not any(str(waiting.id) in path for path in left_behind(resources))


def test_a_session_deleted_again_after_a_restore_takes_one_that_waits_with_it(call, resources, processed):
    join(call, processed)
    (waiting,) = further(resources)
    deleted = Entry(waiting.practice_id, Removal.SESSION, processed, datetime.now(UTC))
    assert removals.apply_again(resources, [deleted]) == 1
    assert further(resources) == []
    deletion.erase_due(resources.database, resources.recordings, resources.vault.keys)
    assert not any(str(waiting.id) in path for path in left_behind(resources))


def test_a_range_of_the_further_recording_is_taken_off_the_record(call, bench, processed):
    join(call, processed)
    join_and_work(bench, processed)
    ranges = {"ranges": [{"start": BEGINS + 5, "end": BEGINS + 10}]}
    assert call("POST", f"/api/sessions/{processed}/off-the-record", json=ranges).status_code == 202
    redaction.redact(bench, processed)
    work(bench, processed)
    sound = samples(call, processed)
    assert loudness(sound, BEGINS + 5, BEGINS + 10) == 0
    assert loudness(sound, 0, FIRST) > 1000
    assert loudness(sound, BEGINS, BEGINS + 5) > 1000
    assert len(sound) == round((FIRST + GAP_SECONDS + SECOND) * SAMPLE_RATE)


def test_a_range_taken_out_while_another_recording_waits_is_taken_out_and_that_one_joined(
    call, bench, processed
):
    join(call, processed)
    ranges = {"ranges": [{"start": 30.0, "end": 40.0}]}
    assert call("POST", f"/api/sessions/{processed}/off-the-record", json=ranges).status_code == 202
    join_and_work(bench, processed)
    sound = samples(call, processed)
    assert loudness(sound, 30, 40) == 0
    assert loudness(sound, BEGINS, BEGINS + SECOND) > 1000
    assert heard(call, processed)[-1][0] >= BEGINS


@pytest.mark.parametrize("with_upload", [True, False])
def test_a_range_that_ends_behind_the_recording_leaves_what_joins_it(
    call, resources, bench, office, with_upload
):
    end = FIRST + 60
    said = {"off_the_record": f"50-{end:g}"} if with_upload else {}
    session_id = UUID(call.upload(office.patient_id, wav(FIRST), **said).json["id"])
    redaction.redact(bench, session_id)
    work(bench, session_id)
    if not with_upload:
        ranges = {"ranges": [{"start": 50.0, "end": end}]}
        assert call("POST", f"/api/sessions/{session_id}/off-the-record", json=ranges).status_code == 202
        join_and_work(bench, session_id)
    join(call, session_id)
    join_and_work(bench, session_id)
    sound = samples(call, session_id)
    assert loudness(sound, 0, 50) > 1000
    assert loudness(sound, 50, BEGINS) == 0
    assert loudness(sound, BEGINS, BEGINS + SECOND) > 1000
    assert heard(call, session_id)[-1][0] >= BEGINS
    redaction_again = {"ranges": [{"start": 0.0, "end": 1.0}]}
    assert call("POST", f"/api/sessions/{session_id}/off-the-record", json=redaction_again).status_code == 202
    join_and_work(bench, session_id)
    assert loudness(samples(call, session_id), BEGINS, BEGINS + SECOND) > 1000
    # The list of removals still has the range as it was said; a restore takes it out again.
    with everything(resources) as db:
        query = select(RemovalRow).where(RemovalRow.kind == Removal.OFF_RECORD)
        listed = list(db.scalars(query.where(RemovalRow.subject_id == session_id)))
    entries = [
        Entry(one.practice_id, one.kind, one.subject_id, one.at, one.sealed and one.sealed.data)
        for one in listed
    ]
    assert len(entries) >= 2
    assert removals.apply_again(resources, entries) == 0
    assert loudness(samples(call, session_id), BEGINS, BEGINS + SECOND) > 1000


def test_while_it_waits_nothing_is_signed_heard_or_extracted(call, processed):
    etag = call("GET", f"/api/sessions/{processed}/notes").headers["ETag"]
    join(call, processed)
    signing = call("POST", f"/api/sessions/{processed}/notes/sign", headers={"If-Match": etag})
    assert (signing.status_code, signing.json["code"]) == (409, "being_joined")
    listening = call("GET", f"/api/sessions/{processed}/audio")
    assert (listening.status_code, listening.json["code"]) == (409, "being_joined")
    extracting = call("POST", f"/api/sessions/{processed}/extract-notes")
    assert (extracting.status_code, extracting.json["code"]) == (409, "being_joined")


def signing(call: Caller, session_id: UUID) -> tuple[int, str | None]:
    path = f"/api/sessions/{session_id}/notes"
    tag = {"If-Match": call("GET", path).headers["ETag"]}
    answer = call("POST", f"{path}/sign", headers=tag)
    return answer.status_code, answer.json.get("code")


def test_where_the_notes_of_the_whole_failed_those_of_before_are_not_signed(
    call, resources, bench, processed
):
    join(call, processed)
    redaction.redact(bench, processed)
    broken = FakeExtractor([PermanentStepError("No.", "engine_refused_content")])
    work(dataclasses.replace(bench, build_extractor=lambda: broken), processed)
    assert (row(resources, processed).status, versions(resources, processed)) == (Status.FAILED, [1])
    assert signing(call, processed) == (409, "being_joined")
    path = f"/api/sessions/{processed}/notes"
    read = call("GET", path)
    notes = {**read.json["extracted_notes"], "therapist_notes": "My own words."}
    edited = call("PUT", path, json={"extracted_notes": notes}, headers={"If-Match": read.headers["ETag"]})
    assert edited.status_code in (200, 201), edited.json
    assert signing(call, processed) == (200, None)


def test_a_session_that_is_stopped_while_another_waits_is_signed_as_it_was(call, resources, processed):
    join(call, processed)
    (waiting,) = further(resources)
    assert call("POST", f"/api/sessions/{processed}/cancel").status_code == 202
    assert call("GET", f"/api/sessions/{processed}/audio").data == wav(FIRST)
    assert call("DELETE", f"/api/uploads/{waiting.id}", headers=TUS).status_code == 204
    assert (further(resources), row(resources, processed).status) == ([], Status.CANCELLED)
    assert signing(call, processed) == (200, None)


def test_a_session_that_is_stopped_while_another_waits_is_heard_without_what_was_taken_out_before(
    call, bench, processed
):
    take_out(call, processed, 30.0, 40.0)
    join_and_work(bench, processed)
    join(call, processed)
    assert call("POST", f"/api/sessions/{processed}/cancel").status_code == 202
    assert loudness(samples(call, processed), 30, 40) == 0


def test_a_session_that_is_stopped_before_a_range_was_taken_out_stays_closed_and_says_so(
    call, bench, processed
):
    take_out(call, processed, 10.0, 20.0)
    join_and_work(bench, processed)
    join(call, processed)
    take_out(call, processed, 30.0, 40.0)
    heard = call("GET", f"/api/sessions/{processed}/audio")
    assert (heard.status_code, heard.json["code"]) == (409, "being_redacted")
    assert call("POST", f"/api/sessions/{processed}/cancel").status_code == 202
    heard = call("GET", f"/api/sessions/{processed}/audio")
    assert (heard.status_code, heard.json["code"]) == (409, "not_redacted")


def take_out(call: Caller, session_id: UUID, start: float, end: float) -> None:
    ranges = {"ranges": [{"start": start, "end": end}]}
    assert call("POST", f"/api/sessions/{session_id}/off-the-record", json=ranges).status_code == 202


@pytest.mark.parametrize("stopped", ["cancelled", "failed"])
def test_what_a_worker_joined_before_it_died_is_heard_also_where_no_other_goes_on(
    monkeypatch, call, resources, bench, processed, stopped
):
    before = set(left_behind(resources))
    join(call, processed)
    (waiting,) = further(resources)
    killed_at(monkeypatch, bench, processed, "rewritten")
    if stopped == "cancelled":
        assert call("POST", f"/api/sessions/{processed}/cancel").status_code == 202
        assert len(samples(call, processed)) == round((FIRST + GAP_SECONDS + SECOND) * SAMPLE_RATE)
        deletion.erase_due(resources.database, resources.recordings, resources.vault.keys)
        assert {path for path in left_behind(resources) if str(waiting.id) in path} <= before
    else:
        fail(resources, processed)
    given_up = call("DELETE", f"/api/uploads/{waiting.id}", headers=TUS)
    assert (given_up.status_code, given_up.json["code"]) == (409, "joined")
    assert [one.begins_at for one in further(resources)] == [BEGINS]


def fail(resources: Resources, session_id: UUID) -> None:
    with everything(resources) as db:
        db.execute(text("UPDATE sessions SET status = 'failed' WHERE id = :id"), {"id": session_id})


def test_what_was_joined_and_never_heard_goes_with_the_recording(call, resources, bench, processed):
    join(call, processed)
    redaction.redact(bench, processed)
    fail(resources, processed)
    with resources.database.transaction(row(resources, processed).practice_id) as db:
        sweep.remove(db, db.get_one(TherapySession, processed), RetentionKind.RECORDING)
    assert further(resources) == []
    assert signing(call, processed) == (200, None)


def test_an_edit_of_the_notes_stays_and_new_notes_are_offered_beside_it(call, bench, processed):
    read = call("GET", f"/api/sessions/{processed}/notes")
    notes = {**read.json["extracted_notes"], "therapist_notes": "My own words."}
    path = f"/api/sessions/{processed}/notes"
    edited = call("PUT", path, json={"extracted_notes": notes}, headers={"If-Match": read.headers["ETag"]})
    assert edited.status_code in (200, 201), edited.json
    join(call, processed)
    join_and_work(bench, processed)
    now = call("GET", path).json
    assert now["extracted_notes"]["therapist_notes"] == "My own words."
    kinds = [one["kind"] for one in call("GET", f"{path}/versions").json]
    assert sorted(kinds) == ["draft", "edit", "extraction"]


def test_nothing_joins_a_session_that_is_signed(call, processed):
    etag = call("GET", f"/api/sessions/{processed}/notes").headers["ETag"]
    assert (
        call("POST", f"/api/sessions/{processed}/notes/sign", headers={"If-Match": etag}).status_code == 200
    )
    answer = join(call, processed)
    assert (answer.status_code, answer.json["code"]) == (409, "notes_signed")


def test_nothing_joins_a_session_that_is_cancelled_or_another_persons(call, resources, office, uploaded):
    assert join(call, UUID(int=7)).status_code == 404
    assert call("POST", f"/api/sessions/{uploaded}/cancel").status_code == 202
    answer = join(call, uploaded)
    assert (answer.status_code, answer.json["code"]) == (409, "cancelled")
    assert len([path for path in left_behind(resources) if path.endswith("/recording")]) == 1


def test_nothing_joins_what_is_on_hold(call, resources, office, processed):
    target = Target(session_id=processed)
    holds.place(resources, office.caller, target, matter="A", reason="B", review_on=date(2100, 1, 1))
    answer = join(call, processed)
    assert (answer.status_code, answer.json["code"]) == (409, "on_hold")
    assert further(resources) == []


def test_what_was_accepted_before_a_hold_joins_and_every_second_of_both_stays(
    call, resources, bench, office, processed
):
    join(call, processed)
    target = Target(session_id=processed)
    holds.place(resources, office.caller, target, matter="A", reason="B", review_on=date(2100, 1, 1))
    join_and_work(bench, processed)
    assert row(resources, processed).status == Status.PROCESSED
    sound = samples(call, processed)
    assert len(sound) == round((FIRST + GAP_SECONDS + SECOND) * SAMPLE_RATE)
    assert loudness(sound, FIRST - 5, FIRST) > 1000
    assert loudness(sound, BEGINS, BEGINS + SECOND) > 1000


def test_only_its_therapist_joins_anything(app, call, resources, processed):
    stranger = caller_of(app, resources, make_office(resources))
    answer = join(stranger, processed)
    assert (answer.status_code, answer.json["code"]) == (404, "session_not_found")
    join(call, processed)
    (waiting,) = further(resources)
    assert stranger("DELETE", f"/api/uploads/{waiting.id}", headers=TUS).status_code == 404
    assert stranger("HEAD", f"/api/uploads/{waiting.id}", headers=TUS).status_code == 404


def test_nothing_joins_without_consent(call, office, processed):
    today = datetime.now(UTC).date().isoformat()  # the consent was given on this day
    revoked = call("PATCH", f"/api/patients/{office.patient_id}", json={"consent": {"revoked_on": today}})
    assert revoked.status_code == 200, revoked.json
    answer = join(call, processed)
    assert (answer.status_code, answer.json["code"]) == (409, "consent_revoked")


def test_what_is_the_sessions_does_not_come_again(call, office, processed):
    answer = join(call, processed, speakers=3, language="en")
    assert answer.status_code == 422
    assert sorted(answer.json["errors"]) == ["language", "speakers"]


def test_a_repetition_joins_nothing_more(call, resources, processed):
    parts = [("joins", str(processed).encode(), None, None), ("file", wav(SECOND), "b.wav", "audio/wav")]
    headers = {"Idempotency-Key": "0b6a1c3e-further"}
    first = call("POST", "/api/sessions/upload", headers=headers, **form(parts))
    again = call("POST", "/api/sessions/upload", headers=headers, **form(parts))
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["id"] == str(processed)
    assert len(further(resources)) == 1


def test_one_that_cannot_be_decoded_fails_the_session_and_can_be_given_up(call, resources, bench, processed):
    content = wav(SECOND)
    join(call, processed, content)
    (waiting,) = further(resources)
    refused = call("DELETE", f"/api/uploads/{waiting.id}", headers=TUS)
    assert (refused.status_code, refused.json["code"]) == (409, "joined")
    short = dataclasses.replace(resources.settings, max_recording_seconds=80)
    redaction.redact(
        dataclasses.replace(bench, resources=dataclasses.replace(resources, settings=short)), processed
    )
    assert row(resources, processed).error_code == "recording_too_long"
    assert len(heard(call, processed)) == 2
    given_up = call("DELETE", f"/api/uploads/{waiting.id}", headers=TUS)
    assert given_up.status_code == 204, given_up.json
    join_and_work(bench, processed)
    assert row(resources, processed).status == Status.PROCESSED
    assert step(resources, processed, "redact").state == "done"
    assert len(call("GET", f"/api/sessions/{processed}/audio").data) == len(wav(FIRST))
    with everything(resources) as db:
        acts = set(db.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == processed)))
    assert {"session.join", "session.unjoin"} <= acts


def made_too_long(resources: Resources, bench: Workbench, session_id: UUID) -> None:
    """A worker finds out that the whole is longer than a recording may be."""
    short = dataclasses.replace(resources.settings, max_recording_seconds=80)
    redaction.redact(
        dataclasses.replace(bench, resources=dataclasses.replace(resources, settings=short)), session_id
    )


def finish(call: Caller, upload_id: object) -> Any:
    return call("POST", f"/api/uploads/{upload_id}/finish", headers=TUS)


@pytest.mark.parametrize("stopped", ["failed", "cancelled"])
def test_one_that_cannot_be_joined_becomes_a_session_of_its_own(
    call, resources, bench, office, processed, stopped
):
    content = wav(SECOND)
    assert call("PUT", f"/api/sessions/{processed}/part2", json={"is_part2": True}).status_code == 200
    join(call, processed, content)
    (waiting,) = further(resources)
    assert finish(call, waiting.id).json["code"] == "joined"
    if stopped == "failed":
        made_too_long(resources, bench, processed)
    else:
        assert call("POST", f"/api/sessions/{processed}/cancel").status_code == 202
    own = finish(call, waiting.id)
    assert (own.status_code, own.json["id"]) == (202, str(waiting.id)), own.json
    assert finish(call, waiting.id).json["id"] == own.json["id"]
    assert further(resources) == []
    assert row(resources, waiting.id).patient_id == office.patient_id
    work(bench, waiting.id)
    assert call("GET", f"/api/sessions/{waiting.id}/audio").data == content
    assert len(heard(call, waiting.id)) == 1
    with everything(resources) as db:
        assert consents.is_part2(db, office.patient_id, waiting.id)
    if stopped == "failed":
        join_and_work(bench, processed)
        assert row(resources, processed).status == Status.PROCESSED
    assert call("GET", f"/api/sessions/{processed}/audio").data == wav(FIRST)
    deletion.erase_due(resources.database, resources.recordings, resources.vault.keys)
    assert call("GET", f"/api/sessions/{waiting.id}/audio").data == content
    assert (
        audited(resources, processed, "session.separate"),
        audited(resources, waiting.id, "session.upload"),
    ) == (
        1,
        1,
    )


def test_what_a_worker_joined_before_it_died_becomes_no_session_of_its_own(
    monkeypatch, call, resources, bench, processed
):
    join(call, processed)
    (waiting,) = further(resources)
    killed_at(monkeypatch, bench, processed, "rewritten")
    fail(resources, processed)
    refused = finish(call, waiting.id)
    assert (refused.status_code, refused.json["code"]) == (409, "joined")
    assert [one.begins_at for one in further(resources)] == [BEGINS]


def test_only_its_therapist_makes_a_session_of_it_and_not_from_under_a_hold(
    app, call, resources, bench, office, processed
):
    join(call, processed)
    (waiting,) = further(resources)
    made_too_long(resources, bench, processed)
    assert finish(caller_of(app, resources, make_office(resources)), waiting.id).status_code == 404
    target = Target(session_id=processed)
    holds.place(resources, office.caller, target, matter="A", reason="B", review_on=date(2100, 1, 1))
    refused = finish(call, waiting.id)
    assert (refused.status_code, refused.json["code"]) == (409, "on_hold")
    assert [one.id for one in further(resources)] == [waiting.id]


def announced(call: Caller, session_id: UUID, *, deferred: bool = False) -> str:
    """The path of a resumable upload that is to join the session."""
    pairs = {"filename": "b.wav", "filetype": "audio/wav", "joins": str(session_id)}
    metadata = ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in pairs.items())
    size = {"Upload-Defer-Length": "1"} if deferred else {"Upload-Length": str(len(wav(SECOND)))}
    headers = {**TUS, **size, "Upload-Metadata": metadata}
    made = call("POST", "/api/uploads", headers=headers)
    assert made.status_code == 201, made.json
    return made.headers["Location"]


def test_it_joins_by_a_resumable_upload_too(call, resources, bench, processed):
    path, content = announced(call, processed), wav(SECOND)
    sent = call("PATCH", path, headers=SENDING, data=content)
    assert sent.status_code == 204, sent.json
    for answer in (sent, call("HEAD", path, headers=TUS)):
        assert answer.headers["Content-Location"] == f"/api/sessions/{processed}"
    join_and_work(bench, processed)
    assert len(heard(call, processed)) == 3
    (joined,) = call("GET", f"/api/sessions/{processed}").json["further_recordings"]
    assert (joined["number"], joined["begins_at"], joined["bytes"]) == (2, BEGINS, len(content))
    assert path.endswith(joined["id"])


def test_a_resumable_upload_whose_session_was_signed_meanwhile_is_kept(call, processed):
    path = announced(call, processed)
    tag = {"If-Match": call("GET", f"/api/sessions/{processed}/notes").headers["ETag"]}
    assert call("POST", f"/api/sessions/{processed}/notes/sign", headers=tag).status_code == 200
    sent = call("PATCH", path, headers=SENDING, data=wav(SECOND))
    assert (sent.status_code, sent.json["code"]) == (409, "notes_signed")
    assert call("HEAD", path, headers=TUS).status_code == 200


@pytest.mark.parametrize("lost", ["signed", "deleted"])
def test_a_recording_whose_session_was_signed_meanwhile_is_listed_and_becomes_one_of_its_own(
    call, resources, bench, office, processed, lost
):
    content = wav(SECOND)
    path = announced(call, processed, deferred=True)
    if lost == "signed":
        assert signing(call, processed) == (200, None)
    else:
        assert call("DELETE", f"/api/sessions/{processed}").status_code == 200
    end = {**SENDING, "Upload-Length": str(len(content))}
    assert call("PATCH", path, headers=end, data=content).status_code in (404, 409)
    (left,) = call("GET", "/api/uploads").json
    assert left["length"] is None
    with everything(resources) as db:
        db.execute(text("UPDATE uploads SET expires_at = expires_at - interval '3 minutes'"))
    assert [str(one.id) for one in unfinished.cut_off(resources, office.caller)] == [left["id"]]
    rest = {**SENDING, "Upload-Offset": str(left["offset"])}
    assert call("PATCH", path, headers=rest, data=content[left["offset"] :]).status_code == 204
    own = finish(call, left["id"])
    assert (own.status_code, own.json["id"]) == (202, left["id"]), own.json
    assert call("HEAD", path, headers=TUS).headers["Content-Location"] == f"/api/sessions/{left['id']}"
    work(bench, UUID(left["id"]))
    assert call("GET", f"/api/sessions/{left['id']}/audio").data == content


def test_a_resumable_upload_that_makes_the_session_too_long_is_kept(app, call, resources, processed):
    path = announced(call, processed)
    short = dataclasses.replace(resources.settings, max_recording_seconds=80)
    app.extensions["sessionscribe"] = dataclasses.replace(resources, settings=short)
    sent = call("PATCH", path, headers=SENDING, data=wav(SECOND))
    assert (sent.status_code, sent.json["code"]) == (400, "joined_too_long")
    assert call("HEAD", path, headers=TUS).status_code == 200


def test_the_transcript_says_where_it_begins(call, bench, processed):
    join(call, processed)
    join_and_work(bench, processed)
    path = f"/api/sessions/{processed}/transcript?format="
    seam = "A further recording begins here."
    lines = call("GET", f"{path}txt").text.splitlines()
    assert [number for number, line in enumerate(lines) if seam in line] == [2]
    assert f"NOTE {seam}" in call("GET", f"{path}vtt").text


def test_stereo_and_mono_are_joined_in_mono(call, bench, resources, processed):
    stereo = io.BytesIO()
    with wave.open(stereo, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(np.tile(np.array([4000, 0], "<i2"), round(SECOND * SAMPLE_RATE)).tobytes())
    join(call, processed, stereo.getvalue())
    join_and_work(bench, processed)
    sound = samples(call, processed)
    assert len(sound) == round((FIRST + GAP_SECONDS + SECOND) * SAMPLE_RATE)
    assert 1500 < loudness(sound, BEGINS + 1, BEGINS + SECOND - 1) < 2500
