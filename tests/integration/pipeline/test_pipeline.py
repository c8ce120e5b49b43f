"""The pipeline on real Postgres and Redis, with engines that cost nothing."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from redis import Redis
from sqlalchemy import text

from shared.db.queries.records import sessions
from shared.domain.errors import NotFound, PermanentStepError, RetryableStepError
from shared.domain.status import Status, StepState
from shared.domain.values import TranscriberCapabilities
from shared.services.resources import Resources
from shared.services.sessions.reading import retry, transcript
from shared.services.steps import chunk_transcription, extraction, persistence, transcription
from shared.storage.recordings import SPEECH, object_name
from shared.vault.sealing import Subject
from tests.database import everything
from tests.fakes.notes import FakeExtractor
from tests.fakes.speech import FakeSpeechAnalyser, FakeTranscriber
from tests.integration.sessions import (
    audited,
    bench_with,
    plan_of,
    products,
    promise,
    row,
    step,
    versions,
    work,
)
from tests.servers import Office

SECRET = "my brother does not know that"


def test_a_promised_session_ends_processed(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    work(bench_with(resources), session_id)
    done = row(resources, session_id)
    assert done.status == Status.PROCESSED
    assert done.processed_at is not None
    assert done.duration_seconds == 60.0
    assert versions(resources, session_id) == [1]
    assert products(resources, session_id) == ["transcript", "waveform"]


def test_each_step_lets_the_chain_go_on_once_it_is_done(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    bench = bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(1)))
    assert not transcription.transcribe(bench, session_id)
    chunk_transcription.transcribe_chunk(bench, session_id)
    assert transcription.transcribe(bench, session_id)
    assert extraction.extract_notes(bench, session_id)
    assert persistence.persist(bench, session_id)


def test_a_transcript_says_what_it_took(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    work(bench_with(resources, transcriber=Priced()), session_id)
    [usage] = transcript(resources, office.caller, session_id)["usage"]
    assert usage == {"engine": "fake-1", "calls": 3, "audio_seconds": 58.5, "cost_usd": 0.585}


class Priced(FakeTranscriber):
    """An engine at 60 cents a minute."""

    @property
    def capabilities(self) -> TranscriberCapabilities:
        return replace(super().capabilities, cost_per_minute=0.6)


def test_what_was_decoded_does_not_stay(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    work(bench_with(resources), session_id)
    speech = object_name(Subject(office.caller.practice_id, session_id), SPEECH)
    with pytest.raises(NotFound), resources.recordings.store.open(speech):
        pass


def test_a_recording_without_speech_is_processed_too(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    work(bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(0))), session_id)
    assert row(resources, session_id).status == Status.PROCESSED


def test_every_message_delivered_twice_changes_nothing(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    transcriber, extractor = FakeTranscriber(), FakeExtractor()
    bench = bench_with(resources, transcriber=transcriber, extractor=extractor)
    work(bench, session_id)
    work(bench, session_id)
    assert (transcriber.calls, extractor.calls) == (3, 1)
    assert versions(resources, session_id) == [1]


def test_workers_side_by_side_do_each_chunk_once(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    transcriber = FakeTranscriber()
    bench = bench_with(resources, transcriber=transcriber, analyser=FakeSpeechAnalyser(plan_of(12)))
    transcription.transcribe(bench, session_id)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: chunk_transcription.transcribe_chunk(bench, session_id), range(24)))
    assert transcriber.calls == 12
    assert step(resources, session_id, "transcribe").state == StepState.READY


def test_the_next_step_is_not_taken_before_its_turn(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    bench = bench_with(resources)
    assert not extraction.extract_notes(bench, session_id)
    assert not persistence.persist(bench, session_id)
    assert row(resources, session_id).status == Status.PENDING


def test_a_passing_error_of_an_engine_postpones_the_chunk(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    busy = RetryableStepError("The engine is busy.", "engine_busy", retry_after_seconds=120)
    bench = bench_with(
        resources, transcriber=FakeTranscriber(errors=[busy]), analyser=FakeSpeechAnalyser(plan_of(1))
    )
    transcription.transcribe(bench, session_id)
    chunk_transcription.transcribe_chunk(bench, session_id)
    chunk = step(resources, session_id, "transcribe_chunk", 1)
    assert (chunk.state, chunk.attempt, chunk.error_code) == (StepState.READY, 1, "engine_busy")
    assert chunk.not_before is not None
    assert row(resources, session_id).status == Status.TRANSCRIBING


def test_a_lasting_error_fails_the_session_with_a_code(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    broken = PermanentStepError("The engine refused its credentials.", "engine_refused_credentials")
    work(bench_with(resources, extractor=FakeExtractor(errors=[broken])), session_id)
    failed = row(resources, session_id)
    assert (failed.status, failed.error_code) == (Status.FAILED, "engine_refused_credentials")
    assert audited(resources, session_id, "step.failed") == 1


def test_attempts_are_capped(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    errors = [RetryableStepError("It stopped.", "engine_failed") for _ in range(12)]
    extractor = FakeExtractor(errors=errors)
    bench = bench_with(resources, extractor=extractor)
    work(bench, session_id)
    for _ in range(12):
        _make_due(resources, session_id)
        extraction.extract_notes(bench, session_id)
    assert extractor.calls == step(resources, session_id, "extract_notes").max_attempts
    assert row(resources, session_id).status == Status.FAILED


def _make_due(resources: Resources, session_id: object) -> None:
    with everything(resources) as db:
        db.execute(text("UPDATE steps SET not_before = NULL WHERE session_id = :id"), {"id": session_id})


def test_an_unexpected_error_costs_an_attempt_and_keeps_its_words(
    resources: Resources, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    session_id = promise(resources, office)
    bench = bench_with(resources, extractor=FakeExtractor(errors=[ValueError(SECRET)]))  # type: ignore[list-item]
    work(bench, session_id)
    assert step(resources, session_id, "extract_notes").error_code == "unexpected_error"
    assert SECRET not in caplog.text


def test_messages_carry_the_sessions_id_and_nothing_else(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    assert resources.queue.publish(session_id)
    with Redis.from_url(resources.settings.redis_url) as redis:
        (message,) = redis.lrange("transcribe", 0, -1)
    body = json.loads(base64.b64decode(json.loads(message)["body"]))
    assert body[:2] == [[str(session_id)], {}]
    followers = body[2]["chain"]
    assert [task["args"] for task in followers] == [[str(session_id)]] * 2


def test_nothing_that_was_said_is_in_redis_or_in_the_clear_in_postgres(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    work(bench_with(resources, transcriber=FakeTranscriber(SECRET)), session_id)
    with Redis.from_url(resources.settings.redis_url) as redis:
        held = b"".join(redis.dump(key) or b"" for key in redis.scan_iter())
    with everything(resources) as db:
        bodies = db.scalars(text("SELECT body FROM outputs UNION ALL SELECT body FROM notes")).all()
        rest = "".join(str(line) for line in db.execute(text("SELECT * FROM audit_events")).all())
    assert bodies
    assert not any(word.encode() in held for word in SECRET.split() if len(word) > 4)
    assert not any(b"brother" in bytes(body) for body in bodies)
    assert "brother" not in rest


def test_a_cancelled_session_is_not_worked_on(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    with everything(resources) as db:
        assert sessions.move(db, session_id, Status.CANCELLED)
    transcriber = FakeTranscriber()
    work(bench_with(resources, transcriber=transcriber), session_id)
    assert transcriber.calls == 0
    assert row(resources, session_id).status == Status.CANCELLED


def test_a_long_recording_has_a_message_for_every_chunk(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    bench = bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(480)))
    transcription.transcribe(bench, session_id)
    with Redis.from_url(resources.settings.redis_url) as redis:
        assert redis.llen("transcribe") == 480


class SideBySide(FakeTranscriber):
    """An engine behind HTTP: four calls at once."""

    @property
    def capabilities(self) -> TranscriberCapabilities:
        return replace(super().capabilities, parallel_calls=4)


def test_an_engine_behind_http_does_all_chunks_in_one_task(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    engine = SideBySide()
    bench = bench_with(resources, transcriber=engine, analyser=FakeSpeechAnalyser(plan_of(12)))
    transcription.transcribe(bench, session_id)
    chunk_transcription.transcribe_chunk(bench, session_id)
    assert engine.calls == 12
    assert transcription.transcribe(bench, session_id)


def test_an_engine_that_is_busy_is_not_asked_for_the_rest_of_the_chunks(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    busy = [RetryableStepError("Busy.", "engine_busy", retry_after_seconds=3600) for _ in range(12)]
    engine = SideBySide(errors=busy)
    bench = bench_with(resources, transcriber=engine, analyser=FakeSpeechAnalyser(plan_of(12)))
    transcription.transcribe(bench, session_id)
    chunk_transcription.transcribe_chunk(bench, session_id)
    assert engine.calls == 4


def test_a_chunks_long_pause_does_not_hold_up_the_others(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    busy = RetryableStepError("Busy.", "engine_busy", retry_after_seconds=3600)
    bench = bench_with(resources, transcriber=FakeTranscriber(errors=[busy]))
    transcription.transcribe(bench, session_id)
    planned = row(resources, session_id).dispatch_after
    chunk_transcription.transcribe_chunk(bench, session_id)
    assert row(resources, session_id).dispatch_after <= planned


def test_decoded_audio_that_is_gone_is_decoded_again_on_retry(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    bench = bench_with(resources)
    transcription.transcribe(bench, session_id)
    resources.recordings.delete(Subject(office.caller.practice_id, session_id), SPEECH)
    chunk_transcription.transcribe_chunk(bench, session_id)
    assert row(resources, session_id).error_code == "speech_gone"
    retry(resources, office.caller, session_id)
    work(bench, session_id)
    assert row(resources, session_id).status == Status.PROCESSED


def test_a_session_that_failed_in_a_chunk_goes_on_at_that_chunk(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    refused = PermanentStepError("Refused.", "engine_refused_credentials")
    transcriber = FakeTranscriber(errors=[refused])
    bench = bench_with(resources, transcriber=transcriber)
    work(bench, session_id)
    assert row(resources, session_id).status == Status.FAILED
    retry(resources, office.caller, session_id)
    work(bench, session_id)
    assert row(resources, session_id).status == Status.PROCESSED
    assert transcriber.calls == 4  # three chunks, and the refused call
    assert resources.decoder.decodings == 1  # type: ignore[attr-defined]  # the fake counts
